"""One day that somebody wants pulled again: by the queue and over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.errors import BadInputError
from shared.mfa.report import Report
from shared.mfa.window import LedgerEntry, SliceState
from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from tests.service.world import (
    ENDING,
    TENANT,
    WEEK,
    MemoryQueues,
    Scripted,
    a_day,
    a_week,
    drain,
    make_daily,
    make_runs,
    run_day,
    work_of,
)

OLD = WEEK[3]  #: settled long ago


@pytest.fixture
def daily(tmp_path):
    """A week that was reported on yesterday's evening; since then a day got more requests."""
    made = make_daily(tmp_path, Scripted(a_week()))
    run_day(made)
    made.now.go_on(hours=20)
    made.source.days[OLD] = a_day(OLD, weak=4)
    made.source.asked.clear()
    return made


def api_of(daily, queues):
    runs = make_runs(daily, queues=queues)
    return ReportApi(TENANT, RecentReports(daily.store), lambda: runs, daily.now, {}, OWN_MACHINE)


def weak_requests(daily, ending=ENDING):
    stored = daily.store.report_file(TENANT, ending, "report.json")
    return Report.from_json(stored.content).metrics.portal.not_verified


def test_one_day_is_pulled_again_and_what_it_touches_is_reported_again(daily) -> None:
    queues = MemoryQueues()
    run = make_runs(daily, queues=queues).start(OLD)
    assert weak_requests(daily) == 7

    drain(work_of(make_runs(daily)), queues.slices())

    assert daily.source.asked == [str(OLD)]
    assert weak_requests(daily) == 10
    assert daily.store.run(run.id).state == "done"


def test_a_day_that_is_pulled_before_the_newest_one_has_begun_makes_no_report_of_that(
    daily,
) -> None:
    daily.now.go_on(hours=4)  # after midnight, before the timer
    queues = MemoryQueues()
    run = make_runs(daily, queues=queues).start(OLD)

    drain(work_of(make_runs(daily), today=daily.now().date()), queues.slices())

    assert daily.store.latest_ending(TENANT) == ENDING
    assert weak_requests(daily) == 10
    assert daily.store.run(run.id).state == "done"


@pytest.mark.parametrize("days", [-31, 0, 1, 400])
def test_a_day_that_is_not_over_or_not_kept_is_refused(days, daily) -> None:
    today = daily.now().date()
    day = today + timedelta(days=days)

    with pytest.raises(BadInputError, match=f"{day} cannot be pulled; expected a closed day"):
        make_runs(daily).start(day)

    assert make_runs(daily).newest() is None


def test_post_runs_takes_a_day_in_its_body(daily) -> None:
    queues = MemoryQueues()
    answer = api_of(daily, queues).start_run(json.dumps({"day": str(OLD)}).encode())

    assert answer.status == 202
    [wanted] = queues.slices()
    assert (wanted.slice.day, wanted.planned) == (OLD, (OLD,))
    assert wanted.run_id == json.loads(answer.body)["id"]


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"day":null}'])
def test_post_runs_without_a_day_pulls_what_is_owed(body, daily) -> None:
    queues = MemoryQueues()

    assert api_of(daily, queues).start_run(body).status == 202

    assert len(queues.slices()) == 3


@pytest.mark.parametrize(
    "body",
    [
        *[b"{", b"[]", b'"2026-11-20"', b'{"day":"yesterday"}', b'{"day":20261120}', b"\xff"],
        *[b'{"Day":"2026-11-20"}', b'{"day":"2026-11-31"}', b'{"day":"2026-11-24"}', b"day=1"],
        *[b'{"day":"0001-01-01"}', b'{"day":"9999-12-31"}'],
    ],
)
def test_any_other_body_is_refused_in_one_sentence_and_starts_nothing(body, daily) -> None:
    queues = MemoryQueues()

    refused = answered(lambda: api_of(daily, queues).start_run(body))

    assert refused.status == 400
    sentence = json.loads(refused.body)["detail"]
    assert "; expected " in sentence
    assert sentence.endswith(".")
    assert queues.messages == []


def test_a_day_that_a_newer_release_collected_is_refused(daily, monkeypatch) -> None:
    newer = LedgerEntry(
        make_runs(daily).slice_of(OLD, daily.now().date()),
        SliceState.NEWER,
        source="",
        at="",
        reason="It was collected by a newer release of this app, which this one cannot read.",
    )
    monkeypatch.setattr(type(daily.store), "ledger", lambda *_: [newer])

    refused = answered(
        lambda: api_of(daily, MemoryQueues()).start_run(b'{"day":"%s"}' % str(OLD).encode())
    )

    assert refused.status == 409
    assert "a newer release" in json.loads(refused.body)["detail"]
