"""One tenant's newest report, made known by mail and in Teams; what became of it is stored."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from shared.clock import timestamp
from shared.delivery.missing import MissingReport
from shared.delivery.text.formatting import days_by_reason, days_in_words, long_day
from shared.errors import DamagedError, DeliveryError, MfaStatusError, NewerError, StoreError
from shared.mfa.window import complete_days, missing_reasons, window_days
from shared.service.delivery_decision import Action, DayState, Received, decide
from shared.service.mailing import deliver, deliver_once
from shared.service.messages import DeliverReport
from shared.service.once_only_delivery import DeliveryOutcome
from shared.service.outgoing import Announcement
from shared.stores.models import DeliveryRow, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from shared.mfa.report import Report
    from shared.service.delivery_decision import MailPolicy
    from shared.service.once_only_delivery import Delivery
    from shared.service.outgoing import Outgoing
    from shared.stores.store import Store

    #: Opens a channel for a report.
    OpenChannel = Callable[[Announcement | MissingReport], AbstractContextManager[Outgoing]]

_FAILED = " did not go out: "  #: as `OnceOnlyDelivery.raise_failures` has it
NOTED_DAYS = 7  #: how far back the next mail says what did not go out
_WEEK = timedelta(days=7)
_NOBODYS = "nobody was to be written to on this day."
_WRITTEN = {DeliveryOutcome.WRITTEN, DeliveryOutcome.WRITTEN_BEFORE}
_log = logging.getLogger(__name__)


class Delivered(NamedTuple):
    """What a step came to."""

    deliveries: list[Delivery]
    until: datetime | None = None  #: when to look again; `None`: there is nothing to wait for


@dataclass(frozen=True, slots=True)
class Deliveries:
    """
    The deliveries of one tenant. Each step can be repeated, at any time and in any order.

    A report is stored before its messages are queued, and the door is opened before its messages
    are queued. So of these messages, the last one finds both.
    """

    tenant_id: str
    store: Store
    now: Callable[[], datetime]  #: aware, UTC
    channels: Mapping[str, OpenChannel]  #: those that are set up: ``mail``, ``teams``
    #: Whether a timer was to open a day's door; without one, nobody expects a mail.
    is_mailed_about: Callable[[date], bool] = lambda _: False

    def due(self, ending: date) -> list[DeliverReport]:
        """Return a message for each channel; each finds out by itself what is to be done."""
        return [DeliverReport(self.tenant_id, ending, channel) for channel in self.channels]

    def open_door(self, ending: date) -> list[DeliverReport]:
        """From now on people may be written to about a day's report; return what is due then."""
        opened_at = timestamp(self.now())
        for message in self.due(ending):
            self._change(message, lambda row: replace(row, opened_at=row.opened_at or opened_at))
        return self.due(ending)

    def deliver(self, wanted: DeliverReport, newest: date, policy: MailPolicy) -> Delivered:
        """
        Send what is due to each addressee, if `wanted` is about the newest closed day.

        Raises after entering why something did not go out, so that the queue tries again.
        """
        open_channel = self.channels.get(wanted.channel)
        row = self.store.delivery(self.tenant_id, wanted.ending, wanted.channel)
        if row is None or open_channel is None:
            return Delivered([])
        report, now = self.report(wanted.ending), self.now()
        day = self._state(row, report, newest)
        fresh = decide(day, Received.NOTHING, now, policy)
        if fresh.action is Action.TELL:  # unless it went out, and was damaged afterwards
            return Delivered([]) if row.has_gone else self._tell_missing(wanted, open_channel)
        if report is None or fresh.action is not Action.SEND:
            if fresh.until:
                lacked = f"still lacked {self._lacked(report)}" if report else "was not there yet"
                self._enter(wanted, DeliveryState.WAITING, f"its report {lacked}.")
            return Delivered([], fresh.until)
        if not day.is_complete:
            lacked = self._lacked(report)
            row = self._change(wanted, lambda row: _first_sent(row, lacked, report))
        with self._entering_failures(wanted), open_channel(self._announcement(row, report)) as out:
            deliveries = deliver(out, self.store, day, now, policy)
        if _is_nobodys(deliveries):
            self._pass(wanted)
        else:
            self._enter(wanted, _state_of(deliveries))
        return Delivered(deliveries)

    def _tell_missing(self, wanted: DeliverReport, open_channel: OpenChannel) -> Delivered:
        """Say that there is no report, once; when it comes, it goes out as ever."""
        missing = self._missing(wanted.ending)
        with self._entering_failures(wanted), open_channel(missing) as outgoing:
            deliveries = deliver_once(outgoing, self.store, only_due=True)
        if _is_nobodys(deliveries):
            self._pass(wanted)
            return Delivered(deliveries)
        told_at = timestamp(self.now())
        self._enter(wanted, DeliveryState.WAITING, "its report was not there yet.")
        self._change(wanted, lambda row: replace(row, told_at=row.told_at or told_at))
        _log.error("People were written to that there is no report of %s.", wanted.ending)
        return Delivered(deliveries)

    @contextmanager
    def _entering_failures(self, wanted: DeliverReport) -> Iterator[None]:
        try:
            yield
        except MfaStatusError as error:
            if not isinstance(error, StoreError):
                self._enter(wanted, DeliveryState.FAILED, str(error))
            raise

    def repeat(self, wanted: DeliverReport) -> list[Delivery]:
        """
        Send a report because somebody asks for it, once for each request, whatever went out.

        The day's own mail, and what is entered of it, stay as they are. Raises `DeliveryError`.
        """
        report = self.report(wanted.ending)
        open_channel = self.channels.get(wanted.channel)
        if report is None or open_channel is None:
            raise DeliveryError(f"There is no {_what(wanted.channel, wanted.ending)} to send.")
        row = self.store.delivery(self.tenant_id, wanted.ending, wanted.channel)
        known = row or DeliveryRow(
            tenant_id=self.tenant_id, ending=wanted.ending, channel=wanted.channel
        )
        with open_channel(self._announcement(known, report)) as outgoing:
            return deliver_once(outgoing, self.store, f"/asked/{wanted.request}")

    def abandon(self, wanted: DeliverReport) -> None:
        """Enter that the queue has given up; the last reason is kept."""
        row = self.store.delivery(self.tenant_id, wanted.ending, wanted.channel)
        reason = (row and row.reason) or "The reason was not recorded; the app's log has it."
        self._enter(wanted, DeliveryState.FAILED, reason)
        _log.error("The %s did not go out: %s", _what(wanted.channel, wanted.ending), reason)

    def report(self, ending: date) -> Report | None:
        """Return a stored report; `None` if there is none that can be read."""
        from shared.mfa.report import Report

        try:
            file = self.store.report_file(self.tenant_id, ending, "report.json")
            return Report.from_json(file.content) if file else None
        except (DamagedError, NewerError) as error:
            _log.warning("The report of %s cannot be delivered or compared: %s", ending, error)
            return None

    def _state(self, row: DeliveryRow, report: Report | None, newest: date) -> DayState:
        latest = self.store.latest_ending(self.tenant_id)
        return DayState(
            is_newest=row.ending == newest and (latest is None or latest <= newest),
            is_stored=report is not None,
            is_complete=report is not None and not self._lacked(report),
            opened_at=datetime.fromisoformat(row.opened_at) if row.opened_at else None,
        )

    def _lacked(self, report: Report) -> str:
        """
        Say what of a report may still come; empty if nothing may.

        Accounts may, if the report before had them. Where they are never read, nobody waits.
        """
        lacked = [days_in_words(gap.day for gap in report.window.missing)]
        if report.metrics.accounts.enabled is None:
            earlier = self._before(report.window.ending)
            had_them = earlier is not None and earlier.metrics.accounts.enabled is not None
            lacked += ["the accounts"] if had_them else []
        return " and ".join(filter(None, lacked))

    def _before(self, ending: date) -> Report | None:
        points = self.store.history(self.tenant_id, ending, 1)
        return self.report(points[0].ending) if points else None

    def _missing(self, ending: date) -> MissingReport:
        """What is known of a report that is not there."""
        days = set(window_days(ending))
        ledger = self.store.ledger(self.tenant_id, min(days), ending + timedelta(days=1))
        unknown, reasons = days - complete_days(ledger).keys(), missing_reasons(ledger)
        why = days_by_reason((day, reasons.get(day, "not collected yet")) for day in unknown)
        names = {tenant.id: tenant.name for tenant in self.store.tenants()}
        return MissingReport(
            self.tenant_id,
            names.get(self.tenant_id, self.tenant_id),
            ending,
            self.now(),
            [f"{in_words}: {reason}" for reason, in_words in why.items()],
        )

    def _announcement(self, row: DeliveryRow, report: Report) -> Announcement:
        return Announcement(
            report,
            self._before(row.ending),
            self._notes(row),
            row.lacked,
            row.said,
            state=lambda: self._known_state(report),
            week_before=lambda: self.report(row.ending - _WEEK),
        )

    def _known_state(self, report: Report) -> str | None:
        """What the report says is so, for those who are written to on change."""
        from shared.service.known_state import known_state

        ending = report.window.ending
        try:
            file = self.store.report_file(self.tenant_id, ending, "accounts.json")
            return known_state(report, file.content if file else None)
        except (DamagedError, NewerError) as error:
            _log.warning("Whether the report of %s brings a change is unknown: %s", ending, error)
            return None

    def _notes(self, row: DeliveryRow) -> list[str]:
        """Return a sentence for each report since the last one that went out."""
        since = row.ending - timedelta(days=NOTED_DAYS)
        rows = self.store.deliveries(self.tenant_id, since, row.ending)
        own = [each for each in rows if each.channel == row.channel and each.opened_at]
        unsent = list(takewhile(lambda each: not each.has_gone, reversed(own)))
        said = (each for each in unsent if not (each.told_at or each.passed_at))
        notes = {each.ending: undelivered_words(each) for each in said}
        gone = max((each.ending for each in own if each.has_gone), default=None)
        if gone:
            days = {gone + timedelta(days=n) for n in range(1, (row.ending - gone).days)}
            never = filter(self.is_mailed_about, days - {each.ending for each in own})
            notes |= {day: _never_begun(row.channel, day) for day in never}
        return [notes[day] for day in sorted(notes)]

    def _enter(self, wanted: DeliverReport, state: DeliveryState, reason: str = "") -> None:
        """Enter a state; what went out stays so, whatever a later or a slower step finds."""
        at = timestamp(self.now())
        self._change(
            wanted,
            lambda row: row if row.has_gone else _entered(row, state, reason, at),
        )

    def _pass(self, wanted: DeliverReport) -> None:
        """Enter that it is nobody's day, which a change may still make it."""
        at = timestamp(self.now())

        def passed(row: DeliveryRow) -> DeliveryRow:
            entered = _entered(row, DeliveryState.WAITING, _NOBODYS, at)
            return row if row.has_gone else replace(entered, passed_at=at)

        self._change(wanted, passed)

    def _change(
        self, wanted: DeliverReport, change: Callable[[DeliveryRow], DeliveryRow]
    ) -> DeliveryRow:
        return self.store.change_delivery(self.tenant_id, wanted.ending, wanted.channel, change)


def undelivered_words(row: DeliveryRow) -> str:
    """Say that a mail or card did not go out, and why; no address is in it."""
    what = _what(row.channel, row.ending)
    if row.state is DeliveryState.UNCERTAIN:
        return f"The {what} may or may not have been sent."
    some, is_counted, reason = row.reason.partition(_FAILED)
    if is_counted and not some.startswith(f"{some.split()[2]} of"):  # 1 of 2 mails
        return f"{some} of {long_day(row.ending)}{_FAILED}{reason}"
    why = reason or some or "there was nothing to send before the day was over."
    return f"The {what}{_FAILED}{why}"


def _never_begun(channel: str, ending: date) -> str:
    why = "the app did not run, or its timer mail_status did not fire"
    return f"The {_what(channel, ending)}{_FAILED}{why}."


def _what(channel: str, ending: date) -> str:
    return f"{'mail' if channel == 'mail' else 'Teams card'} of {long_day(ending)}"


def _entered(row: DeliveryRow, state: DeliveryState, reason: str, at: str) -> DeliveryRow:
    return replace(row, state=state, reason=reason, at=at, passed_at="")


def _first_sent(row: DeliveryRow, lacked: str, report: Report) -> DeliveryRow:
    """Enter what a report lacks when it is first sent, which a correction will need."""
    from shared.delivery.mail.subject import verdicts

    if row.lacked:
        return row
    return replace(row, lacked=lacked, said=", ".join(verdicts(report)))


def _is_nobodys(deliveries: list[Delivery]) -> bool:
    """Whether there are recipients, and it is the day of none of them."""
    return {each.outcome for each in deliveries} == {DeliveryOutcome.NOT_DUE}


def _state_of(deliveries: list[Delivery]) -> DeliveryState:
    outcomes = {delivery.outcome for delivery in deliveries} - {DeliveryOutcome.NOT_DUE}
    if DeliveryOutcome.UNCERTAIN in outcomes:
        return DeliveryState.UNCERTAIN
    return DeliveryState.WRITTEN if outcomes <= _WRITTEN else DeliveryState.SENT
