"""A timer that the host has silenced is missed, named, and stood in for once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from shared.errors import StoreError
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from shared.service.watchdog import LOOK_EVERY, Watchdog, last_time
from shared.settings import Settings
from tests.service.simulated_app import TIMERS, SimulatedApp
from tests.service.world import TENANT

SCHEDULES = ("0 15 2 * * *", "0 15 4 * * *", "0 15 5 * * *")
FUNCTIONS = {"plan": "plan_slices", "plan_reports": "plan_reports", "open_door": "mail_status"}


def a_watchdog(app):
    """As a fresh process has it."""
    return Watchdog(TENANT, app.daily.store, app.clock, SCHEDULES, app.work)


@pytest.fixture
def app(tmp_path):
    """After one whole day, on the morning of the next one."""
    app = SimulatedApp(tmp_path)
    for timer in TIMERS:
        app.fire(timer)
    app.drain()
    app.clock.go_on(days=1)
    app.new_day()
    return app


def play_until_noon(app, silent):
    """A morning on which one timer does not fire, and pages are asked for."""
    day = app.today
    for timer, (hour, minute) in TIMERS.items():
        app.clock.moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        if timer != silent:
            app.fire(timer)
        app.drain()
    watchdog = a_watchdog(app)
    while app.clock().hour < 12:
        watchdog.look()
        app.drain()
        app.clock.go_on(minutes=15)


@pytest.mark.parametrize("silent", TIMERS)
def test_a_timer_that_is_silent_changes_nothing_by_noon(silent, app) -> None:
    play_until_noon(app, silent)

    report = app.daily.store.report_file(TENANT, app.ending, "report.json")
    assert json.loads(report.content)["window"]["complete_days"] == 7
    assert len(app.post.mails) == 2  # yesterday's and today's
    assert app.queue == []
    assert a_watchdog(app).silent() == []


@pytest.mark.parametrize("silent", ["plan", "open_door"])
def test_health_names_the_timer_until_its_work_shows(silent, app) -> None:
    for timer in TIMERS:
        if timer != silent:
            app.fire(timer)
    app.drain()
    app.clock.go_on(hours=5)
    watchdog = a_watchdog(app)
    reports = RecentReports(app.daily.store, fresh_seconds=0)
    api = ReportApi(
        TENANT,
        reports,
        lambda: app.runs,
        app.clock,
        {},
        OWN_MACHINE,
        silent_timers=watchdog.sentences,
    )

    sick = api.health()
    assert sick.status == 503
    body = json.loads(sick.body)
    assert body["status"] == "overdue"
    assert FUNCTIONS[silent] in body["warnings"][0]
    assert f"should have fired at {app.today}" in body["warnings"][0]

    watchdog.look()
    app.drain()
    assert api.health().status == 200


def test_messages_of_the_mails_timer_that_never_got_into_the_queue_are_queued_again(app) -> None:
    for timer in ("plan", "plan_reports"):
        app.fire(timer)
    app.drain()
    app.clock.go_on(hours=3)
    app.work.open_door()  # the output binding fails, after this
    app.clock.go_on(hours=1, minutes=5)
    assert len(app.post.mails) == 1  # yesterday's

    a_watchdog(app).look()
    app.drain()

    assert len(app.post.mails) == 2
    assert a_watchdog(app).silent() == []


def test_a_report_is_made_in_time_though_nothing_was_ever_read_to_its_end(app, caplog) -> None:
    app.source.is_down = True
    app.fire("plan")
    app.drain()
    app.clock.go_on(hours=4)

    (missed,) = [each for each in a_watchdog(app).silent() if each.function == "plan_reports"]
    assert missed.setting == "REPORT_SCHEDULE"
    a_watchdog(app).look()
    app.drain()

    assert app.daily.store.latest_ending(TENANT) == app.ending
    assert "The timer plan_reports (REPORT_SCHEDULE) should have fired" in caplog.text


def test_it_stands_in_once_whatever_the_number_of_processes(app) -> None:
    app.clock.go_on(hours=2)

    for _ in range(3):
        a_watchdog(app).look()

    planned = [message for message in app.queue if message.queue == "slices"]
    assert len(planned) == 3  # the newest day and those that settle


def test_it_tries_again_if_the_queue_was_down(app) -> None:
    app.clock.go_on(hours=2)
    app.is_queue_down = True
    a_watchdog(app).look()  # never fails: it is not what was asked for
    app.is_queue_down = False

    a_watchdog(app).look()

    assert app.queue


def test_it_looks_once_in_a_few_minutes_only(app, monkeypatch) -> None:
    looked = []
    watchdog = a_watchdog(app)

    def silent(_):
        looked.append(app.clock())
        return []

    monkeypatch.setattr(Watchdog, "silent", silent)

    for _ in range(100):
        watchdog.look()
    app.clock.go_on(seconds=LOOK_EVERY.total_seconds() - 1)
    watchdog.look()
    assert len(looked) == 1

    app.clock.go_on(seconds=1)
    watchdog.look()
    assert len(looked) == 2


def test_a_door_of_yesterday_opens_none_before_its_time(app) -> None:
    app.clock.go_on(hours=-3)  # after midnight; nobody was written to the day before
    for row in app.daily.store.deliveries(TENANT, app.ending - timedelta(days=1), app.ending):
        app.daily.store.change_delivery(
            TENANT, row.ending, row.channel, lambda each: replace(each, opened_at="")
        )

    assert a_watchdog(app).silent() == []


def test_an_app_that_has_never_begun_waits_for_its_first_tick_or_request(tmp_path) -> None:
    app = SimulatedApp(tmp_path)
    app.clock.go_on(hours=9)

    a_watchdog(app).look()  # for a message
    assert app.queue == []
    assert a_watchdog(app).silent() == []

    a_watchdog(app).look(begins=True)
    first = list(app.queue)
    assert {message.queue for message in first} == {"slices"}
    a_watchdog(app).look(begins=True)
    assert app.queue == first

    app.drain()
    for process in map(a_watchdog, [app, app]):
        process.look(begins=True)  # which finds what timers should have done since
        app.drain()
    assert len(app.post.mails) == 1


def test_a_store_that_does_not_answer_is_not_its_business(app, monkeypatch, caplog) -> None:
    def fail(*_):
        raise StoreError("The storage account does not answer.")

    monkeypatch.setattr(type(app.daily.store), "ledger", fail)

    a_watchdog(app).look()

    assert "could not look after the timers" in caplog.text


NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)  #: a Sunday
LAST_TIMES = {
    "0 15 2 * * *": datetime(2026, 11, 29, 2, 15, tzinfo=UTC),
    "0 30 13 * * *": datetime(2026, 11, 28, 13, 30, tzinfo=UTC),
    "15 2 * * *": datetime(2026, 11, 29, 2, 15, tzinfo=UTC),
    "0 0 */6 * * *": datetime(2026, 11, 29, 6, 0, tzinfo=UTC),
    "0 15 2 * * 1-5": datetime(2026, 11, 27, 2, 15, tzinfo=UTC),
    "0 15 2 * * Mon": datetime(2026, 11, 23, 2, 15, tzinfo=UTC),
    "0 15 2 1 * *": datetime(2026, 11, 1, 2, 15, tzinfo=UTC),
    "0 15 2 1 * 1": None,  # both, in NCRONTAB; either, in cron
    "24:00:00": None,
    "": None,
    "0 99 2 * * *": None,
}


@pytest.mark.parametrize(("schedule", "expected"), LAST_TIMES.items())
def test_the_last_time_of_a_schedule(schedule, expected) -> None:
    assert last_time(schedule, NOON) == expected


def test_the_default_schedules_are_understood() -> None:
    settings = Settings({})
    for schedule in (settings.pull_schedule, settings.report_schedule, settings.mail_schedule):
        found = last_time(schedule, NOON)
        assert found
        assert NOON - found < timedelta(days=1)
