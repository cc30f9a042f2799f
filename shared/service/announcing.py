"""
The report in a Teams channel: one card a window, by the same claims as a mail (see ``mailing``).

A card that was posted twice cannot be told from two reports, so it is never posted into a doubt.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.errors import BadInputError, DeliveryError, MfaStatusError, UsageError
from shared.service.mailing import OnceOnlyDelivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from shared.delivery.teams.channel import TeamsChannel
    from shared.mfa.report import Report
    from shared.service.mailing import Claims, Delivery

_log = logging.getLogger(__name__)


def announce(
    report: Report,
    earlier: Report | None,
    channel: TeamsChannel,
    store: Claims,
    *,
    public_url: str | None = None,
) -> list[Delivery]:
    """
    Post the report's card, unless an earlier run did or may have done it; what became of it.

    `DeliveryError` if it was definitely not posted; calling this again posts it. `StoreError` at
    once: without claims nothing may be posted.
    """
    from shared.delivery.teams.card import render_card

    if report.tenant_id is None:
        raise BadInputError("A report of no named tenant cannot be posted: give a tenant id.")
    card = render_card(report, earlier, public_url)
    errand = OnceOnlyDelivery(store, lambda *_: channel.post(card), repeatable=False)
    key = card_key(report.tenant_id, report.window.ending, channel.id)
    errand.deliver("", key, shown="the Teams channel", which="The Teams card")
    _log.info(
        "Report of %s that ends on %s, Teams: %s",
        report.tenant_id,
        report.window.ending,
        errand.summary,
    )
    errand.raise_failures("Teams cards")
    return errand.deliveries


def card_key(tenant_id: str, ending: date, channel_id: str) -> str:
    """Names one card for ever, without saying where it went."""
    from shared.delivery.mail.message import digest

    return f"teams/{tenant_id}/{ending}/{digest(channel_id)}"


def send_all(*ways: Callable[[], list[Delivery]]) -> list[Delivery]:
    """
    Go each of the ways that a report goes out by, also when one before it failed.

    The error is raised after all were tried; of several, one that says what each said. It is the
    operator's (`UsageError`) if any is.
    """
    deliveries: list[Delivery] = []
    failures: list[MfaStatusError] = []
    for way in ways:
        try:
            deliveries += way()
        except MfaStatusError as error:
            failures.append(error)
    if len(failures) > 1:
        is_usage = any(isinstance(error, UsageError) for error in failures)
        told = " ".join(dict.fromkeys(map(str, failures)))
        causes = ExceptionGroup("no way was gone to its end", failures)
        raise (UsageError if is_usage else DeliveryError)(told) from causes
    if failures:
        raise failures[0]
    return deliveries
