"""A web server on loopback that stands in for a Teams workflow, with a choice of answers."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

HOST = "127.0.0.1"
SIGNATURE = "tFs9LpcdsN1pG3OGt8lUzSvoT9b3kU9ttXVmxiETPXE"
PATH = "/workflows/b950a56150be4c05/triggers/manual/paths/invoke"
QUERY = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
CHUNK = bytes(65_536)


def answer(status: int, body: bytes = b"", **headers: str) -> Callable[[Workflow], None]:
    """A whole answer; an underscore in a header's name is written as a hyphen."""

    def write(handler: Workflow) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    write.__name__ = f"answer-{status}-{len(body)}"  # in the names of tests
    return write


def refusal(status: int, code: object = "ErrorCode", **headers: str) -> Callable[[Workflow], None]:
    """A refusal in the shape of Logic Apps, which repeats the address."""
    message = f"No: https://{HOST}{PATH}?{QUERY}"
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return answer(status, body, **headers)


def hang(handler: Workflow) -> None:
    """Never answer."""
    handler.sink.ended.wait()


def hang_up(handler: Workflow) -> None:
    """Close the connection without an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def trickle(handler: Workflow) -> None:
    """Answer for ever, a byte at a time, each well within any time limit for a single read."""
    while not handler.sink.ended.wait(0.02):
        handler.wfile.write(b"x")


def endless(status: int) -> Callable[[Workflow], None]:
    """An answer whose body never ends."""

    def write(handler: Workflow) -> None:
        handler.send_response(status)
        handler.end_headers()
        while not handler.sink.ended.is_set():
            handler.sink.written += handler.wfile.write(CHUNK)

    return write


class Workflow(BaseHTTPRequestHandler):
    """One request to the workflow."""

    protocol_version = "HTTP/1.1"

    @property
    def sink(self) -> TeamsSink:
        return self.server.sink  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.sink.received.append(Received(self.path, dict(self.headers.items()), body))
        self.close_connection = True
        try:
            self.sink.answer(self)
        except OSError:  # the client has closed the connection
            self.sink.given_up.set()

    def do_GET(self) -> None:
        """What a followed redirect would send."""
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Received:
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def card(self) -> Any:
        [attachment] = json.loads(self.body)["attachments"]
        return attachment["content"]


@dataclass
class TeamsSink:
    """Records what is posted to it."""

    answer: Callable[[Workflow], None] = field(default_factory=lambda: answer(202))
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    written: int = 0  #: bytes of an endless answer
    ended: Event = field(default_factory=Event)
    given_up: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{HOST}:{self._server.server_port}{PATH}?{QUERY}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer((HOST, 0), Workflow)
        self._server.daemon_threads = False  # so that closing waits for them
        self._server.sink = self  # type: ignore[attr-defined]
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
