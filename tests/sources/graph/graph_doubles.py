"""A simulated Graph without sockets, and a clock that never makes a test wait."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Budget, Pacer
from shared.sources.records.parsing import parse_sign_in
from simulator.graph.api import (
    Fault,
    GraphRequest,
    GraphResponse,
    SimulatedGraph,
    Throttle,
    Transmission,
)
from simulator.simulation import TOKEN, make_graph
from simulator.tenants.partner import SimulatedPartner, simulate_partner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.mfa.sign_in import SignIn
    from simulator.graph.sign_ins import LogBehaviour, SignInLog

ENDING = date(2026, 11, 23)
NEXT_MORNING = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
URL = "http://127.0.0.1:12345"
THROTTLED = Throttle()


@cache
def partner() -> SimulatedPartner:
    return simulate_partner(ENDING)


def a_day(days_before: int = 0) -> Slice:
    return Slice(partner().tenant_id, ENDING - timedelta(days=days_before))


class FakeTime:
    """Passes only when somebody waits; the jitter of back-offs is fixed."""

    def __init__(self) -> None:
        self.now = 0.0
        self.jitter = 1.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@dataclass
class GraphInProcess:
    """A simulated Graph as a connection, which also simulates network faults."""

    site: SimulatedGraph
    time: FakeTime
    latency: Callable[[], float] = lambda: 0.0
    tokens: list[str] = field(default_factory=lambda: [TOKEN, TOKEN])
    asked: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  #: to next pages, as Graph gave them
    url: str = URL

    def get(
        self, url: str, *, headers: Mapping[str, str] | None, timeout_seconds: float
    ) -> GraphResponse:
        return self._send("GET", url, b"", headers, timeout_seconds)

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None, timeout_seconds: float
    ) -> GraphResponse:
        return self._send("POST", url, body, headers, timeout_seconds)

    def renew_token(self) -> None:
        self.tokens = self.tokens[1:] or self.tokens

    def _send(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str] | None,
        timeout_seconds: float,
    ) -> GraphResponse:
        assert url.startswith(f"{self.url}/"), "a token would have left for another host"
        assert timeout_seconds > 0
        self.asked.append(url)
        named = {name.lower(): value for name, value in (headers or {}).items()}
        named |= {"host": URL.removeprefix("http://"), "authorization": f"Bearer {self.tokens[0]}"}
        self.time.now += self.latency()
        response = self.site.answer(GraphRequest(method, url.removeprefix(URL), named, body))
        self.time.now += self.latency()
        if response.transmission in (Transmission.HANG, Transmission.DRIP):
            self.time.now += timeout_seconds
            raise TimeoutError
        if response.transmission in (Transmission.RESET, Transmission.CUT):
            raise ConnectionError(response.transmission.value)
        if link := re.search(rb'"@odata.nextLink": ("[^"]*")', response.body):
            self.links.append(json.loads(link[1]))
        lower = {name.lower(): value for name, value in response.headers.items()}
        return GraphResponse(response.status, response.body, lower)


@dataclass
class World:
    """A tenant, its Graph, and the source under test reading from it."""

    time: FakeTime
    site: SimulatedGraph
    log: SignInLog
    graph: GraphInProcess
    source: GraphSignIns

    @property
    def statuses(self) -> list[int]:
        return [int(served.status) for served in self.site.requests]

    @property
    def arrivals(self) -> list[float]:
        return [served.at for served in self.site.requests]


def world(
    faults: Mapping[int, Fault] | None = None,
    *,
    behaviour: LogBehaviour | None = None,
    now: Callable[[], datetime] | None = None,
    deadline: float = float("inf"),
    latency: Callable[[], float] = lambda: 0.0,
) -> World:
    time = FakeTime()
    site, log, _ = make_graph(partner(), behaviour, now=now, clock=time.clock, faults=faults)
    graph = GraphInProcess(site, time, latency)
    reader = GraphReader(
        graph,
        PERMISSION,
        pacer=Pacer(clock=time.clock),
        budget=Budget(deadline, clock=time.clock, pause=time.pause),
        jitter=lambda: time.jitter,
        needs_licence=True,
    )
    source = GraphSignIns(reader, Scope(), now=now or (lambda: NEXT_MORNING))
    return World(time, site, log, graph, source)


def bag(sign_ins: Any) -> Counter[SignIn]:
    """The sign-ins and how often each occurs, regardless of their sequence."""
    return Counter(msgspec.structs.replace(sign_in, sequence=0) for sign_in in sign_ins)


@cache
def expected_sign_ins(owed: Slice) -> Counter[SignIn]:
    """A slice of the simulated log, read without Graph, filters or pages."""
    concerning = {it.row["id"] for it in partner().expected if it.channel}
    rows = [logged.row for logged in partner().log if logged.row["id"] in concerning]
    sign_ins = (parse_sign_in(msgspec.json.encode(row), 0) for row in rows)
    return bag(sign_in for sign_in in sign_ins if owed.owns(sign_in))


def in_any_period(arrivals: list[float]) -> list[int]:
    """For each arrival, the number of arrivals in the ten seconds from it."""
    return [sum(start <= at < start + 10 for at in arrivals) for start in arrivals]
