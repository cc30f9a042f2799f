"""The description of the HTTP functions says what the app has, and no more."""

from __future__ import annotations

import json
import re

import pytest

import function_app
from shared.cli.functions import read_functions
from shared.cli.routes import ROOT
from shared.service.http.openapi import described, description
from shared.service.http.report_api import FILES
from shared.settings import Settings

HTTP = [
    each for each in read_functions(function_app.app, Settings({})) if each.kind == "httpTrigger"
]
PATHS = described()["paths"]


def test_every_route_of_the_app_is_described_with_its_method_and_no_other() -> None:
    routes = {("" if each.route == ROOT else each.route, each.methods[0].lower()) for each in HTTP}

    assert {(path[1:], method) for path, found in PATHS.items() for method in found} == routes


@pytest.mark.parametrize("path", PATHS)
def test_every_place_of_a_path_is_described_and_every_answer(path) -> None:
    for operation in PATHS[path].values():
        places = [each["name"] for each in operation["parameters"] if each["in"] == "path"]

        assert places == re.findall(r"\{(\w+)\}", path)
        assert operation["summary"]
        assert {"200", "202"} & operation["responses"].keys()
        assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_the_words_of_tables_are_those_that_the_tables_take() -> None:
    words = {each["name"]: each["schema"] for each in PATHS["/customers.csv"]["get"]["parameters"]}

    assert words["security_defaults"]["enum"] == ["enabled", "disabled", "unknown"]
    assert "-customer" in words["sort"]["enum"]
    assert words.keys() >= {"search", "sort", "page", "status", "admins_with_mfa"}
    assert PATHS["/report"]["get"]["parameters"] == []


def test_the_files_are_those_that_are_served() -> None:
    [schema] = [
        each["schema"]
        for each in PATHS["/reports/{tenant_id}/{ending}/{file}"]["get"]["parameters"]
        if each["name"] == "file"
    ]

    assert schema["enum"] == [*FILES, "before", "after"]


def test_it_is_json_of_openapi_3_1() -> None:
    answer = description()

    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body)["openapi"].startswith("3.1")
    assert json.loads(answer.body) == described()
