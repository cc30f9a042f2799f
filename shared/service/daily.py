"""The daily run, step by step: plan, collect, publish. Each step can safely be repeated."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

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
from shared.mfa.window import (
    WINDOW_DAYS,
    Slice,
    SliceState,
    complete_days,
    missed_days,
    owed_slices,
)
from shared.service.addresses import report_address
from shared.service.directory_snapshot import DIRECTORY_FILE, DirectorySnapshot
from shared.service.earlier_days import earlier_days
from shared.service.ledger import TenantLedger, unless_newer_is_stored
from shared.service.publishing import Earlier, publish_for_serving
from shared.service.slice_pull import SlicePull
from shared.service.stored_reports import StoredReports
from shared.stores.models import MetricsRow, TenantRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.mfa.assessment import Assessment
    from shared.mfa.metrics import ShareRule
    from shared.mfa.report import Report
    from shared.mfa.scope import Scope
    from shared.service.publishing import Publication
    from shared.sources import SignInSource
    from shared.stores.store import Store

WINDOW = timedelta(days=WINDOW_DAYS)
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
        made_at = timestamp(self.now())  # before reading: what is entered from now on is newer
        snapshot = self._snapshot(ending, newest)
        assessment = self._assessed(ending, snapshot)
        reports = self.store.reports(self.tenant_id, HISTORY_POINTS, before=ending)
        publication = publish_for_serving(
            assessment,
            self._meta(made_at, snapshot),
            Earlier(
                [report.metrics.point for report in reports],
                earlier_days(self.store, self.tenant_id, ending, reports),
            ),
            report_address(self.tenant_id, ending),
            snapshot,
        )
        return self._store(publication, snapshot)

    @property
    def ledger(self) -> TenantLedger:
        """What was collected, and what of it is believed."""
        return TenantLedger(
            self.tenant_id, self.source.name, self.store, self.scope, self.settle_days, self.now
        )

    @property
    def reports(self) -> StoredReports:
        """Which reports are stored, and which are owed."""
        reads_directory = self.read_directory is not None
        return StoredReports(self.tenant_id, self.store, self.ledger, reads_directory)

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

    def _meta(self, made_at: str, snapshot: DirectorySnapshot | None) -> ReportMeta:
        return ReportMeta(
            self.tenant_id,
            self.tenant_name or (snapshot.tenant_name if snapshot else None),
            self.source.name,
            made_at,
            self.csp_anniversary_month,
            self.cloud,
            sorted(self.scope.ids),
        )

    def _assessed(self, ending: date, snapshot: DirectorySnapshot | None) -> Assessment:
        accounts = snapshot.accounts if snapshot else None
        with self.ledger.window(ending) as window:
            return assess(window, self.scope, self.rule, accounts)

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

    def _store(self, publication: Publication, snapshot: DirectorySnapshot | None) -> Report:
        """Store a report that says something new; return the one that is stored."""
        report = publication.report
        ending, name = report.window.ending, report.tenant_name or self.tenant_id
        with unless_newer_is_stored(f"the report of {ending}"):
            if self.reports.says_the_same(report, snapshot):
                stored = self.reports.read(ending) or report
                made_at = stored.generated_at
                self.store.save_figures(self.tenant_id, ending, made_at, publication.figures)
                return stored
            self.store.save_tenant(TenantRow(self.tenant_id, name, "partner"))
            self.store.save_report(MetricsRow.of(report), publication.files, publication.figures)
            return self.reports.read(ending) or report
        return report
