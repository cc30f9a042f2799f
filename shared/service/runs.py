"""
Runs that somebody started: begun once at a time, looked after by whoever collects their slices.

There is nothing to wait in: the slices go through the queue like the timer's, and each execution
that has entered one looks whether it was the last. Two that both find so publish the same bytes.
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

RUN_TIMEOUT = timedelta(hours=2)  #: a run that is not over by then is taken for lost
_MINUTE = timedelta(minutes=1)
RUNS_PER_HOUR = 4  #: as setting RUNS_PER_HOUR has it where it is not set

_ACTIVE = ("accepted", "running")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one tenant."""

    daily: Daily
    per_hour: int = RUNS_PER_HOUR

    def start(self) -> tuple[Run, list[CollectSlice]]:
        """
        A new run and what is to be put into the queue for it.

        `ConflictError` where one is under way: then `newest` tells which. `TooOftenError` where as
        many as may be were begun since the clock struck the hour: so around the stroke it may be
        twice as many within sixty minutes.
        """
        now = self.daily.now()
        newest = self.newest()
        if newest and newest.state in _ACTIVE and now - _moment(newest.asked_at) < RUN_TIMEOUT:
            raise ConflictError(f"Run {newest.id} is under way.")
        # Of two that start at once, one wins. With the minute in its name, a claim whose holder
        # died before it wrote the run stands in nobody's way for longer than the next one.
        before = f"run/{self.daily.tenant_id}/{newest.id if newest else 'none'}"
        minutes = [f"{before}/{now - back:%Y-%m-%dT%H:%M}" for back in (_MINUTE, timedelta())]
        if not all(map(self.daily.store.claim, minutes)):
            raise ConflictError("Another run is being started.")
        if not self._takes_a_place(now):
            for minute in minutes:  # whoever comes next is to be told the same
                self.daily.store.release(minute)
            raise self._too_often(now)
        return self._begin(now)

    def _takes_a_place(self, now: datetime) -> bool:
        """Whether it gets one of the hour's places, each of which the store gives out once."""
        hour = f"run-of-hour/{self.daily.tenant_id}/{now:%Y-%m-%dT%H}"
        return any(self.daily.store.claim(f"{hour}/{place}") for place in range(self.per_hour))

    def _too_often(self, now: datetime) -> TooOftenError:
        to_the_next = 3600 - now.minute * 60 - now.second
        sentence = (
            f"{self.per_hour} runs were started since the clock struck the hour; no more can."
        )
        return TooOftenError(sentence, to_the_next)

    def newest(self) -> Run | None:
        """The run that was started last."""
        pointer = self.daily.store.run(self._pointer_id)
        return self.daily.store.run(pointer.reason) if pointer else None

    def look_after(self, errand: CollectSlice) -> None:
        """
        Note how far an errand's run has come; publish, if that was the last of its slices.

        A run is over when every hour of its days is settled in the ledger since it was asked for:
        entered by an entry that does not stand for a slice which the queue will try again.
        """
        run = self.daily.store.run(errand.run_id) if errand.run_id else None
        if run is None or run.state == "done":
            return
        settled = self._settled(run, errand)
        if not all(_covers(settled.get(day, ())) for day in errand.planned):
            self._note(run, "running")
            return
        endings = self.daily.owed_reports(_moment(run.asked_at).date())
        for ending in endings:
            self.daily.publish(ending, endings[-1])
        entries = [entry for day in errand.planned for entry in settled[day]]
        failed = [entry for entry in entries if entry.state is not SliceState.COMPLETE]
        self._note(run, "failed" if failed else "done", _told(failed))

    @property
    def _pointer_id(self) -> str:
        """The id under which the id of the newest run is kept; no run has one like it."""
        return f"newest-{self.daily.tenant_id}"

    def _begin(self, now: datetime) -> tuple[Run, list[CollectSlice]]:
        owed = self.daily.plan(now.date())
        run = Run(uuid4().hex, self.daily.tenant_id, "accepted", f"{now:%Y-%m-%dT%H:%M:%SZ}")
        self.daily.store.save_run(run)
        pointer = msgspec.structs.replace(run, id=self._pointer_id, reason=run.id)
        self.daily.store.save_run(pointer)
        planned = tuple(sorted(piece.day for piece in owed))
        _log.info("Run %s of %s: %d slices", run.id, run.tenant_id, len(owed))
        return run, [CollectSlice(piece, run.id, planned) for piece in owed]

    def _settled(self, run: Run, errand: CollectSlice) -> dict[date, list[LedgerEntry]]:
        settled: dict[date, list[LedgerEntry]] = {}
        for entry in self.daily.store.ledger(run.tenant_id, min(errand.planned)):
            if entry.at >= run.asked_at and not _is_tried_again(entry):
                settled.setdefault(entry.slice.day, []).append(entry)
        return settled

    def _note(self, run: Run, state: str, reason: str = "") -> None:
        finished = "" if state in _ACTIVE else f"{self.daily.now():%Y-%m-%dT%H:%M:%SZ}"
        noted = msgspec.structs.replace(run, state=state, finished_at=finished, reason=reason)
        if noted != run:
            with suppress(ConflictError):  # another execution has just noted that it is done
                self.daily.store.save_run(noted)


def _is_tried_again(entry: LedgerEntry) -> bool:
    return entry.state is SliceState.FAILED and not entry.reason.startswith(GIVEN_UP)


def _covers(entries: Iterable[LedgerEntry]) -> bool:
    """Whether entries of one day speak for all its hours; those of halves may do so together."""
    hours = {
        hour for entry in entries for hour in range(entry.slice.from_hour, entry.slice.to_hour)
    }
    return len(hours) == HOURS_OF_DAY


def _told(failed: Iterable[LedgerEntry]) -> str:
    return " ".join(f"{entry.slice.name}: {entry.reason}" for entry in failed)


def _moment(instant: str) -> datetime:
    return datetime.fromisoformat(instant)
