"""What timers and queue functions do: the daily run cut into messages, each safe to repeat."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from shared.errors import BadInputError
from shared.service.messages import CollectSlice, PublishReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from shared.service.runs import Runs

# A report holds a week of sign-ins in memory and only computes: several at once would be no faster,
# only bigger.
_one_report_at_a_time = Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueWork:
    """The daily runs of all tenants, message by message: bytes come in, text goes out."""

    tenant_ids: Sequence[str]  #: the tenants that the timers plan for
    runs_of: Callable[[str], Runs]  #: raises `BadInputError` for a tenant that is not configured
    today: Callable[[], date]  #: the UTC day; read once in each step

    def plan(self) -> list[str]:
        """Return a message for each slice that is owed today."""
        today = self.today()
        return [
            CollectSlice(slice_).to_json()
            for tenant_id in self.tenant_ids
            for slice_ in self.runs_of(tenant_id).daily.plan(today)
        ]

    def collect(self, message: bytes) -> list[str]:
        """
        Collect a slice; return a message for each part of it that remains.

        Raising returns the message to the queue, which tries it a few more times. A message of a
        tenant that is not configured is refused: nobody else's source may answer for it.
        """
        wanted = CollectSlice.from_json(message)
        runs = self.runs_of(wanted.tenant_id)
        remaining = runs.daily.collect(wanted.slice)
        if not remaining:
            self._follow_up(runs, wanted)
        return [msgspec.structs.replace(wanted, slice=part).to_json() for part in remaining]

    def abandon(self, message: bytes) -> None:
        """Enter in the ledger that the queue has given up on a slice."""
        try:
            wanted = CollectSlice.from_json(message)
            runs = self.runs_of(wanted.tenant_id)
        except BadInputError as error:  # there is no ledger to enter it in, now or later
            _log.error("A message was dropped: %s", error)
            return
        runs.daily.abandon(wanted.slice)
        self._follow_up(runs, wanted)

    def plan_reports(self) -> list[str]:
        """Return a message for each report that is owed today, the oldest first."""
        today = self.today()
        messages = []
        for tenant_id in self.tenant_ids:
            endings = self.runs_of(tenant_id).daily.owed_reports(today)
            messages += [PublishReport(tenant_id, ending, endings[-1]) for ending in endings]
        return [message.to_json() for message in messages]

    def publish(self, message: bytes) -> None:
        """Make and store a report; a tenant that is not configured is refused, as by `collect`."""
        wanted = PublishReport.from_json(message)
        daily = self.runs_of(wanted.tenant_id).daily
        with _one_report_at_a_time:
            daily.publish(wanted.ending, wanted.newest)

    def _follow_up(self, runs: Runs, collected: CollectSlice) -> None:
        with _one_report_at_a_time:  # it may be the last of its run, which is then published
            runs.follow_up(collected)
