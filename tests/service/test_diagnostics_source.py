"""The daily run over diagnostic logs: same figures as from their files, halves, and what fails."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import BadSettingError
from shared.mfa.rollup import Rollup
from shared.mfa.window import SliceState
from shared.service.analysis import Question, analyze
from shared.service.composition import Service
from shared.service.current import use
from shared.settings import Settings
from shared.sources.pacing import Budget
from simulator.simulation import open_simulated
from simulator.tenants.partner import TENANT_ID as SIMULATED
from tests.azurite import running_azurite
from tests.records import API, BY_CLAIM, OTHER, REMEMBERED, VENDOR
from tests.service.world import ENDING, TENANT, TODAY, WEEK, make_daily, run_day
from tests.simulated import UNPACED
from tests.sources.diagnostics.diagnostic_doubles import (
    BACKGROUND,
    INTERACTIVE,
    PRINCIPALS,
    Account,
    EmulatedLogs,
    in_memory,
    sign_in,
)

SATISFIED = {"errorCode": 0, "additionalDetails": BY_CLAIM}
SKIPPED = {"errorCode": 0, "additionalDetails": REMEMBERED}


def a_week_of_logs(account):
    """Requests of every verdict, some late, some logged twice, from the day before the window."""
    for back, day in enumerate([*WEEK, WEEK[-1] - timedelta(days=1)]):
        for hour in (3, 9, 15, 23):
            at, blob = f"{day}T{hour:02}:30:00", f"{day}T{hour:02}"
            api = {"appId": VENDOR, "resourceId": API, "isInteractive": False}
            account.log(INTERACTIVE, blob, sign_in(at, id=f"p{day}{hour}", status=SATISFIED))
            account.log(BACKGROUND, blob, sign_in(at, appId=OTHER, resourceId=OTHER))
            late = datetime.fromisoformat(at) + timedelta(hours=2 * back)
            request = sign_in(at, id=f"a{day}{hour}", status=SATISFIED if back % 2 else None, **api)
            account.log(BACKGROUND, late, request, request)
        account.log(INTERACTIVE, f"{day}T10", sign_in(f"{day}T10:00:00", id=f"weak{day}"))
        account.log(INTERACTIVE, f"{day}T11", sign_in(f"{day}T11:00:00", status=SKIPPED))
        account.log(
            PRINCIPALS, f"{day}T12", sign_in(f"{day}T12:00:00", appId=VENDOR, resourceId=API)
        )
    after = max(WEEK) + timedelta(days=1)
    for category in (INTERACTIVE, BACKGROUND, PRINCIPALS):
        elsewhere = {"appId": OTHER, "resourceId": OTHER}
        account.log(category, f"{after}T00", sign_in(f"{after}T00:10:00", **elsewhere))


def daily_of(account, folder, **changes):
    """The daily run of an account's tenant over a folder."""
    from dataclasses import replace

    source = account.source(**changes)
    return replace(make_daily(folder, source), tenant_id=account.tenant)


def test_the_figures_are_those_of_the_same_logs_downloaded_as_files(tmp_path) -> None:
    account = in_memory()
    a_week_of_logs(account)
    for (container, name), data in account.logs.content.items():
        file = tmp_path / "files" / container / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    report, failed = run_day(daily_of(account, tmp_path / "store"))

    now = datetime(2026, 11, 24, 3, tzinfo=UTC)
    daily = make_daily(tmp_path, None)
    question = Question([tmp_path / "files"], daily.scope, daily.rule, now, ending=ENDING)
    of_files = analyze(question, lambda *_: None).report
    assert failed == []
    assert report.source == "diagnostics"
    assert report.window.complete_days == 7
    assert report.metrics.portal == of_files.metrics.portal
    assert report.metrics.api == of_files.metrics.api
    assert report.metrics.portal.requests == 7 * 6
    assert report.metrics.api.app_only == 7
    assert None not in (report.metrics.portal.share, report.metrics.api.share)


class Seconds:
    """A clock on which every request takes a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def test_a_day_that_takes_too_long_is_read_in_halves_that_hold_the_same(tmp_path) -> None:
    account, clock, late = in_memory(), Seconds(), timedelta(hours=6)
    a_week_of_logs(account)
    budget = Budget(14.5, clock=clock)  # time for so many blobs in one execution
    daily = daily_of(account, tmp_path, max_delay=late, budget=budget)
    [whole] = [piece for piece in daily.plan(TODAY) if piece.day == WEEK[3]]

    owed, pieces = [whole], []
    while owed:
        clock.now = 0.0
        piece = owed.pop()
        left = daily.collect(piece)
        owed += left
        pieces += [] if left else [piece]

    parts = Rollup.total(daily.store.rollup(piece) for piece in pieces)
    at_once = Rollup(account.source(max_delay=late).sign_ins(whole))
    assert len(pieces) > 1
    assert {each.id for each in parts} == {each.id for each in at_once}
    assert len(at_once) == 11


def test_a_missing_category_is_entered_as_denied_and_the_share_is_unknown(tmp_path) -> None:
    account = in_memory()
    for day in WEEK:
        account.log(INTERACTIVE, f"{day}T12", sign_in(f"{day}T12:00:00"))

    report, failed = run_day(daily_of(account, tmp_path))

    assert {entry.state for entry in failed} == {SliceState.DENIED}
    assert len(failed) == 7
    assert "has no NonInteractiveUserSignInLogs of tenant" in report.window.missing[0].reason
    assert report.metrics.portal.share is None


@pytest.mark.azurite
def test_a_daily_run_reads_logs_from_the_account_and_accounts_from_graph(
    tmp_path, caplog, monkeypatch
) -> None:
    from azure.storage.blob import BlobServiceClient

    monkeypatch.setattr(Service, "_partner_access", UNPACED)
    caplog.set_level(logging.INFO)
    with running_azurite() as azurite, open_simulated(ENDING) as simulation:
        with BlobServiceClient.from_connection_string(
            azurite.connection_string, api_version="2026-06-06"
        ) as service:
            account = Account(None, EmulatedLogs(service))
            account.tenant = SIMULATED
            a_week_of_logs(account)
        settings = {
            "SIGNIN_SOURCE": "diagnostics",
            "DIAGNOSTICS_ACCOUNT_URL": azurite.blobs_url,
            "TENANT_ID": SIMULATED,
            "GRAPH_ENDPOINT": simulation.url,
            "GRAPH_TOKEN": simulation.token,
            "STORE_FOLDER": str(tmp_path),
        }
        with use(Service(Settings(settings), today=TODAY)) as made:
            reach = made.partner.source.reach_days(TODAY)
            report, failed = run_day(made.partner.daily)

    assert reach == 7
    assert (report.source, failed) == ("diagnostics", [])
    assert report.metrics.portal.requests == 7 * 6
    assert report.metrics.portal.share is not None
    assert report.metrics.accounts.enabled
    assert "ann@" not in caplog.text
    assert "203.0.113" not in caplog.text


@pytest.mark.parametrize(
    "given", ["", "contoso", "https://contoso.blob.core.windows.net/c", "http://contoso/x"]
)
def test_an_address_that_is_missing_or_wrong_stops_with_the_setting_s_name(given) -> None:
    settings = {"SIGNIN_SOURCE": "diagnostics", "DIAGNOSTICS_ACCOUNT_URL": given}

    with pytest.raises(BadSettingError, match=r"^Setting DIAGNOSTICS_ACCOUNT_URL is .*; expected"):
        _ = Service(Settings(settings | {"TENANT_ID": TENANT})).partner.source


def test_each_cloud_has_accounts_of_its_own() -> None:
    china = {"SIGNIN_SOURCE": "diagnostics", "CLOUD": "china"}

    for suffix, is_taken in (("core.chinacloudapi.cn", True), ("core.windows.net", False)):
        url = f"https://contoso.blob.{suffix}"
        service = Service(Settings(china | {"TENANT_ID": TENANT, "DIAGNOSTICS_ACCOUNT_URL": url}))
        if is_taken:
            assert service.partner.source.name == "diagnostics"
        else:
            with pytest.raises(BadSettingError, match=r"blob\.core\.chinacloudapi\.cn"):
                _ = service.partner.source
