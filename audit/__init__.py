"""
What this project is made of, and whether that can be trusted: ``python dev.py audit``.

A module for each question. Each answers with a `Part`: what was looked at, what is wrong with it,
and what could not be looked at. The last is said as such; it is never taken for good.
"""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """The answer to one question."""

    name: str
    looked_at: str = ""  #: what was looked at and found to be in order
    wrong: tuple[str, ...] = ()  #: what has to be mended, a sentence each
    unchecked: str = ""  #: why the question, or some of it, is open


class AuditError(Exception):
    """What is wrong with a file that the audit is told by, in one sentence."""
