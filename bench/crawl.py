"""
The cost of the crawl itself, without the service it waits for.

The same prepared pages are read twice from a loopback server: by plain httpx with a typed msgspec
decoder, the minimum for any client, and by `GraphSignIns` with all its checks. Only the
reader's processor time counts. At 500 rows a second, which is all that Graph gives a tenant, the
time of a row decides how many tenants one core keeps up with.
"""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from bench.frame import Amount, Given, Row, Way
from shared.clock import utc_now
from shared.endpoints import Endpoint
from shared.http_client import HttpClient
from shared.identity import Login, open_graph
from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Pacer
from simulator.graph.api import GraphRequest, GraphResponse, Route, SimulatedGraph
from simulator.graph.server import GraphServer
from simulator.tenants.partner import simulate_partner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = date(2026, 11, 23)
PAGE_ROWS = 1000
PATH = "/beta/auditLogs/signIns"


class _SignInRow(msgspec.Struct, rename="camel"):
    id: str
    created_date_time: str
    app_id: str
    authentication_requirement: str | None = None


class _DecodedPage(msgspec.Struct):
    value: list[_SignInRow]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


@contextmanager
def _served(given: Given) -> Iterator[None]:
    """Serve the pages while the row is measured; the folder says where."""
    with GraphServer(_site(_pages(max(1, given.size // PAGE_ROWS)))) as server:
        (given.folder / "url").write_text(server.url)
        yield


def _bare(given: Given) -> Callable[[], Amount]:
    import httpx

    url = (given.folder / "url").read_text()
    decoder = msgspec.json.Decoder(_DecodedPage)

    def read() -> int:
        rows, link = 0, f"{url}{PATH}"
        with httpx.Client(headers={"Authorization": "Bearer bench"}) as client:
            while link:
                page = decoder.decode(client.get(link).content)
                rows, link = rows + len(page.value), page.next_link or ""
        return rows

    return lambda: _of_this_thread(read)


def _ours(given: Given) -> Callable[[], Amount]:
    url = (given.folder / "url").read_text()

    def read() -> int:
        with open_graph(Endpoint(url, "bench"), Login()) as graph:
            reader = GraphReader(graph, PERMISSION, pacer=Pacer(limit=1000, period_seconds=0))
            source = GraphSignIns(reader, Scope(), now=utc_now)
            return sum(1 for _ in source.sign_ins(Slice("bench", DAY)))

    return lambda: _of_this_thread(read)


def _opening(share: Callable[[], HttpClient | None]) -> Callable[[Given], Callable[[], int]]:
    """Opens Graph for one slice after another, and asks for a page each time."""

    def make(given: Given) -> Callable[[], int]:
        endpoint, http = Endpoint((given.folder / "url").read_text(), "bench"), share()

        def ask() -> int:
            with open_graph(endpoint, Login(), http=http) as graph:
                return graph.get(f"{endpoint.url}{PATH}?$filter='none'").status

        ask()  # loads the SDK
        return lambda: sum(ask() for _ in range(given.size))

    return make


def _of_this_thread(read: Callable[[], int]) -> Amount:
    """Processor seconds of this thread, which leave out a server in this process."""
    started = time.thread_time()
    rows = read()
    return Amount(rows, time.thread_time() - started)


def _site(pages: list[bytes]) -> SimulatedGraph:
    """Returns all pages to requests for interactive sign-ins, and nothing to others."""

    def answer(request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        number = int(request.query.get("$skiptoken", "0"))
        if not number and "'interactiveUser'" not in request.query.get(
            "$filter", "'interactiveUser'"
        ):
            return GraphResponse(200, b'{"value": []}')
        link = f"http://{request.headers['host']}{PATH}?$skiptoken={number + 1}"
        tail = f',"@odata.nextLink":"{link}"}}' if number + 1 < len(pages) else "}"
        return GraphResponse(200, pages[number] + tail.encode())

    return SimulatedGraph([Route("GET", re.compile(re.escape(PATH)), answer)], tokens=["bench"])


def _pages(count: int) -> list[bytes]:
    """One day's rows of the simulated tenant, repeated, each with its own id."""
    log = simulate_partner(DAY, days=1).log
    rows = [entry.row for entry in log if entry.row["createdDateTime"].startswith(str(DAY))]
    pages = []
    for number in range(count):
        made = (
            {**rows[index % len(rows)], "id": f"{number}-{index}"} for index in range(PAGE_ROWS)
        )
        pages.append(json.dumps({"value": list(made)}).encode()[:-1])
    return pages


ROWS = [
    Row(
        what="Sign-ins from Graph over HTTP, 1,000 a page",
        before="not recorded",
        size=20_000,
        short_size=1000,
        prepare=_served,
        ours=Way("GraphSignIns, with all checks", _ours),
        others=(Way("httpx + msgspec, four fields", _bare, at_most=3.5),),
    ),
    Row(
        what="Slices of one page each",
        before="a client and a TLS context a slice: a tenth of the demo",
        size=10,
        short_size=2,
        prepare=_served,
        ours=Way("one HTTP client a process", _opening(HttpClient)),
        others=(Way("a client a slice", _opening(lambda: None), at_least=3),),
        unit="ms",
    ),
]
