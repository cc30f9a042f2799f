"""Before a command begins, every setting that is given is checked."""

from __future__ import annotations

import pytest

from shared.errors import BadSettingError
from shared.service.composition import Service
from shared.service.current import use
from shared.service.setting_checks import check_given, check_needed_by_run
from shared.settings import SETTINGS, Settings
from tests.records import TENANT

WRONG = {
    "TENANT_ID": "contoso",
    "CLOUD": "mars",
    "GRAPH_ENDPOINT": "http://graph.example",
    "PARTNER_CENTER_ENDPOINT": "partner.example",
    "SIGNIN_SOURCE": "splunk",
    "DIAGNOSTICS_ACCOUNT_URL": "https://logs.example",
    "DIRECTORY_FILE": "/nowhere/directory.json",
    "WHAT_IF": "maybe",
    "EXCEPTIONS_FILE": "/nowhere/exceptions.toml",
    "STORE": "sql",
    "STORAGE_ACCOUNT_NAME": "Contoso_MFA",
    "STORAGE_CONNECTION_STRING": "AccountName=contosomfa;AccountKey=hunter2",
    "AZURE_CLIENT_ID": "the-app",
    "MAILER": "pigeon",
    "SMTP_HOST": "smtp://mail.example",
    "SMTP_PORT": "65536",
    "REPORT_SENDER": "somebody",
    "REPORT_RECIPIENTS": "a@x.example;nobody",
    "PUBLIC_URL": "foo",
    "TEAMS_WEBHOOK_URL": "https://teams.example/hook?sig=hunter2",
    "BRAND_LOGO_FILE": "/nowhere/logo.png",
    "BRAND_COLOUR": "#ffcc00",
    "TIME_ZONE": "Europe/Atlantis",
    "MAIL_WHEN": "yearly",
    "MAIL_WAIT_HOURS": "24",
    "MAIL_CORRECTIONS": "sometimes",
    "SETTLE_DAYS": "31",
    "RETENTION_DAYS": "0",
    "DETAIL_RETENTION_DAYS": "6",
    "PORTAL_APP_IDS": "portal",
    "PARTNER_CENTER_RESOURCE_IDS": "api",
    "EXEMPTED_COUNTS_AS_MFA": "yes",
    "REQUIRE_MFA_TO_VIEW": "x",
    "REPORT_LINKS": "perhaps",
    "RUNS_PER_HOUR": "-1",
    "SCRIPT_KEYS": "1",
    "TELEMETRY": "otpl",
    "LANGUAGE": "fr",
    "CSP_ANNIVERSARY_MONTH": "13",
}
#: Any text may be right until it is used. The Functions host checks the schedules.
ANY_TEXT = {
    *("PULL_SCHEDULE", "REPORT_SCHEDULE", "MAIL_SCHEDULE"),
    *("GRAPH_TOKEN", "PARTNER_CENTER_TOKEN", "SMTP_USER", "SMTP_PASSWORD"),
    "BRAND_NAME",
    *("STORE_FOLDER", "OUTBOX_FOLDER", "EXPORTS_FOLDER"),
}


def check(**environment):
    with use(Service(Settings(environment))) as service:
        check_given(service)


def stopped(**environment):
    """The sentence that the check stops with."""
    with pytest.raises(BadSettingError) as stop:
        check(**environment)
    return str(stop.value)


def test_every_setting_but_free_texts_can_be_invalid() -> None:
    assert WRONG.keys() | ANY_TEXT == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(("name", "given"), WRONG.items(), ids=WRONG)
def test_an_invalid_setting_is_named_even_if_nothing_uses_it(name, given) -> None:
    sentence = stopped(**{name: given})

    assert name in sentence
    assert "hunter2" not in sentence


def test_of_several_invalid_settings_the_first_on_the_settings_page_is_named() -> None:
    assert "MAILER" in stopped(SCRIPT_KEYS="1", PUBLIC_URL="foo", MAILER="pigeon", SMTP_PORT="x")
    assert "PUBLIC_URL" in stopped(SCRIPT_KEYS="1", PUBLIC_URL="foo")


def test_a_blank_setting_is_not_given_and_a_missing_one_stops_only_what_needs_it() -> None:
    check()
    check(**dict.fromkeys(WRONG, " "))
    check(SIGNIN_SOURCE="exports", MAILER="smtp", STORE="azure")


def test_a_folder_of_exports_must_exist_if_it_is_the_source(tmp_path) -> None:
    nowhere = str(tmp_path / "nowhere")

    assert "EXPORTS_FOLDER" in stopped(SIGNIN_SOURCE="exports", EXPORTS_FOLDER=nowhere)
    check(SIGNIN_SOURCE="exports", EXPORTS_FOLDER=str(tmp_path))
    check(SIGNIN_SOURCE="graph", EXPORTS_FOLDER=nowhere)


def test_valid_settings_let_the_command_begin(tmp_path) -> None:
    exceptions = tmp_path / "exceptions.json"
    exceptions.write_text(
        '{"format": "partner-mfa-status/exceptions", "version": 1, "exceptions": []}', "utf-8"
    )

    check(
        TENANT_ID="cccccccc-0000-4000-8000-00000000000c",
        CLOUD="usgov",
        GRAPH_ENDPOINT="http://127.0.0.1:7072",
        DIAGNOSTICS_ACCOUNT_URL="https://contosologs.blob.core.usgovcloudapi.net",
        EXCEPTIONS_FILE=str(exceptions),
        STORAGE_CONNECTION_STRING="UseDevelopmentStorage=true",
        MAILER="smtp",
        SMTP_HOST="::1",
        REPORT_SENDER="mfa@contoso.example",
        REPORT_RECIPIENTS="a@contoso.example; b@contoso.example",
        PUBLIC_URL="https://mfa.contoso.example/",
        TEAMS_WEBHOOK_URL="https://prod-1.logic.azure.us/workflows/1?sig=abc",
        REQUIRE_MFA_TO_VIEW="false",
    )


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"MAILER": "smtp", "REPORT_SENDER": "a@x.example"}, "SMTP_HOST"),
        ({"MAILER": "smtp", "SMTP_HOST": "mail.example"}, "REPORT_SENDER"),
        ({"MAILER": "graph"}, "REPORT_SENDER"),
        ({"SIGNIN_SOURCE": "exports"}, "EXPORTS_FOLDER"),
        ({"SIGNIN_SOURCE": "diagnostics"}, "DIAGNOSTICS_ACCOUNT_URL"),
        ({"STORE": "azure"}, "STORAGE_ACCOUNT_NAME"),
        ({"TENANT_ID": ""}, "TENANT_ID"),
    ],
)
def test_what_a_run_needs_at_its_end_is_asked_for_at_its_beginning(given, missing) -> None:
    usual = {"TENANT_ID": TENANT, "REPORT_RECIPIENTS": "ann@x.example"}

    with (
        use(Service(Settings(usual | given))) as service,
        pytest.raises(BadSettingError, match=missing),
    ):
        check_needed_by_run(service)


def test_a_run_that_mails_nobody_needs_no_mailer(tmp_path) -> None:
    settings = {"TENANT_ID": TENANT, "MAILER": "smtp", "STORE_FOLDER": str(tmp_path)}

    with use(Service(Settings(settings))) as service:
        check_needed_by_run(service)
    assert list(tmp_path.iterdir()) == []
