"""
A watchdog that is not a timer: requests and messages look whether a timer has fallen silent.

The Functions host keeps a status blob for each timer. One that is cut off, or dated years ahead,
silences its timer for good, without an error anywhere. What the timer should have done is missed by
what is stored, and done instead: once for each time at which it should have fired.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from shared.clock import timestamp
from shared.errors import MfaStatusError, StoreError
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from shared.service.messages import Message
    from shared.service.queues import QueueWork
    from shared.stores.store import Store

LOOK_EVERY = timedelta(minutes=5)
GRACE = timedelta(hours=1)  #: after which what a timer should have begun must show
_LONGEST_LEDGER = timedelta(days=30)
_DAY = timedelta(days=1)
_FIELDS = (5, 6)  #: without and with seconds

_log = logging.getLogger(__name__)


class SilentTimer(NamedTuple):
    """A timer whose work is missed."""

    function: str
    setting: str
    due_at: datetime
    missed: str  #: what should be there, and is not

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return (
            f"The timer {self.function} ({self.setting}) should have fired at "
            f"{self.due_at:%Y-%m-%d %H:%M} UTC, but {self.missed}."
        )


@dataclass(slots=True)
class Watchdog:
    """Looks after the timers of one tenant, at most once in some minutes in each process."""

    tenant_id: str
    store: Store
    now: Callable[[], datetime]  #: aware, UTC
    schedules: Sequence[str]  #: NCRONTAB of the timers that begin a day, a report, mails
    work: QueueWork
    _lock: Lock = field(default_factory=Lock, init=False)
    _looks_at: datetime | None = field(default=None, init=False)

    def look(self, *, begins: bool = False) -> None:
        """
        Do what silent timers should have done. Never fails: it is not what was asked for.

        With `begins`, the very first run begins now: a message would be one of that run itself.
        """
        now = self.now()
        with self._lock:
            if self._looks_at and now < self._looks_at:
                return
            self._looks_at = now + LOOK_EVERY
        try:
            for timer in self.silent():
                self._stand_in_for(timer)
            if begins and not self._entered():
                self._begin()
        except MfaStatusError as error:
            _log.warning("The watchdog could not look after the timers: %s", error)

    def sentences(self) -> list[str]:
        """What is wrong with the timers now, for people."""
        return [timer.sentence for timer in self.silent()]

    def silent(self) -> list[SilentTimer]:
        """Return the timers that should have fired an hour ago or more, but show no work."""
        entered = self._entered()
        return [*self._silent(max(entered))] if entered else []  # there is nothing to miss yet

    def _entered(self) -> list[str]:
        """When each slice of the ledger was entered."""
        now = self.now()
        ledger = self.store.ledger(self.tenant_id, (now - _LONGEST_LEDGER).date())
        return [entry.at for entry in ledger if entry.at <= timestamp(now + GRACE)]

    def _silent(self, last_entered: str) -> Iterator[SilentTimer]:
        pulled, reported, opened = map(self._due_at, self.schedules)
        if pulled and last_entered < timestamp(pulled):
            missed = f"nothing was collected since {last_entered}"
            yield SilentTimer("plan_slices", "PULL_SCHEDULE", pulled, missed)
        latest = self.store.latest_ending(self.tenant_id)
        if reported and (latest is None or latest < reported.date() - _DAY):
            missed = f"there is no report of {reported.date() - _DAY}"
            yield SilentTimer("plan_reports", "REPORT_SCHEDULE", reported, missed)
        is_todays = opened is not None and opened.date() == self.now().date()
        if opened and is_todays and not self._is_open(opened):  # yesterday's newest day is past
            missed = f"nobody was written to about {opened.date() - _DAY}"
            yield SilentTimer("mail_status", "MAIL_SCHEDULE", opened, missed)

    def _plan(self, function: str) -> Sequence[Message]:
        if function == "plan_slices":
            return self.work.plan()
        return self.work.plan_reports() if function == "plan_reports" else self.work.open_door()

    def _due_at(self, schedule: str) -> datetime | None:
        return last_time(schedule, self.now() - GRACE)

    def _is_open(self, opened: datetime) -> bool:
        ending = opened.date() - _DAY
        rows = self.store.deliveries(self.tenant_id, ending, opened.date())
        begun = {row.channel for row in rows if row.has_begun}
        return begun >= self.work.deliveries_of(self.tenant_id).channels.keys()

    def _stand_in_for(self, timer: SilentTimer) -> None:
        sent = self._send_once(f"{timer.function}/{timer.due_at:%Y-%m-%dT%H:%M}", timer.function)
        if sent is not None:
            _log.error("%s It is done instead: %d messages.", timer.sentence, sent)

    def _begin(self) -> None:
        """Begin the very first run with the first request: nobody waits a night for it."""
        sent = self._send_once(f"first/{self.now():%Y-%m-%d}", "plan_slices")
        if sent is not None:
            _log.info("The first run has begun: %d messages.", sent)

    def _send_once(self, name: str, function: str) -> int | None:
        """Queue what a timer would queue, once under a name; `None` if that was done before."""
        claim = f"watchdog/{self.tenant_id}/{name}"
        if not self.store.claim(claim):
            return None
        try:
            messages = self._plan(function)
            self.work.sender.send(messages)
        except StoreError:
            self.store.release(claim)
            raise
        return len(messages)


def schedules_of(settings: Settings) -> list[str]:
    """The schedules of the timers that begin a day, a report and mails; none without a host."""
    if not settings.platform.has_functions_host:
        return []
    timers = (Settings.pull_schedule, Settings.report_schedule, Settings.mail_schedule)
    return [timer.text(settings.environment) for timer in timers]


def opens_door(settings: Settings, ending: date) -> bool:
    """Whether a timer of a Functions host was to open the door of the day that an ending ends."""
    schedules, day = schedules_of(settings), ending + _DAY
    if not schedules:
        return False
    due = last_time(schedules[-1], datetime.combine(day, time.max, UTC))
    return due is not None and due.date() == day


def last_time(schedule: str, before: datetime) -> datetime | None:
    """
    Return the last time at which an NCRONTAB schedule was due, to the minute.

    `None` if that cannot be said: of an interval, and where a day of the month and a weekday are
    given, which NCRONTAB requires both, but cron either.
    """
    from cronsim import CronSim, CronSimError

    fields = schedule.split()
    if len(fields) not in _FIELDS or {fields[-3], fields[-1]}.isdisjoint("*"):
        return None
    try:
        return next(CronSim(" ".join(fields[-5:]), before, reverse=True))
    except (CronSimError, StopIteration):
        return None
