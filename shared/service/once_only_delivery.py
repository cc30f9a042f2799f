"""
Delivering a report to each addressee once, also after retries and crashes.

A delivery has two claims in the store, named by digests, because addresses do not belong in keys
and logs. The delivery's doubt is claimed, then the delivery itself; it is sent; the doubt is
released. So a later run finds

    no claim              it was never tried, or failed for certain
    the delivery's alone  it was sent
    a doubt               another run was killed while sending, or is sending now

How a doubt is resolved is decided in ``docs/adr/0003-mail-is-sent-at-most-once.md``.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from shared.errors import DeliveryError, DeliveryUncertainError, MfaStatusError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class DeliveryOutcome(StrEnum):
    """What is known of one delivery."""

    SENT = "sent"
    SENT_BEFORE = "sent before"  #: by an earlier run; nothing was done
    UNCERTAIN = "may or may not have been sent"  #: now or by a run that broke off; not repeated
    FAILED = "not sent"  #: definitely; the next run sends it


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome for one addressee."""

    recipient: str  #: a masked address, ``s…@contoso.example``, or the Teams channel
    outcome: DeliveryOutcome


class Claims(Protocol):
    """The part of a store that once-only delivery needs."""

    def claim(self, key: str) -> bool:
        """Claim `key`; returns whether the caller is the first to do so."""

    def release(self, key: str) -> None:
        """Release a claim."""


class OnceOnlyDelivery:
    """
    Delivers one report to its addressees, to each of them once.

    `send` takes a recipient and a key, and raises what `Mailer.send` raises. With `repeatable`,
    sending the same key twice is harmless.
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
        """Send to one recipient, unless an earlier run sent it or may have sent it."""
        outcome = self._outcome(recipient, key, which)
        self.deliveries.append(Delivery(shown, outcome))

    def raise_failures(self, noun: str) -> None:
        """Raise `DeliveryError` if a delivery definitely failed: how many, and why the first."""
        if self._failures:
            first = self._failures[0]
            raise DeliveryError(
                f"{len(self._failures)} of {len(self.deliveries)} {noun} did not go out: {first}"
            ) from first

    @property
    def summary(self) -> str:
        """How many deliveries had which outcome."""
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
                "%s may or may not have been sent: an earlier run broke off while sending it, or "
                "another run is sending it now. It is not sent again.",
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


def send_all(*senders: Callable[[], list[Delivery]]) -> list[Delivery]:
    """
    Call each sender, even if one before it failed; return all deliveries.

    Errors are raised after all were called. Several become one whose message joins theirs: a
    `UsageError` if any of them is one, else a `DeliveryError`.
    """
    deliveries: list[Delivery] = []
    failures: list[MfaStatusError] = []
    for send in senders:
        try:
            deliveries += send()
        except MfaStatusError as error:
            failures.append(error)
    if len(failures) > 1:
        is_usage = any(isinstance(error, UsageError) for error in failures)
        message = " ".join(dict.fromkeys(map(str, failures)))
        causes = ExceptionGroup("several deliveries failed", failures)
        raise (UsageError if is_usage else DeliveryError)(message) from causes
    if failures:
        raise failures[0]
    return deliveries


def _doubt(key: str) -> str:
    return f"{key}/doubt"
