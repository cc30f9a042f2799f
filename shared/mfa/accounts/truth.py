"""Kleene's three-valued logic: true, false, and unknown because something was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Truth: TypeAlias = bool | None  #: `None`: it may be either


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if any is true; false only if all are."""
    seen = set(truths)
    return True if True in seen else None if None in seen else False


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if any is false; true only if all are."""
    seen = set(truths)
    return False if False in seen else None if None in seen else True
