"""What goes out of one report by one channel: mails to recipients, a card to Teams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shared.delivery.missing import MissingReport
from shared.errors import BadInputError
from shared.service.mail_days import MailDays
from shared.service.once_only_delivery import Addressee
from shared.service.recipients import valid_recipients
from shared.settings import MailWhen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from shared.delivery.mail.mailer import Mail, Mailer
    from shared.delivery.teams.channel import TeamsChannel
    from shared.mfa.report import Report
    from shared.service.once_only_delivery import Claims, OnceOnlyDelivery
    from shared.service.recipients import Recipient

_MISSING = "/missing"  #: ends the name of what says that there is no report


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a mail or a card is about."""

    report: Report
    earlier: Report | None = None  #: to compare with, normally that of the day before
    notes: Sequence[str] = ()  #: on mails or cards that did not go out before
    lacked: str = ""  #: what the report lacked when it was first sent, in words
    said: str = ""  #: its figures at that time, in words
    public_url: str | None = None
    state: Callable[[], str | None] = lambda: None  #: as `MailDays` has it
    week_before: Callable[[], Report | None] = lambda: None  #: what a weekly mail compares with

    @property
    def tenant_id(self) -> str:
        """Whose report it is; raises `BadInputError` if the report does not say."""
        if self.report.tenant_id is None:
            raise BadInputError(
                "This report names no tenant, so it cannot be delivered: give a tenant id."
            )
        return self.report.tenant_id


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A report on its way out by one channel; `send` and `correct` take a recipient and a key."""

    about: str  #: in logs
    noun: str  #: ``mails`` or ``Teams cards``
    addressees: Sequence[Addressee]
    send: Callable[[str, str], None]
    correct: Callable[[str, str], None]
    repeatable: bool  #: whether sending the same key twice is harmless
    written: bool = False  #: whether what is sent are files in the outbox
    days: MailDays | None = None  #: for addressees who are not written to each day

    def is_due(self, addressee: Addressee, once: OnceOnlyDelivery, claims: Claims) -> bool:
        """Return whether a mail is due to somebody who has not got today's."""
        return self.days is None or self.days.is_due(addressee, once, claims)


def by_mail(
    announcement: Announcement | MissingReport,
    recipients: Sequence[str],
    mailer: Mailer,
    usual: MailWhen = MailWhen.DAILY,
) -> Outgoing:
    """
    One mail to each recipient; these are written as in REPORT_RECIPIENTS.

    Raises `BadSettingError` before anything is sent if an address or `public_url` is invalid.
    """
    from shared.delivery.mail.content import render_correction, render_mail

    people = valid_recipients(recipients, usual)
    if isinstance(announcement, MissingReport):
        return _missing_by_mail(announcement, people, mailer)
    tenant_id, ending = announcement.tenant_id, announcement.report.window.ending
    report, url, notes = announcement.report, announcement.public_url, announcement.notes
    weekly = {address for address, when in people if when is MailWhen.WEEKLY}
    week_before = announcement.week_before() if weekly else None
    daily_mail = render_mail(report, announcement.earlier, url, notes)
    weekly_mail = render_mail(report, week_before, url, notes) if week_before else daily_mail

    def send(recipient: str, key: str) -> None:
        mailer.send(weekly_mail if recipient in weekly else daily_mail, recipient, key)

    @cache
    def correction() -> Mail:
        return render_correction(
            announcement.report, announcement.lacked, announcement.said, announcement.public_url
        )

    return Outgoing(
        _about(tenant_id, ending),
        "mails",
        _addressees(tenant_id, ending, people, written=mailer.is_outbox),
        send=send,
        correct=lambda recipient, key: mailer.send(correction(), recipient, key),
        repeatable=mailer.repeatable,
        written=mailer.is_outbox,
        days=_mail_days(tenant_id, ending, announcement.state, written=mailer.is_outbox),
    )


def _mail_days(
    tenant_id: str, ending: date, state: Callable[[], str | None], *, written: bool
) -> MailDays:
    def key(address: str, day: date) -> str:
        return mail_key(tenant_id, day, address, written=written)

    return MailDays(ending, key, cache(state))


def _addressees(
    tenant_id: str, ending: date, people: Sequence[Recipient], *, written: bool, suffix: str = ""
) -> list[Addressee]:
    return [
        Addressee(
            address,
            mail_key(tenant_id, ending, address, written=written) + suffix,
            _masked(address),
            f"Mail {position} of {len(people)}",
            when,
        )
        for position, (address, when) in enumerate(people, start=1)
    ]


def _missing_by_mail(
    missing: MissingReport, people: Sequence[Recipient], mailer: Mailer
) -> Outgoing:
    """A mail that there is no report; the report's own mail is not affected."""
    tenant_id, ending, mail = missing.tenant_id, missing.ending, missing.mail()

    def send(recipient: str, key: str) -> None:
        mailer.send(mail, recipient, key)

    return Outgoing(
        _about(tenant_id, ending),
        "mails",
        _addressees(tenant_id, ending, people, written=mailer.is_outbox, suffix=_MISSING),
        send=send,
        correct=send,
        repeatable=mailer.repeatable,
        written=mailer.is_outbox,
        days=_mail_days(tenant_id, ending, lambda: None, written=mailer.is_outbox),
    )


def by_card(announcement: Announcement | MissingReport, channel: TeamsChannel) -> Outgoing:
    """
    One card in the Teams channel.

    A card that was posted twice looks like two reports, so a doubt is never resolved by posting
    again.
    """
    from shared.delivery.teams.card import render_card, render_correction_card

    if isinstance(announcement, MissingReport):
        return _missing_by_card(announcement, channel)
    report, url = announcement.report, announcement.public_url
    key = card_key(announcement.tenant_id, report.window.ending, channel.id)
    card = render_card(report, announcement.earlier, url, announcement.notes)
    return Outgoing(
        _about(announcement.tenant_id, report.window.ending),
        "Teams cards",
        [Addressee("", key, "the Teams channel", "The Teams card")],
        send=lambda *_: channel.post(card),
        correct=lambda *_: channel.post(
            render_correction_card(report, announcement.lacked, announcement.said, url)
        ),
        repeatable=False,
    )


def _missing_by_card(missing: MissingReport, channel: TeamsChannel) -> Outgoing:
    card = missing.card()
    key = card_key(missing.tenant_id, missing.ending, channel.id) + _MISSING

    def post(*_: str) -> None:
        channel.post(card)

    return Outgoing(
        _about(missing.tenant_id, missing.ending),
        "Teams cards",
        [Addressee("", key, "the Teams channel", "The Teams card")],
        send=post,
        correct=post,
        repeatable=False,
    )


def mail_key(tenant_id: str, ending: date, address: str, *, written: bool = False) -> str:
    """Return the lasting name of one mail, without its address."""
    from shared.delivery.mail.message import digest

    return f"{'outbox' if written else 'mail'}/{tenant_id}/{ending}/{digest(address.lower())}"


def card_key(tenant_id: str, ending: date, channel_id: str) -> str:
    """Return the lasting name of one card, without the channel's address."""
    from shared.delivery.mail.message import digest

    return f"teams/{tenant_id}/{ending}/{digest(channel_id)}"


def _about(tenant_id: str, ending: date) -> str:
    return f"Report of {tenant_id}, ending {ending}"


def _masked(address: str) -> str:
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"
