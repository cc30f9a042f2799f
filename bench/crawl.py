"""
The cost of the crawl itself, without the service it waits for.

The same prepared pages are read twice from a loopback server: by plain httpx with a typed msgspec
decoder, the minimum for any client, and by `GraphSignIns` with all its checks. Only this thread's
processor time counts, so the server's share is excluded.
"""

from __future__ import annotations

import json
import re
import time
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from shared.clock import utc_now
from shared.endpoints import Endpoint
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
    from collections.abc import Callable

DAY = date(2026, 11, 23)
PAGES = 20
PAGE_ROWS = 1000
GRAPH_ROWS_PER_SECOND = 500  # 5 requests in 10 s, 1,000 rows a page
RUNS = 5
PATH = "/beta/auditLogs/signIns"


class _SignInRow(msgspec.Struct, rename="camel"):
    id: str
    created_date_time: str
    app_id: str
    authentication_requirement: str | None = None


class _DecodedPage(msgspec.Struct):
    value: list[_SignInRow]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


def run() -> None:
    """Print the figures."""
    pages = _pages()
    with GraphServer(_site(pages)) as server:
        bare = _best(lambda: _read_bare(server.url))
        crawl = _best(lambda: _read_all(server.url))
    rows = PAGES * PAGE_ROWS
    size = sum(map(len, pages)) / rows / 1000
    print(f"{rows:,} sign-ins on {PAGES} pages of {PAGE_ROWS}, {size:.1f} kB each")
    print(f"  httpx + msgspec, four fields   {bare / rows * 1e6:6.1f} us of processor a row")
    print(f"  GraphSignIns, with all checks  {crawl / rows * 1e6:6.1f} us, {crawl / bare:.1f} x")
    share = GRAPH_ROWS_PER_SECOND * crawl / rows
    print(f"  at Graph's {GRAPH_ROWS_PER_SECOND} rows/s that takes {share:.1%} of one core;")
    print(f"  one core keeps up with {1 / share:,.0f} tenants at full speed")


def _best(read: Callable[[], int]) -> float:
    """Processor seconds of this thread, the least of some runs."""
    seconds = []
    for _ in range(RUNS):
        started = time.thread_time()
        assert read() == PAGES * PAGE_ROWS
        seconds.append(time.thread_time() - started)
    return min(seconds)


def _read_bare(url: str) -> int:
    import httpx

    decoder, rows, link = msgspec.json.Decoder(_DecodedPage), 0, f"{url}{PATH}"
    with httpx.Client(headers={"Authorization": "Bearer bench"}) as client:
        while link:
            page = decoder.decode(client.get(link).content)
            rows, link = rows + len(page.value), page.next_link or ""
    return rows


def _read_all(url: str) -> int:
    with open_graph(Endpoint(url, "bench"), Login()) as graph:
        reader = GraphReader(graph, PERMISSION, pacer=Pacer(limit=1000, period_seconds=0))
        source = GraphSignIns(reader, Scope(), now=utc_now)
        return sum(1 for _ in source.sign_ins(Slice("bench", DAY)))


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


def _pages() -> list[bytes]:
    """One day's rows of the simulated tenant, repeated, each with its own id."""
    log = simulate_partner(DAY, days=1).log
    rows = [entry.row for entry in log if entry.row["createdDateTime"].startswith(str(DAY))]
    pages = []
    for number in range(PAGES):
        made = (
            {**rows[index % len(rows)], "id": f"{number}-{index}"} for index in range(PAGE_ROWS)
        )
        pages.append(json.dumps({"value": list(made)}).encode()[:-1])
    return pages


if __name__ == "__main__":
    run()
