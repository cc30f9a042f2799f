"""
The mail as a value, and what a mailer is.

A mailer puts one mail into the hands of one recipient. What it raises says what is known:

    DeliveryError            the mail did definitely not go out; sending it again is right
    DeliveryUncertainError   it may have gone out; only a mailer that repeats harmlessly may try
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shared.errors import BadSettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    #: Posts `body` as `content_type` to a path below Graph's root; the status, and what came back.
    Post = Callable[[str, bytes, str], tuple[int, bytes]]

OUTBOX_SENDER = "partner-mfa-status@localhost.invalid"  #: whom outbox files are from by default

# What every mail server takes. No quotes, no comments, nothing outside ASCII: an address that needs
# them has never been seen on a mailbox that reports are sent to, and each is a way into a header.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)
_ADDRESS_LIMIT = 254  #: RFC 5321, 4.5.3.1, less the two angle brackets


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, whoever gets it and by whichever way."""

    subject: str  #: one line
    text: str
    html: str
    date: datetime  #: aware; the same for the same report, so that equal mails have equal bytes


class Mailer(Protocol):
    """A way for mails to go."""

    repeatable: bool  #: whether sending the same key twice is harmless: one mail comes of it

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """
        Hand a mail over, `key` being the same for the same mail to the same recipient.

        `DeliveryError` if it did not go out, `DeliveryUncertainError` if that cannot be known.
        """


def valid_address(given: str, setting: str) -> str:
    """A mail address, trimmed; `BadSettingError` names the setting and what it holds otherwise."""
    address = given.strip()
    if not (_ADDRESS.fullmatch(address) and len(address) <= _ADDRESS_LIMIT):
        raise BadSettingError(
            f"Setting {setting} holds {given!r}; expected is a mail address such as "
            "security@contoso.example, in ASCII."
        )
    return address


def valid_recipients(given: list[str]) -> list[str]:
    """Each address once, whatever its case; `BadSettingError` names the first that is none."""
    addresses = [valid_address(text, "REPORT_RECIPIENTS") for text in given]
    return list({address.lower(): address for address in reversed(addresses)}.values())[::-1]
