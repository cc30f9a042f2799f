"""The form of the Bicep files: what the compiler says of them, and what they must never name."""

from __future__ import annotations

import json
import re
from itertools import chain

import pytest

from tests.infra import compiler
from tests.infra.bicep import (
    FILES,
    INFRA,
    ROLE_IDS,
    VAULT_ROLE_ID,
    azd_values,
    module,
    parameters_file,
    template,
    walk,
)

MODULES = [path.stem for path in FILES if path.stem != "main"]

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
each_template = pytest.mark.parametrize("name", ["main", *MODULES])


def compiled(name):
    return template() if name == "main" else module(name)


def resources(name):
    """Every resource that a template makes or reads."""
    found = compiled(name)["resources"]
    return found if isinstance(found, list) else list(found.values())


def test_the_compiler_has_no_warning() -> None:
    output, warnings = compiler.run("build", "--stdout", str(INFRA / "main.bicep"))

    assert warnings == ""
    assert json.loads(output) == template()


def test_the_linter_has_no_warning() -> None:
    assert compiler.run("lint", str(INFRA / "main.bicep")) == ("", "")


def test_a_fault_would_be_found_by_the_linter(tmp_path) -> None:
    (tmp_path / "bicepconfig.json").write_bytes((INFRA / "bicepconfig.json").read_bytes())
    faulty = tmp_path / "faulty.bicep"
    faulty.write_text(
        "param a object\n"
        "resource vault 'Microsoft.KeyVault/vaults@2023-07-01' existing = {\n  name: 'a-vault'\n}\n"
        "output b string = vault.id\n"
    )

    _, warnings = compiler.run("lint", str(faulty))

    assert set(re.findall(r"Warning ([\w-]+):", warnings)) == {
        *("no-unused-params", "use-description-params", "use-description-outputs"),
        *("use-recent-api-versions", "use-user-defined-types"),
    }


@each_file
def test_it_is_formatted_as_the_compiler_formats_it(path) -> None:
    assert compiler.request("format", path)["contents"] == path.read_text("utf-8")


@each_template
def test_every_parameter_says_what_it_is_and_whether_it_has_to_be_given(name) -> None:
    for key, parameter in compiled(name).get("parameters", {}).items():
        expected = "Optional. " if "defaultValue" in parameter else "Required. "
        assert parameter["metadata"]["description"].startswith(expected), key


@each_template
def test_every_output_says_what_it_is(name) -> None:
    for key, output in compiled(name).get("outputs", {}).items():
        assert output["metadata"]["description"], key


def test_every_file_is_deployed() -> None:
    deployed = template()["resources"].keys() - {"group"}

    assert sorted(deployed) == sorted(MODULES)
    assert template()["$schema"].endswith("/subscriptionDeploymentTemplate.json#")


def test_the_parameters_file_gives_what_main_has_and_all_that_it_requires() -> None:
    parameters = template()["parameters"]
    required = {name for name, one in parameters.items() if "defaultValue" not in one}

    assert required <= azd_values({}).keys() <= parameters.keys()
    assert parameters_file().keys() <= parameters.keys()


def test_every_resource_of_a_type_names_the_same_version_which_is_not_a_preview() -> None:
    versions: dict[str, set[str]] = {}
    for resource in chain.from_iterable(map(resources, MODULES)):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", resource["apiVersion"]), resource["type"]
        versions.setdefault(service(resource["type"]), set()).add(resource["apiVersion"])

    assert {name for name, used in versions.items() if len(used) > 1} == set()


def service(type_name):
    """What has versions of its own: private DNS, and each type of Application Insights."""
    dns = "Microsoft.Network/privateDnsZones"
    if type_name.startswith("Microsoft.Insights/"):
        return type_name
    return dns if type_name.startswith(dns) else type_name.split("/")[0]


def test_the_vault_s_version_is_not_a_retired_one() -> None:
    (version,) = {
        resource["apiVersion"]
        for resource in resources("vault")
        if resource["type"] == "Microsoft.KeyVault/vaults"
    }

    assert version >= "2026-02-01"


@each_file
def test_no_module_comes_from_a_registry(path) -> None:
    source = path.read_text("utf-8")

    assert "br/" not in source
    assert "br:" not in source


@each_template
def test_nothing_asks_for_a_key_and_nothing_holds_a_secret(name) -> None:
    code = json.dumps([part for key, part in compiled(name).items() if key != "metadata"])

    assert not re.search(r"\blist(Keys|Secrets|AccountSas|ServiceSas|\w*)\(", code)
    assert not re.search(r"AccountKey|SharedAccessSignature|sig=|password\W+:", code, re.IGNORECASE)
    assert "secureString" not in code
    assert "secureObject" not in code
    assert set(re.findall(r"\w*connection_?string\w*", code, re.IGNORECASE)) <= {
        *("APPLICATIONINSIGHTS_CONNECTION_STRING", "ConnectionString")
    }


@each_file
def test_no_cloud_s_own_address_is_written_down(path) -> None:
    code = re.sub(r"//.*", "", path.read_text("utf-8"))

    assert not re.search(
        r"\.(windows\.net|azure\.com|microsoftonline\.\w+|azurewebsites\.\w+)", code
    )


def test_nothing_is_named_after_a_person_a_tenant_or_a_subscription() -> None:
    roles = json.loads((INFRA / "app-roles.json").read_bytes())
    known = {*ROLE_IDS.values(), *VAULT_ROLE_ID.values(), *(role["id"] for role in roles)}
    known.add("00000003-0000-0000-c000-000000000000")  # Microsoft Graph
    known.add("0d3c1a52-7f0e-4b8e-9d8a-6a3f5c1e2c01")  # the workbook's own parameter

    for path in chain.from_iterable(map(INFRA.rglob, ("*.bicep", "*.json", "*.py"))):
        found = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", path.read_text()))
        assert found <= known, path


def test_only_the_rules_with_a_reason_are_off() -> None:
    text = (INFRA / "bicepconfig.json").read_text("utf-8")
    settings = json.loads(re.sub(r"^\s*//.*", "", text, flags=re.MULTILINE))

    rules = settings["analyzers"]["core"]["rules"]

    off = {name for name, rule in rules.items() if rule["level"] == "off"}
    assert off == {"use-description-vars", "what-if-short-circuiting"}
    for name in off:
        assert re.search(rf'// [^\n]+\n\s+"{name}"', text), name
    assert {key for key, _ in walk(settings)}.isdisjoint({"enabled", "verbose"})
