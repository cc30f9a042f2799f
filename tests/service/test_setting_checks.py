"""Before a command begins, every setting that is given is looked at."""

from __future__ import annotations

import pytest

from shared.errors import BadSettingError
from shared.service.composition import Service, use
from shared.service.setting_checks import check_given
from shared.settings import SETTINGS, Settings

WRONG = {
    "TENANT_ID": "contoso",
    "CLOUD": "mars",
    "GRAPH_ENDPOINT": "http://graph.example",
    "PARTNER_CENTER_ENDPOINT": "partner.example",
    "SIGNIN_SOURCE": "splunk",
    "DIAGNOSTICS_ACCOUNT_URL": "https://logs.example",
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
    "PULL_SCHEDULE": "x",
    "REPORT_SCHEDULE": "daily",
    "MAIL_SCHEDULE": "0 15 25 * * *",
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
}
#: What any text may be, for all that can be told before it is used.
ANY_TEXT = {
    *("GRAPH_TOKEN", "PARTNER_CENTER_TOKEN", "SMTP_USER", "SMTP_PASSWORD"),
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


def test_all_but_free_texts_can_be_wrong() -> None:
    assert WRONG.keys() | ANY_TEXT == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(("name", "given"), WRONG.items(), ids=WRONG)
def test_a_wrong_one_is_named_whether_or_not_anything_has_a_use_for_it(name, given) -> None:
    sentence = stopped(**{name: given})

    assert name in sentence
    assert "hunter2" not in sentence


def test_of_several_the_first_on_the_settings_page_is_named() -> None:
    assert "MAILER" in stopped(SCRIPT_KEYS="1", PUBLIC_URL="foo", MAILER="pigeon", SMTP_PORT="x")
    assert "PUBLIC_URL" in stopped(SCRIPT_KEYS="1", PUBLIC_URL="foo")


def test_what_is_blank_is_not_given_and_what_is_missing_stops_whoever_needs_it() -> None:
    check()
    check(**dict.fromkeys(WRONG, " "))
    check(SIGNIN_SOURCE="exports", MAILER="smtp", STORE="azure")


def test_a_folder_of_exports_must_be_there_where_it_is_read_from(tmp_path) -> None:
    nowhere = str(tmp_path / "nowhere")

    assert "EXPORTS_FOLDER" in stopped(SIGNIN_SOURCE="exports", EXPORTS_FOLDER=nowhere)
    check(SIGNIN_SOURCE="exports", EXPORTS_FOLDER=str(tmp_path))
    check(SIGNIN_SOURCE="simulated", EXPORTS_FOLDER=nowhere)


def test_settings_that_are_right_let_the_command_begin(tmp_path) -> None:
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
