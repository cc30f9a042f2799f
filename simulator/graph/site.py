"""
What Graph's APIs have in common: bearer tokens, throttling, one shape of errors, a request log.

No sockets here: `Site.answer` takes a request and gives a response, so that tests can do without
HTTP. A group of APIs is a module that makes `Route` values; `graph_server` puts a site on a port.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any

from shared.cli.loopback import HttpRequest

if TYPE_CHECKING:
    import re


class Wire(Enum):
    """What becomes of a response on its way."""

    WHOLE = "whole"
    RESET = "reset"  #: the connection is reset before the first byte
    CUT = "cut"  #: it breaks off in the middle of the body
    HANG = "hang"  #: nothing comes


@dataclass(frozen=True, slots=True)
class GraphRequest(HttpRequest):
    """A request to Graph."""

    @property
    def token(self) -> str:
        """The bearer token, or nothing."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class GraphResponse:
    """An HTTP response; `shown` is how much of its body gets through where it is cut."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE
    shown: float = 1.0


class GraphRefusalError(Exception):
    """Graph's answer to a request it does not fulfil."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.response = refusal(status, code, message, headers)


def refusal(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> GraphResponse:
    """An error in Graph's shape."""
    inner = {"date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", "request-id": "simulated"}
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return GraphResponse(status, json.dumps(body).encode(), headers or {})


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many requests per period, per service, app and tenant."""

    limit: int = 5  #: of the identity and access reports (throttling limits page)
    period_seconds: float = 10.0
    says_when: bool = True  #: whether a 429 carries ``Retry-After``


@dataclass(frozen=True, slots=True)
class Route:
    """One API: method, pattern of the whole path, and what answers."""

    method: str
    pattern: re.Pattern[str]
    answer: Callable[[GraphRequest, re.Match[str]], GraphResponse]
    throttle: Throttle | None = None
    service: str = ""  #: routes with the same one are counted together


@dataclass(frozen=True, slots=True)
class Served:
    """One line of the log of requests."""

    number: int  #: from 1
    at: float  #: by the site's clock
    request: GraphRequest
    status: int
    wire: Wire


Respond = Callable[[GraphRequest], GraphResponse]
Fault = Callable[
    [GraphRequest, Respond], GraphResponse
]  #: answers in place of the site, or spoils its answer


class Site:
    """A Graph without sockets."""

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        tokens: Iterable[str],
        faults: Mapping[int, Fault] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tokens = set(tokens)  #: that are taken; tests take some away
        self.faults = dict(faults or {})  #: by the number of the request they befall, from 1
        self.served: list[Served] = []
        self._routes = tuple(routes)
        self._clock = clock
        self._arrivals: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._lock = threading.RLock()

    def answer(self, request: GraphRequest) -> GraphResponse:
        """What the site answers, faults included; every request is logged."""
        with self._lock:
            number, at = len(self.served) + 1, self._clock()
            fault = self.faults.get(number)
            response = fault(request, self._respond) if fault else self._respond(request)
            self.served.append(Served(number, at, request, response.status, response.wire))
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
        limit = route.throttle
        if limit is None:
            return
        arrivals, now = self._arrivals[route.service, request.token], self._clock()
        while arrivals and now - arrivals[0] >= limit.period_seconds:
            arrivals.popleft()
        if len(arrivals) >= limit.limit:
            wait = max(1, ceil(arrivals[0] + limit.period_seconds - now))
            raise GraphRefusalError(
                HTTPStatus.TOO_MANY_REQUESTS,
                "TooManyRequests",
                "This request is throttled.",
                {"Retry-After": str(wait)} if limit.says_when else None,
            )
        arrivals.append(now)


def json_response(value: Any) -> GraphResponse:  # noqa: ANN401 (JSON)
    """A value as Graph sends it."""
    return GraphResponse(HTTPStatus.OK, json.dumps(value).encode())


def spoil(response: GraphResponse, wire: Wire, shown: float = 1.0) -> GraphResponse:
    """The same response, which something happens to on its way."""
    return replace(response, wire=wire, shown=shown)
