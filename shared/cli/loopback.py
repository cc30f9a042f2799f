"""An HTTP server on loopback, for the local host and for the simulated Graph. Nothing heavy."""

from __future__ import annotations

import io
import logging
import re
import socketserver
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from shared.endpoints import LOOPBACK_NAMES
from shared.errors import BadInputError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

HOST = "127.0.0.1"
LONGEST_BODY_BYTES = 4_000_000  #: of a request; Graph's own limit for ``sendMail``
_LONGEST_PATH = 2_000  # characters
_IDLE_SECONDS = 30.0  #: after which a silent connection is closed
_REQUEST_SECONDS = 30.0  #: from its first byte to its last; a slower client is cut off
_POLL_SECONDS = 0.05  #: how soon a server notices that it should stop
_BUFFER_BYTES = 64 * 1024  #: so that headers and a short body leave in one packet
_ONLY_ONCE = ("Host", "Origin", "Content-Length")
_DIGITS = re.compile("[0-9]+")
_WITHOUT_HEAD = "HTTP/0.9"  #: what the library takes a request for whose version it cannot read
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request."""

    method: str
    target: str  #: path and query, exactly as sent
    headers: Mapping[str, str]  #: names in lower case
    body: bytes = b""

    @property
    def url(self) -> str:
        """The address in full."""
        return f"http://{self.headers.get('host', HOST)}{self.target}"

    @property
    def path(self) -> str:
        """The target without its query, still encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


class Response(Protocol):
    """What the server sends; the length is added, and the date if it has none."""

    @property
    def status(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def body(self) -> bytes: ...  # noqa: D102


class LoopbackServer:
    """
    Serves one function on a loopback port; port 0 takes a free one.

    It listens at once, and answers while its ``with`` block or `serve` lasts.
    """

    def __init__(
        self,
        answer: Callable[[HttpRequest], Response],
        refuse: Callable[[HTTPStatus, str], Response],
        *,
        port: int = 0,
        handler: type[LoopbackHandler] | None = None,
    ) -> None:
        """`refuse` makes the response to a request that never reaches `answer`."""
        try:
            self._server = _Server(answer, refuse, port, handler or LoopbackHandler)
        except OSError as error:
            raise BadInputError(
                f"Port {port} is not available ({error.strerror}): "
                "choose another with --port, or 0 for a free one."
            ) from error
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._thread.join()
        self.close()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{HOST}:{self._server.server_port}"

    def serve(self) -> None:
        """Serve in this thread until it is interrupted."""
        self._server.serve_forever(_POLL_SECONDS)

    def close(self) -> None:
        """Release the port."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        answer: Callable[[HttpRequest], Response],
        refuse: Callable[[HTTPStatus, str], Response],
        port: int,
        handler: type[LoopbackHandler],
    ) -> None:
        self.answer = answer
        self.refuse = refuse
        self.closing = threading.Event()
        super().__init__((HOST, port), handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # the parent's would look up this host's name
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        _log.debug("A connection broke off", exc_info=True)


class _RequestReader(io.RawIOBase):
    """Reads a connection, but each request for a limited time, however its bytes drip in."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._deadline: float | None = None

    def expect_request(self) -> None:
        """Begin the time of the next request with its first byte."""
        self._deadline = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._deadline is None:
            count = self._connection.recv_into(buffer)
            self._deadline = time.monotonic() + _REQUEST_SECONDS
            return count
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._connection.settimeout(min(remaining, _IDLE_SECONDS))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(_IDLE_SECONDS)


class LoopbackHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection. A subclass may `send` responses differently."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    wbufsize = _BUFFER_BYTES
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        """Open the connection's files."""
        super().setup()
        self._reader = _RequestReader(self.connection)
        self.rfile = io.BufferedReader(self._reader)

    def handle_one_request(self) -> None:
        """Read and answer one request."""
        self._reader.expect_request()
        super().handle_one_request()

    def do_GET(self) -> None:
        """Answer one request."""
        refused = self._refusal()
        if refused is not None:
            self.close_connection = True  # its body, if any, has not been read
            self.send(refused)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send(self.server.answer(HttpRequest(self.command, self.path, headers, body)))

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def send(self, response: Response) -> None:
        """Send a response, without its body if the request or the status forbids one."""
        self.send_head(response)
        if self.command != "HEAD" and response.status not in _WITHOUT_BODY:
            self.wfile.write(response.body)

    def send_head(self, response: Response) -> None:
        """Send the status line and the headers, as they are with the whole body."""
        if self.request_version == _WITHOUT_HEAD:
            self.request_version = "HTTP/1.0"  # so that even this request gets a status
        if "Date" in response.headers:
            self.send_response_only(response.status)
        else:
            self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what the library cannot read as a request."""
        del message, explain
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED and not self.command.isalpha():
            status = HTTPStatus.BAD_REQUEST  # not a method
        self.close_connection = True
        self.send(self.server.refuse(status, f"{status.description or status.phrase}."))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Log a line for developers only."""
        _log.debug(format, *args)

    def version_string(self) -> str:
        """The ``Server`` header."""
        return "partner-mfa-status-local"

    def _refusal(self) -> Response | None:
        """
        The response to a request that is refused whatever it asks for, else `None`.

        A page of another site can send requests to this port, under a name of its own that resolves
        to this machine. So the request must use one of this machine's names, and have no foreign
        origin.
        """
        own_hosts = {f"{name}:{self.server.server_port}" for name in LOOPBACK_NAMES}
        origin = self.headers.get("Origin")
        refuse = self.server.refuse
        if self.headers.get("Host") not in own_hosts:
            return refuse(HTTPStatus.MISDIRECTED_REQUEST, "This is served on loopback only.")
        if origin is not None and origin.removeprefix("http://") not in own_hosts:
            return refuse(HTTPStatus.FORBIDDEN, "Other sites may not use this one.")
        if self._is_malformed():
            return refuse(HTTPStatus.BAD_REQUEST, "The request is malformed.")
        if len(urlsplit(self.path).path) > _LONGEST_PATH:
            return refuse(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
        return self._refusal_of_body()

    def _refusal_of_body(self) -> Response | None:
        length, refuse = self.headers.get("Content-Length", "0"), self.server.refuse
        if "Transfer-Encoding" in self.headers or not _DIGITS.fullmatch(length):
            return refuse(HTTPStatus.LENGTH_REQUIRED, "A body must come with its length.")
        if len(length) > len(str(LONGEST_BODY_BYTES)) or int(length) > LONGEST_BODY_BYTES:
            return refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too big.")
        return None

    def _is_malformed(self) -> bool:
        """Whether its address is not one, or a header is not one or contradicts another."""
        headers = self.headers
        try:
            urlsplit(self.path)
        except ValueError:
            return True
        is_ambiguous = any(len(headers.get_all(name, [])) > 1 for name in _ONLY_ONCE)
        is_broken = bool(headers.defects) or bool(headers.get_payload())
        return is_ambiguous or is_broken or self.request_version == _WITHOUT_HEAD
