"""A slice that stops keeps what it has: nothing is lost, nothing twice, nothing believed early."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import SourceIncompleteError
from shared.mfa.rollup import Rollup
from shared.mfa.window import SliceState, complete_days
from shared.stores import open_store
from simulator.graph.api import GraphResponse
from simulator.graph.faults import refuse
from tests.service.paged import TODAY, a_day, paged
from tests.service.world import kept_in

ROOT = Path(__file__).resolve().parents[2]
MINUTE = 60.0
TOO_SHORT = 15.0  # seconds: for a part of the pages of a day, five in ten seconds


def whole_day(folder):
    """A day's rollup, and how many requests that takes."""
    here = paged(folder)
    assert here.daily.collect(a_day()) == []
    return here.daily.store.rollup(a_day()), here.asked


def parts_in(folder):
    return sorted((folder / "parts").rglob("*.*-*"))


def entry_of(daily):
    (entry,) = daily.store.ledger(daily.tenant_id, a_day().day)
    return entry


def test_a_slice_whose_time_is_up_goes_on_where_it_stopped(tmp_path) -> None:
    expected, least = whole_day(tmp_path / "undisturbed")
    first = paged(tmp_path / "store", deadline=TOO_SHORT)

    assert first.daily.collect(a_day()) == [a_day()]
    second = paged(tmp_path / "store")
    assert second.daily.collect(a_day()) == []

    assert second.daily.store.rollup(a_day()) == expected
    assert 1 < first.asked < least
    assert first.asked + second.asked <= least + 1


def test_however_often_it_stops_it_ends_as_if_it_had_not(tmp_path) -> None:
    expected, least = whole_day(tmp_path / "undisturbed")
    folder, asked, stops, remaining = tmp_path / "store", 0, 0, [a_day()]

    while remaining:
        here = paged(folder, deadline=TOO_SHORT)
        remaining = here.daily.collect(a_day())
        asked, stops = asked + here.asked, stops + 1

    assert stops > 2
    assert here.daily.store.rollup(a_day()) == expected
    assert asked <= least + stops
    assert kept_in(folder).keys() == kept_in(tmp_path / "undisturbed").keys()


def test_a_part_is_not_a_day_before_the_rest_is_in(tmp_path) -> None:
    here = paged(tmp_path, deadline=TOO_SHORT)
    here.daily.collect(a_day())

    entry = entry_of(here.daily)

    assert parts_in(tmp_path)
    assert (entry.state, entry.has_rollup) == (SliceState.FAILED, False)
    assert entry.reason.startswith("It is still being read: ")
    assert complete_days([entry]) == {}
    assert a_day() in here.daily.plan(TODAY)


def test_when_the_slice_is_whole_no_part_of_it_is_left(tmp_path) -> None:
    here = paged(tmp_path, deadline=TOO_SHORT)
    here.daily.collect(a_day())
    paged(tmp_path).daily.collect(a_day())

    assert parts_in(tmp_path) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize("number", [2, 5, 9])
def test_a_killed_worker_loses_at_most_one_page(tmp_path, number) -> None:
    expected, least = whole_day(tmp_path / "undisturbed")
    command = [
        sys.executable,
        "-m",
        "tests.service.killed_slice",
        str(tmp_path / "store"),
        str(number),
    ]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    here = paged(tmp_path / "store")
    assert here.daily.collect(a_day()) == []

    assert here.daily.store.rollup(a_day()) == expected
    assert (number - 1) + here.asked <= least + 1


def test_a_slice_that_got_no_turn_is_neither_halved_nor_failed(tmp_path) -> None:
    here = paged(tmp_path, {1: refuse(429, retry_after="600")}, deadline=5 * MINUTE)

    assert here.daily.collect(a_day()) == [a_day()]
    assert parts_in(tmp_path) == []


def test_where_graph_allows_nothing_for_longer_than_an_execution_the_queue_waits(tmp_path) -> None:
    here = paged(tmp_path, {1: refuse(429, retry_after="3600")}, deadline=25 * MINUTE)
    here.daily.collect(a_day())

    with pytest.raises(SourceIncompleteError, match="no request for another 3600 s"):
        here.daily.collect(a_day())

    assert here.asked == 1
    assert entry_of(here.daily).state is SliceState.FAILED


def test_a_log_in_another_order_is_halved_and_nothing_of_it_is_kept(tmp_path) -> None:
    here = paged(tmp_path, deadline=TOO_SHORT)
    answer = here.graph.site.answer
    reverse = lambda request: _oldest_first(answer(request))  # noqa: E731
    setattr(here.graph.site, "answer", reverse)  # noqa: B010 (mypy refuses the plain way)

    assert here.daily.collect(a_day()) == a_day().halves()
    assert parts_in(tmp_path) == []


def _oldest_first(response):
    page = msgspec.json.decode(response.body)
    page["value"].reverse()
    return GraphResponse(200, msgspec.json.encode(page), response.headers)


def test_a_part_that_cannot_be_read_is_read_again(tmp_path) -> None:
    expected, _ = whole_day(tmp_path / "undisturbed")
    first = paged(tmp_path / "store", deadline=TOO_SHORT)
    first.daily.collect(a_day())
    parts = parts_in(tmp_path / "store")
    parts[0].write_bytes(parts[0].read_bytes()[:-9])

    here = paged(tmp_path / "store")
    assert here.daily.collect(a_day()) == []

    assert here.daily.store.rollup(a_day()) == expected
    assert parts_in(tmp_path / "store") == []


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lost=st.sets(st.integers(0, 20), min_size=1))
def test_whichever_parts_are_lost_the_slice_is_whole(tmp_path_factory, lost) -> None:
    folder = tmp_path_factory.mktemp("store")
    paged(folder, deadline=35.0).daily.collect(a_day())
    for number, path in enumerate(parts_in(folder)):
        if number in lost:
            path.unlink()

    here = paged(folder)
    here.daily.collect(a_day())

    expected, _ = whole_day(tmp_path_factory.mktemp("undisturbed"))
    assert here.daily.store.rollup(a_day()) == expected


def test_the_next_days_pull_of_a_settling_day_starts_clean(tmp_path) -> None:
    paged(tmp_path, deadline=TOO_SHORT).daily.collect(a_day())
    tomorrow = datetime(TODAY.year, TODAY.month, TODAY.day, 14, 16, tzinfo=UTC)

    here = paged(tmp_path, now=tomorrow)
    here.daily.collect(a_day())

    assert here.asked == whole_day(tmp_path / "undisturbed")[1]
    assert entry_of(here.daily).pulled_at == "2026-11-24T14:16:00Z"


def test_what_a_pull_left_that_has_ended_does_not_become_part_of_the_next_one(tmp_path) -> None:
    """A twin may write its last part after the other one has entered the slice."""
    paged(tmp_path, deadline=TOO_SHORT).daily.collect(a_day())
    left = {path: path.read_bytes() for path in parts_in(tmp_path)}
    paged(tmp_path).daily.collect(a_day())
    for path, content in left.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    here = paged(tmp_path, now=datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    here.daily.collect(a_day())

    assert here.asked == whole_day(tmp_path / "undisturbed")[1]


def test_the_stored_day_is_as_old_as_the_first_page_of_it(tmp_path) -> None:
    paged(tmp_path, deadline=TOO_SHORT).daily.collect(a_day())
    later = paged(tmp_path, now=datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    later.daily.collect(a_day())

    entry = entry_of(later.daily)

    assert (entry.pulled_at, entry.at) == ("2026-11-24T02:15:00Z", "2026-11-24T03:00:00Z")


def test_twins_that_read_the_same_slice_leave_what_one_would(tmp_path) -> None:
    expected, _ = whole_day(tmp_path / "undisturbed")
    folder = tmp_path / "store"
    paged(folder, deadline=TOO_SHORT).daily.collect(a_day())
    twins = [paged(folder, deadline=seconds) for seconds in (25.0, 15.0)]

    for twin in twins:
        twin.daily.collect(a_day())
    for twin in [paged(folder), paged(folder)]:
        twin.daily.collect(a_day())

    assert twin.daily.store.rollup(a_day()) == expected
    assert parts_in(folder) == []


def test_a_repeated_pull_keeps_its_stored_day_while_it_is_under_way(tmp_path) -> None:
    whole = paged(tmp_path)
    whole.daily.collect(a_day())
    stored = whole.daily.store.rollup(a_day())

    again = paged(tmp_path, now=datetime(2026, 11, 24, 3, 0, tzinfo=UTC), deadline=TOO_SHORT)
    assert again.daily.collect(a_day()) == [a_day()]

    assert entry_of(again.daily).has_rollup
    assert again.daily.store.rollup(a_day()) == stored != Rollup()


def test_purging_removes_parts_with_the_day_that_they_are_of(tmp_path) -> None:
    paged(tmp_path, deadline=TOO_SHORT).daily.collect(a_day())
    store = open_store("local", folder=tmp_path)

    store.purge(details_before=a_day().day, metrics_before=a_day().day)
    assert parts_in(tmp_path)
    store.purge(details_before=a_day().day + timedelta(days=1), metrics_before=a_day().day)

    assert kept_in(tmp_path) == {}
