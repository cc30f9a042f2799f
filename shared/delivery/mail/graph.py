"""
Mails by Microsoft Graph, from a mailbox of the tenant.

As MIME, because Graph's JSON takes either a text or an HTML body and none of our headers. Graph
keeps a copy in the mailbox's sent items. Source: Graph's "user: sendMail" page.
"""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from shared.decoding import decode_json
from shared.delivery.mail.message import compose, without_addresses
from shared.errors import DeliveryError, DeliveryUncertainError, SourceError

if TYPE_CHECKING:
    from shared.delivery.mail.mailer import Mail, Post

_GRANT = (
    "the app needs the role Application Mail.Send over this mailbox (Exchange's RBAC for "
    "Applications, narrowed to it; Mail.Send consented to in Entra would be for every mailbox)"
)

#: The codes of a denial that `_GRANT` explains; other codes are only quoted.
_NO_PERMISSION = ("ErrorAccessDenied", "Authorization_RequestDenied")


class _ErrorAnswer(msgspec.Struct, frozen=True):
    error: dict[str, Any]


class GraphMailer:
    """Sends through ``/users/{sender}/sendMail``, and never twice."""

    repeatable = False
    is_outbox = False

    def __init__(self, post: Post, sender: str) -> None:
        self._post = post
        self._sender = sender

    def reach(self) -> str:
        """Nothing: only sending shows whether Graph lets the app send from a mailbox."""
        return ""

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """
        Hand the mail to Graph, which delivers it later.

        A refusal (3xx, 4xx) is certain. After any other answer than 202, or without an answer,
        Graph may have sent the mail.
        """
        message = compose(mail, sender=self._sender, recipient=recipient, key=key)
        path = f"/v1.0/users/{quote(self._sender, safe='')}/sendMail"
        status, answer = self._posted(path, base64.b64encode(message))
        if status == HTTPStatus.ACCEPTED:
            return
        if _code(answer) in _NO_PERMISSION:
            raise DeliveryError(
                f"Graph refuses to send mail ({_answer_text(status, answer)}): {_GRANT}."
            )
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DeliveryError(f"Graph refused a mail ({_answer_text(status, answer)}).")
        raise DeliveryUncertainError(
            f"Graph failed while it accepted a mail ({_answer_text(status, answer)}); "
            "the mail may or may not have been sent."
        )

    def _posted(self, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            return self._post(path, body, "text/plain")
        except (SourceError, ConnectionRefusedError) as error:
            raise DeliveryError(f"The mail did not reach Graph: {error}") from error
        except OSError as error:
            raise DeliveryUncertainError(
                f"The connection to Graph was lost ({type(error).__name__}); "
                "a mail may or may not have been sent."
            ) from error


def _code(answer: bytes) -> str:
    try:
        return str(_error(answer)["code"])
    except KeyError:
        return ""


def _answer_text(status: int, answer: bytes) -> str:
    """The status and Graph's own message, without mail addresses."""
    error = _error(answer)
    try:
        return without_addresses(f"{status} {error['code']}: {error['message']}")
    except KeyError:
        return str(int(status))


def _error(answer: bytes) -> dict[str, Any]:
    """The members of Graph's error; empty if the answer is of another shape."""
    try:
        return decode_json(answer, _ErrorAnswer, DeliveryError).error
    except DeliveryError:
        return {}
