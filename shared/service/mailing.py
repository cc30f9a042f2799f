"""
The report by mail: one mail to each recipient of each window, also after retries and crashes.

A mail has two claims in the store, named by a digest of the address, because addresses have no
business in keys and logs. Its doubt is claimed, the mail is claimed, the mail is sent, the doubt is
given back. So whoever comes later finds

    no claim             it was never tried, or failed for certain
    the mail's alone     it was sent
    a doubt              somebody broke off at it or is at it now: it may or may not have been sent

What is done about a doubt is decided in ``docs/adr/0003-mail-is-sent-at-most-once.md``.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Protocol

from shared.delivery.mail.mailer import valid_recipients
from shared.errors import BadInputError, DeliveryError, DeliveryUncertainError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from shared.delivery.mail.mailer import Mailer, Post
    from shared.identity import GraphClient
    from shared.mfa.report import Report
    from shared.stores.store import Store

_log = logging.getLogger(__name__)


class DeliveryOutcome(StrEnum):
    """What is known of one mail."""

    SENT = "sent"
    SENT_BEFORE = "sent before"  #: an earlier run sent it; nothing was done
    UNCERTAIN = "may or may not have been sent"  #: now, or by a run that broke off; left at that
    FAILED = "not sent"  #: definitely; the next run sends it


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one recipient's mail, or of the card."""

    recipient: str  #: masked: ``s…@contoso.example``; or the Teams channel
    outcome: DeliveryOutcome


class Claims(Protocol):
    """The part of a store that this needs."""

    def claim(self, key: str) -> bool:
        """Whether the caller is the first ever to claim `key`."""

    def release(self, key: str) -> None:
        """Give a claim back."""


def mail_status(  # noqa: PLR0913 (the whole of it, each named where it is called)
    report: Report,
    earlier: Report | None,
    recipients: Sequence[str],
    mailer: Mailer,
    store: Claims,
    *,
    public_url: str | None = None,
) -> list[Delivery]:
    """
    Mail the report to each recipient who has not got it; what became of each mail.

    `BadSettingError` before anything is sent if an address or `public_url` is none.
    `DeliveryError` after all recipients were tried, if a mail did definitely not go out; calling
    this again sends just those. `StoreError` at once: without claims nothing may be sent.
    """
    from shared.delivery.mail.content import render_mail

    addresses = valid_recipients(list(recipients))
    if report.tenant_id is None:
        raise BadInputError("A report of no named tenant cannot be mailed: give a tenant id.")
    send = partial(mailer.send, render_mail(report, earlier, public_url))
    errand = OnceOnlyDelivery(store, send, repeatable=mailer.repeatable)
    for number, address in enumerate(addresses, start=1):
        key = mail_key(report.tenant_id, report.window.ending, address)
        which = f"Mail {number} of {len(addresses)}"
        errand.deliver(address, key, shown=_masked(address), which=which)
    _log.info(
        "Report of %s that ends on %s, mails: %s",
        report.tenant_id,
        report.window.ending,
        errand.summary,
    )
    errand.raise_failures("mails")
    return errand.deliveries


def mail_key(tenant_id: str, ending: date, address: str) -> str:
    """Names one mail for ever, without saying whose it is."""
    from shared.delivery.mail.message import digest

    return f"mail/{tenant_id}/{ending}/{digest(address.lower())}"


def newest_reports(store: Store, tenant_id: str) -> tuple[Report, Report | None] | None:
    """The newest stored report and the one before it, to compare with; `None` if there is none."""
    ending = store.latest_ending(tenant_id)
    report = _stored(store, tenant_id, ending) if ending else None
    if report is None:
        return None
    return report, _before(store, tenant_id, report.window.ending)


def post_through(graph: GraphClient) -> Post:
    """What `GraphMailer` posts with: Graph, signed in, which sends nothing twice by itself."""

    def post(path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        answer = graph.post(f"{graph.url}{path}", body, headers={"Content-Type": content_type})
        return answer.status, answer.body

    return post


def _before(store: Store, tenant_id: str, ending: date) -> Report | None:
    points = store.history(tenant_id, ending, 1)
    try:
        return _stored(store, tenant_id, points[0].ending) if points else None
    except StoreError as error:  # by an older version, say: a mail without comparison is one still
        _log.warning("Nothing to compare the report of %s with: %s", ending, error)
        return None


def _stored(store: Store, tenant_id: str, ending: date) -> Report | None:
    from shared.mfa.report import Report

    file = store.report_file(tenant_id, ending, "report.json")
    return Report.from_json(file.content) if file else None


class OnceOnlyDelivery:
    """
    One report on its way to whom it goes, each once.

    `send` takes a recipient and a key, and raises what `Mailer.send` does.
    """

    def __init__(
        self, store: Claims, send: Callable[[str, str], None], *, repeatable: bool
    ) -> None:
        self._store = store
        self._send_to = send
        self._repeatable = repeatable
        self.deliveries: list[Delivery] = []
        self._failures: list[DeliveryError] = []

    def deliver(self, recipient: str, key: str, *, shown: str, which: str) -> None:
        """Send to one recipient, unless an earlier run did or may have done it."""
        outcome = self._outcome(recipient, key, which)
        self.deliveries.append(Delivery(shown, outcome))

    def raise_failures(self, noun: str) -> None:
        """Say how many did definitely not go out, and why the first of them did not."""
        if self._failures:
            first = self._failures[0]
            raise DeliveryError(
                f"{len(self._failures)} of {len(self.deliveries)} {noun} did not go out: {first}"
            ) from first

    @property
    def summary(self) -> str:
        """How many came to which end."""
        outcomes = Counter(delivery.outcome for delivery in self.deliveries)
        return ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items()) or "to nobody"

    def _outcome(self, recipient: str, key: str, which: str) -> DeliveryOutcome:
        if self._store.claim(_doubt(key)):
            if not self._store.claim(key):
                self._store.release(_doubt(key))
                return DeliveryOutcome.SENT_BEFORE
        elif self._repeatable:
            self._store.claim(key)
        else:
            _log.warning(
                "%s may or may not have been sent: an earlier run broke off while it was at "
                "it, or another is at it now. It is not sent again.",
                which,
            )
            return DeliveryOutcome.UNCERTAIN
        return self._send(recipient, key, which)

    def _send(self, recipient: str, key: str, which: str) -> DeliveryOutcome:
        try:
            self._send_to(recipient, key)
        except DeliveryUncertainError as error:
            _log.warning("%s, which is not sent again: %s", which, error)
            return DeliveryOutcome.UNCERTAIN
        except DeliveryError as error:
            _log.warning("%s: %s", which, error)
            self._failures.append(error)
            self._store.release(key)
            self._store.release(_doubt(key))
            return DeliveryOutcome.FAILED
        self._store.release(_doubt(key))
        return DeliveryOutcome.SENT


def _doubt(key: str) -> str:
    return f"{key}/doubt"


def _masked(address: str) -> str:
    name, _, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"
