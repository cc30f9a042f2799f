"""What an older release stored is read, served, continued and purged as if this one had."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import pytest

from shared.mfa.report import Report
from shared.service.day_run import collect_owed, publish_owed
from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import FILES, ReportApi
from shared.service.mail_now import mail_newest
from shared.service.once_only_delivery import DeliveryOutcome
from shared.stores.azure.medium import AzureMedium
from shared.stores.local import LocalMedium
from shared.stores.store import Store
from simulator.simulation import open_simulated
from simulator.tenants.partner import TENANT_ID
from tests.azurite import running_azurite
from tests.contracts.store_examples import everything
from tests.delivery.mail.mail_sink import MailSink
from tests.stores.released import ENDINGS, LAST_RUN, RELEASES, service_over, unpack, upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.service.http.answers import Answer

SETTLE_DAYS = ["2026-11-23", "2026-11-22", "2026-11-21"]


@pytest.fixture(scope="module")
def simulation():
    with open_simulated(ENDINGS[-1]) as running:
        yield running


@contextmanager
def stored(release, kind, folder):
    """The store that a release left, in a folder or an account."""
    unpack(release, folder)
    if kind == "folder":
        yield None
        return
    with running_azurite() as server:
        upload(release, server.connection_string)
        store = Store(AzureMedium.in_emulator(server.connection_string))
        yield store
        store.close()


#: Files that releases in the data did not make.
SINCE_ADDED = {"findings.html", "portal-requests.csv", "report.xlsx"}


def api_of(service) -> ReportApi:
    reports = RecentReports(service.store, fresh_seconds=0)
    runs = lambda: service.partner.runs  # noqa: E731
    return ReportApi(TENANT_ID, reports, runs, service.now, {}, OWN_MACHINE, has_links=False)


def statuses_of_lists(service):
    """Of every list, of a search in it, and of the page of its first row."""
    api = api_of(service)
    lists = [
        *(api.index, api.accounts, api.accounts_json, api.accounts_csv),
        *(api.customers, api.customers_json, api.customers_csv, api.applications),
    ]
    asked = [partial(make, params) for make, params in product(lists, (None, {"search": "a"}))]
    ids = {
        "accounts.json": ("object_id", api.account),
        "applications.json": ("id", api.application),
    }
    for name, (key, page) in ids.items():
        if file := service.store.report_file(TENANT_ID, ENDINGS[-1], name):
            rows = json.loads(file.content)[name.removesuffix(".json")]
            asked.append(partial(page, rows[0][key]))
    return {answered(make).status for make in asked}


def statuses(service, names=FILES):
    """Of every answer about the newest report and the one before it."""
    api = api_of(service)
    asked: list[Callable[[], Answer]] = [
        api.newest_page,
        api.permissions,
        api.customers,
        api.customers_json,
        api.health,
    ]
    asked += [
        partial(api.file, TENANT_ID, str(ending), name) for ending in ENDINGS for name in names
    ]
    return {answered(make).status for make in asked}


@pytest.mark.parametrize("kind", ["folder", pytest.param("account", marks=pytest.mark.azurite)])
@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_what_a_release_stored_is_continued_without_a_complaint(
    release, kind, simulation, tmp_path, caplog
) -> None:
    now = LAST_RUN + timedelta(hours=6)
    with stored(release, kind, tmp_path) as account, MailSink() as sink:
        mail = {"MAILER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(sink.port)}
        sender = {"REPORT_SENDER": "mfa@contoso.example"}
        service, source = service_over(account, simulation, tmp_path, now, **mail, **sender)
        store, daily, today = service.store, service.partner.daily, now.date()
        assert statuses(service, set(FILES) - SINCE_ADDED) == {200}
        assert statuses_of_lists(service) <= {200, 404}, "a release without them says so"
        assert store.settle(TENANT_ID, f"{now:%Y-%m-%dT%H:%M:%SZ}") == {}
        ledger = store.ledger(TENANT_ID, ENDINGS[0] - timedelta(days=9))
        before = everything(store)

        failed = collect_owed(daily, today, lambda *_: None)
        reports = publish_owed(daily, today, lambda *_: None)
        mails = mail_newest(service)

        assert (failed, source.asked) == ([], SETTLE_DAYS)
        assert [report.window.ending for report in reports] == [*ENDINGS]
        assert reports[-1].window.complete_days == 7
        older_rows = store._medium.rows("metrics", since="0001-01-01")  # noqa: SLF001
        assert older_rows == [], "they are in the table `publications` now"
        assert [point.ending for point in store.history(TENANT_ID, today, 9)] == [*ENDINGS[::-1]]
        assert [entry.slice for entry in store.ledger(TENANT_ID, ledger[0].slice.day)] == [
            entry.slice for entry in ledger
        ]
        after = everything(store)
        collected = [name for name in before if not name.startswith("tables/")]
        settled = [name for name in collected if "/2026-11-1" in name or "/2026-11-20" in name]
        assert len(settled) == 10
        assert {name: after[name] for name in settled} == {name: before[name] for name in settled}
        assert [each.outcome for each in mails] == [DeliveryOutcome.SENT_BEFORE]
        assert sink.received == []
        assert statuses(service) | statuses_of_lists(service) == {200}
        for ending in ENDINGS:
            stored_report = store.report_file(TENANT_ID, ending, "report.json")
            assert stored_report
            Report.from_json(stored_report.content)
        assert [said for said in caplog.messages if "stored" in said or "ignored" in said] == []

        store.purge(details_before=today + timedelta(days=1), metrics_before=today)
        left = {name.split("/")[0] for name in everything(store)}
        assert left <= {"tenants", "claims", "runs"}


def test_an_older_release_refuses_what_this_one_will_have_changed(
    simulation, tmp_path, monkeypatch, caplog
) -> None:
    unpack(RELEASES[-1], tmp_path)
    service, _ = service_over(None, simulation, tmp_path, LAST_RUN + timedelta(hours=6))
    daily, today = service.partner.daily, LAST_RUN.date()
    monkeypatch.setattr("shared.stores.medium.ROW_FORMAT", 2)
    collect_owed(daily, today, lambda *_: None)
    publish_owed(daily, today, lambda *_: None)
    written = everything(service.store)
    monkeypatch.undo()

    older, source = service_over(None, simulation, tmp_path, LAST_RUN + timedelta(hours=7))
    collect_owed(older.partner.daily, today, lambda *_: None)
    report = publish_owed(older.partner.daily, today, lambda *_: None)[-1]
    older.tidy()

    assert source.asked == []
    assert everything(older.store) == written
    assert {gap.day.isoformat() for gap in report.window.missing} == {*SETTLE_DAYS}
    assert "by a newer release of this app" in report.window.missing[0].reason
    assert "format 2, of a newer release of this app; this one reads 1" in caplog.text


def test_a_history_of_400_reports_is_one_query_once_older_rows_are_moved(
    tmp_path, monkeypatch
) -> None:
    unpack(RELEASES[-1], tmp_path)
    store, asked = Store(LocalMedium(tmp_path / "store")), []
    medium = store._medium  # noqa: SLF001
    rows = medium.rows

    def counted(*given, **named):
        asked.append(given)
        return rows(*given, **named)

    monkeypatch.setattr(medium, "rows", counted)
    unmoved = store.history(TENANT_ID, date.max, 400)
    store.settle(TENANT_ID, "2026-11-01T00:00:00Z")
    asked.clear()

    assert store.history(TENANT_ID, date.max, 400) == unmoved
    assert [point.ending for point in unmoved] == [*ENDINGS[::-1]]
    assert asked == [("publications", TENANT_ID)]
