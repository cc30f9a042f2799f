"""The stored reports of one tenant: which are owed, and whether a new one would say the same."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.clock import timestamp
from shared.errors import DamagedError, NewerError
from shared.mfa.report import Report
from shared.mfa.window import SliceState, complete_days, window_days
from shared.service.directory_snapshot import DIRECTORY_FILE

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping

    from shared.mfa.window import LedgerEntry
    from shared.service.directory_snapshot import DirectorySnapshot
    from shared.service.ledger import TenantLedger
    from shared.stores.store import Store

LONGEST_EXECUTION = timedelta(days=1)  #: a writer that began before this is dead

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredReports:
    """The stored reports of one tenant, next to the ledger of the days that they are made of."""

    tenant_id: str
    store: Store
    ledger: TenantLedger
    reads_directory: bool  #: whether the accounts of the newest day can be read

    def read(self, ending: date) -> Report | None:
        """The stored report; `None` if there is none to read. Raises `NewerError`."""
        try:
            stored = self.store.report_file(self.tenant_id, ending, "report.json")
            return Report.from_json(stored.content) if stored else None
        except DamagedError as error:
            _log.warning("The report of %s is made again: %s", ending, error)
            return None

    def owed(self, today: date) -> list[date]:
        """
        Return the endings to report on, oldest first and the newest closed day last.

        Owed is each earlier one whose days are known but that has no report yet, and each whose
        report is older than the last pull of one of its days. So is the newest one, whatever is
        known of it, and also after any earlier one, because its history shows that. A report that
        lacks a file, or has a damaged one, is owed; one that a newer release made is not. Before
        all that, what a killed execution left is finished.
        """
        newest = today - timedelta(days=1)
        broken = self.store.settle(self.tenant_id, self._dead_before)
        ledger = self.ledger.entries(date.min)
        known = complete_days(ledger)
        age = (newest - min(known, default=newest)).days
        before = (newest - timedelta(days=back) for back in range(age, 0, -1))
        earlier = [ending for ending in before if self._is_owed(ending, ledger, known, broken)]
        is_owed = earlier or newest in broken or self._is_outdated(newest)
        return [*earlier, newest] if is_owed else []

    def touched(self, days: Collection[date], newest: date) -> list[date]:
        """
        Return the endings that are owed after only some days were pulled.

        The newest day is left to its own plan if nothing of it has been read yet: its report would
        lack it.
        """
        owed = self.owed(newest + timedelta(days=1))
        has_begun = newest in days or bool(self.ledger.entries(newest))
        return [ending for ending in owed if ending != newest or has_begun]

    def says_the_same(self, report: Report, snapshot: DirectorySnapshot | None) -> bool:
        """
        Whether the same report is stored already, apart from when it was read and made.

        With all of its files, where they belong. One that cannot be made again counts as the same.
        Raises `NewerError` if a newer release made it, or collected days of it.
        """
        ending = report.window.ending
        stored = self.read(ending)
        if stored and self._has_newer_days(ending):
            raise NewerError(f"A newer release collected days of the report of {ending}.")
        if stored and _counts_removed_days(stored, self.ledger.entries(min(window_days(ending)))):
            return True
        if stored is None or not _is_same(stored, report):
            return False
        if self.store.settle_report(self.tenant_id, ending, self._dead_before):
            return False  # a file is damaged, which a killed execution may have left
        if snapshot is None:
            return True
        try:
            before = self.store.report_file(self.tenant_id, ending, DIRECTORY_FILE)
            return before is not None and snapshot.is_same_as(before.content)
        except DamagedError as error:
            _log.warning("The directory of %s is stored again: %s", ending, error)
            return False

    def _is_outdated(self, ending: date) -> bool:
        """Whether an ending has no report, or one from before a day's last pull."""
        try:
            stored = self.read(ending)
        except NewerError as error:
            _log.warning("%s", error)
            return False
        if stored is None:
            return True
        ledger = self.ledger.entries(min(window_days(ending)))
        return self._is_older(stored, ending, ledger) or self._lacks_accounts(stored)

    def _is_owed(
        self,
        ending: date,
        ledger: list[LedgerEntry],
        known: Container[date],
        broken: Mapping[date, set[str]],
    ) -> bool:
        """The directory of an earlier day cannot be read again, so it makes no report owed."""
        try:
            stored = self.read(ending)
        except NewerError as error:
            _log.warning("%s", error)
            return False
        if stored is None or broken.get(ending, set()) - {DIRECTORY_FILE}:
            return all(day in known for day in window_days(ending))
        return self._is_older(stored, ending, ledger) and not _counts_removed_days(stored, ledger)

    def _is_older(self, report: Report, ending: date, ledger: list[LedgerEntry]) -> bool:
        """Whether a day of the window was entered after the report was made, or as it was."""
        days = set(window_days(ending))
        entered = max((entry.at for entry in ledger if entry.slice.day in days), default="")
        return entered >= report.generated_at or not self.ledger.is_past(report.generated_at)

    def _lacks_accounts(self, report: Report) -> bool:
        """Whether the directory could be read, but was not."""
        return self.reads_directory and report.metrics.accounts.enabled is None

    def _has_newer_days(self, ending: date) -> bool:
        days = set(window_days(ending))
        newer = (e for e in self.ledger.entries(min(days)) if e.state is SliceState.NEWER)
        return any(entry.slice.day in days for entry in newer)

    @property
    def _dead_before(self) -> str:
        return timestamp(self.ledger.now() - LONGEST_EXECUTION)


def _counts_removed_days(report: Report, ledger: list[LedgerEntry]) -> bool:
    """Whether the report knows a day that was removed since: made again, it would know less."""
    entered = {entry.slice.day for entry in ledger}
    missing = {each.day for each in report.window.missing}
    return not set(window_days(report.window.ending)) <= entered | missing


def _is_same(stored: Report, made: Report) -> bool:
    return made == msgspec.structs.replace(stored, generated_at=made.generated_at)
