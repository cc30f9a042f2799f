"""A day is a chain of facts: whatever the order, every day ends complete, and is told once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.mfa.report import Report
from shared.mfa.window import SliceState
from tests.service.simulated_app import TIMERS, TRIES, SimulatedApp

timers = st.sampled_from(sorted(TIMERS)).map(lambda timer: ("fire", timer))
steps = st.tuples(st.sampled_from(["handle", "repeat", "kill"]), st.integers(0, 9))
waits = st.tuples(st.just("wait"), st.sampled_from([1, 5, 60, 300]))


def report_of(app, ending):
    """The stored report, without when it was made."""
    stored = app.daily.store.report_file(app.daily.tenant_id, ending, "report.json")
    return msgspec.structs.replace(Report.from_json(stored.content), generated_at="")


def corrections(app):
    return [subject for subject in app.post.subjects if "complete now" in subject]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The report of a day on which everything comes in its time."""
    app = SimulatedApp(tmp_path_factory.mktemp("undisturbed"))
    for timer in TIMERS:
        app.fire(timer)
        app.drain()
    assert (len(app.post.mails), len(app.post.cards)) == (1, 1)
    return report_of(app, app.ending)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.lists(timers | steps | steps | steps | waits, max_size=25))
def test_any_order_any_repetition_and_any_delay_end_in_the_same_report_and_one_mail(
    order, undisturbed, tmp_path_factory
) -> None:
    app = SimulatedApp(tmp_path_factory.mktemp("app"))
    day = app.today
    for what, which in order:
        if what == "fire":
            app.fire(which)
        elif what == "wait":
            if (app.clock() + timedelta(minutes=which)).hour < 16:
                app.clock.go_on(minutes=which)
        else:
            app.step(which, loses_output=what == "kill", is_repeated=what == "repeat")
    fired = {which for what, which in order if what == "fire"}
    for timer in sorted(TIMERS.keys() - fired, reverse=True):
        app.fire(timer)
    app.finish()

    assert app.today == day
    assert app.queue == []
    assert report_of(app, app.ending) == undisturbed
    assert undisturbed.window.complete_days == 7
    in_part = [subject for subject in app.post.subjects if "missing" in subject]
    told = [subject for subject in app.post.subjects if "no report of" in subject]
    assert len(app.post.mails) == len(app.post.cards) == 1 + len(corrections(app)) + len(told)
    assert len(corrections(app)) == len(in_part)
    assert len(told) <= 1


@pytest.mark.parametrize("order", [*permutations(TIMERS)], ids=" ".join)
def test_three_missed_timers_that_fire_at_once_end_in_one_complete_mail(
    order, undisturbed, tmp_path
) -> None:
    app = SimulatedApp(tmp_path)
    app.clock.go_on(hours=9)

    for timer in order:
        app.fire(timer)
    for index in (2, 1, 0) * 3:  # the report and the mail before the slices
        app.step(index)
    app.finish(hours=1)

    assert report_of(app, app.ending) == undisturbed
    assert (len(app.post.mails), len(app.post.cards)) == (1, 1)
    assert "missing" not in app.post.subjects[0]


def test_a_report_that_is_complete_before_the_time_of_mails_waits_for_it(tmp_path) -> None:
    app = SimulatedApp(tmp_path)
    app.fire("plan")
    app.finish(hours=2)
    assert report_of(app, app.ending).window.complete_days == 7
    assert app.post.mails == []

    app.fire("open_door")
    app.drain()

    assert len(app.post.mails) == 1


def test_what_drains_have_aborted_is_read_in_a_second_pass_of_the_same_night(tmp_path) -> None:
    """Instances that stop abort what they have begun, each time after a few seconds."""
    app = SimulatedApp(tmp_path)
    app.fire("plan")
    aborted = [message for message in app.queue if message.queue == "slices"][:3]
    for message in aborted:
        message.tries = TRIES - 1
    app.source.is_down = True
    for index in reversed(range(3)):
        app.step(index)  # the last try of each
    app.source.is_down = False
    app.finish(hours=2)

    entries = app.daily.ledger.entries(date.min)
    assert {entry.state for entry in entries} == {SliceState.COMPLETE}
    assert report_of(app, app.ending).window.complete_days == 7
    app.fire("open_door")
    app.drain()
    assert len(app.post.mails) == 1


def test_what_is_given_up_in_every_pass_is_left_to_the_next_night(tmp_path) -> None:
    app = SimulatedApp(tmp_path)
    app.source.is_down = True
    app.fire("plan")
    app.finish(hours=12)
    asked = len(app.source.asked)
    app.finish(hours=9)

    assert app.queue == []
    assert asked == len(app.source.asked)
    assert {entry.state for entry in app.daily.ledger.entries(date.min)} == {SliceState.FAILED}
