"""One daily run from end to end in this process, with no queue in between."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.delivery.text.days import days_by_reason
from shared.delivery.text.words import harmless
from shared.errors import SourceIncompleteError
from shared.mfa.window import SliceState
from shared.service import daily as steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from shared.mfa.report import Report
    from shared.mfa.window import LedgerEntry, MissingDay, Slice
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
        reports.append(daily.publish(ending, endings[-1]))
        on_progress(len(reports), len(endings))
    return reports


def told(failed: Iterable[LedgerEntry], missing: Iterable[MissingDay]) -> list[str]:
    """Why days failed that are not missing, or are for another reason: a line for each reason."""
    said = {(gap.day, gap.reason) for gap in missing}
    found = [(entry.slice.day, entry.reason) for entry in failed]
    reasons = days_by_reason(each for each in found if each not in said)
    return [f"{days}: {reason}" for reason, days in reasons.items()]


class Warnings(logging.Handler):
    """What the steps of a day warn of, kept: many of them have one reason, to be said once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._kept: dict[str, str] = {}  # the first warning by its reason

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one, whose last argument is the reason."""
        message = record.getMessage()
        reason = record.args[-1] if isinstance(record.args, tuple) and record.args else message
        self._kept.setdefault(harmless(str(reason)), harmless(message))

    def take(self, said: str = "") -> list[str]:
        """Those whose reason is not in what has been said; none of them is kept any longer."""
        left = [warning for reason, warning in self._kept.items() if reason not in said]
        self._kept.clear()
        return left


@contextmanager
def kept_warnings() -> Iterator[Warnings]:
    """Keep what the steps warn of while the block lasts, in place of logging it."""
    logger, warnings = logging.getLogger(steps.__name__), Warnings()
    before, logger.propagate = logger.propagate, False
    logger.addHandler(warnings)
    try:
        yield warnings
    finally:
        logger.removeHandler(warnings)
        logger.propagate = before


def _collect(daily: Daily, piece: Slice) -> list[Slice]:
    try:
        return daily.collect(piece)
    except SourceIncompleteError:  # it is in the ledger; the next run will try again
        return []


def _is_complete(entry: LedgerEntry) -> bool:
    return entry.state is SliceState.COMPLETE
