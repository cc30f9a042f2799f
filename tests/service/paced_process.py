"""
Reads slices of a simulated tenant over HTTP, at the pace that its Graph allows.

    python -m tests.service.paced_process URL FOLDER LEASE_SECONDS PERIOD LIMIT DAY…

The store is in FOLDER; with LEASE_SECONDS 0, the process does not care about others.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from shared.clock import utc_now
from shared.endpoints import make_endpoint
from shared.identity import Login, open_graph
from shared.mfa.scope import Scope
from shared.mfa.window import Slice
from shared.service.pace_lease import LeasedPace, PaceLease
from shared.service.sign_in_sources import PerSliceGraph
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Pacer
from shared.stores import open_store
from simulator.simulation import TOKEN
from simulator.tenants.partner import TENANT_ID
from tests.service.world import Clock, make_daily
from tests.sources.graph.graph_doubles import NEXT_MORNING

url, folder, lease_seconds, period, limit, *days = sys.argv[1:]
store = open_store("local", folder=Path(folder))
pacer = Pacer(int(limit), float(period))
lease = PaceLease(store, TENANT_ID, utc_now, seconds=float(lease_seconds))
pace = LeasedPace(pacer, lease) if float(lease_seconds) else pacer


@contextmanager
def opened(budget):
    with open_graph(make_endpoint("GRAPH_ENDPOINT", url, TOKEN), Login()) as graph:
        reader = GraphReader(graph, PERMISSION, pace, budget, needs_licence=True)
        yield GraphSignIns(reader, Scope(), now=lambda: NEXT_MORNING)


made = make_daily(
    Path(folder), PerSliceGraph("graph", opened), clock=Clock(NEXT_MORNING), store=store
)
daily = replace(made, tenant_id=TENANT_ID)
for day in days:
    assert daily.collect(Slice(TENANT_ID, date.fromisoformat(day))) == []
