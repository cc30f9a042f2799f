"""What timers and queue functions do: the daily run cut into messages, each safe to do again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from shared.errors import BadInputError
from shared.service.messages import CollectSlice, PublishReport

if TYPE_CHECKING:
    from shared.service.daily import Daily
    from shared.service.runs import Runs

# A report holds a week of sign-ins in memory and is all computing: several at once would be no
# faster, only bigger.
_one_report_at_a_time = Lock()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueWork:
    """The daily run of one tenant, message by message; messages come as bytes and go as text."""

    daily: Daily
    runs: Runs

    def plan(self) -> list[str]:
        """A message for each slice that is owed today."""
        owed = self.daily.plan(self.daily.now().date())
        return [CollectSlice(piece).to_json() for piece in owed]

    def collect(self, message: bytes) -> list[str]:
        """
        Collect a slice; a message for each part of it that is left.

        Raising hands the message back to the queue, which tries it a few times more.
        """
        errand = CollectSlice.from_json(message)
        left = self.daily.collect(errand.slice)
        if not left:
            self._look_after(errand)
        return [msgspec.structs.replace(errand, slice=part).to_json() for part in left]

    def abandon(self, message: bytes) -> None:
        """Enter in the ledger that the queue has given a slice up."""
        try:
            errand = CollectSlice.from_json(message)
        except BadInputError as error:  # it cannot be entered anywhere, however often it is tried
            _log.error("A message was dropped: %s", error)
            return
        self.daily.abandon(errand.slice)
        self._look_after(errand)

    def plan_reports(self) -> list[str]:
        """A message for each report that is owed today, the oldest first."""
        endings = self.daily.owed_reports(self.daily.now().date())
        return [PublishReport(ending, endings[-1]).to_json() for ending in endings]

    def publish(self, message: bytes) -> None:
        """Make and store a report."""
        errand = PublishReport.from_json(message)
        with _one_report_at_a_time:
            self.daily.publish(errand.ending, errand.newest)

    def _look_after(self, errand: CollectSlice) -> None:
        with _one_report_at_a_time:  # it may be the last of its run, which is then published
            self.runs.look_after(errand)
