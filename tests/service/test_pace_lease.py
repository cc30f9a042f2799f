"""Of the processes that read one tenant, one at a time sends requests."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.errors import OutOfTimeError
from shared.mfa.window import Slice
from shared.service.composition import Service
from shared.service.pace_lease import LEASE_SECONDS, LeasedPace, PaceLease
from shared.settings import Settings
from shared.sources.pacing import Budget, Pacer
from shared.stores import open_store
from simulator.graph.api import Throttle
from simulator.graph.server import GraphServer
from simulator.graph.sign_ins import LogBehaviour
from simulator.simulation import TOKEN, make_graph
from simulator.tenants.partner import TENANT_ID
from tests.service.world import Clock
from tests.sources.graph.graph_doubles import ENDING, NEXT_MORNING, FakeTime, partner

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = 3
LIMIT, PERIOD, LEASE = 10, 0.5, 2.1  # requests in so many seconds; a third of a lease is longer


@pytest.fixture
def store(tmp_path):
    return open_store("local", folder=tmp_path)


@pytest.fixture
def clock():
    return Clock(datetime(2026, 11, 24, 2, 15, tzinfo=UTC))


def leases(store, clock, count=2):
    return [PaceLease(store, TENANT_ID, clock) for _ in range(count)]


def test_the_first_one_has_it_and_the_other_waits(store, clock) -> None:
    ours, theirs = leases(store, clock)

    assert ours.seconds_until_ours() == 0
    assert theirs.seconds_until_ours() == LEASE_SECONDS / 3


def test_a_process_that_goes_on_keeps_it(store, clock) -> None:
    ours, theirs = leases(store, clock)
    for _ in range(20):
        assert ours.seconds_until_ours() == 0
        assert theirs.seconds_until_ours() > 0
        clock.go_on(seconds=14)


def test_a_process_that_stops_loses_it_and_only_after_graph_has_forgotten_the_last_request(
    store, clock
) -> None:
    ours, theirs = leases(store, clock)
    ours.seconds_until_ours()

    waited = 0.0
    while seconds := theirs.seconds_until_ours():
        clock.go_on(seconds=seconds)
        waited += seconds

    assert waited == LEASE_SECONDS
    assert ours.seconds_until_ours() > 0


def test_after_a_pause_a_process_does_not_send_by_a_lease_that_has_ended(store, clock) -> None:
    ours, theirs = leases(store, clock)
    ours.seconds_until_ours()
    clock.go_on(seconds=LEASE_SECONDS + 1)
    theirs.seconds_until_ours()

    assert ours.seconds_until_ours() > 0


def test_retry_after_keeps_everybody_out_for_as_long(store, clock) -> None:
    ours, theirs = leases(store, clock)
    time = FakeTime()
    pace = LeasedPace(Pacer(clock=time.clock), ours)
    with pace.turn(Budget(clock=time.clock, pause=time.pause)):
        pace.hold_back(600.0)

    clock.go_on(seconds=600)
    assert theirs.seconds_until_ours() > 0
    clock.go_on(seconds=LEASE_SECONDS / 3)
    assert theirs.seconds_until_ours() == 0


def test_waiting_for_the_lease_is_waiting_for_a_turn(store, clock) -> None:
    ours, theirs = leases(store, clock)
    ours.seconds_until_ours()
    time = FakeTime()
    pace = LeasedPace(Pacer(clock=time.clock), theirs)

    with pytest.raises(OutOfTimeError):
        pace.turn(Budget(1500.0, clock=time.clock, pause=time.pause)).__enter__()
    assert time.now > 1400


def test_other_tenants_have_a_lease_of_their_own(store, clock) -> None:
    assert PaceLease(store, "one", clock).seconds_until_ours() == 0
    assert PaceLease(store, "two", clock).seconds_until_ours() == 0


@pytest.mark.parametrize(("kind", "is_leased"), [("azure", True), ("local", False)])
def test_the_app_in_azure_has_a_lease_and_a_run_on_ones_own_machine_needs_none(
    store, kind, is_leased
) -> None:
    site, _, _ = make_graph(partner(), now=lambda: NEXT_MORNING)
    with GraphServer(site) as server:
        given = {"TENANT_ID": TENANT_ID, "GRAPH_ENDPOINT": server.url, "GRAPH_TOKEN": TOKEN}
        service = OverAFolder(Settings(given | {"STORE": kind}), store)
        assert service.partner.daily.collect(Slice(TENANT_ID, ENDING)) == []

    assert store.is_claimed(f"pace/{TENANT_ID}") is is_leased


class OverAFolder(Service):
    """A service over a given store, whatever its settings say."""

    def __init__(self, settings, store):
        super().__init__(settings, now=lambda: NEXT_MORNING)
        self.store = store


def test_several_processes_send_no_more_than_one_may(tmp_path) -> None:
    behaviour = LogBehaviour(page_rows=40, throttle=Throttle(LIMIT, PERIOD))
    site, _, _ = make_graph(partner(), behaviour)
    days = [ENDING - timedelta(days=back) for back in range(PROCESSES)]

    with GraphServer(site) as server:
        processes = [_start(server.url, tmp_path, day) for day in days]
        said = [process.communicate(timeout=60)[1] for process in processes]

    assert [(process.returncode, text) for process, text in zip(processes, said, strict=True)] == [
        (0, b"")
    ] * PROCESSES
    assert {served.status for served in site.requests} == {200}
    arrivals = [served.at for served in site.requests]
    assert max(sum(at <= other < at + PERIOD for other in arrivals) for at in arrivals) <= LIMIT
    store = open_store("local", folder=tmp_path)
    assert all(store.rollup(Slice(TENANT_ID, day)) for day in days)


def _start(url: str, folder: Path, day: date) -> subprocess.Popen[bytes]:
    arguments = [url, str(folder), str(LEASE), str(PERIOD), str(LIMIT), str(day)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.service.paced_process", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
