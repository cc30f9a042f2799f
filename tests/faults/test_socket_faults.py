"""Whatever breaks on a real connection to Graph: nothing false is stored, and it heals."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING

import pytest

from shared.cli.console import DONE_IN_PART
from shared.endpoints import make_endpoint
from shared.identity import Login
from shared.service.access import TenantAccess
from shared.sources.graph.clock import GraphClock
from shared.sources.graph.session import ThrottleLimits
from simulator.graph.faults import cut, drip, exceed, hang, reset, swell
from simulator.graph.server import GraphServer
from simulator.simulation import TOKEN
from simulator.tenants.partner import TENANT_ID, TENANT_NAME
from tests.faults.small_partner import NOON, Partner, open_partner
from tests.faults.test_graph_faults import (
    LATER,
    SITES,
    Spoilt,
    answered,
    figures_in,
    never_better,
    report_of,
)
from tests.faults.tree import differences

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_ANSWER = 1_000_000  #: bytes; more than any answer of the small partner's Graph
REQUEST_SECONDS = 0.3
#: Faults of a connection. The first one is tried in the normal suite.
ON_THE_WAY = {
    "a slow drip": drip,
    "wrong length: more is announced": cut(0.5),
    "wrong length: less is announced": exceed,
    "nothing but a head": cut(0.0),
    "no answer": hang,
    "reset": reset,
    "a compressed bomb": swell(LONGEST_ANSWER + 1),
}
WHOLE = [site for site in SITES if "in a batch" not in site]  #: requests of their own
EVERY = 5  #: of how many pairs of request and fault one is tried


@pytest.fixture
def partner(tmp_path):
    with open_partner(tmp_path / "in process") as partner:
        yield partner


@contextmanager
def over_sockets(partner: Partner) -> Iterator[None]:
    """Meanwhile the partner's Graph is a server on loopback, asked by the client of production."""
    with GraphServer(partner.site()) as server, pytest.MonkeyPatch.context() as patch:
        access = TenantAccess(
            TENANT_ID,
            make_endpoint("GRAPH_ENDPOINT", server.url, TOKEN),
            Login(),
            limits=ThrottleLimits.unlimited(),
            clock=GraphClock(partner.clock),
            has_customers=True,
            name=TENANT_NAME,
            source_name="simulated",
        )
        patch.setattr(partner, "access", lambda: access)
        yield


def outcome_of(partner: Partner, expected, truth, spoilt: Spoilt, monkeypatch) -> str:
    """What becomes of a run with a fault, and of the next one without."""
    partner.clock.moment, partner.fault = NOON, spoilt
    with over_sockets(partner), monkeypatch.context() as patch:
        patch.setattr("shared.sources.graph.reader.REQUEST_SECONDS", REQUEST_SECONDS)
        patch.setattr("shared.http_client.LONGEST_ANSWER", LONGEST_ANSWER)
        assert partner.run() == DONE_IN_PART
    assert spoilt.times
    assert never_better(report_of(partner), truth)
    if not differences(figures_in(partner.folder), expected):
        return "the same tree at once"
    partner.clock.go_on(seconds=LATER.total_seconds())
    partner.fault = answered
    with over_sockets(partner):
        assert partner.run() == DONE_IN_PART
    assert differences(figures_in(partner.folder), expected) == []
    return "unknown and reported; the same tree after the next run"


def test_whatever_breaks_on_the_way_nothing_false_is_stored_and_the_next_run_heals(
    partner, tmp_path, kit, monkeypatch
) -> None:
    assert partner.run() == DONE_IN_PART  # the oldest day is older than the log
    expected, truth = figures_in(partner.folder), report_of(partner)
    for name, site in kit.some_of(list(product(ON_THE_WAY, WHOLE))[::EVERY], 1):
        partner.folder = tmp_path / "over sockets"
        with kit.attempt((name, site)):
            spoilt = Spoilt(site, ON_THE_WAY[name], once=True)
            outcome = outcome_of(partner, expected, truth, spoilt, monkeypatch)
            kit.record("Faults", f"connection: {name}", "each kind of request", outcome)
        shutil.rmtree(partner.folder, ignore_errors=True)
    assert kit.failures == {}
