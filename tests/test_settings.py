"""Settings: types, defaults, and the one sentence that refuses an invalid one."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.endpoints import Cloud
from shared.errors import BadSettingError
from shared.mfa.metrics import ShareRule
from shared.mfa.scope import Scope
from shared.setting_kinds import GUIDS, TEXT, TEXTS, number
from shared.settings import SETTINGS, Settings

GUID = "11111111-1111-4111-8111-111111111111"
SECRETS = ["STORAGE_CONNECTION_STRING", "SMTP_PASSWORD", "GRAPH_TOKEN", "TEAMS_WEBHOOK_URL"]


def refusal(read):
    """The sentence that refuses a setting."""
    with pytest.raises(BadSettingError) as refused:
        read()
    return str(refused.value)


def test_an_empty_environment_is_the_shipped_scope_and_rule() -> None:
    settings = Settings({})

    assert (settings.scope, settings.rule, settings.tenant_id) == (Scope(), ShareRule(), None)


def test_a_blank_setting_is_an_unset_one() -> None:
    settings = Settings({"SETTLE_DAYS": "  "})

    assert settings.settle_days == 2
    assert not settings.is_given(Settings.settle_days)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_default_is_valid(setting) -> None:
    setting.read({})


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_the_attribute_of_its_name(setting) -> None:
    assert getattr(Settings, setting.name.lower()) is setting


def test_a_setting_without_a_default_is_none_or_an_empty_text() -> None:
    settings = Settings({})

    assert (settings.store, settings.require_mfa_to_view, settings.smtp_host) == (None, None, None)
    assert (settings.public_url, settings.report_recipients) == ("", [])


def test_names_in_percent_signs_are_replaced_as_the_functions_host_does() -> None:
    settings = Settings({"STORE_FOLDER": "kept"})

    assert settings.resolve("%STORE_FOLDER%/%SETTLE_DAYS%, 100 %") == "kept/2, 100 %"
    with pytest.raises(KeyError):
        settings.resolve("%NOBODY%")


def test_lists_are_separated_by_semicolons_and_guids_are_read_in_any_case() -> None:
    settings = Settings({"PORTAL_APP_IDS": f" {GUID.upper()} ;", "REPORT_RECIPIENTS": "a@x; b@x"})

    assert settings.scope.portal_app_ids == {GUID}
    assert settings.report_recipients == ["a@x", "b@x"]


def test_words_are_read_in_any_case() -> None:
    settings = Settings({"CLOUD": "USGov", "SCRIPT_KEYS": "True"})

    assert (settings.cloud, settings.script_keys) == (Cloud.USGOV, True)


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("TENANT_ID", "contoso.com", lambda settings: settings.tenant_id),
        ("PORTAL_APP_IDS", "portal", lambda settings: settings.scope),
        ("PORTAL_APP_IDS", ";", lambda settings: settings.scope),
        ("PARTNER_CENTER_RESOURCE_IDS", f"{GUID},{GUID}", lambda settings: settings.scope),
        ("EXEMPTED_COUNTS_AS_MFA", "yes", lambda settings: settings.rule),
        ("REQUIRE_MFA_TO_VIEW", "1", lambda settings: settings.callers_need_mfa),
        ("SETTLE_DAYS", "-1", lambda settings: settings.settle_days),
        ("LANGUAGE", "fr", lambda settings: settings.language),
        ("CSP_ANNIVERSARY_MONTH", "0", lambda settings: settings.csp_anniversary_month),
        ("CSP_ANNIVERSARY_MONTH", "13", lambda settings: settings.csp_anniversary_month),
        ("SETTLE_DAYS", "seven", lambda settings: settings.settle_days),
        ("RETENTION_DAYS", "6", lambda settings: settings.retention_days),
        ("BRAND_COLOUR", "red", lambda settings: settings.brand_colour),
        ("BRAND_COLOUR", "#123456;#123456;#123456", lambda settings: settings.brand_colour),
        ("TIME_ZONE", "Mars/Olympus", lambda settings: settings.time_zone),
        ("TIME_ZONE", "../etc/passwd", lambda settings: settings.time_zone),
        ("TIME_ZONE", "Europe", lambda settings: settings.time_zone),
        ("CLOUD", "mars", lambda settings: settings.cloud),
        ("TENANT_ID", "", lambda settings: settings.require(Settings.tenant_id)),
        ("EXPORTS_FOLDER", "", lambda settings: settings.require(Settings.exports_folder)),
    ],
)
def test_an_invalid_setting_is_refused_in_one_sentence_that_names_it_and_what_is_expected(
    name, given, read
) -> None:
    sentence = refusal(lambda: read(Settings({name: given})))

    assert sentence.startswith(f"Setting {name} is ")
    assert given in sentence
    assert sentence.count("; expected ") == 1


@pytest.mark.parametrize(
    "setting",
    [setting for setting in SETTINGS if setting.kind not in (TEXT, TEXTS)],
    ids=lambda setting: setting.name,
)
def test_a_refusal_says_once_what_is_expected(setting) -> None:
    sentence = refusal(lambda: setting.read({setting.name: "(invalid)"}))

    assert sentence.count(setting.kind.words) == 1
    assert setting.kind.words not in setting.help


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_shown(name, monkeypatch) -> None:
    setting = getattr(Settings, name.lower())
    monkeypatch.setattr(setting, "kind", GUIDS)  # its own kind accepts any text

    sentence = refusal(lambda: setting.read({name: "hunter2"}))

    assert "hunter2" not in sentence
    assert name in sentence


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_key_vault_reference_that_was_not_resolved_is_refused_not_used(setting) -> None:
    reference = "@Microsoft.KeyVault(VaultName=contoso;SecretName=hunter2)"

    sentence = refusal(lambda: setting.read({setting.name: f" {reference}"}))

    assert f"Setting {setting.name} is a Key Vault reference that was not resolved" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_bytes_that_are_no_text_are_refused_in_a_sentence(setting) -> None:
    given = b"caf\xe9".decode("utf-8", "surrogateescape")  # as `os.environ` has it

    sentence = refusal(lambda: setting.read({setting.name: given}))

    reason = "cannot be used" if setting.is_secret else "is not text in UTF-8"
    assert sentence.startswith(f"Setting {setting.name} {reason}; expected ")
    sentence.encode()


@pytest.mark.parametrize("text", ["0", "7", "007", "30"])
def test_a_number_may_be_any_within_its_bounds(text) -> None:
    assert number(0, 30).parse(text) == int(text)


@pytest.mark.parametrize("text", ["-1", "31", "1.0", "1e1", "٣", "1_0", " 1", "9" * 5000])
def test_a_number_is_written_in_digits_and_within_its_bounds(text) -> None:
    with pytest.raises(ValueError, match=text[:1]):
        number(0, 30).parse(text)


def test_the_settings_page_lists_exactly_the_settings() -> None:
    page = Path(__file__).parent.parent / "docs" / "settings.md"
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]

    assert lines == [
        f"| `{each.name}` | {f'`{each.default}`' if each.default else 'none'} | {each.meaning} |"
        for each in SETTINGS
    ]
