"""One daily run from end to end in this process, with no queue in between."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from shared.errors import SourceIncompleteError
from shared.mfa.window import SliceState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from shared.mfa.report import Report
    from shared.mfa.window import LedgerEntry, Slice
    from shared.service.daily import Daily

    OnProgress = Callable[[int, int], None]  #: is told how many are done, of how many so far


def collect_owed(daily: Daily, today: date, on_progress: OnProgress) -> list[LedgerEntry]:
    """Collect what is owed, each slice once; the entries of those that failed or were denied."""
    owed = deque(daily.plan(today))
    tried: list[Slice] = []
    while owed:
        piece = owed.popleft()
        left = _collect(daily, piece)
        owed.extendleft(reversed(left))
        if not left:
            tried.append(piece)
        on_progress(len(tried), len(tried) + len(owed))
    ledger = daily.store.ledger(daily.tenant_id, min(piece.day for piece in tried))
    return [entry for entry in ledger if entry.slice in tried and not _is_complete(entry)]


def publish_owed(daily: Daily, today: date, on_progress: OnProgress) -> list[Report]:
    """Make every report that is owed, the oldest first."""
    endings = daily.owed_reports(today)
    reports: list[Report] = []
    for ending in endings:
        reports.append(daily.publish(ending))
        on_progress(len(reports), len(endings))
    return reports


def told(failed: Iterable[LedgerEntry]) -> str:
    """Which slices failed, and why: a line each."""
    return "\n".join(f"{entry.slice.name}: {entry.reason}" for entry in failed)


def _collect(daily: Daily, piece: Slice) -> list[Slice]:
    try:
        return daily.collect(piece)
    except SourceIncompleteError:  # it is in the ledger; the next run will try again
        return []


def _is_complete(entry: LedgerEntry) -> bool:
    return entry.state is SliceState.COMPLETE
