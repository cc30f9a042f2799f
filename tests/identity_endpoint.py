"""The platform's identity endpoint on loopback, as App Service has it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.azurite import EmulatorCredential

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "of-the-platform"


class IdentityEndpoint(ThreadingHTTPServer):
    """Answers with tokens that the emulator accepts, after the given answers, if there are any."""

    def __init__(self, answers: list[tuple[int, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/msi/token"

    @property
    def environment(self) -> dict[str, str]:
        """Of an app with a managed identity."""
        return {"IDENTITY_ENDPOINT": self.url, "IDENTITY_HEADER": SECRET}


class _Handler(BaseHTTPRequestHandler):
    server: IdentityEndpoint

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        self.server.asked.append(query)
        if self.headers.get("X-IDENTITY-HEADER") != SECRET:
            self._answer(401, b"{}")
        elif self.server.answers:
            self._answer(*self.server.answers.pop(0))
        else:
            token = EmulatorCredential().get_token()
            content = {
                "access_token": token.token,
                "expires_on": str(token.expires_on),
                "resource": query.get("resource", ""),
                "token_type": "Bearer",
            }
            self._answer(200, json.dumps(content).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def identity_endpoint(*answers: tuple[int, bytes]) -> Iterator[IdentityEndpoint]:
    """A running endpoint."""
    with IdentityEndpoint([*answers]) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()
