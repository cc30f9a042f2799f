"""The states of one account, day by day, as far as they are stored."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.changes.account_states import StateSince

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.mfa.changes.account_states import AccountStates

ABSENT = "absent"  #: not in the directory


class AccountDay(msgspec.Struct, frozen=True):
    """One day of an account."""

    day: date
    state: str | None  #: as in `StateSince`, or `ABSENT`; `None`: nothing is stored of the day


class AccountHistory(msgspec.Struct, frozen=True):
    """One account's days, oldest first, without a gap between them."""

    days: list[AccountDay] = []
    now: StateSince | None = None  #: its newest state; `None` if that is not known


def account_history(
    object_id: str, stored: Sequence[date], read: Callable[[date], AccountStates | None]
) -> AccountHistory:
    """
    Look up an account's states on the days of which states are stored, newest first.

    What is stored of a day says since when, so only one day is read for each change.
    """
    found: dict[date, str | None] = {}
    now: StateSince | None = None
    for day in stored:
        if day in found:
            continue
        states = read(day)
        state = states.of_account(object_id) if states else None
        if state is None:
            found[day] = ABSENT if states and states.is_whole else None
            continue
        found |= {each: state.state for each in stored if state.since <= each <= day}
        now = now or (state if day == stored[0] else None)
    return AccountHistory(_every_day(found), now)


def _every_day(found: dict[date, str | None]) -> list[AccountDay]:
    if not found:
        return []
    first, last = min(found), max(found)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [AccountDay(day, found.get(day)) for day in days]
