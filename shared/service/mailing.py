"""The newest report by mail and in a Teams channel, once per window and addressee."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from shared.delivery.mail.mailer import valid_recipients
from shared.errors import BadInputError, StoreError
from shared.service.once_only_delivery import OnceOnlyDelivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shared.delivery.mail.mailer import Mailer
    from shared.delivery.teams.channel import TeamsChannel
    from shared.mfa.report import Report
    from shared.service.once_only_delivery import Claims, Delivery
    from shared.stores.store import Store

_log = logging.getLogger(__name__)


def mail_status(  # noqa: PLR0913 (plain values, each named where it is called)
    report: Report,
    earlier: Report | None,
    recipients: Sequence[str],
    mailer: Mailer,
    store: Claims,
    *,
    public_url: str | None = None,
) -> list[Delivery]:
    """
    Mail the report to each recipient who does not have it yet; return what became of each mail.

    Raises `BadSettingError` before anything is sent if an address or `public_url` is invalid, and
    `DeliveryError` after all recipients were tried if a mail definitely did not go out: calling
    this again sends just those. Raises `StoreError` at once: without claims nothing may be sent.
    """
    from shared.delivery.mail.content import render_mail

    addresses = valid_recipients(list(recipients))
    if report.tenant_id is None:
        raise BadInputError(
            "This report names no tenant, so it cannot be mailed: give a tenant id."
        )
    send = partial(mailer.send, render_mail(report, earlier, public_url))
    delivery = OnceOnlyDelivery(store, send, repeatable=mailer.repeatable)
    for position, address in enumerate(addresses, start=1):
        key = mail_key(report.tenant_id, report.window.ending, address)
        which = f"Mail {position} of {len(addresses)}"
        delivery.deliver(address, key, shown=_masked(address), which=which)
    return _finished(delivery, report, "mails", "mails")


def announce(
    report: Report,
    earlier: Report | None,
    channel: TeamsChannel,
    store: Claims,
    *,
    public_url: str | None = None,
) -> list[Delivery]:
    """
    Post the report's card to Teams, unless an earlier run posted it or may have posted it.

    Raises `DeliveryError` if it was definitely not posted: calling this again posts it. A card that
    was posted twice looks like two reports, so a doubt is never resolved by posting again.
    """
    from shared.delivery.teams.card import render_card

    if report.tenant_id is None:
        raise BadInputError(
            "This report names no tenant, so it cannot be posted: give a tenant id."
        )
    card = render_card(report, earlier, public_url)
    delivery = OnceOnlyDelivery(store, lambda *_: channel.post(card), repeatable=False)
    key = card_key(report.tenant_id, report.window.ending, channel.id)
    delivery.deliver("", key, shown="the Teams channel", which="The Teams card")
    return _finished(delivery, report, "Teams", "Teams cards")


def mail_key(tenant_id: str, ending: date, address: str) -> str:
    """Return the lasting name of one mail, without its address."""
    from shared.delivery.mail.message import digest

    return f"mail/{tenant_id}/{ending}/{digest(address.lower())}"


def card_key(tenant_id: str, ending: date, channel_id: str) -> str:
    """Return the lasting name of one card, without the channel's address."""
    from shared.delivery.mail.message import digest

    return f"teams/{tenant_id}/{ending}/{digest(channel_id)}"


def newest_reports(store: Store, tenant_id: str) -> tuple[Report, Report | None] | None:
    """Return the newest stored report and the one before it; `None` if there is none."""
    ending = store.latest_ending(tenant_id)
    report = _stored(store, tenant_id, ending) if ending else None
    if report is None:
        return None
    return report, _before(store, tenant_id, report.window.ending)


def _finished(
    delivery: OnceOnlyDelivery, report: Report, channel: str, noun: str
) -> list[Delivery]:
    tenant_id, ending = report.tenant_id, report.window.ending
    _log.info("Report of %s, ending %s, %s: %s", tenant_id, ending, channel, delivery.summary)
    delivery.raise_failures(noun)
    return delivery.deliveries


def _before(store: Store, tenant_id: str, ending: date) -> Report | None:
    points = store.history(tenant_id, ending, 1)
    try:
        return _stored(store, tenant_id, points[0].ending) if points else None
    except StoreError as error:  # of an older version, for example; the mail goes without it
        _log.warning("There is no report to compare %s with: %s", ending, error)
        return None


def _stored(store: Store, tenant_id: str, ending: date) -> Report | None:
    from shared.mfa.report import Report

    file = store.report_file(tenant_id, ending, "report.json")
    return Report.from_json(file.content) if file else None


def _masked(address: str) -> str:
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"
