"""One daily run from end to end in this process, without queues."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from shared import stores
from shared.delivery.text.formatting import days_by_reason, harmless
from shared.errors import SourceIncompleteError
from shared.mfa.window import SliceState
from shared.service import daily as steps
from shared.service import ledger, stored_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from shared.mfa.report import Report
    from shared.mfa.window import LedgerEntry, MissingDay, Slice
    from shared.service.daily import Daily

    OnProgress = Callable[[int, int], None]  #: called with how many are done, of how many so far


def collect_owed(daily: Daily, today: date, on_progress: OnProgress) -> list[LedgerEntry]:
    """Collect each owed slice once; return the entries of those that failed or were denied."""
    return collect_slices(daily, daily.plan(today), on_progress)


def collect_slices(
    daily: Daily, slices: Iterable[Slice], on_progress: OnProgress
) -> list[LedgerEntry]:
    """The same for slices that somebody names."""
    owed = deque(slices)
    tried: list[Slice] = []
    while owed:
        slice_ = owed.popleft()
        remaining = _collect(daily, slice_)
        owed.extendleft(reversed(remaining))
        if not remaining:
            tried.append(slice_)
        on_progress(len(tried), len(tried) + len(owed))
    oldest = min((slice_.day for slice_ in tried), default=daily.now().date())
    entries = daily.store.ledger(daily.tenant_id, oldest)
    return [entry for entry in entries if entry.slice in tried and not _is_complete(entry)]


def publish_owed(daily: Daily, today: date, on_progress: OnProgress) -> list[Report]:
    """Make every report that is owed, the oldest first, and the newest one in any case."""
    newest = today - timedelta(days=1)
    return _publish(daily, daily.reports.owed(today) or [newest], newest, on_progress)


def publish_touched(daily: Daily, day: date, today: date, on_progress: OnProgress) -> list[Report]:
    """Make the reports that are owed since one day was pulled again, the oldest first."""
    newest = today - timedelta(days=1)
    return _publish(daily, daily.reports.touched([day], newest), newest, on_progress)


def _publish(
    daily: Daily, endings: list[date], newest: date, on_progress: OnProgress
) -> list[Report]:
    reports: list[Report] = []
    for ending in endings:
        reports.append(daily.publish(ending, newest))
        on_progress(len(reports), len(endings))
    return reports


def failure_lines(failed: Iterable[LedgerEntry], missing: Iterable[MissingDay]) -> list[str]:
    """Return a line for each reason why days failed, less what `missing` says already."""
    known = {(gap.day, gap.reason) for gap in missing}
    found = [(entry.slice.day, entry.reason) for entry in failed]
    reasons = days_by_reason(each for each in found if each not in known)
    return [f"{days}: {reason}" for reason, days in reasons.items()]


class Warnings(logging.Handler):
    """Collects the warnings of a day's steps: many share one reason, which is shown once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._first: dict[str, str] = {}  # the first warning for each reason

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning; its last argument is the reason."""
        message = record.getMessage()
        reason = record.args[-1] if isinstance(record.args, tuple) and record.args else message
        self._first.setdefault(harmless(str(reason)), harmless(message))

    def take(self, shown: str = "") -> list[str]:
        """Return the warnings whose reason is not in the text already shown, and forget all."""
        unseen = [warning for reason, warning in self._first.items() if reason not in shown]
        self._first.clear()
        return unseen


@contextmanager
def collected_warnings() -> Iterator[Warnings]:
    """Collect the warnings of steps and store while the block lasts, instead of logging them."""
    warnings = Warnings()
    of_a_day = (steps, ledger, stored_reports, stores)
    loggers = [logging.getLogger(module.__name__) for module in of_a_day]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.propagate = False
        logger.addHandler(warnings)
    try:
        yield warnings
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(warnings)
            logger.propagate = propagate


def _collect(daily: Daily, slice_: Slice) -> list[Slice]:
    try:
        return daily.collect(slice_)
    except SourceIncompleteError:  # entered in the ledger; the next run tries again
        return []


def _is_complete(entry: LedgerEntry) -> bool:
    return entry.state is SliceState.COMPLETE
