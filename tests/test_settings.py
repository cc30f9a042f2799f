"""Settings: defaults, and the one sentence that stops a wrong one."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import pytest

from shared.errors import BadSettingError
from shared.mfa.metrics import Rule
from shared.mfa.scope import Scope
from shared.settings import SETTINGS, Settings

GUID = "11111111-1111-4111-8111-111111111111"


def test_an_empty_environment_is_the_shipped_scope_and_rule() -> None:
    settings = Settings({})

    assert (settings.scope, settings.rule, settings.tenant_id) == (Scope(), Rule(), None)


def test_a_blank_setting_is_an_unset_one() -> None:
    assert Settings({"SETTLE_DAYS": "  "}).number("SETTLE_DAYS", 0, 6) == 2


def test_lists_are_separated_by_semicolons_and_guids_are_read_in_any_case() -> None:
    settings = Settings({"PORTAL_APP_IDS": f" {GUID.upper()} ;", "REPORT_RECIPIENTS": "a@x; b@x"})

    assert settings.scope.portal_app_ids == {GUID}
    assert settings.words("REPORT_RECIPIENTS") == ["a@x", "b@x"]


@pytest.mark.parametrize(
    ("name", "given", "ask"),
    [
        ("TENANT_ID", "contoso.com", lambda settings: settings.tenant_id),
        ("PORTAL_APP_IDS", "portal", lambda settings: settings.scope),
        ("PARTNER_CENTER_RESOURCE_IDS", f"{GUID},{GUID}", lambda settings: settings.scope),
        ("EXEMPTED_COUNTS_AS_MFA", "yes", lambda settings: settings.rule),
        ("SETTLE_DAYS", "-1", lambda settings: settings.number("SETTLE_DAYS", 0, 6)),
        ("SETTLE_DAYS", "seven", lambda settings: settings.number("SETTLE_DAYS", 0, 6)),
        ("CLOUD", "mars", lambda settings: settings.choice("CLOUD", "global", "usgov")),
        ("TENANT_ID", "", lambda settings: settings.required("TENANT_ID")),
    ],
)
def test_a_wrong_setting_stops_with_one_sentence_that_names_it_and_what_is_expected(
    name, given, ask
) -> None:
    with pytest.raises(BadSettingError) as stop:
        ask(Settings({name: given}))

    sentence = str(stop.value)
    assert name in sentence
    assert given in sentence
    assert "expected" in sentence


@pytest.mark.parametrize(
    "name", ["STORAGE_CONNECTION_STRING", "SMTP_PASSWORD", "GRAPH_TOKEN", "TEAMS_WEBHOOK_URL"]
)
def test_a_secret_is_never_said(name) -> None:
    with pytest.raises(BadSettingError) as stop:
        Settings({name: "hunter2"}).choice(name, "something else")

    assert "hunter2" not in str(stop.value)


def test_every_setting_has_its_line_on_the_settings_page_and_no_other_has() -> None:
    page = Path(__file__).parent.parent / "docs" / "settings.md"
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line[:3] == "| `"]

    assert lines == [
        f"| `{name}` | {f'`{default}`' if default else 'none'} | {meaning} |"
        for name, default, meaning in map(astuple, SETTINGS)
    ]
