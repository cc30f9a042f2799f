"""
Mails by Microsoft Graph, from a mailbox of the tenant.

As MIME, because Graph's JSON takes either a text or an HTML body and no header of ours. Graph keeps
a copy among the mailbox's sent items. Facts: Graph's "user: sendMail" page.
"""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.delivery.mail.message import compose, without_addresses
from shared.errors import DeliveryError, DeliveryUncertainError, SourceError

if TYPE_CHECKING:
    from shared.delivery.mail.mailer import Mail, Post

_GRANT = (
    "the app needs the role Application Mail.Send over this mailbox (Exchange's RBAC for "
    "Applications, narrowed to it; Mail.Send consented to in Entra would be for every mailbox)"
)

_NO_PERMISSION = (
    "ErrorAccessDenied",
    "Authorization_RequestDenied",
)  #: other codes are only quoted


class GraphMailer:
    """Sends through ``/users/{sender}/sendMail``; nothing is sent a second time."""

    repeatable = False

    def __init__(self, post: Post, sender: str) -> None:
        self._post = post
        self._sender = sender

    def send(self, mail: Mail, recipient: str, key: str) -> None:
        """
        Let Graph accept the mail, which is not yet to have delivered it.

        A refusal (3xx, 4xx) is certain. After any other answer but 202, and after none, Graph may
        have sent it.
        """
        message = compose(mail, sender=self._sender, recipient=recipient, key=key)
        path = f"/v1.0/users/{quote(self._sender, safe='')}/sendMail"
        status, answer = self._posted(path, base64.b64encode(message))
        if status == HTTPStatus.ACCEPTED:
            return
        if _code(answer) in _NO_PERMISSION:
            raise DeliveryError(f"Graph refuses to send mail ({_told(status, answer)}): {_GRANT}.")
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DeliveryError(f"Graph refused a mail ({_told(status, answer)}).")
        raise DeliveryUncertainError(
            f"Graph failed while it took a mail ({_told(status, answer)}); "
            "the mail may or may not have been sent."
        )

    def _posted(self, path: str, body: bytes) -> tuple[int, bytes]:
        try:
            return self._post(path, body, "text/plain")
        except (SourceError, ConnectionRefusedError) as error:
            raise DeliveryError(f"Graph was not asked to send a mail: {error}") from error
        except OSError as error:
            raise DeliveryUncertainError(
                f"The connection to Graph was lost ({type(error).__name__}); "
                "a mail may or may not have been sent."
            ) from error


def _code(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _told(status: int, answer: bytes) -> str:
    """Graph's own words for a status, without anybody's address."""
    try:
        error = json.loads(answer)["error"]
        return without_addresses(f"{status} {error['code']}: {error['message']}")
    except (ValueError, KeyError, TypeError):
        return str(int(status))
