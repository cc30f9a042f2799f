"""Days and the reasons for them: what holds for several is said once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.delivery.text.words import harmless, listed, long_day, span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


def days_by_reason(reasons: Iterable[tuple[date, str]]) -> dict[str, str]:
    """Each reason with its days in words, in the order of their first days."""
    days: dict[str, set[date]] = {}
    for day, reason in sorted(reasons):
        days.setdefault(harmless(reason), set()).add(day)
    return {reason: days_in_words(found) for reason, found in days.items()}


def days_in_words(days: Iterable[date]) -> str:
    """``17–19 November 2026 and 21 November 2026``: days that follow each other as one stretch."""
    stretches: list[list[date]] = []
    for day in sorted(days):
        if stretches and day - stretches[-1][-1] == timedelta(days=1):
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return listed([_stretch(found[0], found[-1]) for found in stretches])


def _stretch(first: date, last: date) -> str:
    return long_day(first) if first == last else span(first, last)
