"""What timers and queue functions do: the daily run cut into messages, each safe to repeat."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from shared.errors import BadInputError
from shared.service.messages import CollectSlice, DeliverReport, Message, PublishReport, Sender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from shared.service.deliveries import Deliveries
    from shared.service.delivery_decision import MailPolicy
    from shared.service.runs import Runs

# A report holds a week of sign-ins in memory and only computes: several at once would be no faster,
# only bigger.
_one_report_at_a_time = Lock()
_DAY = timedelta(days=1)
_MARGIN = timedelta(seconds=1)  #: queues count whole seconds
_BEGUN_AGAIN_AFTER = timedelta(hours=1)  #: what the queue has given up on
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueWork:
    """The daily runs of all tenants, message by message: bytes come in, text goes out."""

    tenant_ids: Sequence[str]  #: the tenants that the timers plan for
    runs_of: Callable[[str], Runs]  #: raises `BadInputError` for a tenant that is not configured
    today: Callable[[], date]  #: the UTC day; read once in each step
    sender: Sender
    deliveries_of: Callable[[str], Deliveries]  #: raises `BadInputError` as `runs_of` does
    mail_policy: Callable[[], MailPolicy]

    def plan(self) -> list[CollectSlice]:
        """Return a message for each slice that is owed today."""
        today = self.today()
        planned = [
            CollectSlice(slice_)
            for tenant_id in self.tenant_ids
            for slice_ in self.runs_of(tenant_id).daily.plan(today)
        ]
        return self.sender.stamped(planned)

    def collect(self, message: bytes) -> list[Message]:
        """
        Collect a slice; return what remains of it, or the reports that became due by it.

        Raising returns the message to the queue, which tries it a few more times. A message of a
        tenant that is not configured is refused: nobody else's source may answer for it.
        """
        wanted = CollectSlice.from_json(message)
        runs = self.runs_of(wanted.tenant_id)
        remaining = runs.daily.collect(wanted.slice)
        if not remaining:
            self._follow_up(runs, wanted)
        parts = [msgspec.structs.replace(wanted, slice=part) for part in remaining]
        return [*self.sender.stamped(parts)]

    def abandon(self, message: bytes) -> list[PublishReport]:
        """Enter that the queue has given up on a slice; return the reports that became due."""
        try:
            wanted = CollectSlice.from_json(message)
            runs = self.runs_of(wanted.tenant_id)
        except BadInputError as error:  # there is no ledger to enter it in, now or later
            _log.error("A message was dropped: %s", error)
            return []
        runs.daily.abandon(wanted.slice)
        self._follow_up(runs, wanted)
        return []

    def plan_reports(self) -> list[PublishReport]:
        """Return a message for each report that is owed today, the oldest first."""
        today = self.today()
        planned = []
        for tenant_id in self.tenant_ids:
            endings = self.runs_of(tenant_id).daily.owed_reports(today)
            planned += [PublishReport(tenant_id, ending, endings[-1]) for ending in endings]
        return self.sender.stamped(planned)

    def publish(self, message: bytes) -> list[Message]:
        """
        Make and store a report; return the reports and deliveries that became due by it.

        A tenant that is not configured is refused, as by `collect`.
        """
        wanted = PublishReport.from_json(message)
        daily = self.runs_of(wanted.tenant_id).daily
        with _one_report_at_a_time:
            daily.publish(wanted.ending, wanted.newest)
        is_newest = wanted.ending == wanted.newest
        due = self.deliveries_of(wanted.tenant_id).due(wanted.ending) if is_newest else []
        return [*self.sender.stamped(due)]

    def open_door(self) -> list[DeliverReport]:
        """From now on people may be written to about the newest closed day; return what is due."""
        newest = self.today() - _DAY
        due = [
            message
            for tenant_id in self.tenant_ids
            for message in self.deliveries_of(tenant_id).open_door(newest)
        ]
        return self.sender.stamped(due)

    def deliver(self, message: bytes) -> None:
        """
        Mail or post a report, or put the message back until the moment to which it waits.

        Raising returns the message to the queue, as in `collect`.
        """
        wanted = DeliverReport.from_json(message)
        deliveries = self.deliveries_of(wanted.tenant_id)
        delivered = deliveries.deliver(wanted, self.today() - _DAY, self.mail_policy())
        if delivered.until:
            wait = delivered.until - deliveries.now() + _MARGIN
            self.sender.send([wanted], delay=max(wait, _MARGIN))

    def abandon_delivery(self, message: bytes) -> None:
        """
        Enter that the queue has given up on a delivery.

        While its day is the newest it is begun again later: a mail server may be down for a night.
        """
        try:
            wanted = DeliverReport.from_json(message)
            deliveries = self.deliveries_of(wanted.tenant_id)
        except BadInputError as error:
            _log.error("A message was dropped: %s", error)
            return
        deliveries.abandon(wanted)
        if wanted.ending == self.today() - _DAY:
            self.sender.send([wanted], delay=_BEGUN_AGAIN_AFTER)

    def _follow_up(self, runs: Runs, collected: CollectSlice) -> None:
        with _one_report_at_a_time:  # it may be the last of its run, which is then published
            runs.follow_up(collected)
