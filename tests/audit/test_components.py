"""The list of components: what requirements.txt says, as CycloneDX, the same bytes every time."""

from __future__ import annotations

import json
import re

import pytest

import dev
from audit import accepted, components, licences, pins


@pytest.fixture(scope="module")
def text():
    return listing()


def listing(changed=lambda deployed: deployed):
    licensed = licences.of_deployed(accepted.read())
    return components.written(changed(pins.read(dev.PRODUCT)), licensed)


def test_the_list_is_written_and_keeps_to_the_schema_of_cyclonedx(tmp_path) -> None:
    file = tmp_path / "new" / "sbom.cdx.json"

    part = components.check(accepted.read(), file)

    assert part.wrong == ()
    assert "valid CycloneDX 1.6" in part.checked
    assert json.loads(file.read_text())["specVersion"] == "1.6"


def test_what_is_not_valid_is_reported(text) -> None:
    assert components.schema_error(text) == ""
    broken = text.replace('"type": "library"', '"type": "libary"', 1)
    assert "libary" in components.schema_error(broken)


def test_every_pin_with_every_hash_is_listed_and_nothing_else(text) -> None:
    requirements = dev.PRODUCT.read_text(encoding="utf-8")
    listed = json.loads(text)["components"]
    hashes = [one["content"] for component in listed for one in component["hashes"]]

    assert sorted(one["purl"] for one in listed) == sorted(
        f"pkg:pypi/{name}@{version}"
        for name, version in re.findall(r"^([\w-]+)==([^ ]+)", requirements, re.MULTILINE)
    )
    assert sorted(hashes) == sorted(re.findall(r"sha256:(\w{64})", requirements))
    assert all(component["licenses"] for component in listed)


def test_dependencies_are_listed_from_the_product_down(text) -> None:
    edges = {one["ref"]: one.get("dependsOn", []) for one in json.loads(text)["dependencies"]}
    named = {purl.partition("@")[0].rpartition("/")[2] for purl in edges["partner-mfa-status"]}
    asked = {re.split("[>=<]", one)[0] for one in components.PROJECT["dependencies"]}
    yarl = next(purl for purl in edges if "/yarl@" in purl)

    assert named == asked
    assert yarl in next(needed for purl, needed in edges.items() if "/aiohttp@" in purl)


def test_a_pin_for_some_pythons_only_says_for_which(text) -> None:
    listed = json.loads(text)["components"]
    markers = {one["purl"]: one.get("properties") for one in listed if "functions" in one["purl"]}

    assert [one[0]["value"] for one in markers.values()] == [
        "python_full_version < '3.13'",
        "python_full_version >= '3.13'",
    ]


def test_the_same_requirements_give_the_same_bytes_and_others_another_number(text) -> None:
    other = listing(changed=lambda deployed: deployed[1:])

    assert listing() == text
    assert json.loads(other)["serialNumber"] != json.loads(text)["serialNumber"]


def test_there_is_a_time_only_if_one_is_given(text, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1764000000")

    dated = listing()

    assert "timestamp" not in json.loads(text)["metadata"]
    assert json.loads(dated)["metadata"]["timestamp"] == "2025-11-24T16:00:00+00:00"
    assert components.schema_error(dated) == ""
