"""A mail as the bytes that every mailer sends: the same bytes for the same mail and key."""

from __future__ import annotations

import hashlib
import re
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING

from shared.delivery.text.formatting import harmless, shorten

if TYPE_CHECKING:
    from shared.delivery.mail.mailer import Mail

_DIGEST_LENGTH = 32  #: hexadecimal digits
_ANSWER_LIMIT = 160  #: characters of what a server said


def compose(mail: Mail, *, sender: str, recipient: str, key: str) -> bytes:
    """The whole message, lines ended by CRLF. Addresses are taken to be checked already."""
    message = EmailMessage(policy=_WIRE)
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = message_id(key, sender)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = mail.subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot shall answer
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange, which heeds this one only
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"part-{digest(key)}")
    return message.as_bytes()


class _WirePolicy(EmailPolicy):
    """
    Folds headers that have to be encoded, and no others.

    The library folds a plain subject of just over a line before its first word, which some readers
    take for an empty one, and a long Message-ID into something that is none.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        folding = SMTP if not value.isascii() else _UNFOLDED
        return folding.fold_binary(name, value)


_UNFOLDED = SMTP.clone(max_line_length=998)  #: RFC 5322, 2.1.1
_WIRE = _WirePolicy(linesep="\r\n")


def message_id(key: str, sender: str) -> str:
    """The same for the same key: who gets a mail twice after all sees that it is one."""
    return f"<{digest(key)}@{sender.rpartition('@')[2]}>"


def digest(text: str) -> str:
    """A text as digits that tell nothing of it, but are always the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def without_addresses(answer: bytes | str) -> str:
    """What a server said, fit for a log: short, on one line, and without anybody's address."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    told = re.sub(r"\S*@\S*", "(address)", " ".join(text.split()))
    return shorten(harmless(told), _ANSWER_LIMIT)
