"""What requests read again and what they do not, and how far behind the store they may be."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from shared.errors import StoreError
from shared.service.http import recent_reports, search
from shared.service.http.answers import answered
from shared.service.http.callers import Caller, Role
from shared.service.http.details import tagged
from shared.service.http.recent_reports import FRESH_SECONDS, RecentReports
from shared.service.http.report_api import ReportApi
from shared.stores.local import LocalMedium
from shared.stores.store import Store
from tests.contracts.store_examples import DAY, NEW_AT, OLD_AT, TENANT, metrics_row
from tests.service.world import Clock

NOBODY = Caller(frozenset())
READER = Caller(frozenset({Role.READ}))
FIND = search.find
PAGE = "page.html"


class Watched:
    """A store that counts what is asked of it, and can be made to fail or to wait."""

    def __init__(self, store):
        self.store = store
        self.asked: Counter[str] = Counter()
        self.error = None
        self.wait = lambda: None

    def __getattr__(self, name):
        def ask(*arguments):
            self.asked[name] += 1
            self.wait()
            if self.error:
                raise self.error
            return getattr(self.store, name)(*arguments)

        return ask


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def store(tmp_path):
    return Watched(Store(LocalMedium(tmp_path / "store")))


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def reports(store, seconds):
    publish(store, b"<p>old</p>")
    return RecentReports(store, clock=seconds)


def publish(store, page, ending=DAY, at=OLD_AT, **others):
    store.store.save_report(metrics_row(ending, at), {PAGE: page, **others})


def get(reports, caller=READER, **headers):
    """`GET /api/report`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    api = ReportApi(TENANT, reports, pytest.fail, Clock(), given, caller)
    return answered(api.newest_page)


def test_a_hundred_requests_ask_the_store_once(store, reports) -> None:
    pages = {get(reports).body for _ in range(100)}

    assert pages == {b"<p>old</p>"}
    assert store.asked == {"latest_ending": 1, "report_etags": 1, "report_file": 1}


def test_after_five_seconds_the_row_is_read_again_but_not_a_file_that_stayed(
    store, reports, seconds
) -> None:
    get(reports)
    seconds.now += FRESH_SECONDS

    assert get(reports).body == b"<p>old</p>"
    assert store.asked == {"latest_ending": 2, "report_etags": 2, "report_file": 1}


@pytest.mark.parametrize("ending", [DAY, DAY + timedelta(days=1)])
def test_a_new_report_is_served_within_five_seconds(store, reports, seconds, ending) -> None:
    get(reports)
    seconds.now += 0.1
    publish(store, b"<p>new</p>", ending, NEW_AT)
    seconds.now += FRESH_SECONDS - 0.1

    assert get(reports).body == b"<p>new</p>"


def test_a_report_that_was_removed_is_served_for_five_seconds_at_most(
    store, reports, seconds
) -> None:
    get(reports)
    store.store.purge(details_before=DAY + timedelta(days=1), metrics_before=date(2020, 1, 1))
    seconds.now += FRESH_SECONDS

    assert get(reports).status == 404
    assert reports.file(TENANT, DAY, PAGE) is None


def test_once_a_newer_page_was_served_the_older_one_never_is(store, reports, seconds) -> None:
    seconds.now += 1
    assert reports.etag(TENANT, DAY, PAGE)  # known, but its bytes are not
    publish(store, b"<p>new</p>", at=NEW_AT)

    assert get(reports).body == b"<p>new</p>"
    assert get(reports).body == b"<p>new</p>"


def test_a_304_reads_no_file(store, reports) -> None:
    etag = store.store.report_etags(TENANT, DAY)[PAGE]

    answer = get(reports, if_none_match=etag)

    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    assert store.asked["report_file"] == 0


def test_the_role_is_checked_each_time(reports) -> None:
    assert get(reports).status == 200
    assert get(reports, Caller(frozenset())).status == 403


def test_a_store_that_does_not_answer_is_said_and_nothing_older_is_served(
    store, reports, seconds, caplog
) -> None:
    get(reports)
    store.error = StoreError("no answer")
    seconds.now += FRESH_SECONDS

    assert get(reports).status == 503
    assert "no answer" in caplog.text
    store.error = None
    assert get(reports).status == 200  # the error is not remembered


def test_who_asks_at_the_same_time_shares_one_request(store, reports) -> None:
    arrived, go_on = threading.Barrier(8), threading.Event()
    store.wait = lambda: go_on.wait(10)

    def ask():
        arrived.wait(10)
        return reports.latest_ending(TENANT)

    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(ask) for _ in range(7)]
        arrived.wait(10)
        go_on.set()
        assert {each.result() for each in asked} == {DAY}
    assert store.asked["latest_ending"] == 1


def test_an_error_reaches_everybody_who_waited_for_the_answer(store, reports) -> None:
    store.error = StoreError("no answer")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(reports.latest_ending, TENANT) for _ in range(8)]
        assert [type(each.exception()) for each in asked] == [StoreError] * 8


def test_a_fault_of_our_own_leaves_nobody_waiting(store, reports) -> None:
    store.error = TypeError("a fault")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(reports.latest_ending, TENANT) for _ in range(8)]
        assert {type(each.exception(10)) for each in asked} <= {TypeError, CancelledError}
    store.error = None
    assert reports.latest_ending(TENANT) == DAY


def test_what_is_kept_is_bounded(store, reports, monkeypatch) -> None:
    monkeypatch.setattr(recent_reports, "KEPT_BYTES", 2_000)
    monkeypatch.setattr(recent_reports, "_LONGEST_FILE", 500)
    for back in range(10):
        publish(store, b"x" * 400, DAY - timedelta(days=back), NEW_AT)
        reports.file(TENANT, DAY - timedelta(days=back), PAGE)
    read = store.asked["report_file"]
    for back in range(9, 4, -1):
        reports.file(TENANT, DAY - timedelta(days=back), PAGE)
    assert store.asked["report_file"] == read  # the five that were read last
    reports.file(TENANT, DAY, PAGE)
    assert store.asked["report_file"] == read + 1

    publish(store, b"x" * 501, DAY + timedelta(days=1), NEW_AT)
    for _ in range(2):
        reports.file(TENANT, DAY + timedelta(days=1), PAGE)
    assert store.asked["report_file"] == read + 3  # too long to be kept


def test_days_that_nobody_stored_fill_no_memory(reports) -> None:
    for back in range(1_000):
        assert reports.file(TENANT, date(2020, 1, 1) - timedelta(days=back), PAGE) is None

    assert len(reports._lookups._known) <= 256  # noqa: SLF001


def chosen(reports, params, **headers):
    """Some of the applications, as a page."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    api = ReportApi(TENANT, reports, pytest.fail, Clock(), given, READER)
    return answered(lambda: api.applications(params))


@pytest.fixture
def made(store, monkeypatch):
    """What searches are asked for, and made."""
    asked = []

    def find(*of):
        asked.append(of)
        return tagged(b"rows")

    monkeypatch.setattr(search, "find", find)
    window = {"start": f"{DAY}", "ending": f"{DAY}", "complete_days": 7, "missing": []}
    head = {"schema_version": 1, "window": window, "files": {}}
    publish(
        store, b"<p>new</p>", DAY + timedelta(days=1), **{"report.json": json.dumps(head).encode()}
    )
    return asked


def test_a_304_of_a_whole_list_reads_no_file_either(store, reports) -> None:
    publish(store, b"<p>new</p>", **{"applications.html": b"<p>all</p>"}, at=NEW_AT)
    etag = store.store.report_etags(TENANT, DAY)["applications.html"]

    answer = chosen(reports, {}, if_none_match=etag)

    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    assert store.asked["report_file"] == 0


def test_a_304_of_a_search_makes_no_page_and_reads_no_file(store, reports, made) -> None:
    page = chosen(reports, {"search": "a", "page": "2"})
    read = store.asked["report_file"]

    again = chosen(reports, {"page": "2", "search": "a"}, if_none_match=page.headers["ETag"])

    assert (page.status, page.body) == (200, b"rows")
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == page.headers["ETag"]
    assert (len(made), store.asked["report_file"]) == (1, read)


def test_a_search_is_made_for_a_caller_that_has_another(store, reports, seconds, made) -> None:
    tag = chosen(reports, {"search": "a"}).headers["ETag"]

    chosen(reports, {"search": "b"}, if_none_match=tag)
    chosen(reports, {"search": "a"}, if_none_match='"other"')
    assert len(made) == 3
    day = DAY + timedelta(days=1)
    same = store.store.report_file(TENANT, day, "report.json").content
    publish(store, b"<p>newer</p>", day, NEW_AT, **{"report.json": same})
    seconds.now += FRESH_SECONDS
    chosen(reports, {"search": "a"}, if_none_match=tag)
    assert len(made) == 4


@pytest.mark.usefixtures("made")
def test_what_was_refused_is_refused_again(reports, monkeypatch) -> None:
    chosen(reports, {"search": "a"})
    monkeypatch.setattr(search, "find", FIND)

    for _ in range(2):
        assert chosen(reports, {"search": "b"}, if_none_match="*").status == 404
    nobody = ReportApi(TENANT, reports, pytest.fail, Clock(), {"if-none-match": "*"}, NOBODY)
    assert answered(lambda: nobody.applications({"search": "a"})).status == 403


def test_so_many_tags_are_remembered_and_no_more(reports) -> None:
    for n in range(recent_reports.MOST_TAGS + 1):
        reports.tags.remember(n, f'"{n}"')

    assert [reports.tags.find(n) for n in (0, 1, recent_reports.MOST_TAGS)] == [
        *(None, '"1"', f'"{recent_reports.MOST_TAGS}"'),
    ]
