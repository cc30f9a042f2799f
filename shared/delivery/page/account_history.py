"""One account's history as a bar and a table: its periods with the same state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from shared.delivery.page.accounts_table import STATES
from shared.delivery.text.bars import stacked_bar
from shared.delivery.text.formatting import count, days_in_words, long_day
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.changes.account_history import ABSENT

if TYPE_CHECKING:
    from shared.delivery.text.bars import Segment
    from shared.mfa.changes.account_history import AccountDay, AccountHistory

_UNKNOWN = "Not known: nothing was stored"
_NAMES = STATES | {ABSENT: "Not in the directory"}
_KINDS: dict[str | None, str] = {
    Enforcement.ENFORCED: "verified",
    Enforcement.CONDITIONAL: "exempted",
    Enforcement.UNPROTECTED: "not_verified",
    Enforcement.UNKNOWN: "unknown",
    None: "missing",
}
_OTHER_KIND = "whole"


@dataclass(frozen=True, slots=True)
class Period:
    """Days in a row with the same state."""

    days: str
    state: str
    length: str


def periods(history: AccountHistory) -> list[Period]:
    """The periods, newest first."""
    found = [
        Period(
            days=days_in_words(each.day for each in days),
            state=_name(days[0]),
            length=count(len(days), "day"),
        )
        for days in _runs(history)
    ]
    return found[::-1]


def history_bar(history: AccountHistory) -> list[Segment]:
    """The days as one bar, oldest first."""
    pieces = [
        (
            _KINDS.get(days[0].state, _OTHER_KIND),
            len(days),
            f"{'day' if len(days) == 1 else 'days'}: {_name(days[0]).lower()}",
        )
        for days in _runs(history)
    ]
    return stacked_bar(pieces)


def open_words(history: AccountHistory) -> str:
    """For how long MFA is not enforced; empty if it is, or if that is not known."""
    now = history.now
    if now is None or now.open_since is None:
        return ""
    days = (history.days[-1].day - now.open_since).days + 1
    least = "" if now.is_open_exact else "at least "
    return f"Not enforced for {least}{count(days, 'day')}, since {long_day(now.open_since)}."


def _name(day: AccountDay) -> str:
    return _UNKNOWN if day.state is None else _NAMES.get(day.state, day.state)


def _runs(history: AccountHistory) -> list[list[AccountDay]]:
    return [list(days) for _, days in groupby(history.days, lambda each: each.state)]
