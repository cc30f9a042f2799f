"""The whole way that the demonstration goes: simulated Graph, loopback HTTP, adapter, source."""

from __future__ import annotations

from shared.endpoints import make_endpoint
from shared.identity import Login, open_graph
from shared.mfa.assessment import assess
from shared.mfa.metrics import ShareRule
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.window import Slice, make_window, window_days
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Budget, Pacer
from simulator.graph.faults import cut, garble, refuse, reset
from simulator.graph.sign_ins import LogBehaviour
from simulator.simulation import open_simulated
from simulator.tenants.expected import expected_counts
from tests.sources.graph.graph_doubles import ENDING, NEXT_MORNING, FakeTime

FAULTS = {2: reset, 4: cut(), 7: garble, 9: refuse(429, retry_after="120"), 12: refuse(502)}


def test_the_figures_of_the_last_week_equal_an_independent_count_over_real_http() -> None:
    time = FakeTime()
    with open_simulated(ENDING, faults=FAULTS, behaviour=LogBehaviour(page_rows=100)) as simulation:
        endpoint = make_endpoint("GRAPH_ENDPOINT", simulation.url, simulation.token)
        with open_graph(endpoint, Login()) as graph:
            reader = GraphReader(
                graph,
                PERMISSION,
                pacer=Pacer(clock=time.clock),
                budget=Budget(clock=time.clock, pause=time.pause),
            )
            source = GraphSignIns(reader, Scope(), now=lambda: NEXT_MORNING, name="simulated")
            rollups = {
                day: Rollup(source.sign_ins(Slice(simulation.partner.tenant_id, day)))
                for day in window_days(ENDING)
            }

    metrics = assess(make_window(ENDING, rollups), Scope(), ShareRule()).metrics
    expected = expected_counts(simulation.partner.expected, ENDING)
    for counter, figure in ((expected["portal"], metrics.portal), (expected["api"], metrics.api)):
        assert (figure.verified, figure.not_verified, figure.exempted, figure.unknown) == (
            counter["verified"],
            counter["not_verified"],
            counter["exempted"],
            counter["unknown"],
        )
    assert metrics.api.app_only == expected["api"]["app_only"]
    assert source.name == "simulated"
    assert 120 in time.pauses
