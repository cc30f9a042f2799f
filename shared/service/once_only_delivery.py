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
from shared.settings import MailWhen

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class DeliveryOutcome(StrEnum):
    """What is known of one delivery."""

    SENT = "sent"
    SENT_BEFORE = "sent before"  #: by an earlier run; nothing was done
    WRITTEN = "written to the outbox"  #: a file, which nobody gets
    WRITTEN_BEFORE = "written to the outbox before"
    WAITING = "waits for the rest"  #: the report lacks days that may still come
    NOT_DUE = "not due"  #: a weekly mail on another day, or nothing has changed
    UNCERTAIN = "may or may not have been sent"  #: now or by a run that broke off; not repeated
    FAILED = "not sent"  #: definitely; the next run sends it


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome for one addressee."""

    recipient: str  #: a masked address, ``s…@contoso.example``, or the Teams channel
    outcome: DeliveryOutcome


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who gets it."""

    recipient: str  #: a mail address; empty for the Teams channel
    key: str  #: the lasting name of what it gets of one report
    shown: str  #: as in `Delivery.recipient`
    which: str  #: in logs, ``Mail 1 of 2``
    when: MailWhen = MailWhen.DAILY


class Claims(Protocol):
    """The part of a store that once-only delivery needs."""

    def claim(self, key: str) -> bool:
        """Claim `key`; returns whether the caller is the first to do so."""

    def is_claimed(self, key: str) -> bool:
        """Whether somebody holds `key`."""

    def release(self, key: str) -> None:
        """Release a claim."""


class OnceOnlyDelivery:
    """
    Delivers one report to its addressees, to each of them once.

    With `repeatable`, sending the same key twice is harmless. With `written`, what is sent are
    files in the outbox.
    """

    def __init__(self, store: Claims, *, repeatable: bool, written: bool = False) -> None:
        self._store = store
        self._repeatable = repeatable
        self._sent = DeliveryOutcome.WRITTEN if written else DeliveryOutcome.SENT
        self._before = DeliveryOutcome.WRITTEN_BEFORE if written else DeliveryOutcome.SENT_BEFORE
        self.deliveries: list[Delivery] = []
        self._failures: list[DeliveryError] = []
        self._in_doubt: dict[int, str] = {}  #: keys of deliveries, by their numbers

    def deliver(self, addressee: Addressee, key: str, send: Callable[[str, str], None]) -> None:
        """
        Send under a key, unless an earlier run did so or may have done so.

        `send` takes the recipient and the key, and raises what `Mailer.send` raises.
        """
        outcome = self._outcome(addressee, key, send)
        if outcome is DeliveryOutcome.UNCERTAIN:
            self._in_doubt[len(self.deliveries)] = key
        self._enter(addressee, outcome)

    def skip(self, addressee: Addressee, *, is_waiting: bool) -> None:
        """Note that nothing is to be sent, because it was sent before or waits."""
        self._enter(addressee, DeliveryOutcome.WAITING if is_waiting else self._before)

    def pass_over(self, addressee: Addressee) -> None:
        """Note that nothing is to be sent, because it is not the addressee's day."""
        self._enter(addressee, DeliveryOutcome.NOT_DUE)

    def look_again(self) -> None:
        """
        Find out what another run, which was sending meanwhile, has sent by now.

        Of several runs the one that looks last finds nothing in doubt, unless one was killed.
        """
        for number, key in self._in_doubt.items():
            if self.is_done(key):
                shown = self.deliveries[number].recipient
                self.deliveries[number] = Delivery(shown, self._before)

    def is_done(self, key: str) -> bool:
        """Whether it was sent under that key, without a doubt."""
        return self._store.is_claimed(key) and not self._store.is_claimed(_doubt(key))

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

    def _enter(self, addressee: Addressee, outcome: DeliveryOutcome) -> None:
        self.deliveries.append(Delivery(addressee.shown, outcome))

    def _outcome(
        self, addressee: Addressee, key: str, send: Callable[[str, str], None]
    ) -> DeliveryOutcome:
        if self._store.claim(_doubt(key)):
            if not self._store.claim(key):
                self._store.release(_doubt(key))
                return self._before
        elif self._repeatable:
            self._store.claim(key)
        else:
            _log.warning(
                "%s may or may not have been sent: an earlier run broke off while sending it, or "
                "another run is sending it now. It is not sent again.",
                addressee.which,
            )
            return DeliveryOutcome.UNCERTAIN
        return self._send(addressee, key, send)

    def _send(
        self, addressee: Addressee, key: str, send: Callable[[str, str], None]
    ) -> DeliveryOutcome:
        try:
            send(addressee.recipient, key)
        except DeliveryUncertainError as error:
            _log.warning("%s, which is not sent again: %s", addressee.which, error)
            return DeliveryOutcome.UNCERTAIN
        except DeliveryError as error:
            _log.warning("%s: %s", addressee.which, error)
            self._failures.append(error)
            self._store.release(key)
            self._store.release(_doubt(key))
            return DeliveryOutcome.FAILED
        self._store.release(_doubt(key))
        return self._sent


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
