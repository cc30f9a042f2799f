"""What an owner can ask for beside the defaults, and what docs/deploy.md says of it."""

from __future__ import annotations

import json
import re

import pytest

from shared.service.http.callers import _TOKEN_OF
from shared.service.http.report_api import OF_CUSTOMERS, SCRIPT_FILES
from shared.settings import SETTINGS
from tests.infra.bicep import ROOT, deployment, parameters_file, template

DEPLOY = (ROOT / "docs" / "deploy.md").read_text("utf-8")
GIVEN = parameters_file()
APP = "44444444-0000-4000-8000-000000000001"

#: Secrets that no deployed app has: bearer tokens and a connection string for one's own machine.
SECRETS = {setting.name for setting in SETTINGS if setting.is_secret}
LOCAL_SECRETS = {"GRAPH_TOKEN", "PARTNER_CENTER_TOKEN", "STORAGE_CONNECTION_STRING"}


def table(heading):
    """The cells of every line of the table whose heading begins like this."""
    (_, after) = DEPLOY.split(f"\n| {heading}")
    lines = after.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def variables():
    """The variable of `azd env set` that each parameter takes, where it takes one."""
    named = {name: re.fullmatch(r"\$\{(\w+)\}", str(one)) for name, one in GIVEN.items()}
    return {name: matched[1] for name, matched in named.items() if matched}


def test_script_keys_leave_out_exactly_what_the_app_serves_by_key() -> None:
    found = deployment(authClientId=APP, allowScriptKeys="true")

    probe, *left_out = found.authentication["globalValidation"]["excludedPaths"]
    assert probe == "/api/probe"
    assert sorted(left_out) == sorted(f"/api/scripts/{name}" for name in SCRIPT_FILES)
    assert len(left_out) == len(set(left_out)) == 12
    assert not any(OF_CUSTOMERS in path or "*" in path for path in left_out)


@pytest.mark.parametrize("word", ["true", "false", ""])
@pytest.mark.parametrize("client_id", [APP, ""])
def test_the_same_word_opens_the_paths_and_switches_the_app_s_side_on(client_id, word) -> None:
    found = deployment(authClientId=client_id, allowScriptKeys=word)

    is_on = word == "true" and bool(client_id)
    left_out = {*found.authentication["globalValidation"]["excludedPaths"]} - {"/api/probe"}
    assert bool(left_out) is is_on
    assert found.settings.get("SCRIPT_KEYS", "false") == str(is_on).lower()


@pytest.mark.parametrize("word", ["true", "false", ""])
def test_a_probe_may_ask_an_open_app_how_it_is_unless_that_is_switched_off(word) -> None:
    paths = [
        deployment(**values).authentication["globalValidation"]["excludedPaths"]
        for values in ({"authClientId": APP, "healthProbe": word}, {"healthProbe": ""})
    ]

    assert paths == [[] if word == "false" else ["/api/probe"], []]


def test_whatever_can_be_asked_for_is_off_unless_it_is() -> None:
    found = deployment()

    off = {"allowScriptKeys": "false", "privateNetwork": "false", "exceptionsFile": ""}
    assert found.resources == deployment(**off).resources
    assert found.settings.keys().isdisjoint({"SCRIPT_KEYS", "REPORT_LINKS", "EXCEPTIONS_FILE"})
    assert GIVEN["settings"] == {}


def test_the_deployment_page_tells_of_every_parameter_and_how_it_is_set() -> None:
    rows = table("Parameter of `infra/main.bicep`")
    told = {name: how for names, how, _ in rows for name in re.findall(r"`(\w+)`", names)}
    in_file = GIVEN.keys() - variables().keys()

    assert told.keys() == template()["parameters"].keys()
    for name, variable in variables().items():
        if not variable.startswith("AZURE_"):
            assert f"`{variable}`" in told[name], name
    assert {name for name, how in told.items() if how == "the file"} == in_file
    assert {name for name, how in told.items() if how == "the file, added"} == (
        template()["parameters"].keys() - GIVEN.keys()
    )


def test_the_deployment_page_says_which_settings_are_secrets_and_shows_none_in_a_command() -> None:
    (_, after) = DEPLOY.split("### A secret\n")
    section = after.split("\n### ")[0]

    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", section.split("Name it")[0])) >= (
        SECRETS - LOCAL_SECRETS
    )
    assert "read -rs VALUE" in section
    assert "--value" not in section
    for name in re.findall(r"secret set .*--name (\S+)", section):
        assert name.replace("-", "_") in SECRETS


def test_the_deployment_page_asks_for_the_claim_that_tells_applications_from_people() -> None:
    (claims,) = re.findall(r"--optional-claims '(.*)'", DEPLOY)

    named = {each["name"] for each in json.loads(claims)["accessToken"]}
    assert named == _TOKEN_OF


def test_the_cost_of_a_private_network_adds_up() -> None:
    told = [
        [float(cell.split("=")[-1].strip(" *")) for cell in row[1:]]
        for row in table("Dollars a month for a private network")
    ]
    endpoints, zones, data, total = told

    assert endpoints == [round(number * 730 * 0.01, 2) for number in (3, 4)]
    assert zones == [number * 0.5 for number in (3, 4)]
    assert [round(sum(column), 2) for column in zip(endpoints, zones, data, strict=True)] == total
