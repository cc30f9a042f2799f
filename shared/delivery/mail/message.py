"""A mail as the bytes that every mailer sends; the same mail and key give the same bytes."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING

from shared.delivery.text.formatting import harmless, shorten

if TYPE_CHECKING:
    from shared.delivery.mail.mailer import Mail

_DIGEST_LENGTH = 32  #: hexadecimal digits
_ANSWER_LIMIT = 160  #: characters of a server's answer


def compose(mail: Mail, *, sender: str, recipient: str, key: str) -> bytes:
    """The whole message, with CRLF at the end of lines. The addresses must be valid."""
    message = EmailMessage(policy=_WIRE)
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = message_id(key, sender)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = mail.subject
    # RFC 2919: mail programs sort by it, and Exchange files it under one sender's list.
    message["List-Id"] = f"<partner-mfa-status.{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange, which obeys only this one
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.logo:
        _attach_logo(message, mail.logo, key)
    message.set_boundary(f"part-{digest(key)}")
    return message.as_bytes()


def _attach_logo(message: EmailMessage, logo: bytes, key: str) -> None:
    """With the HTML part, which shows it: nothing is loaded from elsewhere."""
    html = message.get_body(("html",))
    if html is None:
        return
    html.add_related(logo, "image", "png", cid="<logo>", disposition="inline", filename="logo.png")
    html.set_boundary(f"look-{digest(key)}")


class _WirePolicy(EmailPolicy):
    """
    Folds only headers that have to be encoded.

    The library folds a plain subject that is just over a line before its first word, which some
    mail programs take for an empty subject, and folds a long Message-ID into an invalid one.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        folding = SMTP if not value.isascii() else _UNFOLDED
        return folding.fold_binary(name, value)


_UNFOLDED = SMTP.clone(max_line_length=998)  #: RFC 5322, 2.1.1
_WIRE = _WirePolicy(linesep="\r\n")


def message_id(key: str, sender: str) -> str:
    """The Message-ID, the same for the same key, so a mail that arrives twice is seen as one."""
    return f"<{digest(key)}@{sender.rpartition('@')[2]}>"


def digest(text: str) -> str:
    """A hash of a text: it reveals nothing about the text and is always the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def without_addresses(answer: bytes | str) -> str:
    """A server's answer for a log: short, on one line and without mail addresses."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    words = ("(address)" if "@" in word else word for word in text.split())
    return shorten(harmless(" ".join(words)), _ANSWER_LIMIT)
