"""Who is told when the app stops: the rules, and that they read what the app really says."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from shared.mfa.window import SliceState
from shared.telemetry import DAY_COMPLETE, say
from tests.infra.bicep import INFRA, ROOT, deployment
from tests.infra.test_snapshots import APP

OPEN = {"authClientId": APP, "alertRecipients": " a@contoso.com; b@contoso.com;"}
RULES = "Microsoft.Insights/scheduledQueryRules"
QUEUES = (ROOT / "shared" / "service" / "queues.py").read_text("utf-8")
EVENTS = {*re.findall(r'@use_case\("([\w ]+)"', QUEUES), DAY_COMPLETE}
NOTED = "".join(path.read_text("utf-8") for path in (ROOT / "shared" / "service").glob("*.py"))
STATES = {*re.findall(r'note\(state="([\w ]+)"', NOTED), "failed", *map(str, SliceState)}


def queries():
    """Every query: of the rules by the end of their names, and of the workbook's parts."""
    rules = {
        rule["name"].split("alert-mfa-")[-1].partition("-")[2]: rule["properties"]["criteria"][
            "allOf"
        ][0]["query"]
        for rule in deployment(**OPEN).all(RULES)
    }
    parts = json.loads((INFRA / "app" / "workbook.json").read_bytes())["items"]
    return rules | {
        part["name"]: part["content"]["query"] for part in parts if "query" in part["content"]
    }


def test_without_anybody_to_tell_nothing_watches_and_nothing_costs() -> None:
    kinds = {resource["type"] for resource in deployment(authClientId=APP).resources}

    assert kinds.isdisjoint(
        {RULES, "Microsoft.Insights/webtests", "Microsoft.Insights/actionGroups"}
    )


def test_everybody_who_is_named_is_told_by_every_alarm() -> None:
    found = deployment(**OPEN)
    (people,) = found.all("Microsoft.Insights/actionGroups")
    told = [each["emailAddress"] for each in people["properties"]["emailReceivers"]]

    assert told == ["a@contoso.com", "b@contoso.com"]
    assert len(people["properties"]["groupShortName"]) <= 12
    for rule in found.all(RULES):
        assert rule["properties"]["actions"]["actionGroups"] == [people["id"]]
    (unwell,) = found.all("Microsoft.Insights/metricAlerts")
    assert unwell["properties"]["actions"] == [{"actionGroupId": people["id"]}]


def test_there_is_an_alarm_for_a_missing_day_and_for_each_kind_of_trouble() -> None:
    rules = {each["name"].rpartition("-")[2]: each for each in deployment(**OPEN).all(RULES)}

    assert rules.keys() == {"day", "up", "denied", "sent"}
    absent = rules["day"]["properties"]["criteria"]["allOf"][0]
    assert (absent["operator"], absent["threshold"]) == ("LessThan", 1)
    assert rules["day"]["properties"]["severity"] < rules["denied"]["properties"]["severity"]
    assert rules["day"]["properties"]["windowSize"] == "P2D"


def test_a_missing_day_is_missed_by_the_very_line_that_the_app_writes(caplog) -> None:
    caplog.set_level("INFO", "shared.telemetry")
    say(DAY_COMPLETE, tenant="t", day=date(2026, 11, 23))
    (line,) = caplog.messages

    (prefix,) = re.findall(r"startswith '(\{.*?)' or isYoung", queries()["no-day"])
    assert line.startswith(prefix)
    assert "ago(28h)" in queries()["no-day"]


def words(query):
    """What a query compares events and states with: kind, operator, word."""
    condition = r"\b(event|state|line\.event\))\s*(==|startswith|in)\s*(\([^)]*\)|\S+)"
    for kind, how, text in re.findall(condition, query):
        for word in re.findall(r"""["']([\w ]+)["']""", text):
            yield kind, how, word


def test_a_query_asks_only_for_events_and_states_that_there_are() -> None:
    for name, query in queries().items():
        for kind, how, word in words(query):
            known = STATES if kind == "state" else EVENTS
            matches = str.startswith if how == "startswith" else str.__eq__
            assert any(matches(each, word) for each in known), (name, word)


def test_a_query_reads_the_table_of_the_component_that_it_is_asked_of() -> None:
    for name, query in queries().items():
        assert re.match(r"let |traces \|", query), name
        assert not re.search(r"AppTraces|TimeGenerated|\bMessage\b", query), name


def test_the_probe_asks_the_one_address_that_is_left_out_of_sign_in() -> None:
    found = deployment(**OPEN)
    (probe,) = found.all("Microsoft.Insights/webtests")
    url = probe["properties"]["Request"]["RequestUrl"]

    assert url == "https://func-mfa.test.example/api/probe"
    assert found.authentication["globalValidation"]["excludedPaths"] == ["/api/probe"]
    assert probe["properties"]["ValidationRules"]["ExpectedHttpStatusCode"] == 200
    assert any(name.startswith("hidden-link:") for name in probe["tags"])
    failed = found.properties("Microsoft.Insights/metricAlerts")["criteria"]["failedLocationCount"]
    assert failed <= len(probe["properties"]["Locations"])


@pytest.mark.parametrize("values", [{"authClientId": ""}, {"healthProbe": "false"}])
def test_nothing_asks_a_closed_site_or_one_without_a_probe(values) -> None:
    found = deployment(**OPEN | values)

    assert found.all("Microsoft.Insights/webtests") == []
    assert found.all("Microsoft.Insights/metricAlerts") == []
    assert len(found.all(RULES)) == 4


def test_the_lines_that_alarms_rest_on_are_never_sampled_away() -> None:
    host = json.loads(Path(ROOT / "host.json").read_bytes())

    sampling = host["logging"]["applicationInsights"]["samplingSettings"]
    assert "Trace" in sampling["excludedTypes"].split(";")


def test_the_host_s_own_telemetry_stays_as_it_is_unless_a_setting_changes_it() -> None:
    """In the other mode the host ignores `logging`, and the worker has to send the lines itself."""
    assert "telemetryMode" not in json.loads(Path(ROOT / "host.json").read_bytes())


def test_the_workbook_has_a_table_of_days_and_one_of_troubles() -> None:
    workbook = deployment().properties("Microsoft.Insights/workbooks")
    names = {part["name"] for part in json.loads(workbook["serializedData"])["items"]}

    assert names >= {"days", "slices", "completeness", "troubles", "seconds"}
    assert workbook["sourceId"] == deployment().one("Microsoft.Insights/components")["id"]
