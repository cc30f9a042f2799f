"""What timers and queue functions do: the daily run cut into messages, each safe to repeat."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from shared.errors import BadInputError, MfaStatusError
from shared.mfa.window import WINDOW_DAYS, window_days
from shared.service.inbox import Inbox
from shared.service.mail_requests import MailRequests
from shared.service.messages import CollectSlice, DeliverReport, Message, PublishReport, Sender
from shared.telemetry import DAY_COMPLETE, note, say, use_case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from shared.mfa.report import Report
    from shared.service.deliveries import Deliveries
    from shared.service.delivery_decision import MailPolicy
    from shared.service.messages import AnyMessageT
    from shared.service.runs import Runs

# A report holds a week of sign-ins in memory and only computes: several at once would be no faster,
# only bigger.
_one_report_at_a_time = Lock()
_DAY = timedelta(days=1)
_POISON = "-poison"  #: the Functions host's name for the queue of what it has given up on
_MARGIN = timedelta(seconds=1)  #: queues count whole seconds
#: When the queue tries again what it has given up on, each time from then.
PASSES = (timedelta(hours=1), timedelta(hours=3))
_BEGUN_AGAIN_AFTER = timedelta(hours=1)  #: a delivery that the queue has given up on
_log = logging.getLogger(__name__)


def _chain(work: QueueWork) -> str:
    """The chain of steps of one UTC day, which is one trace."""
    return f"{work.sender.app}/{work.today()}"


@dataclass(frozen=True, slots=True)
class QueueWork:
    """The daily runs of all tenants, message by message: bytes come in, text goes out."""

    tenant_ids: Sequence[str]  #: the tenants that the timers plan for
    runs_of: Callable[[str], Runs]  #: raises `BadInputError` for a tenant that is not configured
    today: Callable[[], date]  #: the UTC day; read once in each step
    sender: Sender
    deliveries_of: Callable[[str], Deliveries]  #: raises `BadInputError` as `runs_of` does
    mail_policy: Callable[[], MailPolicy]

    @use_case("plan", _chain)
    def plan(self) -> list[CollectSlice]:
        """Return a message for each slice that is owed today."""
        today = self.today()
        runs = map(self.runs_of, self.tenant_ids)
        owed = [message for each in runs for message in each.plan(today)]
        note(tenants=len(self.tenant_ids), day=today - _DAY, owed=len(owed))
        return self.sender.stamped(owed)

    @use_case("collect", _chain)
    def collect(self, message: bytes, expires_at: datetime | None = None) -> list[Message]:
        """
        Collect a slice; return what remains of it, or the reports that became due by it.

        Raising returns the message to the queue, which tries it a few more times. As in each step
        here, a message that is not this app's enters nothing (`Inbox`).
        """
        wanted = self._read(CollectSlice, message, expires_at)
        if wanted is None:
            return []
        runs = self.runs_of(wanted.tenant_id)
        runs.begun(wanted)
        parts = runs.daily.collect(wanted.slice)
        remaining = [msgspec.structs.replace(wanted, slice=part) for part in parts]
        return self.sender.stamped(remaining or runs.follow_up(wanted))

    @use_case("abandon slice", _chain)
    def abandon(self, message: bytes, expires_at: datetime | None = None) -> list[PublishReport]:
        """
        Enter that the queue has given up on a slice; return the reports that became due.

        Instances that stop abort what they have begun, and each time costs a try. So the slice gets
        another pass in the same night, and one more; then it is owed to the next one.
        """
        wanted = self._read(CollectSlice, message, expires_at, suffix=_POISON)
        if wanted is None:
            return []
        runs = self.runs_of(wanted.tenant_id)
        runs.daily.abandon(wanted.slice)
        if not wanted.run_id:
            self._pass_again(wanted, f"{wanted.slice.name}/{wanted.planned_at}")
        return self.sender.stamped(runs.follow_up(wanted))

    @use_case("plan reports", _chain)
    def plan_reports(self) -> list[PublishReport]:
        """
        Return a message for each tenant with reports that are owed: the latest moment for them.

        Most have been made before, when the last slice that they waited for was entered.
        """
        today = self.today()
        owed = {each: self.runs_of(each).daily.reports.owed(today) for each in self.tenant_ids}
        return self.sender.stamped(
            PublishReport(tenant_id, endings[0], endings[-1], tuple(endings[1:]))
            for tenant_id, endings in owed.items()
            if endings
        )

    @use_case("publish", _chain)
    def publish(self, message: bytes, expires_at: datetime | None = None) -> list[Message]:
        """
        Make and store a report; return the next one, and the deliveries that became due by it.

        An earlier report that cannot be made stays owed, and does not keep the newest one from
        being made.
        """
        wanted = self._read(PublishReport, message, expires_at)
        if wanted is None:
            return []
        runs = self.runs_of(wanted.tenant_id)
        try:
            with _one_report_at_a_time:
                report = runs.daily.publish(wanted.ending, wanted.newest)
            _note_report(report, wanted)
        except MfaStatusError as error:
            if not wanted.then:
                raise
            note(state="failed", error=type(error).__name__)
            _log.error("The report of %s was not made: %s", wanted.ending, error)
        if wanted.run_id and not wanted.then:
            runs.finish(wanted.run_id)
        is_newest = wanted.ending == wanted.newest
        due = self.deliveries_of(wanted.tenant_id).due(wanted.ending) if is_newest else []
        return self.sender.stamped([*_next(wanted), *due])

    @use_case("abandon report", _chain)
    def abandon_report(self, message: bytes, expires_at: datetime | None = None) -> None:
        """Say that the queue has given up on a report; it stays owed, and gets another pass."""
        wanted = self._read(PublishReport, message, expires_at, suffix=_POISON)
        if wanted is None:
            return
        sentence = f"The report of {wanted.ending} was given up after repeated tries."
        _log.error("%s", sentence)
        if wanted.run_id:
            self.runs_of(wanted.tenant_id).finish(wanted.run_id, sentence)
        elif wanted.newest == self.today() - _DAY:
            self._pass_again(wanted, f"report/{wanted.ending}/{wanted.newest}")

    @use_case("open door", _chain)
    def open_door(self) -> list[DeliverReport]:
        """From now on people may be written to about the newest closed day; return what is due."""
        newest = self.today() - _DAY
        due = [
            message
            for tenant_id in self.tenant_ids
            for message in self.deliveries_of(tenant_id).open_door(newest)
        ]
        return self.sender.stamped(due)

    @use_case("deliver", _chain)
    def deliver(self, message: bytes, expires_at: datetime | None = None) -> None:
        """
        Mail or post a report, or put the message back until the moment to which it waits.

        Raising returns the message to the queue, as in `collect`.
        """
        wanted = self._read(DeliverReport, message, expires_at)
        if wanted is None:
            return
        deliveries = self.deliveries_of(wanted.tenant_id)
        if wanted.request:
            MailRequests(deliveries, self.sender.send).deliver(wanted)
            return
        delivered = deliveries.deliver(wanted, self.today() - _DAY, self.mail_policy())
        note(channel=wanted.channel, deliveries=len(delivered.deliveries))
        if delivered.until:
            wait = delivered.until - deliveries.now() + _MARGIN
            self.sender.send([wanted], delay=max(wait, _MARGIN))

    @use_case("abandon delivery", _chain)
    def abandon_delivery(self, message: bytes, expires_at: datetime | None = None) -> None:
        """
        Enter that the queue has given up on a delivery.

        While its day is the newest it is begun again later: a mail server may be down for a night.
        """
        wanted = self._read(DeliverReport, message, expires_at, suffix=_POISON)
        if wanted is None:
            return
        deliveries = self.deliveries_of(wanted.tenant_id)
        if wanted.request:
            MailRequests(deliveries, self.sender.send).abandon(wanted)
            return
        deliveries.abandon(wanted)
        if wanted.ending == self.today() - _DAY:
            self.sender.send([wanted], delay=_BEGUN_AGAIN_AFTER)

    def _pass_again(self, given_up: CollectSlice | PublishReport, name: str) -> None:
        """Queue it once more, later; `name` is its own and that of its night."""
        store = self.runs_of(given_up.tenant_id).daily.store
        for index, delay in enumerate(PASSES):
            if store.claim(f"pass/{given_up.tenant_id}/{name}/{index}"):
                self.sender.send([given_up], delay=delay)
                _log.warning("%s is begun again in %s, in the same night.", name, delay)
                return

    def _read(
        self, kind: type[AnyMessageT], body: bytes, expires_at: datetime | None, suffix: str = ""
    ) -> AnyMessageT | None:
        daily = self.runs_of(self.tenant_ids[0]).daily
        inbox = Inbox(self.sender, self.today, daily.now, self._is_configured, daily.store)
        message = inbox.read(kind, body, expires_at, suffix=suffix)
        if message:
            note(tenant=message.tenant_id, day=message.last_day)
        return message

    def _is_configured(self, tenant_id: str) -> bool:
        try:
            self.runs_of(tenant_id)
        except BadInputError:
            return False
        return True


def _next(published: PublishReport) -> list[PublishReport]:
    """Return the message for the rest of a list of reports."""
    if not published.then:
        return []
    ending, *then = published.then
    return [msgspec.structs.replace(published, ending=ending, then=tuple(then))]


def _note_report(report: Report, wanted: PublishReport) -> None:
    """Note how complete a report is; say that the newest day is known, if it is."""
    window, newest = report.window, wanted.newest
    note(day=wanted.ending, completeness=round(window.complete_days / WINDOW_DAYS, 3))
    if wanted.ending != newest:
        return
    missing = {gap.day for gap in window.missing}
    known = [day for day in window_days(newest) if day not in missing]
    note(days_behind=(newest - max(known)).days if known else WINDOW_DAYS)
    if newest not in missing:
        say(DAY_COMPLETE, tenant=wanted.tenant_id, day=newest)
