"""
What a plan still waits for, by the ledger, and which reports are due because of it.

A plan is the slices that were owed at one moment. Each execution that enters one of them looks here
whether a report became due by it. So it does not matter which is the last, nor how often a message
comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from shared.mfa.window import HOURS_OF_DAY, LedgerEntry, SliceState, window_days
from shared.service.daily import GIVEN_UP

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.service.daily import Daily


@dataclass(frozen=True, slots=True)
class Plan:
    """The days that were owed at one moment, and what has been entered since then."""

    planned_at: str  #: UTC
    days: Sequence[date]
    newest: date  #: the newest closed day when it was made; only a plan of one day leaves it out
    final: dict[date, list[LedgerEntry]]  #: entries of each day that has ended

    @classmethod
    def of(cls, daily: Daily, planned_at: str, days: Sequence[date]) -> Plan:
        """Read the ledger of a plan's days."""
        ledger = [each for each in daily.ledger.entries(min(days)) if daily.ledger.is_past(each.at)]
        newest = max([*days, *filter(daily.ledger.is_over, _day_before(planned_at))])
        return cls(planned_at, days, newest, _final_entries(ledger, planned_at, set(days)))

    @property
    def waiting(self) -> set[date]:
        """The days with something still to be read: now, or when the queue tries again."""
        return set(self.days) - self.final.keys()

    def due_reports(self, daily: Daily) -> list[date]:
        """
        Return the endings to report on now, oldest first.

        The newest day's report does not wait for days outside its window, of which a first run has
        many. The first to claim it queues it; the end of the plan does not depend on that.
        """
        if not self.waiting:
            return daily.reports.touched(self.days, self.newest)
        if self.waiting & set(window_days(self.newest)):
            return []
        claim = f"due/{daily.tenant_id}/{self.newest}/{self.planned_at}"
        return [self.newest] if daily.store.claim(claim) else []


def _day_before(moment: str) -> list[date]:
    """The day before a stored time; none if it is not one."""
    try:
        return [date.fromisoformat(moment[:10]) - timedelta(days=1)]
    except (ValueError, OverflowError):
        return []


def _final_entries(
    ledger: Iterable[LedgerEntry], planned_at: str, days: set[date]
) -> dict[date, list[LedgerEntry]]:
    """Each of the days that entries of the plan cover which the queue will not try again."""
    final: dict[date, list[LedgerEntry]] = {}
    for entry in ledger:
        if entry.slice.day in days and entry.at >= planned_at and not _is_tried_again(entry):
            final.setdefault(entry.slice.day, []).append(entry)
    return {day: entries for day, entries in final.items() if _cover_a_day(entries)}


def _is_tried_again(entry: LedgerEntry) -> bool:
    return entry.state is SliceState.FAILED and not entry.reason.startswith(GIVEN_UP)


def _cover_a_day(entries: Iterable[LedgerEntry]) -> bool:
    """Whether entries of one day cover all its hours, as those of its halves do together."""
    hours = {
        hour for entry in entries for hour in range(entry.slice.from_hour, entry.slice.to_hour)
    }
    return len(hours) == HOURS_OF_DAY
