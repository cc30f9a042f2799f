"""
Mails that somebody asks for: the newest report, sent now, although the day's mail has gone.

Each is sent once to each recipient, however often its message comes, because its id is in the
claims. The day's own mail is not affected.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.errors import BadInputError, ConflictError, MfaStatusError, StoreError
from shared.service.messages import DeliverReport
from shared.service.once_only_delivery import DeliveryOutcome
from shared.service.run_log import ACTIVE, RUNS_PER_HOUR, RunLog, instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from shared.service.deliveries import Deliveries
    from shared.service.once_only_delivery import Delivery
    from shared.stores.models import Run

LOST_AFTER = timedelta(minutes=30)  #: as long as the queue may take to try five times
_NOBODY = (
    "Nobody is written to: neither setting REPORT_RECIPIENTS nor TEAMS_WEBHOOK_URL is given; "
    "expected one of them."
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailRequests:
    """The mails that are asked for; the card, where Teams alone is set up."""

    deliveries: Deliveries
    send: Callable[[Sequence[DeliverReport]], None]  #: puts messages into the queue, or raises
    per_hour: int = RUNS_PER_HOUR

    @property
    def log(self) -> RunLog:
        """What was asked for, on record."""
        known = self.deliveries
        return RunLog(known.store, known.tenant_id, known.now, "mail")

    def message(self, ending: date, request: str) -> DeliverReport:
        """Return the message about a report; raises `BadInputError` if nobody is to get it."""
        channel = next(iter(self.deliveries.channels), "")
        if not channel:
            raise BadInputError(_NOBODY)
        return DeliverReport(self.deliveries.tenant_id, ending, channel, request)

    def start(self, ending: date, request: str = "") -> Run:
        """
        Queue a mail about a report, and record it; the same request again is the same mail.

        Raises `ConflictError` while another one is on its way (`RunLog.newest` says which),
        `TooOftenError` after so many in this hour of the clock, and `StoreError` if the message did
        not get into the queue.
        """
        log, store = self.log, self.deliveries.store
        if request and (known := store.run(request)) and known.tenant_id == log.tenant_id:
            return known
        run = log.new(request)
        message = self.message(ending, run.id)
        self._refuse_another(log.newest())
        claims = [f"mail-request/{log.tenant_id}/{log.now():%Y-%m-%dT%H:%M}"]
        if not store.claim(claims[0]):
            raise ConflictError("Another mail is being started.")
        try:
            claims.append(log.claim_of_hour(self.per_hour))
            self.send([message])
        except MfaStatusError:
            with suppress(StoreError):  # so that the next caller gets the same answer
                for claim in claims:
                    store.release(claim)
            raise
        log.begin(run)
        return run

    def deliver(self, wanted: DeliverReport) -> list[Delivery]:
        """Send one, and record that; raises what the delivery raises, so that it comes again."""
        try:
            deliveries = self.deliveries.repeat(wanted)
        except MfaStatusError as error:
            self.log.record(self._run(wanted), "running", str(error))
            raise
        uncertain = [each for each in deliveries if each.outcome is DeliveryOutcome.UNCERTAIN]
        reason = f"{len(uncertain)} of {len(deliveries)} {DeliveryOutcome.UNCERTAIN}."
        if uncertain:
            self.log.record(self._run(wanted), "failed", reason)
        else:
            self.log.record(self._run(wanted), "done")
        return deliveries

    def abandon(self, wanted: DeliverReport) -> None:
        """Record that the queue has given up on one."""
        run = self._run(wanted)
        reason = run.reason or "The reason was not recorded; the app's log has it."
        _log.error("The mail that was asked for in %s did not go out: %s", run.id, reason)
        self.log.record(run, "failed", reason)

    def _run(self, wanted: DeliverReport) -> Run:
        """Its message may be handled before it is recorded."""
        return self.deliveries.store.run(wanted.request) or self.log.new(wanted.request)

    def _refuse_another(self, newest: Run | None) -> None:
        is_active = newest and newest.state in ACTIVE
        if newest and is_active and self.log.now() - instant(newest.asked_at) < LOST_AFTER:
            raise ConflictError(f"Mail {newest.id} is on its way.")
