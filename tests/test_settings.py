"""Settings: defaults, and the one sentence that stops a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import BadSettingError
from shared.mfa.metrics import ShareRule
from shared.mfa.scope import Scope
from shared.setting_kinds import GUIDS, SCHEDULE, TEXT, number
from shared.settings import SETTINGS, Setting, Settings

GUID = "11111111-1111-4111-8111-111111111111"
SECRETS = ["STORAGE_CONNECTION_STRING", "SMTP_PASSWORD", "GRAPH_TOKEN", "TEAMS_WEBHOOK_URL"]


def stopped(ask):
    """The sentence that a setting stops with."""
    with pytest.raises(BadSettingError) as stop:
        ask()
    return str(stop.value)


def test_an_empty_environment_is_the_shipped_scope_and_rule() -> None:
    settings = Settings({})

    assert (settings.scope, settings.rule, settings.tenant_id) == (Scope(), ShareRule(), None)


def test_a_blank_setting_is_an_unset_one() -> None:
    settings = Settings({"SETTLE_DAYS": "  "})

    assert settings.number("SETTLE_DAYS") == 2
    assert not settings.is_given("SETTLE_DAYS")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_default_is_of_its_own_kind(setting) -> None:
    assert not setting.default or setting.kind.takes(setting.default)


def test_lists_are_separated_by_semicolons_and_guids_are_read_in_any_case() -> None:
    settings = Settings({"PORTAL_APP_IDS": f" {GUID.upper()} ;", "REPORT_RECIPIENTS": "a@x; b@x"})

    assert settings.scope.portal_app_ids == {GUID}
    assert settings.words("REPORT_RECIPIENTS") == ["a@x", "b@x"]


def test_words_are_read_in_any_case() -> None:
    settings = Settings({"CLOUD": "USGov", "SCRIPT_KEYS": "True"})

    assert (settings.choice("CLOUD"), settings.flag("SCRIPT_KEYS")) == ("usgov", True)


@pytest.mark.parametrize(
    ("name", "given", "ask"),
    [
        ("TENANT_ID", "contoso.com", lambda settings: settings.tenant_id),
        ("PORTAL_APP_IDS", "portal", lambda settings: settings.scope),
        ("PORTAL_APP_IDS", ";", lambda settings: settings.scope),
        ("PARTNER_CENTER_RESOURCE_IDS", f"{GUID},{GUID}", lambda settings: settings.scope),
        ("EXEMPTED_COUNTS_AS_MFA", "yes", lambda settings: settings.rule),
        ("REQUIRE_MFA_TO_VIEW", "1", lambda settings: settings.requires_mfa_to_view),
        ("SETTLE_DAYS", "-1", lambda settings: settings.number("SETTLE_DAYS")),
        ("SETTLE_DAYS", "seven", lambda settings: settings.number("SETTLE_DAYS")),
        ("RETENTION_DAYS", "6", lambda settings: settings.number("RETENTION_DAYS")),
        ("CLOUD", "mars", lambda settings: settings.choice("CLOUD")),
        ("TENANT_ID", "", lambda settings: settings.required("TENANT_ID")),
        ("EXPORTS_FOLDER", "", lambda settings: settings.required("EXPORTS_FOLDER")),
    ],
)
def test_a_wrong_setting_stops_with_one_sentence_that_names_it_and_what_is_expected(
    name, given, ask
) -> None:
    sentence = stopped(lambda: ask(Settings({name: given})))

    assert sentence.startswith(f"Setting {name} is ")
    assert given in sentence
    assert sentence.count("expected") == 1


@pytest.mark.parametrize(
    "setting",
    [setting for setting in SETTINGS if setting.kind is not TEXT],
    ids=lambda setting: setting.name,
)
def test_what_is_expected_is_said_once(setting) -> None:
    sentence = stopped(lambda: Settings({setting.name: "(nothing like it)"}).check(setting.name))

    assert sentence.count(setting.kind.words) == 1
    assert setting.kind.words not in setting.help


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_said(name, monkeypatch) -> None:
    picky = {name: Setting(name, "", "a secret", GUIDS)}
    monkeypatch.setattr("shared.settings._BY_NAME", picky)  # as they are, any text is taken

    sentence = stopped(lambda: Settings({name: "hunter2"}).check(name))

    assert "hunter2" not in sentence
    assert name in sentence


@pytest.mark.parametrize("text", ["0", "7", "007", "30"])
def test_a_number_may_be_any_within_its_bounds(text) -> None:
    assert number(0, 30).takes(text)


@pytest.mark.parametrize("text", ["-1", "31", "1.0", "1e1", "٣", "1_0", " 1", "9" * 5000])
def test_a_number_is_written_in_digits_and_within_its_bounds(text) -> None:
    assert not number(0, 30).takes(text)


@pytest.mark.parametrize(
    "text",
    [
        "0 15 2 * * *",
        "15 2 * * *",  # the host takes it as without seconds
        "0 */5 * * * *",
        "0 0 9-17/2 * * *",
        "0 30 9,17 * Jan Mon",
        "0  30 9 1-7 january-MAR mon-fri",
        "0 5/10 0 31 12 6",
    ],
)
def test_a_schedule_is_what_the_functions_host_takes(text) -> None:
    assert SCHEDULE.takes(text)


@pytest.mark.parametrize(
    "text",
    [
        *("x", "* * * *", "0 15 2 * * * *", "01:00:00"),
        *("60 15 2 * * *", "0 60 2 * * *", "0 15 24 * * *", "0 15 2 0 * *", "0 15 2 32 * *"),
        *("0 15 2 * 13 *", "0 15 2 * * 7", "0 15 2 * * Someday", "0 15 Mon * * *"),
        *("0 */x * * * *", "0 */0 * * * *", "0 1-2-3 * * * *", "0 1, * * * *", "0 -1 * * * *"),
    ],
)
def test_anything_else_is_no_schedule(text) -> None:
    assert not SCHEDULE.takes(text)


def test_every_setting_has_its_line_on_the_settings_page_and_no_other_has() -> None:
    page = Path(__file__).parent.parent / "docs" / "settings.md"
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]

    assert lines == [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else 'none'} | {each.meaning} |"
        for each in SETTINGS
    ]
