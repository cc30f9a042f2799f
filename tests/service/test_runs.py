"""Runs that somebody starts: one at a time, over when every slice is settled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest

from shared.errors import (
    ConflictError,
    OutOfTimeError,
    SourceDeniedError,
    SourceIncompleteError,
    TooOftenError,
)
from shared.mfa.window import Slice
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from shared.service.messages import CollectSlice, PublishReport
from shared.service.runs import RUN_TIMEOUT
from tests.service.world import (
    APP,
    ENDING,
    TENANT,
    WEEK,
    MemoryQueues,
    Scripted,
    a_day,
    a_week,
    as_bytes,
    drain,
    handle,
    make_daily,
    make_runs,
    work_of,
)

ANOTHER = "dddddddd-0000-4000-8000-00000000000d"


@pytest.fixture
def daily(tmp_path):
    return make_daily(tmp_path, Scripted(a_week()))


def begin(daily):
    """A run, and its messages."""
    queues = MemoryQueues()
    run = make_runs(daily, queues=queues).start()
    return run, queues.slices()


def state(daily, run):
    return daily.store.run(run.id).state


def test_a_run_is_running_until_its_last_slice_and_then_has_published(daily) -> None:
    work = work_of(make_runs(daily))
    run, messages = begin(daily)
    assert state(daily, run) == "accepted"

    for message in messages[:-1]:
        assert handle(work, message) == []
        assert state(daily, run) == "running"
    daily.now.go_on(minutes=3)
    drain(work, messages[-1:])

    done = daily.store.run(run.id)
    assert (done.state, done.finished_at, done.reason) == ("done", "2026-11-24T02:18:00Z", "")
    assert daily.store.latest_ending(TENANT) == ENDING


def test_messages_may_come_in_any_order_and_more_than_once(daily) -> None:
    work = work_of(make_runs(daily))
    run, messages = begin(daily)

    drain(work, [*messages[::-1], messages[0], messages[3]])

    assert state(daily, run) == "done"


def test_halves_belong_to_the_run_of_the_whole(daily) -> None:
    daily.source.days["2026-11-23"] = [OutOfTimeError("Time is used up.")]
    work = work_of(make_runs(daily))
    run, messages = begin(daily)

    left = [half for message in messages for half in handle(work, message)]
    assert len(left) == 2
    assert state(daily, run) == "running"
    drain(work, left[:1])
    assert state(daily, run) == "running"
    drain(work, left[1:])

    assert state(daily, run) == "done"


def test_a_slice_that_is_to_be_tried_again_holds_its_run_up(daily) -> None:
    daily.source.days[WEEK[2]] = [SourceIncompleteError("Graph is down.")]
    work = work_of(make_runs(daily))
    run, messages = begin(daily)
    broken = messages.pop(2)

    with pytest.raises(SourceIncompleteError):
        handle(work, broken)
    drain(work, messages)
    assert state(daily, run) == "running"

    daily.source.days[WEEK[2]] = a_day(WEEK[2])
    drain(work, [broken])
    assert state(daily, run) == "done"


def test_a_run_with_slices_that_were_given_up_has_failed_and_says_why(daily) -> None:
    daily.source.days[WEEK[2]] = [SourceIncompleteError("Graph is down.")]
    daily.source.days[WEEK[5]] = [SourceDeniedError("Grant AuditLog.Read.All.")]
    work = work_of(make_runs(daily))
    run, messages = begin(daily)

    for number, message in enumerate(messages):
        if number == 2:
            with pytest.raises(SourceIncompleteError):
                handle(work, message)
        else:
            drain(work, [message])
    drain(work, work.abandon(as_bytes(messages[2])))

    failed = daily.store.run(run.id)
    assert failed.state == "failed"
    assert "Graph is down." in failed.reason
    assert "Grant AuditLog.Read.All." in failed.reason
    assert daily.store.latest_ending(TENANT) == ENDING  # what is known is reported all the same


def test_of_many_that_start_at_once_one_does(daily) -> None:
    barrier = Barrier(8)

    def start(_):
        barrier.wait()
        try:
            return make_runs(daily).start().id
        except ConflictError:
            return None

    with ThreadPoolExecutor(8) as pool:
        started = [each for each in pool.map(start, range(8)) if each]

    assert len(started) == 1
    assert [make_runs(daily).newest()] == [daily.store.run(started[0])]


def test_after_a_run_there_can_be_another(daily) -> None:
    work = work_of(make_runs(daily))
    run, messages = begin(daily)
    drain(work, messages)

    again, messages = begin(daily)

    assert again.id != run.id
    assert len(messages) == 3  # the newest day and those that settle


def test_a_run_that_was_lost_stands_in_nobody_s_way_for_ever(daily) -> None:
    lost, messages = begin(daily)
    handle(work_of(make_runs(daily)), messages[0])
    daily.now.go_on(hours=1)
    with pytest.raises(ConflictError):
        make_runs(daily).start()

    daily.now.moment += RUN_TIMEOUT - timedelta(hours=1)

    assert make_runs(daily).start().id != lost.id


def test_a_run_that_nobody_has_begun_in_minutes_is_begun_again_with_its_id(daily) -> None:
    """Its messages may have been lost; if they come all the same, nothing is done twice."""
    run, lost = begin(daily)
    daily.now.go_on(minutes=4)
    with pytest.raises(ConflictError):
        make_runs(daily).start()
    daily.now.go_on(minutes=1)

    queues = MemoryQueues()
    again = make_runs(daily, per_hour=1, queues=queues).start()  # uses up no place of the hour

    assert again.id == run.id
    assert {message.run_id for message in queues.slices()} == {run.id}
    drain(work_of(make_runs(daily)), [*queues.slices(), *lost])
    assert state(daily, run) == "done"


def test_a_run_that_is_being_worked_on_is_not_taken_over(daily) -> None:
    run, messages = begin(daily)
    daily.source.days[WEEK[0]] = [SourceIncompleteError("Graph is slow.")]
    with pytest.raises(SourceIncompleteError):
        handle(work_of(make_runs(daily)), messages[0])
    daily.now.go_on(minutes=30)

    with pytest.raises(ConflictError, match=f"Run {run.id} is under way"):
        make_runs(daily).start()


def test_messages_that_come_before_their_run_is_recorded_record_it(daily) -> None:
    queues = MemoryQueues()

    class KilledError(Exception):
        """The process is killed after its messages are in the queue."""

    runs = make_runs(daily, queues=queues)
    send = runs.send

    def send_and_die(messages):
        send(messages)
        raise KilledError

    with pytest.raises(KilledError):
        replace(runs, send=send_and_die).start()
    drain(work_of(runs), queues.slices())

    (run_id,) = {message.run_id for message in queues.slices()}
    assert daily.store.run(run_id).state == "done"


def test_who_dies_while_starting_a_run_stands_in_the_way_for_two_minutes_only(daily) -> None:
    daily.store.claim(f"run/{TENANT}/none/2026-11-24T02:15")
    with pytest.raises(ConflictError, match="being started"):
        make_runs(daily).start()
    reports = RecentReports(daily.store)
    api = ReportApi(TENANT, reports, lambda: make_runs(daily), daily.now, {}, OWN_MACHINE)
    from shared.service.http.answers import answered

    refused = answered(api.start_run)
    assert refused.status == 409
    assert "Location" not in refused.headers

    daily.now.go_on(minutes=1)
    with pytest.raises(ConflictError, match="being started"):  # it might only take its time
        make_runs(daily).start()
    daily.now.go_on(minutes=1)

    assert make_runs(daily).start()


def over(daily):
    """A run that is begun and gone through."""
    work = work_of(make_runs(daily, per_hour=3))
    queues = MemoryQueues()
    make_runs(daily, per_hour=3, queues=queues).start()
    drain(work, queues.slices())


def test_only_so_many_runs_are_begun_within_an_hour(daily) -> None:
    for _ in range(3):
        over(daily)
        daily.now.go_on(minutes=1)

    for _ in range(2):  # the next caller gets the same answer
        with pytest.raises(TooOftenError, match="3 runs were started") as refused:
            over(daily)
    assert refused.value.retry_after_seconds == (60 - 18) * 60

    daily.now.go_on(seconds=refused.value.retry_after_seconds)
    over(daily)


def test_too_many_runs_are_answered_with_when_to_come_again(daily) -> None:
    from shared.service.http.answers import answered

    over(daily)
    reports = RecentReports(daily.store)
    api = ReportApi(TENANT, reports, lambda: make_runs(daily, 1), daily.now, {}, OWN_MACHINE)

    daily.now.go_on(minutes=1, seconds=30)
    refused = answered(api.start_run)

    assert refused.status == 429
    assert refused.headers["Retry-After"] == str(43 * 60 + 30)


def test_a_request_that_is_sent_again_starts_nothing_more(daily) -> None:
    """A replay: while the run goes on it is refused, and refusals use up no place of the hour."""
    _, messages = begin(daily)

    for _ in range(20):
        with pytest.raises(ConflictError, match="under way"):
            make_runs(daily, per_hour=2).start()
    drain(work_of(make_runs(daily)), messages)

    daily.now.go_on(minutes=1)
    assert make_runs(daily, per_hour=2).start()


def test_each_message_goes_to_the_tenant_that_it_names(tmp_path) -> None:
    ours = make_daily(tmp_path, Scripted(a_week()))
    theirs = replace(
        make_daily(tmp_path, Scripted(a_week(weak=5)), store=ours.store), tenant_id=ANOTHER
    )
    work = work_of(make_runs(ours), make_runs(theirs))

    drain(work, work.plan())

    assert sorted(ours.source.asked) == sorted(theirs.source.asked)
    assert len(ours.store.rollup(Slice(TENANT, ENDING))) == 3
    assert len(ours.store.rollup(Slice(ANOTHER, ENDING))) == 7
    assert ours.store.latest_ending(TENANT) == ours.store.latest_ending(ANOTHER) == ENDING


def test_the_timer_s_slices_belong_to_no_run(daily) -> None:
    work = work_of(make_runs(daily))

    drain(work, work.plan())

    assert make_runs(daily).newest() is None


def test_reports_are_planned_and_made_one_by_one(daily) -> None:
    """In the order of their days, because each shows the history before it."""
    daily.source.reach = 9
    daily.source.days |= {ENDING - timedelta(days=back): [] for back in (7, 8)}
    work = work_of(make_runs(daily))
    for message in work.plan():
        handle(work, message)
    first, second = ENDING - timedelta(days=2), ENDING - timedelta(days=1)

    planned = work.plan_reports()
    assert planned == [PublishReport(TENANT, first, ENDING, (second, ENDING), app=APP)]
    drain(work, planned)

    points = daily.store.history(TENANT, date.max, 10)
    assert [point.ending for point in points] == [ENDING, second, first]


def test_messages_are_read_back_as_they_were() -> None:
    message = CollectSlice(Slice(TENANT, ENDING, 6, 12), "0" * 32, (ENDING,))

    assert CollectSlice.from_json(message.to_json()) == message
    report = PublishReport(TENANT, ENDING, ENDING)
    assert PublishReport.from_json(report.to_json()) == report
