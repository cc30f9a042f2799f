"""The index of reports, and the way from one day's report to the next."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from tests.contracts.store_examples import metrics_row
from tests.delivery.parsed import Page
from tests.service.world import ENDING, TENANT, Clock, Scripted, a_week, make_daily, run_day

BASE = f"/api/reports/{TENANT}"
PAST = [ENDING - timedelta(days=back) for back in (2, 3, 40)]  #: the last has only its figures


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Reports of four days, one of them past its retention."""
    daily = make_daily(tmp_path_factory.mktemp("store"), Scripted(a_week(weak=2, strong=3)))
    run_day(daily)
    for day in PAST:
        row = metrics_row(day, tenant_id=TENANT, complete_days=6)
        daily.store.save_report(row, {"report.json": b"{}", "accounts.csv": b"a"})
    month = ENDING - timedelta(days=30)
    daily.store.purge(details_before=month, metrics_before=month - timedelta(days=300))
    return RecentReports(daily.store, fresh_seconds=0)


@pytest.fixture
def ask(reports):
    def ask(what, *names, store=None):
        given = RecentReports(store, fresh_seconds=0) if store else reports
        api = ReportApi(TENANT, given, partial(pytest.fail), Clock(), {}, OWN_MACHINE)
        return answered(lambda: getattr(api, what)(*names))

    return ask


def rows(answer):
    assert answer.status == 200
    table = answer.body.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    return [Page(f"{row}</tr>").text.strip() for row in table.split("</tr>")[:-1]]


def test_each_day_is_a_link_to_its_report_and_its_files(ask) -> None:
    links = {link["href"] or "" for link in Page(ask("index").body.decode()).all("a")}

    for day in (ENDING, *PAST[:2]):
        assert {f"{BASE}/{day}", f"{BASE}/{day}/report.json", f"{BASE}/{day}/accounts.csv"} <= links
    assert f"{BASE}/{ENDING}/portal-requests.csv" in links
    assert not any("page.html" in link or "directory" in link for link in links)


def test_a_day_whose_files_have_gone_is_there_with_its_figures_and_says_so(ask) -> None:
    answer = ask("index")

    assert len(rows(answer)) == 4
    assert rows(answer)[-1].endswith("removed after their retention")
    assert "90 %" in rows(answer)[-1]
    assert f"{BASE}/{PAST[2]}" not in answer.body.decode()


def test_days_are_chosen_and_sorted_as_in_every_table(ask) -> None:
    assert len(rows(ask("index", {"files": "removed"}))) == 1
    assert len(rows(ask("index", {"days": "all"}))) == 1
    assert len(rows(ask("index", {"search": PAST[0].isoformat()}))) == 1
    assert rows(ask("index", {"sort": "ending"})) == rows(ask("index"))[::-1]
    refused = ask("index", {"state": "enforced"})
    assert refused.status == 400
    assert "expected one of search, sort, page, days, files" in json.loads(refused.body)["detail"]
    assert ask("index", {"page": "2"}).status == 404


def test_a_known_index_is_not_sent_twice(reports, ask) -> None:
    headers = {"if-none-match": ask("index").headers["ETag"]}
    api = ReportApi(TENANT, reports, partial(pytest.fail), Clock(), headers, OWN_MACHINE)

    assert api.index().status == 304


def test_the_days_before_and_after_lead_over_days_without_a_report(ask) -> None:
    def leads(day, way):
        answer = ask("file", TENANT, str(day), way)
        assert (answer.status, answer.headers["Cache-Control"]) == (302, "no-store")
        return answer.headers["Location"]

    assert leads("latest", "before") == leads(PAST[1], "after") == f"{BASE}/{PAST[0]}"
    assert leads(PAST[0], "after") == leads(PAST[2], "after").replace(str(PAST[1]), str(ENDING))
    assert leads(PAST[0], "before") == f"{BASE}/{PAST[1]}"


@pytest.mark.parametrize(
    ("day", "way", "sentence"),
    [
        (ENDING, "after", "There is no report that ends after 23\xa0November\xa02026 yet."),
        (PAST[1], "before", "No report that ends before 20\xa0November\xa02026 is kept."),
    ],
)
def test_the_last_day_of_either_way_says_that_it_is_the_last(ask, day, way, sentence) -> None:
    answer = ask("file", TENANT, str(day), way)

    assert (answer.status, json.loads(answer.body)["detail"]) == (404, sentence)


def test_of_all_days_whose_files_have_gone_the_figures_stay(ask, tmp_path) -> None:
    store = make_daily(tmp_path, Scripted()).store
    assert ask("index", store=store).status == 404
    store.save_report(metrics_row(ENDING, tenant_id=TENANT), {"report.json": b"{}"})
    store.purge(details_before=ENDING + timedelta(days=1), metrics_before=PAST[2])

    assert rows(ask("index", store=store))[0].startswith("23 November 2026 90 %")
