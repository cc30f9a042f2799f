"""Puts a `Site` on a loopback port. Standard library only."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from simulator.graph.site import GraphRequest, GraphResponse, Site, Wire

if TYPE_CHECKING:
    from types import TracebackType

_LONGEST_HANG_SECONDS = 3600.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  #: ``SO_LINGER``: on, and for no time


class GraphServer:
    """A site served on a free loopback port for as long as the ``with`` block lasts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._server = _Server(site)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.is_over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it is, without a version: a value for ``GRAPH_ENDPOINT``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, site: Site) -> None:
        self.site = site
        self.is_over = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # the parent's looks its own name up
        self.server_name, self.server_port = "localhost", int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """The site keeps the log."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self.server.site.answer(GraphRequest(self.command, self.path, headers, body))
        if response.wire is Wire.WHOLE:
            self.wfile.write(_head(response) + response.body)
            return
        self.close_connection = True
        if response.wire is Wire.CUT:
            self.wfile.write(
                _head(response) + response.body[: int(len(response.body) * response.shown)]
            )
        elif response.wire is Wire.HANG:
            self.server.is_over.wait(_LONGEST_HANG_SECONDS)
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.connection.close()


def _head(response: GraphResponse) -> bytes:
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(response.body)),
        "Date": formatdate(usegmt=True),
        **response.headers,
    }
    lines = [f"HTTP/1.1 {response.status} Simulated", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
