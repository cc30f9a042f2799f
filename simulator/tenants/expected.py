"""What the figures over the simulated log must be: counted from what was meant, not from rows."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from simulator.tenants.visits import ExpectedSignIn

_WEEK = timedelta(days=7)


def expected_counts(told: Iterable[ExpectedSignIn], ending: date) -> dict[str, Counter[str]]:
    """
    How many sign-ins of the seven days up to and with `ending` were meant to be what, by channel.

    Knows nothing of records, fields, verdicts or slices, on purpose. A sign-in that lives off an
    earlier one whose day is not among the seven is unknown.
    """
    counts: dict[str, Counter[str]] = {"portal": Counter(), "api": Counter()}
    for sign_in in told:
        if not sign_in.channel or not _is_in_week(sign_in.at.date(), ending):
            continue
        meant = sign_in.meant
        if sign_in.rests_on is not None and not _is_in_week(sign_in.rests_on, ending):
            meant = "unknown"
        counts[sign_in.channel][meant] += 1
    return counts


def _is_in_week(day: date, ending: date) -> bool:
    return ending - _WEEK < day <= ending
