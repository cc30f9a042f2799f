"""
Answers ``GET /api/report`` many times in production's worker library, for `bench/serving.py`.

Needs Python 3.13, and the settings of a store that has a report. Prints the figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path.cwd()))

from azure_functions_runtime.utils.threadpool import start_threadpool_executor

from shared.service.current import service
from tests.worker.drive import call, start

if TYPE_CHECKING:
    from shared.service.http.recent_reports import RecentReports
    from shared.stores.store import Store

SEQUENTIAL = 100
AT_ONCE = 16
CONCURRENT = 800
ALTERNATING = 3  #: rounds, so that a busy machine slows all of them

GET = {"method": "GET", "url": "http://localhost/api/report", "query": {}, "params": {}, "body": ""}


class EachTime:
    """The alternative: the newest row, the report's row and the blob are read for each request."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.latest_ending, self.file = store.latest_ending, store.report_file

    def etag(self, *_: object) -> None:
        """Unknown until the file has been read."""


class InMemory:
    """What no way of serving can be faster than: a page that nobody ever asks the store for."""

    def __init__(self, reports: RecentReports, tenant_id: str) -> None:
        ending = reports.latest_ending(tenant_id)
        assert ending
        page = reports.file(tenant_id, ending, "page.html")
        assert page
        self.size = len(page.content)
        self.latest_ending = lambda _: ending
        self.file = lambda *_: page
        self.etag = lambda *_: page.etag


async def main() -> None:
    """Measure each way in turn, several times; print the best of each."""
    start_threadpool_executor()
    known = {each.name: each.function_id for each in await start(str(Path.cwd()))}
    app = service()
    ours = app.reports
    bare = InMemory(ours, app.partner_id)
    ways: dict[str, Any] = {"each time": EachTime(app.store), "ours": ours, "in memory": bare}
    figures: dict[str, dict[str, float]] = {}
    for _ in range(ALTERNATING):
        for name, way in ways.items():
            app.__dict__["reports"] = way
            measured = await measure(known)
            before = figures.get(name, measured)
            better = {"ms": min, "ms_304": min, "per_second": max, "per_second_304": max}
            figures[name] = {key: better[key](measured[key], before[key]) for key in measured}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"figures": figures, "page_kb": bare.size / 1000, "peak_mb": peak}))


async def measure(known: dict[str, str]) -> dict[str, float]:
    """Milliseconds of one request, and requests per second of many at once; a page and a 304."""
    page = await asked(known, 200)
    headers = {"if-none-match": page["headers"]["ETag"]}
    return {
        "ms": await one_by_one(known, 200),
        "ms_304": await one_by_one(known, 304, **headers),
        "per_second": await at_once(known, 200),
        "per_second_304": await at_once(known, 304, **headers),
    }


async def one_by_one(known: dict[str, str], status: int, **headers: str) -> float:
    started = time.perf_counter()
    for _ in range(SEQUENTIAL):
        await asked(known, status, **headers)
    return (time.perf_counter() - started) / SEQUENTIAL * 1000


async def at_once(known: dict[str, str], status: int, **headers: str) -> float:
    async def client() -> None:
        for _ in range(CONCURRENT // AT_ONCE):
            await asked(known, status, **headers)

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return CONCURRENT / (time.perf_counter() - started)


async def asked(known: dict[str, str], status: int, **headers: str) -> dict[str, Any]:
    """One answer, as the library returns it."""
    given = {"function": "get_report", "trigger": "req", "type": "http"}
    done = await call(known, {**given, "data": {**GET, "headers": headers}})
    answer: dict[str, Any] = done["returned"]["value"]
    assert answer["status"] == status, answer
    return answer


if __name__ == "__main__":
    asyncio.run(main())
