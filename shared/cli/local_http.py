"""HTTP on loopback for `local_host`, with routes matched as the Functions host matches them."""

from __future__ import annotations

import logging
import socketserver
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from shared.errors import BadInputError
from shared.service.http.answers import Answer, problem
from shared.service.http.callers import OWN_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

HOST = "127.0.0.1"
LONGEST_BODY_BYTES = 1_000_000
_LONGEST_PATH = 2_000  # characters
_IDLE_SECONDS = 30.0  #: a connection that says nothing for as long is closed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request with its route's parameters."""

    method: str
    url: str  #: in full
    headers: dict[str, str]
    query: dict[str, str]
    params: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """What answers a route, such as ``reports/{tenant_id}/{ending}``."""

    route: str
    methods: tuple[str, ...]
    answer: Callable[[HttpRequest], Answer]

    @property
    def segments(self) -> list[str]:
        """The route's parts between slashes."""
        return self.route.strip("/").split("/")

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """
        The parameters if the route fits a path, else `None`.

        As in ASP.NET: ``{name}`` is one whole segment and not empty, literals in any case.
        """
        if len(path) != len(self.segments):
            return None
        params: dict[str, str] = {}
        for pattern, given in zip(self.segments, path, strict=True):
            if _is_parameter(pattern):
                params[pattern[1:-1]] = given
            elif pattern.lower() != given.lower():
                return None
        return params if all(path) else None

    @property
    def precedence(self) -> list[bool]:
        """Sorts routes that fit the same path: where they first differ, the literal wins."""
        return [_is_parameter(pattern) for pattern in self.segments]


def _is_parameter(pattern: str) -> bool:
    return pattern.startswith("{") and pattern.endswith("}")


class Router:
    """Finds what answers a request."""

    def __init__(self, routes: Sequence[HttpRoute], prefix: str) -> None:
        self._routes = sorted(routes, key=lambda route: route.precedence)
        self._prefix = [part.lower() for part in prefix.split("/") if part]

    def find(self, method: str, path: str) -> tuple[HttpRoute, dict[str, str]] | Answer:
        """The route and its parameters, or the answer that there is none."""
        given = [unquote(part) for part in path.removeprefix("/").removesuffix("/").split("/")]
        inside = given[len(self._prefix) :]
        if [part.lower() for part in given[: len(self._prefix)]] != self._prefix:
            return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        matches = [(route, route.match(inside)) for route in self._routes]
        fitting = [(route, params) for route, params in matches if params is not None]
        for route, params in fitting:
            if method in route.methods:
                return route, params
        if not fitting:
            return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        allowed = ", ".join(sorted({name for route, _ in fitting for name in route.methods}))
        sentence = f"This address takes {allowed} only."
        return problem(HTTPStatus.METHOD_NOT_ALLOWED, sentence, {"Allow": allowed})


class LocalServer:
    """Serves routes on a loopback port; port 0 takes a free one."""

    def __init__(self, routes: Sequence[HttpRoute], *, prefix: str = "", port: int = 0) -> None:
        try:
            self._server = _Server(Router(routes, prefix), port)
        except OSError as error:
            raise BadInputError(
                f"Port {port} cannot be served on ({error.strerror}): name another with --port, "
                "or 0 for a free one."
            ) from error
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self.close()

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def serve(self) -> None:
        """Serve in this thread, until it is interrupted."""
        self._server.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Give the port back."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, router: Router, port: int) -> None:
        self.router = router
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # the parent's looks its own name up
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        _log.debug("A connection broke off", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the library refuses, before there is a request to be matched."""
        del message, explain
        status = HTTPStatus(code)
        self.close_connection = True
        self._send(problem(status, f"{status.description or status.phrase}."))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        _log.debug(format, *args)

    def version_string(self) -> str:
        return "partner-mfa-status-local"

    def _respond(self) -> None:
        parts = urlsplit(self.path)
        refused = self._refuse(parts.path)
        if refused is not None:
            self.close_connection = True  # its body, if it has one, has not been read
            self._send(refused)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        found = self.server.router.find(self.command, parts.path)
        if isinstance(found, Answer):
            self._send(found)
            return
        route, params = found
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        url = f"http://{self.headers['Host']}{self.path}"
        self._send(route.answer(HttpRequest(self.command, url, headers, query, params, body)))

    def _refuse(self, path: str) -> Answer | None:
        """
        What is wrong with a request, wherever it goes.

        A page of another site, whose name may be made to lead here, can send requests to this
        port: so it must be asked for by its own name, and not from elsewhere.
        """
        own = {f"{name}:{self.server.server_port}" for name in OWN_NAMES}
        if self.headers.get("Host") not in own:
            return problem(HTTPStatus.MISDIRECTED_REQUEST, "This is served on loopback only.")
        origin = self.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in own:
            return problem(HTTPStatus.FORBIDDEN, "Other sites may not use this one.")
        if len(path) > _LONGEST_PATH:
            return problem(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long.")
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            return problem(HTTPStatus.LENGTH_REQUIRED, "A body must come with its length.")
        if int(length) > LONGEST_BODY_BYTES:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too big.")
        return None

    def _send(self, answer: Answer) -> None:
        is_bodiless = answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not is_bodiless:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and not is_bodiless:
            self.wfile.write(answer.body)
