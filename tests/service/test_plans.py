"""The last slice that a report waits for makes it due, whichever execution enters it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.errors import OutOfTimeError, SourceDeniedError, SourceIncompleteError, StoreError
from shared.service.messages import PublishReport
from tests.service.world import (
    APP,
    ENDING,
    TENANT,
    TODAY,
    WEEK,
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

DAY = timedelta(days=1)
OF_NEWEST = PublishReport(TENANT, ENDING, ENDING, app=APP)


@pytest.fixture
def daily(tmp_path):
    return make_daily(tmp_path, Scripted(a_week()))


@pytest.fixture
def work(daily):
    return work_of(make_runs(daily))


def endings(daily):
    """The days of all stored reports, newest first."""
    return [point.ending for point in daily.store.history(TENANT, date.max, 100)]


def test_only_the_last_slice_makes_the_report_due(work) -> None:
    *others, last = work.plan()

    assert [handle(work, message) for message in others] == [[]] * 6
    assert handle(work, last) == [OF_NEWEST]


def test_a_denied_slice_and_one_that_was_given_up_are_not_waited_for(work, daily) -> None:
    daily.source.days[WEEK[0]] = [SourceDeniedError("Grant AuditLog.Read.All.")]
    daily.source.days[WEEK[1]] = [SourceIncompleteError("Graph is down.")]
    denied, broken, *others = work.plan()

    with pytest.raises(SourceIncompleteError):
        handle(work, broken)
    assert [each for message in [denied, *others] for each in handle(work, message)] == []
    assert work.abandon(as_bytes(broken)) == [OF_NEWEST]


def test_the_halves_of_the_last_slice_make_it_due_together(work, daily) -> None:
    daily.source.days["2026-11-23"] = [OutOfTimeError("Time is used up.")]
    whole, *others = work.plan()
    for message in others:
        handle(work, message)

    first, second = handle(work, whole)

    assert handle(work, second) == []
    assert handle(work, first) == [OF_NEWEST]


def test_slices_that_end_at_once_make_it_due(work, daily) -> None:
    with ThreadPoolExecutor(7) as pool:
        found = pool.map(lambda message: handle(work, message), work.plan())
        due = [each for messages in found for each in messages]

    assert set(due) == {OF_NEWEST}
    drain(work, due)
    assert endings(daily) == [ENDING]


def test_what_comes_again_after_the_report_was_made_changes_nothing(work, daily) -> None:
    planned = work.plan()
    drain(work, planned)
    daily.now.go_on(minutes=1)
    drain(work, work.plan_reports())
    daily.now.go_on(minutes=1)
    report = daily.store.report_file(TENANT, ENDING, "report.json")

    drain(work, [*planned, *planned[::-1]])

    assert daily.store.report_file(TENANT, ENDING, "report.json") == report


def test_the_timer_for_reports_finds_nothing_left_to_do(work, daily) -> None:
    planned = work.plan()
    daily.now.go_on(minutes=1)
    due = [each for message in planned for each in handle(work, message)]
    daily.now.go_on(minutes=1)
    drain(work, due)

    assert work.plan_reports() == []


def test_a_run_that_crosses_midnight_reports_the_day_that_it_planned(daily) -> None:
    daily.now.moment = datetime(2026, 11, 24, 23, 50, tzinfo=UTC)
    before = work_of(make_runs(daily), today=TODAY)
    *others, last = before.plan()
    for message in others:
        handle(before, message)

    daily.now.go_on(minutes=20)
    after = work_of(make_runs(daily), today=TODAY + DAY)

    assert handle(after, last) == [OF_NEWEST]


def test_after_a_missed_day_both_reports_are_made_in_their_order(work, daily) -> None:
    drain(work, work.plan())
    daily.now.go_on(days=2)
    for day in (TODAY, TODAY + DAY):
        daily.source.days[day] = a_day(day)

    later = work_of(make_runs(daily), today=TODAY + 2 * DAY)
    due = [each for message in later.plan() for each in handle(later, message)]

    (chain,) = due
    assert chain.newest == TODAY + DAY
    assert [chain.ending, *chain.then][-2:] == [TODAY, TODAY + DAY]
    drain(later, due)
    assert endings(daily) == [TODAY + DAY, TODAY, ENDING]


def test_a_first_fill_reports_the_newest_day_before_the_older_ones_are_in(daily, work) -> None:
    daily.source.reach = 20
    planned = work.plan()
    assert len(planned) == 20

    due = [handle(work, message) for message in planned]

    assert due[6] == [OF_NEWEST]
    assert [found for found in due[7:19] if found] == []  # once
    (rest,) = due[19]
    assert rest.newest == ENDING
    assert [rest.ending, *rest.then] == [ENDING - DAY * back for back in range(13, -1, -1)]


def test_an_earlier_report_that_cannot_be_made_does_not_keep_the_newest_one_back(
    daily, work, caplog
) -> None:
    daily.source.reach = 8
    for message in work.plan():
        handle(work, message)
    save = daily.store.save_report

    def fail_once(row, files, figures):
        if row.ending != ENDING:
            raise StoreError("The disk is full.")
        save(row, files, figures)

    object.__setattr__(daily.store, "save_report", fail_once)
    drain(work, work.plan_reports())

    assert endings(daily) == [ENDING]
    assert f"The report of {ENDING - DAY} was not made: The disk is full." in caplog.text
