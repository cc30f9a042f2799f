"""
Runs that somebody started, one at a time per tenant.

No process waits for a run: its slices go through the queue like the timer's, and each execution
that has entered a slice checks whether it was the last. If two find that they were, both publish
the same bytes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.errors import ConflictError, TooOftenError
from shared.mfa.window import HOURS_OF_DAY, SliceState
from shared.service.daily import GIVEN_UP
from shared.service.messages import CollectSlice
from shared.stores.models import Run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from shared.mfa.window import LedgerEntry
    from shared.service.daily import Daily

RUN_TIMEOUT = timedelta(hours=2)  #: a run that is still active after this is considered lost
_MINUTE = timedelta(minutes=1)
RUNS_PER_HOUR = 4  #: the default of setting RUNS_PER_HOUR

_ACTIVE = ("accepted", "running")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one tenant."""

    daily: Daily
    per_hour: int = RUNS_PER_HOUR

    def start(self) -> tuple[Run, list[CollectSlice]]:
        """
        Begin a run; return it with the messages to put into the queue for it.

        Raises `ConflictError` while another run is active (`newest` says which), and
        `TooOftenError` once as many runs as allowed have begun in this hour of the clock. So around
        the full hour up to twice as many can begin within sixty minutes.
        """
        now = self.daily.now()
        newest = self.newest()
        is_recent = newest and abs(now - _instant(newest.asked_at)) < RUN_TIMEOUT
        if newest and is_recent and newest.state in _ACTIVE:
            raise ConflictError(f"Run {newest.id} is under way.")
        # Of two that start at once, one wins. The claim's name contains the minute, so that a claim
        # whose holder died before writing the run blocks others for no longer than the next minute.
        before = f"run/{self.daily.tenant_id}/{newest.id if newest else 'none'}"
        minutes = [f"{before}/{now - back:%Y-%m-%dT%H:%M}" for back in (_MINUTE, timedelta())]
        if not all(map(self.daily.store.claim, minutes)):
            raise ConflictError("Another run is being started.")
        if not self._is_within_limit(now):
            for minute in minutes:  # so that the next caller gets the same answer
                self.daily.store.release(minute)
            raise self._too_often(now)
        return self._begin(now)

    def _is_within_limit(self, now: datetime) -> bool:
        """Claim one of the hour's runs; each can be claimed once. Returns whether one was left."""
        hour = f"run-of-hour/{self.daily.tenant_id}/{now:%Y-%m-%dT%H}"
        return any(self.daily.store.claim(f"{hour}/{index}") for index in range(self.per_hour))

    def _too_often(self, now: datetime) -> TooOftenError:
        seconds = 3600 - now.minute * 60 - now.second
        sentence = f"{self.per_hour} runs were started in this hour, which is the limit."
        return TooOftenError(sentence, seconds)

    def newest(self) -> Run | None:
        """The run that was started last."""
        pointer = self.daily.store.run(self._pointer_id)
        return self.daily.store.run(pointer.reason) if pointer else None

    def follow_up(self, collected: CollectSlice) -> None:
        """
        Record the progress of the run that a message belongs to; publish after its last slice.

        A run ends when the ledger covers every hour of its days with entries that were made since
        the run was asked for, and that the queue will not try again.
        """
        run = self.daily.store.run(collected.run_id) if collected.run_id else None
        if run is None or run.state == "done":
            return
        final = self._final_entries(run, collected)
        if not all(_cover_a_day(final.get(day, ())) for day in collected.planned):
            self._record(run, "running")
            return
        endings = self.daily.owed_reports(_instant(run.asked_at).date())
        for ending in endings:
            self.daily.publish(ending, endings[-1])
        entries = [entry for day in collected.planned for entry in final[day]]
        failed = [entry for entry in entries if entry.state is not SliceState.COMPLETE]
        self._record(run, "failed" if failed else "done", _reasons(failed))

    @property
    def _pointer_id(self) -> str:
        """The key under which the id of the newest run is stored; no run has such an id."""
        return f"newest-{self.daily.tenant_id}"

    def _begin(self, now: datetime) -> tuple[Run, list[CollectSlice]]:
        owed = self.daily.plan(now.date())
        run = Run(uuid4().hex, self.daily.tenant_id, "accepted", f"{now:%Y-%m-%dT%H:%M:%SZ}")
        self.daily.store.save_run(run)
        pointer = msgspec.structs.replace(run, id=self._pointer_id, reason=run.id)
        self.daily.store.save_run(pointer)
        planned = tuple(sorted(slice_.day for slice_ in owed))
        _log.info("Run %s of %s: %d slices", run.id, run.tenant_id, len(owed))
        return run, [CollectSlice(slice_, run.id, planned) for slice_ in owed]

    def _final_entries(self, run: Run, collected: CollectSlice) -> dict[date, list[LedgerEntry]]:
        final: dict[date, list[LedgerEntry]] = {}
        for entry in self.daily.store.ledger(run.tenant_id, min(collected.planned)):
            if entry.at >= run.asked_at and not _is_tried_again(entry):
                final.setdefault(entry.slice.day, []).append(entry)
        return final

    def _record(self, run: Run, state: str, reason: str = "") -> None:
        finished = "" if state in _ACTIVE else f"{self.daily.now():%Y-%m-%dT%H:%M:%SZ}"
        recorded = msgspec.structs.replace(run, state=state, finished_at=finished, reason=reason)
        if recorded != run:
            with suppress(ConflictError):  # another execution has just recorded that it is done
                self.daily.store.save_run(recorded)


def _is_tried_again(entry: LedgerEntry) -> bool:
    return entry.state is SliceState.FAILED and not entry.reason.startswith(GIVEN_UP)


def _cover_a_day(entries: Iterable[LedgerEntry]) -> bool:
    """Whether entries of one day cover all its hours, as those of its halves do together."""
    hours = {
        hour for entry in entries for hour in range(entry.slice.from_hour, entry.slice.to_hour)
    }
    return len(hours) == HOURS_OF_DAY


def _reasons(failed: Iterable[LedgerEntry]) -> str:
    return " ".join(f"{entry.slice.name}: {entry.reason}" for entry in failed)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
