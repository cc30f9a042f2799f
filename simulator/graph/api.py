"""
What Graph's APIs have in common: bearer tokens, throttling, one shape of errors, a request log.

No sockets here: `SimulatedGraph.answer` takes a request and returns a response, so that tests can
do without HTTP. A group of APIs is a module that makes `Route` values; `server` listens on a port.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from enum import Enum
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any

from shared.cli.loopback import HttpRequest
from shared.clock import utc_now

if TYPE_CHECKING:
    import re
    from datetime import datetime

#: Of every error; constant, so that equal requests get equal answers.
_INNER_ERROR = {"date": "2026-11-24T02:00:00", "request-id": "simulated"}


class Transmission(Enum):
    """How a response reaches the client."""

    COMPLETE = "complete"
    RESET = "reset"  #: the connection is reset before the first byte
    CUT = "cut"  #: the connection breaks off in the middle of the body
    HANG = "hang"  #: nothing comes
    DRIP = "drip"  #: byte by byte, so slowly that it never ends
    EXCESS = "excess"  #: twice as many bytes as its head announces


@dataclass(frozen=True, slots=True)
class GraphRequest(HttpRequest):
    """A request to Graph."""

    @property
    def token(self) -> str:
        """The bearer token, or an empty string."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class GraphResponse:
    """An HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    transmission: Transmission = Transmission.COMPLETE
    sent_share: float = 1.0  #: how much of the body arrives if it is cut


class GraphRefusalError(Exception):
    """Graph refuses a request; `response` is its answer, in the shape of all of Graph's errors."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        error = {"code": code, "message": message, "innerError": _INNER_ERROR}
        self.response = GraphResponse(status, json.dumps({"error": error}).encode(), headers or {})


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many requests per period, counted per service, app and tenant."""

    limit: int = 5  #: of the identity and access reports (throttling limits page)
    period_seconds: float = 10.0
    says_when: bool = True  #: whether a 429 carries ``Retry-After``


@dataclass(frozen=True, slots=True)
class Route:
    """One API: its method, a pattern of the whole path, and the function that answers."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[GraphRequest, re.Match[str]], GraphResponse]
    throttle: Throttle | None = None
    service: str = ""  #: routes of the same service share one throttling limit


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One entry of the request log."""

    number: int  #: from 1
    at: float  #: by the simulation's clock, in seconds
    request: GraphRequest
    status: int
    transmission: Transmission


Respond = Callable[[GraphRequest], GraphResponse]
#: Answers in place of the routes, or spoils their answer.
Fault = Callable[[GraphRequest, Respond], GraphResponse]


class SimulatedGraph:
    """A Graph without sockets."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        tokens: Iterable[str],
        faults: Mapping[int, Fault] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`clock` counts seconds, for throttling."""
        self.now = now  #: for the ``Date`` of the responses
        self.tokens = set(tokens)  #: the accepted ones; tests take some away
        self.faults = dict(faults or {})  #: by the number of the request they affect, from 1
        self.requests: list[LoggedRequest] = []
        self._routes = tuple(routes)
        self._clock = clock
        self._arrivals: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._lock = threading.RLock()

    def answer(self, request: GraphRequest) -> GraphResponse:
        """The response to a request, faults included; every request is logged."""
        with self._lock:
            number, at = len(self.requests) + 1, self._clock()
            fault = self.faults.get(number)
            response = fault(request, self._respond) if fault else self._respond(request)
            date = {"Date": format_datetime(self.now(), usegmt=True)}
            response = replace(response, headers=date | dict(response.headers))
            logged = LoggedRequest(number, at, request, response.status, response.transmission)
            self.requests.append(logged)
            return response

    def _respond(self, request: GraphRequest) -> GraphResponse:
        try:
            self._authorize(request)
            route, match = self._find(request)
            self._throttle(route, request)
            return route.answer(request, match)
        except GraphRefusalError as error:
            return error.response

    def _authorize(self, request: GraphRequest) -> None:
        if request.token not in self.tokens:
            raise GraphRefusalError(
                HTTPStatus.UNAUTHORIZED,
                "InvalidAuthenticationToken",
                "Access token is empty, expired or not for this tenant.",
            )

    def _find(self, request: GraphRequest) -> tuple[Route, re.Match[str]]:
        for route in self._routes:
            match = route.pattern.fullmatch(request.path)
            if match and route.method == request.method:
                return route, match
        raise GraphRefusalError(
            HTTPStatus.NOT_FOUND, "ResourceNotFound", "Resource not found for the segment."
        )

    def _throttle(self, route: Route, request: GraphRequest) -> None:
        throttle = route.throttle
        if throttle is None:
            return
        arrivals, now = self._arrivals[route.service, request.token], self._clock()
        while arrivals and now - arrivals[0] >= throttle.period_seconds:
            arrivals.popleft()
        if len(arrivals) >= throttle.limit:
            wait = max(1, ceil(arrivals[0] + throttle.period_seconds - now))
            raise GraphRefusalError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "TooManyRequests",
                "This request is throttled.",
                {"Retry-After": str(wait)} if throttle.says_when else None,
            )
        arrivals.append(now)


def json_response(value: Any) -> GraphResponse:  # noqa: ANN401 (JSON)
    """A value as Graph sends it."""
    return GraphResponse(HTTPStatus.OK, json.dumps(value).encode())


def next_link(request: GraphRequest, skip_token: str) -> str:
    """The address of the next page: the same request with this ``$skiptoken`` (URL-safe)."""
    path, _, query = request.target.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("$skiptoken=")]
    options = "&".join([*kept, f"$skiptoken={skip_token}"])
    return f"http://{request.headers['host']}{path}?{options}"
