"""Which implementation a setting stands for."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from operator import attrgetter
from pathlib import Path

import pytest

from shared.errors import BadInputError, BadSettingError, SourceDeniedError
from shared.mfa.permissions import NEEDS
from shared.mfa.scope import Scope
from shared.service import current
from shared.service.composition import Service
from shared.service.current import use
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.http.answers import RefusedError
from shared.service.mail_now import mail_newest
from shared.settings import Settings
from shared.stores.local import LocalMedium
from simulator.demo import simulated_service
from simulator.simulation import open_simulated
from simulator.tenants.partner import TENANT_ID as SIMULATED
from simulator.tenants.partner import TENANT_NAME
from tests.records import graph_record, ndjson
from tests.service.world import (
    ENDING,
    TENANT,
    TODAY,
    Clock,
    Scripted,
    a_week,
    make_daily,
    run_day,
)

ROOT = Path(__file__).parents[2]
EMULATOR = "UseDevelopmentStorage=true"


def service(**settings):
    return Service(Settings({"TENANT_ID": TENANT} | settings), today=TODAY)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "local"),
        ({"STORAGE_ACCOUNT_NAME": "contosomfa"}, "azure"),
        ({"STORAGE_CONNECTION_STRING": EMULATOR}, "azure"),
        ({"STORAGE_ACCOUNT_NAME": "contosomfa", "STORE": "local"}, "local"),
        ({"STORAGE_ACCOUNT_NAME": "Contoso_MFA", "STORE": "local"}, "local"),  # not looked at
        ({"STORE": "Azure"}, "azure"),
    ],
)
def test_the_store_is_azure_where_storage_is_set_unless_it_is_said_otherwise(
    settings, kind
) -> None:
    assert service(**settings).store_kind == kind


@pytest.mark.parametrize("sign", ["WEBSITE_SITE_NAME", "AZURE_FUNCTIONS_ENVIRONMENT"])
def test_a_hosted_app_has_no_store_unless_one_is_named(sign) -> None:
    hosted = {sign: "Production"}
    with pytest.raises(BadSettingError, match="Setting STORE is not set; expected azure"):
        _ = service(**hosted).store
    assert service(STORE="local", **hosted).store_kind == "local"
    assert service(STORAGE_ACCOUNT_NAME="contosomfa", **hosted).store_kind == "azure"
    assert service(AZURE_FUNCTIONS_ENVIRONMENT="Development").store_kind == "local"


def test_the_default_folders_are_in_one_that_exists_before_the_host_watches_for_new_ones() -> None:
    defaults = (Settings.store_folder.default, Settings.outbox_folder.default)

    assert {Path(folder).parts[0] for folder in defaults} == {".local"}
    listed = ["git", "ls-files", "--error-unmatch", ".local/.keep"]
    if (ROOT / ".git").exists():
        subprocess.run(listed, cwd=ROOT, check=True, capture_output=True)
    assert (ROOT / ".local").is_dir()


def test_stores_are_opened_as_they_are_named(tmp_path) -> None:
    from shared.stores.azure.medium import AzureMedium

    with use(service(STORE_FOLDER=str(tmp_path))) as local:
        assert isinstance(local.store._medium, LocalMedium)  # noqa: SLF001
    with use(service(STORAGE_CONNECTION_STRING=EMULATOR)) as emulated:
        assert isinstance(emulated.store._medium, AzureMedium)  # noqa: SLF001
    with use(service(STORAGE_ACCOUNT_NAME="contosomfa", CLOUD="usgov")) as by_identity:
        assert isinstance(by_identity.store._medium, AzureMedium)  # noqa: SLF001


@pytest.mark.parametrize(
    ("settings", "part", "named"),
    [
        ({"TENANT_ID": ""}, "partner_id", "TENANT_ID"),
        ({"TENANT_ID": "contoso"}, "partner_id", "TENANT_ID"),
        ({"STORE": "sql"}, "store", "STORE"),
        ({"STORE": "azure"}, "store", "STORAGE_ACCOUNT_NAME"),
        ({"SIGNIN_SOURCE": "splunk"}, "partner.source", "SIGNIN_SOURCE"),
        ({"SIGNIN_SOURCE": "diagnostics"}, "partner.source", "DIAGNOSTICS_ACCOUNT_URL"),
        ({"SIGNIN_SOURCE": "exports"}, "partner.source", "EXPORTS_FOLDER"),
        ({"CLOUD": "mars"}, "partner.access", "CLOUD"),
        ({"GRAPH_ENDPOINT": "http://graph.example"}, "partner.access", "GRAPH_ENDPOINT"),
        ({"SETTLE_DAYS": "many"}, "partner.daily", "SETTLE_DAYS"),
    ],
)
def test_what_is_missing_or_wrong_is_named(settings, part, named) -> None:
    with pytest.raises(BadSettingError, match=named):
        attrgetter(part)(service(**settings))


def test_a_setting_is_looked_at_when_it_is_needed_and_not_before() -> None:
    made = service(STORE="sql", SIGNIN_SOURCE="graph", MAILER="pigeon", SETTLE_DAYS="many")

    assert made.partner_id == TENANT
    assert made.partner.access.endpoint.url == "https://graph.microsoft.com"


def test_a_part_is_made_once(tmp_path) -> None:
    with use(service(STORE_FOLDER=str(tmp_path))) as made:
        assert made.partner is made.tenant(TENANT)
        assert made.partner.daily is made.partner.daily
        assert made.partner.runs.daily is made.partner.daily
        assert made.partner.daily.store is made.store


def test_a_process_has_one_service_unless_another_is_used() -> None:
    with use(service()) as first:
        assert current.service() is first
        with use(service()) as second:
            assert current.service() is second
        assert current.service() is first


def test_the_simulated_tenant_needs_no_settings_and_ends_with_its_service(tmp_path) -> None:
    with simulated_service(Settings({"STORE_FOLDER": str(tmp_path)}), Clock()) as made:
        assert made.partner_id == SIMULATED
        assert made.partner.daily.tenant_name == TENANT_NAME
        assert made.partner.source.name == "simulated"
        assert made.partner.source.reach_days(TODAY) == 29
        url = made.partner.access.endpoint.url

    import socket

    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5).close()


def test_the_permissions_that_the_directory_was_read_with_are_kept_with_it(tmp_path) -> None:
    with simulated_service(Settings({"STORE_FOLDER": str(tmp_path)}), Clock()) as made:
        snapshot = made.partner.read_directory()
        again = DirectorySnapshot.from_bytes(snapshot.to_bytes(), Scope())

    assert snapshot.granted == again.granted
    assert set(again.granted or ()) == {need.role for need in NEEDS}


def test_graph_is_read_where_its_endpoint_says_with_its_literal_token(tmp_path) -> None:
    with open_simulated(ENDING) as simulation:
        simulation.graph.now = now = Clock()
        settings = {
            "TENANT_ID": SIMULATED,
            "GRAPH_ENDPOINT": simulation.url,
            "GRAPH_TOKEN": simulation.token,
            "STORE_FOLDER": str(tmp_path),
        }
        with use(Service(Settings(settings), now=now)) as made:
            [newest, *_] = made.partner.daily.plan(TODAY)
            made.partner.daily.collect(newest)

            assert made.partner.source.name == "graph"
            [entry] = made.store.ledger(SIMULATED, newest.day)
            assert entry.rows > 100
        assert {each.status for each in simulation.graph.requests} == {200}


def test_a_wrong_token_is_a_denial_that_says_what_to_check(tmp_path) -> None:
    with open_simulated(ENDING) as simulation:
        settings = {"GRAPH_ENDPOINT": simulation.url, "STORE_FOLDER": str(tmp_path)}
        with use(service(**settings)) as made, pytest.raises(SourceDeniedError, match="401"):
            made.partner.source.reach_days(TODAY)


def test_exports_are_a_source_of_the_days_that_they_hold(tmp_path) -> None:
    records = [graph_record(createdDateTime=f"2026-11-{day}T09:00:00Z") for day in (18, 20, 22)]
    directory = tmp_path / "directory.json"
    directory.write_text('{"format": "partner-mfa-status/directory", "version": 1, "users": []}')
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "log.json").write_bytes(ndjson(*records))
    settings = {
        "SIGNIN_SOURCE": "exports",
        "EXPORTS_FOLDER": str(tmp_path / "exports"),
        "DIRECTORY_FILE": str(directory),
        "STORE_FOLDER": str(tmp_path / "store"),
        "TENANT_ID": "",
    }
    with use(service(**settings | {"TENANT_ID": "cccccccc-0000-4000-8000-00000000000c"})) as made:
        report, failed = run_day(made.partner.daily)

    assert made.partner.source.name == "exports"
    assert [entry.slice.day.day for entry in failed] == [17, 18, 23]
    assert "2026-11-19 to 2026-11-22" in failed[0].reason
    assert [gap.day.day for gap in report.window.missing] == [17, 18, 23]
    assert report.window.coverage.interactive == [date(2026, 11, day) for day in range(19, 23)]
    assert report.window.coverage.non_interactive == []
    assert report.metrics.portal.requests == 2
    assert report.metrics.portal.share is None


def mailed(tmp_path, **settings):
    made = service(STORE_FOLDER=str(tmp_path / "store"), **settings)
    run_day(make_daily(tmp_path / "store", Scripted(a_week())))
    with use(made):
        return mail_newest(made)


def test_the_outbox_takes_mail_by_default(tmp_path) -> None:
    outbox = tmp_path / "outbox"

    deliveries = mailed(
        tmp_path, OUTBOX_FOLDER=str(outbox), REPORT_RECIPIENTS="a@x.example;b@x.example"
    )

    assert [delivery.outcome for delivery in deliveries] == ["written to the outbox"] * 2
    assert len(list(outbox.glob("*.eml"))) == 2


def test_nobody_is_mailed_where_nobody_is_named_or_nothing_is_there(tmp_path) -> None:
    assert mailed(tmp_path) == []
    assert (
        mail_newest(service(STORE_FOLDER=str(tmp_path / "empty"), REPORT_RECIPIENTS="a@x.example"))
        == []
    )


def test_graph_takes_mail_where_it_is_the_mailer(tmp_path) -> None:
    with open_simulated(ENDING) as simulation:
        deliveries = mailed(
            tmp_path,
            MAILER="graph",
            REPORT_SENDER="mfa@contoso.example",
            REPORT_RECIPIENTS="a@contoso.example",
            GRAPH_ENDPOINT=simulation.url,
            GRAPH_TOKEN=simulation.token,
        )

    assert [delivery.outcome for delivery in deliveries] == ["sent"]
    assert [mail.sender for mail in simulation.mailbox.sent] == ["mfa@contoso.example"]
    [recipient] = simulation.mailbox.sent[0].message["toRecipients"]
    assert recipient["emailAddress"]["address"] == "a@contoso.example"


def test_a_mailer_that_is_none_is_named(tmp_path) -> None:
    with pytest.raises(BadSettingError, match="MAILER"):
        mailed(tmp_path, MAILER="pigeon", REPORT_RECIPIENTS="a@x.example")


def test_what_has_been_kept_for_long_enough_is_removed(tmp_path) -> None:
    folder = tmp_path / "store"
    daily = make_daily(folder, Scripted(a_week()))
    run_day(daily)

    with use(service(STORE_FOLDER=str(folder))) as made:
        made.tidy()
        assert made.store.latest_ending(TENANT) == ENDING
    later = Service(made.settings, today=TODAY + timedelta(days=31))
    with use(later):
        assert later.tidy() > 0
        assert later.store.latest_ending(TENANT) is None
        assert len(later.store.history(TENANT, later.today, 10)) == 1
    with use(Service(made.settings, today=TODAY + timedelta(days=401))) as much_later:
        much_later.tidy()
        assert much_later.store.history(TENANT, much_later.today, 10) == []


def test_nobody_reaches_the_report_api_without_mfa(tmp_path) -> None:
    in_front = {"WEBSITE_AUTH_ENABLED": "true", "STORE_FOLDER": str(tmp_path)}

    with pytest.raises(RefusedError, match="MFA required"):
        Service(Settings(in_front)).report_api({})


def test_a_tenant_that_is_not_configured_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"'dddddddd-.* is not configured"):
        service().tenant("dddddddd-0000-4000-8000-00000000000d")


def test_what_one_tenant_reads_shares_its_throttling_limits() -> None:
    partner = service().partner

    assert partner.access.limits is partner.access.limits
    assert service().partner.access.limits is not partner.access.limits
