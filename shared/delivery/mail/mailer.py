"""
The mail as a value, what a mailer is, and which mailer a setting stands for.

A mailer puts one mail into the hands of one recipient. What it raises says what is known:

    DeliveryError            the mail did definitely not go out; sending it again is right
    DeliveryUncertainError   it may have gone out; only a mailer that repeats harmlessly may try
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shared.endpoints import LOOPBACK_HOSTS
from shared.errors import BadSettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

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


def open_mailer(  # noqa: PLR0913 (plain values, each named where it is called)
    kind: str,
    *,
    sender: str = "",
    outbox_folder: Path | None = None,
    smtp_host: str = "",
    smtp_port: int = 587,
    smtp_user: str = "",
    smtp_password: str = "",
    post: Post | None = None,
) -> Mailer:
    """
    The mailer of a kind: ``outbox``, ``smtp`` or ``graph``; nothing is sent or written yet.

    Only the values that the kind needs are looked at; `BadSettingError` names one that is missing.
    """
    if kind == "outbox":
        return _open_outbox(outbox_folder, sender)
    checked = valid_address(sender, "REPORT_SENDER")
    if kind == "smtp":
        return _open_smtp(checked, smtp_host, smtp_port, (smtp_user, smtp_password))
    if kind == "graph":
        return _open_graph(checked, post)
    raise BadSettingError(f"Setting MAILER is {kind!r}; expected is graph, smtp or outbox.")


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


def _open_outbox(folder: Path | None, sender: str) -> Mailer:
    from shared.delivery.mail.outbox import OutboxMailer

    if folder is None:
        raise BadSettingError("Setting OUTBOX_FOLDER is not set; expected is a folder.")
    return OutboxMailer(folder, valid_address(sender or OUTBOX_SENDER, "REPORT_SENDER"))


def _open_smtp(sender: str, host: str, port: int, login: tuple[str, str]) -> Mailer:
    from ssl import create_default_context

    from shared.delivery.mail.smtp import SmtpMailer

    if not host:
        raise BadSettingError("Setting SMTP_HOST is not set; expected is a mail server's name.")
    tls = None if host in LOOPBACK_HOSTS else create_default_context()
    user, password = login
    return SmtpMailer(host, port, user, password, sender=sender, tls=tls)


def _open_graph(sender: str, post: Post | None) -> Mailer:
    from shared.delivery.mail.graph import GraphMailer

    if post is None:
        raise TypeError("The graph mailer needs something that posts to Graph.")
    return GraphMailer(post, sender)
