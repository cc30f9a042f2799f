"""The daily run, step by step: plan, collect, publish. Each step can safely be repeated."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.clock import timestamp
from shared.errors import (
    BadInputError,
    DamagedError,
    NewerError,
    OutOfReachError,
    OutOfTimeError,
    SourceDeniedError,
    SourceError,
    SourceIncompleteError,
)
from shared.mfa.assessment import ReportMeta, assess
from shared.mfa.report import Report
from shared.mfa.window import (
    WINDOW_DAYS,
    Slice,
    SliceState,
    complete_days,
    missed_days,
    owed_slices,
    window_days,
)
from shared.service.addresses import report_address
from shared.service.directory_snapshot import DIRECTORY_FILE, DirectorySnapshot
from shared.service.earlier_days import earlier_days
from shared.service.ledger import TenantLedger, unless_newer_is_stored
from shared.service.publishing import Earlier, publish_for_serving
from shared.service.slice_pull import SlicePull
from shared.stores.models import MetricsRow, TenantRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping

    from shared.mfa.assessment import Assessment
    from shared.mfa.metrics import ShareRule
    from shared.mfa.scope import Scope
    from shared.mfa.window import LedgerEntry
    from shared.sources import SignInSource
    from shared.stores.store import Store

WINDOW = timedelta(days=WINDOW_DAYS)
LONGEST_EXECUTION = timedelta(days=1)  #: a writer that began before this is dead
HISTORY_POINTS = 400  #: how many earlier reports the trend shows: as long as their rows are kept
GIVEN_UP = "Given up after repeated tries."  #: how the reason of an abandoned slice begins

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Daily:
    """The daily run of one tenant, over its source and its store."""

    tenant_id: str
    tenant_name: str | None  #: `None`: the name that the directory gives
    source: SignInSource
    store: Store
    scope: Scope
    rule: ShareRule
    settle_days: int
    now: Callable[[], datetime]  #: aware, UTC
    read_directory: Callable[[], DirectorySnapshot] | None = None  #: `None`: it is not read
    csp_anniversary_month: int | None = None  #: 1 to 12; shown with the administrators' figure
    cloud: str = "global"  #: the cloud whose admin center findings lead to

    def plan(self, today: date) -> list[Slice]:
        """
        Return the owed slices.

        They go as far back as the source's log reaches while something older than the window is
        missing: until there is a first complete report, and after days that were missed. What a
        killed pull has kept of other slices is removed: nothing will go on from there.
        """
        ledger = self.ledger.intact(self.ledger.entries(date.min), today - WINDOW)
        owed = owed_slices(
            ledger,
            self.tenant_id,
            today,
            settle_days=self.settle_days,
            reach_days=self._reach_days(today, complete_days(ledger)),
        )
        self.store.parts.remove_others(self.tenant_id, {slice_.day for slice_ in owed})
        return owed

    def collect(self, owed: Slice) -> list[Slice]:
        """
        Pull one slice and store it; return what remains to do.

        Nothing, or if the time is up, the same slice again, to go on from what was kept of it. If
        nothing could be kept, its halves.

        Raises `SourceIncompleteError` after entering the failure in the ledger, so that the queue
        tries again. A denied slice is entered and not tried again: only a person can change that.
        Of a day that is not over, nothing is entered.
        """
        if not self.ledger.is_over(owed.day):
            _log.warning("Slice %s of %s is not over: it is left out", owed.name, owed.tenant_id)
            return []
        pull = SlicePull(
            owed, self.source, self.store, self.scope, self.now(), self.ledger.entry(owed)
        )
        try:
            rollup = pull.rollup()
            logs = self.source.logs(owed)
        except OutOfTimeError as error:
            if pull.has_kept or not pull.has_read:
                self.ledger.put_off(owed, str(error))
                return [owed]
            pull.forget()
            return self._halve(owed, error)
        except OutOfReachError as error:
            self.ledger.keep_stored(owed, str(error))
            return []
        except SourceDeniedError as error:
            self.ledger.fail(owed, SliceState.DENIED, str(error))
            return []
        except SourceIncompleteError as error:
            self.ledger.fail(owed, SliceState.FAILED, str(error))
            raise
        self.ledger.keep(owed, rollup, logs, pull.begun_at)
        pull.forget()
        return []

    def abandon(self, owed: Slice) -> None:
        """Enter in the ledger that the queue has given up on a slice; the last reason is kept."""
        if not self.ledger.is_over(owed.day):
            return
        last = self.ledger.last_reason(owed) or "The reason was not recorded."
        reason = f"{GIVEN_UP} {last.removeprefix(GIVEN_UP).lstrip()}"  # once, even if repeated
        self.ledger.fail(owed, SliceState.FAILED, reason)

    def owed_reports(self, today: date) -> list[date]:
        """
        Return the endings to report on, oldest first and the newest closed day last.

        Owed is each earlier one whose days are known but that has no report yet, and each whose
        report is older than the last pull of one of its days. So is the newest one, whatever is
        known of it, and also after any earlier one, because its history shows that. A report that
        lacks a file, or has a damaged one, is owed; one that a newer release made is not. Before
        all that, what a killed execution left is finished.
        """
        newest = today - timedelta(days=1)
        broken = self._settle()
        ledger = self.ledger.entries(date.min)
        known = complete_days(ledger)
        age = (newest - min(known, default=newest)).days
        before = (newest - timedelta(days=back) for back in range(age, 0, -1))
        earlier = [ending for ending in before if self._is_owed(ending, ledger, known, broken)]
        is_owed = earlier or newest in broken or self.is_outdated(newest)
        return [*earlier, newest] if is_owed else []

    def touched_reports(self, days: Collection[date], newest: date) -> list[date]:
        """
        Return the endings that are owed after only some days were pulled.

        The newest day is left to its own plan if nothing of it has been read yet: its report would
        lack it.
        """
        owed = self.owed_reports(newest + timedelta(days=1))
        has_begun = newest in days or bool(self.ledger.entries(newest))
        return [ending for ending in owed if ending != newest or has_begun]

    def is_outdated(self, ending: date) -> bool:
        """Whether an ending has no report, or one from before a day's last pull."""
        try:
            stored = self._stored_report(ending)
        except NewerError as error:
            _log.warning("%s", error)
            return False
        if stored is None:
            return True
        ledger = self.ledger.entries(min(window_days(ending)))
        return self._is_older(stored, ending, ledger) or self._lacks_accounts(stored)

    def publish(self, ending: date, newest: date) -> Report:
        """
        Make and store the report of one ending, and return the one that is stored.

        Stored bytes stay where nothing changed, or where something newer was stored meanwhile.

        `newest` is the newest closed day as the run's plan names it. A run may cross midnight
        between its plan and this step, so the clock is not read again.

        Raises `BadInputError` for a day that is not over.
        """
        if not self.ledger.is_over(ending):
            raise BadInputError(f"{ending} is not over yet (UTC): it has no report.")
        made_at = self._timestamp()  # before reading: what is entered from now on is newer
        snapshot = self._snapshot(ending, newest)
        assessment = self._assessed(ending, snapshot)
        name = self.tenant_name or (snapshot.tenant_name if snapshot else None)
        meta = ReportMeta(
            self.tenant_id,
            name,
            self.source.name,
            made_at,
            self.csp_anniversary_month,
            self.cloud,
            sorted(self.scope.ids),
        )
        reports = self.store.reports(self.tenant_id, HISTORY_POINTS, before=ending)
        publication = publish_for_serving(
            assessment,
            meta,
            Earlier(
                [report.metrics.point for report in reports],
                earlier_days(self.store, self.tenant_id, ending, reports),
            ),
            report_address(self.tenant_id, ending),
            snapshot,
        )
        with unless_newer_is_stored(f"the report of {ending}"):
            if not self._is_published(publication.report, snapshot):
                self.store.save_tenant(TenantRow(self.tenant_id, name or self.tenant_id, "partner"))
                row = MetricsRow.of(publication.report)
                self.store.save_report(row, publication.files, publication.figures)
                return self._stored_report(ending) or publication.report
            stored = self._stored_report(ending) or publication.report
            made_at = stored.generated_at
            self.store.save_figures(self.tenant_id, ending, made_at, publication.figures)
            return stored
        return publication.report

    @property
    def ledger(self) -> TenantLedger:
        """What was collected, and what of it is believed."""
        return TenantLedger(
            self.tenant_id, self.source.name, self.store, self.scope, self.settle_days, self.now
        )

    def _is_filled_in(self, today: date) -> bool:
        newest = self.store.history(self.tenant_id, today, 1)
        return any(share is not None for point in newest for share in (point.portal, point.api))

    def _reach_days(self, today: date, known: Collection[date]) -> int:
        """Return for how many closed days before `today` gaps are owed; at least the window's."""
        present = self.now().date()
        has_older_gaps = bool(missed_days(known, today - WINDOW))
        if self._is_filled_in(today) and not has_older_gaps:
            return WINDOW_DAYS
        try:
            reach_days = self.source.reach_days(present) - (present - today).days
        except SourceError as error:  # collecting meets the same error and enters it in the ledger
            _log.warning("The reach of the log of %s is unknown: %s", self.tenant_id, error)
            return WINDOW_DAYS
        return max(WINDOW_DAYS, reach_days)

    def _halve(self, owed: Slice, error: OutOfTimeError) -> list[Slice]:
        halves = owed.halves()
        if halves == [owed]:
            self.ledger.fail(owed, SliceState.FAILED, str(error))
            message = f"One hour of sign-ins ({owed.name}) cannot be read in one execution. {error}"
            raise SourceIncompleteError(message) from error
        return halves

    def _assessed(self, ending: date, snapshot: DirectorySnapshot | None) -> Assessment:
        accounts = snapshot.accounts if snapshot else None
        with self.ledger.window(ending) as window:
            return assess(window, self.scope, self.rule, accounts)

    def _is_owed(
        self,
        ending: date,
        ledger: list[LedgerEntry],
        known: Container[date],
        broken: Mapping[date, set[str]],
    ) -> bool:
        """The directory of an earlier day cannot be read again, so it makes no report owed."""
        try:
            stored = self._stored_report(ending)
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
        return self.read_directory is not None and report.metrics.accounts.enabled is None

    def _snapshot(self, ending: date, newest: date) -> DirectorySnapshot | None:
        """
        Read the directory for the newest closed day; load the stored one for earlier days.

        If it cannot be read now, the one that an earlier try of the same day stored is used.
        """
        if self.read_directory and ending >= newest:
            try:
                return self.read_directory()
            except SourceError as error:
                _log.warning("The directory of %s was not read: %s", self.tenant_id, error)
        try:
            stored = self.store.report_file(self.tenant_id, ending, DIRECTORY_FILE)
            return DirectorySnapshot.from_bytes(stored.content, self.scope) if stored else None
        except (DamagedError, NewerError) as error:
            _log.warning("The directory of %s is not there: %s", ending, error)
            return None

    def _is_published(self, report: Report, snapshot: DirectorySnapshot | None) -> bool:
        """
        Whether the same report is stored already, apart from when it was read and made.

        With all of its files, where they belong. One that cannot be made again counts as the same.
        Raises `NewerError` if a newer release made it, or collected days of it.
        """
        ending = report.window.ending
        stored = self._stored_report(ending)
        if stored and self._has_newer_days(ending):
            raise NewerError(f"A newer release collected days of the report of {ending}.")
        if stored and _counts_removed_days(stored, self.ledger.entries(min(window_days(ending)))):
            return True
        if stored is None or not _is_same(stored, report) or self._is_broken(ending):
            return False
        if snapshot is None:
            return True
        try:
            before = self.store.report_file(self.tenant_id, ending, DIRECTORY_FILE)
            return before is not None and snapshot.is_same_as(before.content)
        except DamagedError as error:
            _log.warning("The directory of %s is stored again: %s", ending, error)
            return False

    def _has_newer_days(self, ending: date) -> bool:
        days = set(window_days(ending))
        newer = (e for e in self.ledger.entries(min(days)) if e.state is SliceState.NEWER)
        return any(entry.slice.day in days for entry in newer)

    def _settle(self) -> dict[date, set[str]]:
        """Finish what killed executions left; return the files that are damaged, by ending."""
        return self.store.settle(self.tenant_id, self._dead_before)

    def _is_broken(self, ending: date) -> bool:
        """Whether a file of a report is damaged, after finishing what a killed execution left."""
        return bool(self.store.settle_report(self.tenant_id, ending, self._dead_before))

    @property
    def _dead_before(self) -> str:
        return timestamp(self.now() - LONGEST_EXECUTION)

    def _stored_report(self, ending: date) -> Report | None:
        """The stored report; `None` if there is none to read. Raises `NewerError`."""
        try:
            stored = self.store.report_file(self.tenant_id, ending, "report.json")
            return Report.from_json(stored.content) if stored else None
        except DamagedError as error:
            _log.warning("The report of %s is made again: %s", ending, error)
            return None

    def _timestamp(self) -> str:
        return timestamp(self.now())


def _counts_removed_days(report: Report, ledger: list[LedgerEntry]) -> bool:
    """Whether the report knows a day that was removed since: made again, it would know less."""
    entered = {entry.slice.day for entry in ledger}
    missing = {each.day for each in report.window.missing}
    return not set(window_days(report.window.ending)) <= entered | missing


def _is_same(stored: Report, made: Report) -> bool:
    return made == msgspec.structs.replace(stored, generated_at=made.generated_at)
