"""One customer's page: its figures, the commands in its tenant, its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from shared.delivery.files.customers import CustomerEntry, CustomerPoint, Customers
from shared.delivery.page.customers_page import render_customer
from shared.mfa.accounts.directory import Customer, CustomerMfa, Directory
from shared.mfa.assessment import ReportMeta
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports, newest_and_months
from shared.service.http.report_api import ReportApi
from tests.contracts.store_examples import customer_row, metrics_row
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE
from tests.service.world import ENDING, TENANT, Clock, Scripted, a_week, make_daily, run_day

LITWARE = "00000001-0000-4000-8000-000000000001"
UNREAD = "00000002-0000-4000-8000-000000000001"
EARLIER = [ENDING - timedelta(days=back) for back in (1, 2, 60)]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Four reports with customers: of three days only rows are there."""
    customers = (
        Customer(LITWARE, "Litware", CustomerMfa(1, 2, 6, "disabled", "enabled")),
        Customer(UNREAD, "Tailspin"),
    )
    snapshot = DirectorySnapshot(
        Directory(users=(), customers=customers), Scope(), read_at="2026-11-24T02:00:00Z"
    )
    folder = tmp_path_factory.mktemp("store")
    daily = replace(make_daily(folder, Scripted(a_week())), read_directory=lambda: snapshot)
    run_day(daily)
    for day in EARLIER:
        row = metrics_row(day, tenant_id=TENANT)
        figures = {"customers": {day: [customer_row(1, day, users_with_mfa=0, share=0.0)]}}
        daily.store.save_report(row, {}, figures)
    return RecentReports(daily.store, fresh_seconds=0)


def ask(reports, tenant_id):
    runs = partial(pytest.fail, "nothing is started")
    api = ReportApi(TENANT, reports, runs, Clock(), {}, OWN_MACHINE)
    return answered(lambda: api.customer(tenant_id))


def text_of(answer):
    assert answer.status == 200
    return Page(answer.body.decode()).text


def test_a_customer_s_page_has_its_figures_and_says_what_each_command_takes(reports) -> None:
    answer = ask(reports, LITWARE.upper())
    text = text_of(answer)

    assert "Admins with MFA enabled 1 Non-admins with MFA enabled 2 Total users 6" in text
    assert "Security defaults off, conditional access on, per-user MFA not known." in text
    links = [link["href"] or "" for link in Page(answer.body.decode()).all("a")]
    assert [link for link in links if f"entra.microsoft.com/{LITWARE}/" in link] == links[3:6]
    assert "Security Administrator at least" in text
    assert "delete those that nobody needs" in text


def test_its_history_is_what_the_reports_of_earlier_days_said(reports) -> None:
    text = text_of(ask(reports, LITWARE))

    assert "23 November 2026 3 6 50 % 22 November 2026 0 6 0 % 21 November 2026 0 6 0 %" in text
    assert "24 September 2026 0 6 0 %" in text
    assert "Users with MFA: 50 %" in text


def test_what_was_not_read_is_not_known_and_not_zero(reports) -> None:
    text = text_of(ask(reports, UNREAD))

    assert "Total users not known" in text
    assert "23 November 2026 not known not known unknown" in text


@pytest.mark.parametrize("tenant_id", ["nobody", "../x", "<script>", "\ud800", "x" * 10_000])
def test_a_customer_that_the_report_does_not_have_is_not_found(reports, tenant_id) -> None:
    assert ask(reports, tenant_id).status == 404


def test_of_a_long_history_the_newest_month_is_read_and_one_day_of_each_month_before() -> None:
    year = [ENDING - timedelta(days=back) for back in range(400)]
    days = newest_and_months(year)

    assert days[:31] == year[:31]
    assert len(days) == 31 + 13
    assert len({(day.year, day.month) for day in days[31:]}) == 13


META = ReportMeta(TENANT, "Northwind", "graph", "2026-11-24T02:15:00Z")


def page(name="Litware", history=40):
    entry = CustomerEntry(
        name, 1, 2, 6, LITWARE, "disabled", "enabled", None, "3 of 6 users with MFA"
    )
    days = [ENDING - timedelta(days=back) for back in reversed(range(history))]
    points = [CustomerPoint(day, 3, 6, 0.5) for day in days]
    listed = Customers(TENANT, "2026-11-24T02:00:00Z", [entry], "2026-11-23T22:00:00Z")
    return render_customer(entry, listed, points, META, "/api")


def test_it_says_how_old_microsoft_s_figures_are_and_when_they_were_read(reports) -> None:
    assert "As of 23 November 2026, 22:00 UTC Read 24 November 2026, 02:00 UTC" in Page(page()).text
    assert "As of unknown Read 24 November 2026, 02:00 UTC" in text_of(ask(reports, LITWARE))


def test_without_a_history_the_page_says_so() -> None:
    assert "No earlier figures of this customer are kept." in page(history=0)
    assert "<polyline" not in page(history=1)
    assert len(page(history=44).encode()) < 50_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name) -> None:
    parsed = Page(page(name))

    assert not [tag for tag, _ in parsed.elements if tag in ("script", "img", "b", "iframe")]
