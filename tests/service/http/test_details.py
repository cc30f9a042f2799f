"""One account's page and one application's, from what the newest report stored of them."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pytest

from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.http.answers import answered
from shared.service.http.callers import OWN_MACHINE
from shared.service.http.recent_reports import RecentReports
from shared.service.http.report_api import ReportApi
from tests import directories
from tests.delivery.parsed import Page
from tests.service.world import TENANT, WEEK, Clock, Scripted, a_week, make_daily, run_day
from tests.sign_ins import VENDOR

READ_AT = "2026-11-24T02:00:00Z"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """A report with a directory in which the week's user is excluded from the only policy."""
    found = directories.directory(
        directories.policy("Require MFA", users={"includeUsers": ["All"], "excludeUsers": ["ann"]}),
        users=[directories.user("ann"), directories.user("bob")],
    )
    snapshot = DirectorySnapshot(found, Scope(), read_at=READ_AT)
    folder = tmp_path_factory.mktemp("store")
    daily = replace(make_daily(folder, Scripted(a_week())), read_directory=lambda: snapshot)
    run_day(daily)
    return RecentReports(daily.store, fresh_seconds=0)


def ask(reports, what, *names):
    runs = partial(pytest.fail, "nothing is started")
    api = ReportApi(TENANT, reports, runs, Clock(), {}, OWN_MACHINE)
    return answered(lambda: getattr(api, what)(*names))


def text_of(answer):
    assert answer.status == 200
    return Page(answer.body.decode()).text


def test_an_account_s_page_says_what_is_enforced_and_why_not(reports):
    text = text_of(ask(reports, "account", "ann"))

    assert "Not enforced." in text
    assert 'Excluded from policy "Require MFA" by name.' in text
    assert "Require MFA on excluded" in text


def test_it_lists_the_week_s_sign_ins_with_verdict_and_reason(reports):
    text = text_of(ask(reports, "account", "ANN"))

    assert text.count("Portal") == 2 * len(WEEK)
    assert text.count("Without MFA") == len(WEEK)
    assert "Excluded" in text.partition("Without MFA")[2]


def test_another_account_s_page_has_no_sign_ins_and_its_own_policies(reports):
    text = text_of(ask(reports, "account", "bob"))

    assert "None was logged in the days that were read." in text
    assert "Require MFA on applies" in text


@pytest.mark.parametrize("object_id", ["nobody", "../x", "<script>", "\ud800", "x" * 10_000])
def test_an_account_that_the_report_does_not_have_is_not_found(reports, object_id):
    assert ask(reports, "account", object_id).status == 404
    assert ask(reports, "application", object_id).status == 404


def test_an_application_s_page_says_in_whose_name_and_when(reports):
    text = text_of(ask(reports, "application", VENDOR))

    assert "100 % were made with MFA." in text
    assert f"{WEEK[-1]} 1 0 0 0" in text


def test_the_list_of_applications_leads_to_each(reports):
    page = ask(reports, "applications", {"mfa": "with"}).body.decode()

    assert f'href="/api/applications/{VENDOR}"' in page
    assert "1 application of 2." in Page(page).text


def test_a_finding_s_own_filter_shows_its_accounts(reports):
    found = ask(reports, "accounts_json", {"finding": "accounts-excluded"})
    page = ask(reports, "page", TENANT, "latest").body.decode()

    assert [it["object_id"] for it in json.loads(found.body)["accounts"]] == ["ann"]
    assert 'href="/api/accounts?finding=accounts-excluded"' in page
