"""What is stored of the days that a report is compared with."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from shared.decoding import decode_json
from shared.errors import DamagedError, NewerError
from shared.mfa.changes.account_states import AccountStates
from shared.mfa.changes.changes import WEEK_BEFORE
from shared.mfa.changes.past import EarlierDays, Past, PastReport
from shared.mfa.report import damaged_report, refuse_newer_report
from shared.stores.models import ACCOUNT_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date

    from shared.stores.models import ReportRow, StoredFile
    from shared.stores.store import Store

    ReadFile = Callable[[date, str], StoredFile | None]

T = TypeVar("T")
_log = logging.getLogger(__name__)


def earlier_days(
    store: Store, tenant_id: str, ending: date, earlier: Sequence[ReportRow]
) -> EarlierDays:
    """Read what a report that ends on a day is compared with; `earlier` are those before it."""
    files = {report.metrics.ending: report.files for report in earlier}
    stored = _StoredDays(store, tenant_id, files)
    newest, week = (stored.past(day) for day in (max(files, default=None), ending - WEEK_BEFORE))
    states = newest.states if newest else None
    return EarlierDays(newest, week, states or stored.newest_states())


@dataclass(frozen=True, slots=True)
class _StoredDays:
    """What is damaged, of a newer release, or past its retention is not there."""

    store: Store
    tenant_id: str
    files: Mapping[date, Collection[str]]  #: the names of each report's files

    def past(self, day: date | None) -> Past | None:
        report = self._read(day, "report.json", _past_report)
        return Past(report, self._states(day)) if report else None

    def newest_states(self) -> AccountStates | None:
        """The newest that are listed, of whatever day."""
        days = (day for day, names in self.files.items() if ACCOUNT_STATES in names)
        return self._states(max(days, default=None))

    def _states(self, day: date | None) -> AccountStates | None:
        return self._read(day, ACCOUNT_STATES, AccountStates.from_bytes)

    def _read(self, day: date | None, name: str, decode: Callable[[bytes], T]) -> T | None:
        if day is None or name not in self.files.get(day, ()):
            return None
        return _decoded(partial(self.store.report_file, self.tenant_id), day, name, decode)


def read_states(read: ReadFile, day: date) -> AccountStates | None:
    """The account states of a day; `None` if none can be read."""
    return _decoded(read, day, ACCOUNT_STATES, AccountStates.from_bytes)


def _decoded(read: ReadFile, day: date, name: str, decode: Callable[[bytes], T]) -> T | None:
    try:
        stored = read(day, name)
        return decode(stored.content) if stored else None
    except (DamagedError, NewerError) as error:
        _log.warning("%s of %s is passed over: %s", name, day, error)
        return None


def _past_report(content: bytes) -> PastReport:
    refuse_newer_report(content)
    return decode_json(content, PastReport, damaged_report)
