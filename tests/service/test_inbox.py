"""Messages that are not this app's, or that nobody can use, enter nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.mfa.window import Slice
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from shared.service.inbox import FOREIGN, SET_ASIDE
from shared.service.messages import CollectSlice, DeliverReport, PublishReport, Sender
from tests.service.world import (
    APP,
    ENDING,
    TENANT,
    TODAY,
    MemoryQueues,
    Scripted,
    a_week,
    as_bytes,
    drain,
    kept_in,
    make_daily,
    make_runs,
    work_of,
)

ANOTHER = "dddddddd-0000-4000-8000-00000000000d"
OTHER_APP = APP[::-1]
CLAIM = "claims"


@pytest.fixture
def daily(tmp_path):
    return make_daily(tmp_path, Scripted(a_week()))


@pytest.fixture
def queues():
    return MemoryQueues()


@pytest.fixture
def nothing_entered(tmp_path, daily):
    """Checks at the end that nothing was asked for, and nothing stored."""
    yield
    assert daily.source.asked == []
    assert [path for path in kept_in(tmp_path) if CLAIM not in path] == []


@pytest.fixture
def work(daily, queues):
    return work_of(make_runs(daily), queues=queues)


def health(daily):
    reports = RecentReports(daily.store, fresh_seconds=0)
    runs = make_runs(daily)
    api = ReportApi(TENANT, reports, lambda: runs, daily.now, {}, OWN_MACHINE)
    return json.loads(api.health().body)


FOREIGN_MESSAGES = {
    "another app's slice": CollectSlice(Slice(ANOTHER, ENDING), app=OTHER_APP),
    "another app of this tenant": CollectSlice(Slice(TENANT, ENDING), app=OTHER_APP),
    "an earlier release's, of another tenant": CollectSlice(Slice(ANOTHER, ENDING)),
    "a report": PublishReport(ANOTHER, ENDING, ENDING, app=OTHER_APP),
    "an earlier release's report": PublishReport(ANOTHER, ENDING, ENDING),
    "a delivery": DeliverReport(ANOTHER, ENDING, "mail", app=OTHER_APP),
}


@pytest.mark.usefixtures("nothing_entered")
@pytest.mark.parametrize("message", FOREIGN_MESSAGES.values(), ids=FOREIGN_MESSAGES)
def test_another_app_s_message_goes_back_into_its_queue_and_enters_nothing(
    message, work, daily, queues, caplog
) -> None:
    steps = {
        "slices": (work.collect, work.abandon),
        "reports": (work.publish, work.abandon_report),
        "deliveries": (work.deliver, work.abandon_delivery),
    }
    handled, given_up = steps[message.queue]

    assert not handled(as_bytes(message))
    assert not given_up(as_bytes(message))

    back, from_poison = queues.messages
    assert back == (message.queue, message.to_json(), timedelta(minutes=1))
    assert from_poison[:2] == (f"{message.queue}-poison", message.to_json())
    assert FOREIGN in caplog.text
    assert health(daily)["warnings"] == [FOREIGN]


def test_both_apps_on_one_storage_account_get_their_own_days(tmp_path) -> None:
    """Each takes whatever comes; what is not its own goes back."""
    queues = MemoryQueues()
    ours = make_daily(tmp_path / "ours", Scripted(a_week()))
    theirs = make_daily(tmp_path / "theirs", Scripted(a_week(weak=5)))
    apps = [work_of(make_runs(ours), queues=queues), work_of(make_runs(theirs), queues=queues)]
    apps[1] = replace(apps[1], sender=Sender(OTHER_APP, lambda: queues))
    waiting = [(each.queue, each.to_json()) for app in apps for each in app.plan()]

    for turn in range(100):
        if not waiting:
            break
        queue, body = waiting.pop(0)
        app = apps[turn * 7 % 3 % 2]
        step = {"slices": app.collect, "reports": app.publish, "deliveries": app.deliver}[queue]
        waiting += [(each.queue, each.to_json()) for each in step(body.encode()) or ()]
        waiting += [(queue, body) for queue, body, _ in queues.messages]
        queues.messages.clear()

    assert waiting == []
    for daily, rows in ((ours, 3), (theirs, 7)):
        assert len(daily.store.rollup(Slice(TENANT, ENDING))) == rows
        assert daily.store.latest_ending(TENANT) == ENDING


def test_it_is_given_back_for_longer_each_time_and_in_the_end_set_aside(work, queues) -> None:
    body = as_bytes(CollectSlice(Slice(ANOTHER, ENDING), app=OTHER_APP))
    now = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)

    for hours_left in (168, 160, 100, 12, 11):
        work.collect(body, now + timedelta(hours=hours_left))

    delays = [delay for queue, _, delay in queues.messages if queue == "slices"]
    assert delays == [timedelta(minutes=1), *(timedelta(hours=hours) for hours in (2, 6, 6))]
    assert queues.messages[-1] == (SET_ASIDE, body.decode(), timedelta())


USELESS = {
    "empty": b"",
    "no message": b"{}",
    "not UTF-8": b"\xff",
    "a day that does not exist": b'{"slice":{"tenant_id":"%s","day":"2026-02-30"}}'
    % TENANT.encode(),
    "a tenant that is not configured": as_bytes(CollectSlice(Slice(ANOTHER, ENDING), app=APP)),
    "a day that is not over": as_bytes(CollectSlice(Slice(TENANT, TODAY))),
    "a day to come": as_bytes(CollectSlice(Slice(TENANT, TODAY + timedelta(days=160)))),
    "hours that no day has": as_bytes(CollectSlice(Slice(TENANT, ENDING, 12, 30))),
    "a newer release's": as_bytes(CollectSlice(Slice(TENANT, ENDING)))[:-1] + b',"new":1}',
}


@pytest.mark.usefixtures("nothing_entered")
@pytest.mark.parametrize("body", USELESS.values(), ids=USELESS)
def test_a_message_that_nobody_can_use_is_set_aside_with_a_sentence(
    body, work, queues, caplog
) -> None:
    assert work.collect(body) == []
    assert work.abandon(body) == []

    assert [queue for queue, _, _ in queues.messages] == [SET_ASIDE, SET_ASIDE]
    assert caplog.text.count("is set aside in set-aside: ") == 2


@pytest.mark.parametrize(
    "report",
    [
        PublishReport(TENANT, TODAY + timedelta(days=160), TODAY + timedelta(days=160)),
        PublishReport(TENANT, TODAY, TODAY),
        PublishReport(TENANT, ENDING, TODAY),
        PublishReport(TENANT, ENDING, ENDING - timedelta(days=1)),
        PublishReport(TENANT, ENDING, ENDING, (TODAY,)),
    ],
)
def test_a_report_of_a_day_to_come_is_refused(report, work, daily, queues) -> None:
    drain(work, work.plan())

    assert work.publish(as_bytes(report)) == []

    assert queues.messages[0][0] == SET_ASIDE
    assert daily.store.latest_ending(TENANT) == ENDING
    assert health(daily)["days_behind"] == 0


def test_messages_of_the_release_before_are_handled(work, daily) -> None:
    """They name no app and no plan: their report waits for the timer, as it did."""
    slices = [f'{{"slice":{{"tenant_id":"{TENANT}","day":"{day}"}}}}' for day in daily.source.days]
    report = f'{{"tenant_id":"{TENANT}","ending":"{ENDING}","newest":"{ENDING}"}}'

    for body in slices:
        assert work.collect(body.encode()) == []
    daily.now.go_on(minutes=1)
    assert work.publish(report.encode()) == []

    assert daily.store.latest_ending(TENANT) == ENDING
    assert work.plan_reports() == []  # all is made
