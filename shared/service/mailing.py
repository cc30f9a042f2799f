"""Sends what goes out of one report to each addressee once, or says why it does not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.service.delivery_decision import Action, Received, decide
from shared.service.once_only_delivery import OnceOnlyDelivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.service.delivery_decision import DayState, MailPolicy
    from shared.service.once_only_delivery import Addressee, Claims, Delivery
    from shared.service.outgoing import Outgoing

_log = logging.getLogger(__name__)


def deliver(
    outgoing: Outgoing, claims: Claims, day: DayState, now: datetime, policy: MailPolicy
) -> list[Delivery]:
    """
    Send each addressee what is due now; return what became of each.

    Raises `DeliveryError` after all were tried if something definitely did not go out: calling this
    again sends just that. Raises `StoreError` at once: without claims nothing may be sent.
    """
    once = OnceOnlyDelivery(claims, repeatable=outgoing.repeatable, written=outgoing.written)

    def send(recipient: str, key: str) -> None:
        """Only the one that holds the claim gets here, so what is noted is what is sent."""
        if day.is_complete:
            claims.release(_in_part(key))
        else:
            claims.claim(_in_part(key))
        outgoing.send(recipient, key)

    for addressee in outgoing.addressees:
        received = _received(addressee.key, once, claims)
        due = received is not Received.NOTHING or outgoing.is_due(addressee, once, claims)
        match decide(day, received, now, policy, due=due).action:
            case Action.SEND:
                once.deliver(addressee, addressee.key, _noting(outgoing, addressee, claims, send))
            case Action.CORRECT:
                correct = _noting(outgoing, addressee, claims, outgoing.correct)
                once.deliver(addressee, _correction(addressee.key), correct)
            case Action.SKIP:
                once.pass_over(addressee)
            case Action.WAIT | Action.NOTHING | Action.TELL:
                once.skip(addressee, is_waiting=received is Received.NOTHING)
    once.look_again()
    _log.info("%s, %s: %s", outgoing.about, outgoing.noun, once.summary)
    once.raise_failures(outgoing.noun)
    return once.deliveries


def _noting(
    outgoing: Outgoing, addressee: Addressee, claims: Claims, send: Callable[[str, str], None]
) -> Callable[[str, str], None]:
    """Send, and keep what was said while the delivery is still in doubt: no kill parts the two."""

    def send_and_note(recipient: str, key: str) -> None:
        send(recipient, key)
        if outgoing.days:
            outgoing.days.enter_sent(addressee, claims)

    return send_and_note


def deliver_once(
    outgoing: Outgoing, claims: Claims, suffix: str = "", *, only_due: bool = False
) -> list[Delivery]:
    """
    Send each addressee what goes out, once under its key with a suffix; else as `deliver`.

    So goes out that there is no report, to those whose day it is, and a copy that somebody asks
    for, to all.
    """
    once = OnceOnlyDelivery(claims, repeatable=outgoing.repeatable, written=outgoing.written)
    for addressee in outgoing.addressees:
        if only_due and not outgoing.is_due(addressee, once, claims):
            once.pass_over(addressee)
        else:
            once.deliver(addressee, f"{addressee.key}{suffix}", outgoing.send)
    once.look_again()
    _log.info("%s, %s%s: %s", outgoing.about, outgoing.noun, suffix, once.summary)
    once.raise_failures(outgoing.noun)
    return once.deliveries


def _received(key: str, once: OnceOnlyDelivery, claims: Claims) -> Received:
    if not once.is_done(key):
        return Received.NOTHING
    if not claims.is_claimed(_in_part(key)):
        return Received.COMPLETE
    return Received.CORRECTED if once.is_done(_correction(key)) else Received.IN_PART


def _in_part(key: str) -> str:
    """The mark that what was sent under a key lacked days."""
    return f"{key}/in-part"


def _correction(key: str) -> str:
    return f"{key}/correction"
