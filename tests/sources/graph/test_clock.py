"""Graph's ``Date`` is a second clock: a wrong one here stops the run, and enters nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import ClockError, SourceIncompleteError
from shared.mfa.scope import Scope
from shared.sources.graph.clock import GraphClock
from shared.sources.graph.sign_ins import GraphSignIns
from simulator.graph.faults import refuse
from tests.sources.graph.graph_doubles import NEXT_MORNING, a_day, bag, expected_sign_ins, world


def source(ours, theirs, **changes):
    """Sign-ins read where the clock says `ours`, from a Graph whose clock says `theirs`."""
    here = world(**changes)
    here.site.now = lambda: theirs
    reader = replace(here.source._reader, clock=GraphClock(lambda: ours))  # noqa: SLF001
    return GraphSignIns(reader, Scope(), now=lambda: ours)


@pytest.mark.parametrize("off", [timedelta(days=-9), -timedelta(minutes=6), timedelta(hours=1)])
def test_a_clock_that_is_off_by_minutes_stops_the_run_and_says_both_times(off) -> None:
    ours = NEXT_MORNING + off

    with pytest.raises(ClockError) as stopped:
        list(source(ours, NEXT_MORNING).sign_ins(a_day(4)))

    assert str(stopped.value) == (
        f"This machine's clock says {ours:%Y-%m-%d %H:%M} UTC and Graph's says 2026-11-24 02:15: "
        "set this machine's clock, then start again; nothing was entered."
    )


def test_a_refusal_says_the_time_too() -> None:
    with pytest.raises(ClockError):
        list(
            source(
                NEXT_MORNING, NEXT_MORNING + timedelta(days=1), faults={1: refuse(401)}
            ).sign_ins(a_day())
        )


@pytest.mark.parametrize("minutes", [-4, 0, 4])
def test_a_difference_of_a_few_minutes_is_nothing(minutes) -> None:
    ours = NEXT_MORNING + timedelta(minutes=minutes)

    assert bag(source(ours, NEXT_MORNING).sign_ins(a_day())) == expected_sign_ins(a_day())


def test_the_reach_is_not_asked_with_a_wrong_clock() -> None:
    with pytest.raises(ClockError):
        source(NEXT_MORNING, NEXT_MORNING + timedelta(days=1)).reach_days(NEXT_MORNING.date())


def test_a_day_that_is_over_by_one_clock_only_is_not_read() -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)

    early = source(midnight + timedelta(minutes=1), midnight - timedelta(minutes=1))
    with pytest.raises(SourceIncompleteError, match="2026-11-23 was not over yet by Graph's clock"):
        list(early.sign_ins(a_day()))
    with pytest.raises(SourceIncompleteError, match="not over yet by Graph's clock"):
        next(early.parts(a_day(), []))  # before anything is kept of it

    later = source(midnight + timedelta(minutes=3), midnight + timedelta(minutes=1))
    assert bag(later.sign_ins(a_day())) == expected_sign_ins(a_day())


def test_an_answer_without_a_usable_date_says_nothing() -> None:
    clock = GraphClock(lambda: NEXT_MORNING)

    for headers in ({}, {"date": ""}, {"date": "yesterday"}, {"date": "Sat, 99 Nov 2026"}):
        clock.compare(headers)

    assert clock.ahead == timedelta()
