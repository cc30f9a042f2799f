"""
Runs that somebody started, one at a time per tenant.

No process waits for a run: its slices go through the queue like the timer's, and each execution
that has entered a slice checks what became due by it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.clock import timestamp
from shared.errors import (
    BadInputError,
    ConflictError,
    MfaStatusError,
    NewerError,
    StoreError,
)
from shared.mfa.window import Slice, SliceState
from shared.service.messages import CollectSlice, PublishReport
from shared.service.plans import Plan
from shared.service.run_log import ACTIVE, RUNS_PER_HOUR, RunLog, instant
from shared.stores.models import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date

    from shared.mfa.window import LedgerEntry
    from shared.service.daily import Daily

RUN_TIMEOUT = timedelta(hours=2)  #: a run that is still active after this is considered lost
BEGIN_TIMEOUT = timedelta(minutes=5)  #: a run that nobody has begun by then may be taken over
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
KEPT_DAYS = 30  #: the default of setting DETAIL_RETENTION_DAYS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one tenant."""

    daily: Daily
    send: Callable[[Sequence[CollectSlice]], None]  #: puts messages into the queue, or raises
    per_hour: int = RUNS_PER_HOUR
    kept_days: int = KEPT_DAYS

    def plan(self, today: date, run_id: str = "") -> list[CollectSlice]:
        """Return a message for each slice that is owed; together they know when all are entered."""
        planned_at = self._timestamp()
        owed = self.daily.plan(today)
        planned = tuple(sorted({slice_.day for slice_ in owed}))
        return [CollectSlice(slice_, run_id, planned, planned_at) for slice_ in owed]

    def slice_of(self, day: date, today: date) -> Slice:
        """
        Return the slice that somebody asks to be pulled again.

        Raises `BadInputError` for a day that is not over, or is not kept any more, and `NewerError`
        for one that a newer release collected.
        """
        newest, oldest = today - _DAY, today - _DAY * self.kept_days
        if not oldest <= day <= newest:
            raise BadInputError(
                f"{day} cannot be pulled; expected a closed day (UTC) that is kept, from {oldest} "
                f"to {newest}."
            )
        for entry in self.daily.ledger.entries(day, day + _DAY):
            if entry.state is SliceState.NEWER:
                raise NewerError(f"{day} is left alone: {entry.reason}")
        return Slice(self.daily.tenant_id, day)

    def start(self, day: date | None = None) -> Run:
        """
        Begin a run: put its messages into the queue, then record it; return it.

        It pulls what is owed, or one day again (`slice_of`, and what that raises).
        A run that was accepted some minutes ago, but that nobody has begun, is begun again instead.

        Raises `ConflictError` while another run is active (`newest` says which), `TooOftenError`
        once as many runs as allowed have begun in this hour of the clock, and `StoreError` if the
        messages did not get into the queue. So around the full hour up to twice as many can begin
        within sixty minutes.
        """
        now = self.daily.now()
        wanted = self.slice_of(day, now.date()) if day else None
        newest = self.newest()
        waiting = newest if newest and self._is_active(newest, now) else None
        if waiting and not _is_stuck(waiting, now):
            raise ConflictError(f"Run {waiting.id} is under way.")
        # Of two that start at once, one wins. The claim's name contains the minute, so that a claim
        # whose holder died before writing the run blocks others for no longer than the next minute.
        before = f"run/{self.daily.tenant_id}/{newest.id if newest else 'none'}"
        claims = [f"{before}/{now - back:%Y-%m-%dT%H:%M}" for back in (_MINUTE, timedelta())]
        if not all(map(self.daily.store.claim, claims)):
            raise ConflictError("Another run is being started.")
        try:
            if waiting is None:
                claims.append(self.log.claim_of_hour(self.per_hour))
            return self._begin(waiting or self.log.new(), now.date(), wanted)
        except MfaStatusError:
            with suppress(StoreError):  # so that the next caller gets the same answer
                for claim in claims:
                    self.daily.store.release(claim)
            raise

    def newest(self) -> Run | None:
        """The run that was started last."""
        return self.log.newest()

    @property
    def log(self) -> RunLog:
        """The runs, on record."""
        return RunLog(self.daily.store, self.daily.tenant_id, self.daily.now, "run")

    def begun(self, wanted: CollectSlice) -> None:
        """Record that the run which a message belongs to is being worked on."""
        run = self._run_of(wanted)
        if run and run.state == "accepted":
            self.log.record(run, "running")

    def follow_up(self, entered: CollectSlice) -> list[PublishReport]:
        """Return the reports that became due when a slice was entered; record its run's state."""
        run = self._run_of(entered)
        planned_at = entered.planned_at or (run.asked_at if run else "")
        if not entered.planned or not planned_at:
            return []  # a message of an earlier release: its report has to wait for the timer
        plan = Plan.of(self.daily, planned_at, entered.planned)
        due = plan.due_reports(self.daily)
        if run and not plan.waiting:
            self.log.record(run, "running", _reasons(plan.final.values()))
            if not due:
                self.finish(run.id)
        if not due:
            return []
        run_id = run.id if run and not plan.waiting else ""
        first, *then = due
        return [PublishReport(self.daily.tenant_id, first, plan.newest, tuple(then), run_id)]

    def finish(self, run_id: str, reason: str = "") -> None:
        """Record that the last report of a run was made, or why not."""
        run = self.daily.store.run(run_id)
        if run and run.state in ACTIVE:
            reasons = " ".join(filter(None, (run.reason, reason)))
            self.log.record(run, "failed" if reasons else "done", reasons)

    def _is_active(self, run: Run, now: datetime) -> bool:
        return run.state in ACTIVE and abs(now - instant(run.asked_at)) < RUN_TIMEOUT

    def _begin(self, run: Run, today: date, wanted: Slice | None) -> Run:
        if wanted:
            messages = [CollectSlice(wanted, run.id, (wanted.day,), self._timestamp())]
        else:
            messages = self.plan(today, run.id)
        self.send(messages)
        self.log.begin(run)
        _log.info("Run %s of %s: %d slices", run.id, run.tenant_id, len(messages))
        return run

    def _run_of(self, message: CollectSlice) -> Run | None:
        """The run of a message. It may be handled before the run is recorded."""
        if not message.run_id:
            return None
        asked_at = message.planned_at or self._timestamp()
        run = self.daily.store.run(message.run_id)
        return run or Run(message.run_id, self.daily.tenant_id, "accepted", asked_at)

    def _timestamp(self) -> str:
        return timestamp(self.daily.now())


def _is_stuck(run: Run, now: datetime) -> bool:
    """Whether nobody has begun a run in the time that it should take."""
    return run.state == "accepted" and now - instant(run.asked_at) >= BEGIN_TIMEOUT


def _reasons(days: Iterable[Iterable[LedgerEntry]]) -> str:
    """Why slices of a run failed."""
    failed = [
        entry for entries in days for entry in entries if entry.state is not SliceState.COMPLETE
    ]
    return " ".join(f"{entry.slice.name}: {entry.reason}" for entry in failed)
