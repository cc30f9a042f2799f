"""A first fill by sixteen threads, with executions that end long before it does."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from math import ceil
from queue import Empty, Queue
from threading import Lock
from typing import TYPE_CHECKING

from shared.mfa.scope import Scope
from shared.mfa.sign_in import SignInEventType
from shared.mfa.window import Slice
from shared.service import sign_in_sources
from shared.service.sign_in_sources import PerSliceGraph
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns, LogReach
from shared.sources.pacing import Pacer
from simulator.graph.sign_ins import LogBehaviour
from simulator.simulation import make_graph
from tests.service.world import Clock, make_daily
from tests.sources.graph.graph_doubles import (
    ENDING,
    NEXT_MORNING,
    FakeTime,
    GraphInProcess,
    bag,
    expected_sign_ins,
    partner,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.sources.pacing import Budget

PAGE_ROWS = 10
SECONDS = 0.7  # of one execution; all of it takes several
AT_ONCE = 16
DAYS = 14
EVENT_TYPES = [type_ for type_ in SignInEventType if type_]


class Fill:
    """The queue of a first fill, and what its executions did."""

    def __init__(self, folder):
        self.site, _, _ = make_graph(partner(), LogBehaviour(page_rows=PAGE_ROWS))
        self.pacer, self.reach, self.lock, self.stops = Pacer(5, 0.015), LogReach(), Lock(), 0
        source = PerSliceGraph("graph", self.open_source)
        made = make_daily(folder, source, clock=Clock(NEXT_MORNING))
        self.daily = replace(made, tenant_id=partner().tenant_id)
        self.queue: Queue[Slice] = Queue()

    @contextmanager
    def open_source(self, budget: Budget) -> Iterator[GraphSignIns]:
        connection = GraphInProcess(self.site, FakeTime())
        reader = GraphReader(connection, PERMISSION, self.pacer, budget, needs_licence=True)
        yield GraphSignIns(reader, Scope(), now=lambda: NEXT_MORNING, reach=self.reach)

    def work(self) -> None:
        while True:
            try:
                slice_ = self.queue.get(timeout=0.01)
            except Empty:
                return
            for remaining in self.daily.collect(slice_):
                with self.lock:
                    self.stops += 1
                self.queue.put(remaining)


def least_requests(slices) -> int:
    """The pages of all slices, and one request that finds out how far back the log goes."""
    rows = (Counter(sign_in.event for sign_in in expected_sign_ins(each)) for each in slices)
    return 1 + sum(max(1, ceil(of[type_] / PAGE_ROWS)) for of in rows for type_ in EVENT_TYPES)


def test_many_executions_ask_for_little_more_than_one_would(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sign_in_sources, "READING_SECONDS", SECONDS)
    fill = Fill(tmp_path)
    slices = [Slice(partner().tenant_id, ENDING - timedelta(days=back)) for back in range(DAYS)]
    for slice_ in slices:
        fill.queue.put(slice_)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = [pool.submit(fill.work) for _ in range(AT_ONCE)]
    for each in done:
        each.result()

    assert fill.stops >= 3
    assert least_requests(slices) <= len(fill.site.requests) <= 1.1 * least_requests(slices)
    for slice_ in slices:
        rollup = fill.daily.store.rollup(slice_)
        assert rollup is not None
        assert set(bag(rollup.copies())) == set(expected_sign_ins(slice_))
    assert not (tmp_path / "parts").exists()
