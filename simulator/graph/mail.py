"""``POST /v1.0/users/{id}/sendMail``: accepts mail and keeps it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from simulator.graph.api import GraphRefusalError, GraphRequest, GraphResponse, Route


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail that was accepted."""

    sender: str  #: the user's id or principal name, from the path
    message: dict[str, Any]  #: Graph ``message``
    save_to_sent_items: bool


class Mailbox:
    """The mail that the simulated tenant has sent."""

    def __init__(self) -> None:
        self.sent: list[SentMail] = []

    def routes(self) -> list[Route]:
        """The routes for a `SimulatedGraph`."""
        return [Route("POST", re.compile(r"/(?:v1\.0|beta)/users/([^/]+)/sendMail"), self._accept)]

    def _accept(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        is_mime = request.headers.get("content-type", "").startswith("text/plain")
        try:
            given = _read_mime(request.body) if is_mime else json.loads(request.body)
            message = given["message"]
            is_whole = bool(message["toRecipients"]) and "content" in message["body"]
        except (ValueError, KeyError, TypeError):
            is_whole = False
        if not is_whole:
            raise GraphRefusalError(
                HTTPStatus.BAD_REQUEST,
                "ErrorInvalidRecipients",
                "At least one recipient and a body are needed.",
            )
        sender = unquote(match[1])
        self.sent.append(SentMail(sender, message, given.get("saveToSentItems", True)))
        return GraphResponse(HTTPStatus.ACCEPTED)


def _read_mime(body: bytes) -> dict[str, Any]:
    """A MIME message in base64, which Graph accepts too, as the equivalent JSON."""
    parsed = message_from_bytes(base64.b64decode(body, validate=True), policy=default)
    content = parsed.get_body(("html", "plain"))
    addresses = [each.addr_spec for each in parsed["To"].addresses] if parsed["To"] else []
    return {
        "message": {
            "subject": str(parsed["Subject"]),
            "toRecipients": [{"emailAddress": {"address": each}} for each in addresses],
            "body": {"content": content.get_content()} if content else {},
        }
    }
