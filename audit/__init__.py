"""
The packages and files of this project, and whether they can be trusted: ``python dev.py audit``.

Each question has a module, which answers with a `Part`: what was checked, what is wrong, and what
could not be checked. The last is reported as NOT CHECKED, never as in order.
"""

from __future__ import annotations

from typing import NamedTuple


class Part(NamedTuple):
    """The answer to one question."""

    name: str
    checked: str = ""  #: what was checked and is in order
    wrong: tuple[str, ...] = ()  #: what has to be fixed, a sentence each
    unchecked: str = ""  #: why the question, or a part of it, is still open


class AuditError(Exception):
    """A file that the audit relies on is invalid; the message is one sentence."""
