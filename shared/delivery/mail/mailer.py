"""
The mail as a value, and what a mailer is.

A mailer delivers one mail to one recipient. The error it raises says what is known:

    DeliveryError            the mail was certainly not sent; send it again
    DeliveryUncertainError   it may have been sent; send it again only with a `repeatable` mailer
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shared.errors import BadSettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    #: Posts `body` as `content_type` to a path below Graph's root; returns the status and the body.
    Post = Callable[[str, bytes, str], tuple[int, bytes]]

OUTBOX_SENDER = "partner-mfa-status@localhost.invalid"  #: the default sender of mails in the outbox

# What every mail server accepts: no quotes, no comments, nothing outside ASCII. Mailboxes that get
# reports do not need them, and each is a way to inject a header.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)
_ADDRESS_LIMIT = 254  #: RFC 5321, 4.5.3.1, less the two angle brackets


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, whatever its recipient and its mailer."""

    subject: str  #: one line
    text: str
    html: str
    date: datetime  #: aware; the same for the same report, so that equal mails have equal bytes
    logo: bytes = b""  #: a PNG picture that `html` shows as ``cid:logo``; empty without one


class Mailer(Protocol):
    """A way to send mails."""

    repeatable: bool  #: whether sending the same key twice is harmless and results in one mail
    is_outbox: bool  #: whether mails end as files on this machine, which nobody gets

    def reach(self) -> str:
        """
        Go as far as one can without sending anything, and say how far; empty if not at all.

        Raises `DeliveryError` if mails cannot go out.
        """

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """
        Send a mail; `key` is the same for the same mail to the same recipient.

        Raises `DeliveryError` if it was not sent, `DeliveryUncertainError` if that is unknown.
        """


def valid_address(given: str, setting: str) -> str:
    """The address, trimmed. Raises `BadSettingError`, with the setting's name, if it is invalid."""
    address = given.strip()
    if not (_ADDRESS.fullmatch(address) and len(address) <= _ADDRESS_LIMIT):
        raise BadSettingError(
            f"Setting {setting} holds {given!r}; expected a mail address in ASCII, such as "
            "security@contoso.example."
        )
    return address
