from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import OutOfReachError, SourceDeniedError
from shared.mfa.assessment import assess
from shared.mfa.metrics import ShareRule
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.mfa.window import Slice, make_window, window_days
from simulator.graph.sign_ins import LogBehaviour
from simulator.tenants.expected import expected_counts
from simulator.tenants.partner import logged_by
from tests.sources.graph.graph_doubles import (
    ENDING,
    NEXT_MORNING,
    THROTTLED,
    a_day,
    bag,
    expected_sign_ins,
    in_any_period,
    partner,
    world,
)

SMALL_PAGES = LogBehaviour(page_rows=40)
EVENT_TYPES = 4


# What it reads


def test_a_slice_is_read_whole_and_with_nothing_else() -> None:
    here = world()

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())


def test_a_slice_on_many_pages_is_read_whole() -> None:
    here = world(behaviour=SMALL_PAGES)

    assert bag(here.source.sign_ins(a_day())) == expected_sign_ins(a_day())
    assert len(here.site.requests) > 2 * EVENT_TYPES


def test_hours_of_a_day_add_up_to_the_day() -> None:
    here = world()

    halves = [bag(here.source.sign_ins(half)) for half in a_day().halves()]

    assert sum(halves, start=type(halves[0])()) == expected_sign_ins(a_day())


def test_the_token_issued_on_the_stroke_of_midnight_belongs_to_the_new_day_only() -> None:
    here = world()
    midnight = a_day().start

    assert any(s.created_at == midnight for s in here.source.sign_ins(a_day()))
    assert not any(s.created_at == midnight for s in here.source.sign_ins(a_day(1)))


@pytest.mark.parametrize("days_before", [0, 1, 6, 12, 16, 22])
def test_the_figures_equal_an_independent_count(days_before: int) -> None:
    here = world()
    ending = ENDING - timedelta(days=days_before)
    rollups = {
        day: Rollup(here.source.sign_ins(a_day((ENDING - day).days))) for day in window_days(ending)
    }

    metrics = assess(make_window(ending, rollups), Scope(), ShareRule()).metrics

    expected = expected_counts(partner().expected, ending)
    for channel, figure in (("portal", metrics.portal), ("api", metrics.api)):
        names = [name for name in figure.__struct_fields__ if name in _COUNTS]
        assert {name: getattr(figure, name) for name in names} == {
            name: expected[channel][name] for name in names
        }


_COUNTS = {"verified", "not_verified", "exempted", "unknown", "not_completed", "app_only"}


def test_rows_that_the_log_did_not_have_yet_are_there_the_next_day() -> None:
    tomorrow = datetime(2026, 11, 24, 3, tzinfo=UTC)
    early = world(now=lambda: tomorrow)
    later = world(now=lambda: tomorrow + timedelta(days=1))

    first, second = bag(early.source.sign_ins(a_day())), bag(later.source.sign_ins(a_day()))

    assert first < second == expected_sign_ins(a_day())
    there = {t.row["id"] for t in logged_by(partner(), tomorrow)}
    assert {sign_in.id for sign_in in first} == {
        s.id for s in expected_sign_ins(a_day()) if s.id in there
    }


# How it asks


def test_it_takes_one_request_for_each_event_type_and_each_further_thousand_rows() -> None:
    here = world()
    rows = bag(here.source.sign_ins(a_day()))

    by_event = [sum(n for s, n in rows.items() if s.event == event) for event in _events(rows)]

    assert len(by_event) == EVENT_TYPES
    assert len(here.site.requests) == sum(max(1, ceil(number / 1000)) for number in by_event)


def _events(rows):
    return {sign_in.event for sign_in in rows}


def test_it_asks_beta_for_both_bounds_the_applications_and_a_full_page() -> None:
    here = world()

    list(here.source.sign_ins(a_day()))

    request = here.site.requests[0].request
    assert request.path == "/beta/auditLogs/signIns"
    assert request.query == {
        "$filter": "createdDateTime ge 2026-11-23T00:00:00Z"
        " and createdDateTime le 2026-11-24T00:00:00Z"
        " and signInEventTypes/any(t: t eq 'interactiveUser')"
        " and (resourceId eq 'fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd'"
        " or appId eq '4990cffe-04e8-4e8b-808a-1175604b879f'"
        " or appId eq 'fabfbdc4-5751-471c-ac43-3826fa1afc31')",
        "$top": "1000",
    }
    assert request.headers["prefer"] == "include-unknown-enum-members"


def test_a_next_link_is_followed_exactly_as_given() -> None:
    here = world(behaviour=SMALL_PAGES)

    list(here.source.sign_ins(a_day()))

    followed = [url for url in here.graph.asked if "$skiptoken=" in url]
    assert followed
    assert followed == here.graph.links


def test_the_permitted_pace_is_used_fully_and_never_exceeded() -> None:
    here = world(behaviour=LogBehaviour(throttle=THROTTLED))

    for days_before in range(29):
        list(here.source.sign_ins(a_day(days_before)))

    arrivals = here.arrivals
    assert here.statuses == [200] * (29 * EVENT_TYPES + 1)
    assert max(in_any_period(arrivals)) == 5
    assert here.time.now == (ceil(len(arrivals) / 5) - 1) * 10


@given(st.integers(0, 2**32))
def test_the_pace_is_never_exceeded_however_slow_the_network(seed: int) -> None:
    chance = Random(seed)
    here = world(
        behaviour=LogBehaviour(throttle=THROTTLED, page_rows=40),
        latency=lambda: chance.choice([0, 1 / 64, 3 / 8, 3]),
    )

    list(here.source.sign_ins(a_day()))

    assert set(here.statuses) == {200}


# How far back


FIRST_DAY = ENDING - timedelta(days=29)  #: of the simulated log


def test_a_log_with_rows_from_before_reaches_the_days_that_are_whole_of_thirty() -> None:
    here = world()

    assert here.source.reach_days(ENDING + timedelta(days=1)) == 29
    assert len(here.site.requests) == 1
    assert here.site.requests[0].request.query["$top"] == "1"
    assert "le 2026-10-26T00:00:00Z" in here.site.requests[0].request.query["$filter"]


@pytest.mark.parametrize("age", range(1, 30))
def test_a_log_reaches_as_far_as_its_rows_show_and_at_least_six_days(age: int) -> None:
    now = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=age, hours=2)
    here = world(now=lambda: now)

    assert here.source.reach_days(now.date()) == max(6, age - 1)
    assert len(here.site.requests) <= 6


def test_a_log_without_any_row_has_the_six_days_that_entra_keeps_for_everybody() -> None:
    here = world(now=lambda: datetime(2026, 10, 1, tzinfo=UTC))

    assert here.source.reach_days(date(2026, 10, 1)) == 6
    assert list(here.source.sign_ins(Slice(partner().tenant_id, date(2026, 9, 25)))) == []
    with pytest.raises(OutOfReachError, match="does not reach back to 2026-09-24"):
        list(here.source.sign_ins(Slice(partner().tenant_id, date(2026, 9, 24))))


def test_a_day_with_nothing_older_in_the_log_is_out_of_reach_even_if_it_has_rows() -> None:
    here, earlier = world(), world(now=lambda: NEXT_MORNING - timedelta(days=1))

    assert bag(here.source.sign_ins(a_day(28))) == expected_sign_ins(a_day(28))
    with pytest.raises(OutOfReachError, match="has none from before that day"):
        list(earlier.source.sign_ins(a_day(29)))  # of this day, the first hours may be purged


def test_a_day_older_than_thirty_is_out_of_reach_without_asking() -> None:
    here = world()

    with pytest.raises(OutOfReachError, match="does not reach back to 2026-09-01"):
        list(here.source.sign_ins(Slice(partner().tenant_id, date(2026, 9, 1))))
    assert here.site.requests == []


def test_the_reach_of_a_denied_log_is_an_error() -> None:
    here = world()
    here.log.deny_for_licence()

    with pytest.raises(SourceDeniedError):
        here.source.reach_days(ENDING + timedelta(days=1))
