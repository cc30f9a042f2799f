"""Values that would deploy something else than their author meant: refused, or read as meant."""

from __future__ import annotations

import pytest

from shared.settings import SETTINGS
from tests.infra.bicep import RefusedError, azd_values, deployment, template

APP = "44444444-0000-4000-8000-000000000001"


def refusal(**values):
    with pytest.raises(RefusedError) as refused:
        deployment(**values)
    return str(refused.value)


@pytest.mark.parametrize("word", ["yes", "on", "tru", "True ", " ", "enabled"])
@pytest.mark.parametrize(
    ("variable", "parameter"),
    [("PRIVATE_NETWORK", "privateNetwork"), ("SCRIPT_KEYS", "allowScriptKeys")],
)
def test_a_switch_that_is_neither_true_nor_false_is_refused(variable, parameter, word) -> None:
    values = azd_values({variable: word})

    assert values[parameter] == word
    assert "'false' | 'true'" in refusal(**values)


@pytest.mark.parametrize(("word", "expected"), [("true", "Disabled"), ("false", "Enabled")])
def test_a_switch_does_as_it_says(word, expected) -> None:
    found = deployment(**azd_values({"PRIVATE_NETWORK": word}))

    assert found.account["publicNetworkAccess"] == expected


def test_no_parameter_that_azd_fills_is_of_a_kind_that_it_guesses_at() -> None:
    """It replaces a word that is not a Boolean or a number by the default, without a message."""
    parameters = template()["parameters"]

    assert {parameters[name]["type"] for name in azd_values({})} <= {"string", "array", "object"}


def test_spaces_and_ends_in_a_list_of_applications_are_no_applications() -> None:
    found = deployment(authClientId=APP, scriptClientIds="a; b;; ;a")

    entra = found.authentication["identityProviders"]["azureActiveDirectory"]
    policy = entra["validation"]["defaultAuthorizationPolicy"]
    assert policy == {"allowedApplications": [APP, "a", "b"]}


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_variable_is_as_good_as_none(blank) -> None:
    names = ("authClientId", "scriptClientIds", "reportSender", "reportRecipients")

    found = deployment(**dict.fromkeys((*names, "exceptionsFile"), blank))

    assert found.resources == deployment().resources


def test_spaces_around_a_value_are_not_part_of_it() -> None:
    found = deployment(authClientId=f" {APP} ", reportSender=" a@contoso.com ")

    entra = found.authentication["identityProviders"]["azureActiveDirectory"]
    assert entra["registration"]["clientId"] == APP
    assert found.settings["REPORT_SENDER"] == "a@contoso.com"


@pytest.mark.parametrize("text", ["0,2", "-1", "0.2 GB", " ", "", ".", "1.2.3", "1e3", "null"])
def test_a_daily_cap_that_is_not_a_number_is_refused(text) -> None:
    message = refusal(dailyCapGb=text)

    assert f"invalid dailyCapGb '{text}'; expected a number such as 0.2" in message or (
        "not a valid JSON string" in message
    )


@pytest.mark.parametrize(("text", "expected"), [("0.2", 0.2), ("2", 2), ("0.023", 0.023)])
def test_a_daily_cap_is_the_number_that_is_written(text, expected) -> None:
    found = deployment(dailyCapGb=text)

    workspace = found.properties("Microsoft.OperationalInsights/workspaces")
    assert workspace["workspaceCapping"] == {"dailyQuotaGb": expected}


@pytest.mark.parametrize("value", [3, 2.5, True, None, "", ["3"], {"days": "3"}])
def test_a_setting_that_is_not_a_text_is_refused(value) -> None:
    refusal(settings={"SETTLE_DAYS": value})


@pytest.mark.parametrize(
    "names",
    [
        *([""], [" "], [None], [3], "SMTP_PASSWORD", ["SMTP_PASWORD"], ["smtp_password"]),
        ["SMTP_PASSWORD", "SMTP_PASSWORD"],
    ],
)
def test_a_name_that_is_not_a_secret_setting_s_is_refused(names) -> None:
    refusal(secretSettings=names)


def test_the_secret_settings_are_those_that_a_deployed_app_and_its_sign_in_read() -> None:
    """The others are bearer tokens and a connection string for one's own machine."""
    of_one_s_own_machine = {"GRAPH_TOKEN", "PARTNER_CENTER_TOKEN", "STORAGE_CONNECTION_STRING"}

    allowed = set(template()["parameters"]["secretSettings"]["allowedValues"])

    of_the_app = {each.name for each in SETTINGS if each.is_secret} - of_one_s_own_machine
    assert allowed == of_the_app | {"MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"}


@pytest.mark.parametrize(
    "name",
    [
        *("accepted.json", "exceptions.txt", "exceptions", "Exceptions.json", "exceptions.JSON"),
        *("../exceptions.json", "exceptions/2026.json", "/home/exceptions.json"),
    ],
)
def test_a_file_of_exceptions_that_would_not_be_in_the_package_is_refused(name) -> None:
    assert f"invalid exceptionsFile '{name}'; expected a name such as exceptions.json" in refusal(
        exceptionsFile=name
    )


@pytest.mark.parametrize(
    "values",
    [
        *({"detailRetentionDays": days} for days in (13, 366, "30", 30.5)),
        *({"instanceMemoryMB": size} for size in (1024, "2048")),
        {"storageSku": "Premium_LRS"},
        *({"environmentName": name} for name in ("", "e" * 41)),
        {"location": ""},
        *({"settings": given} for given in ("SETTLE_DAYS=3", ["SETTLE_DAYS"])),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused(values) -> None:
    refusal(**values)
