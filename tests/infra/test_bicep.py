"""
The form of what is deployed, as far as it can be read without a Bicep compiler.

Names of properties and versions of types are Azure's to judge; here it is syntax, references, and
that no key, secret, foreign id or registry is named.
"""

from __future__ import annotations

import json
import re
from itertools import chain

import pytest

from tests.infra.bicep import (
    FILES,
    INFRA,
    MAIN,
    ROLE_IDS,
    VAULT_ROLE_ID,
    arguments,
    branches,
    parse,
    walk,
)

each_file = pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())


@each_file
def test_it_parses(file) -> None:
    assert file.faults == ()


def test_a_file_with_a_fault_would_be_found() -> None:
    assert parse("param name string\nresource x 'A/b@2024-01-01' = {\n  name: \n}\n").faults
    assert parse("param name string =\n").faults


@each_file
def test_every_parameter_says_what_it_is_and_whether_it_has_to_be_given(file) -> None:
    for name, parameter in file.of("parameter").items():
        told = parameter.decorators.get("description", "")
        expected = "Required. " if parameter.body is None else "Optional. "
        assert told.startswith(expected), name


@each_file
def test_every_output_says_what_it_is(file) -> None:
    for name, output in file.of("output").items():
        assert output.decorators.get("description"), name


@each_file
def test_every_parameter_and_variable_is_used(file) -> None:
    assert {*file.of("parameter"), *file.of("variable")} - file.used == set()


@each_file
def test_no_name_is_used_that_is_not_declared(file) -> None:
    declared = {each.name for each in file.declarations}

    assert file.used - declared - file.counters == set()


def test_a_name_that_is_not_declared_would_be_found() -> None:
    file = parse("param a string\nvar b = { c: '${a}x${d}', e: f.g, h: [for i in a: j(i, k)] }")

    assert file.used - file.counters == {"a", "d", "f", "k"}
    assert file.counters == {"i"}


def test_main_gives_every_module_the_parameters_that_it_requires_and_no_others() -> None:
    for name, module in MAIN.of("module").items():
        parameters = FILES[module.target].of("parameter")
        required = {key for key, one in parameters.items() if one.body is None}
        given = module.body["params"].keys()
        assert required <= given <= parameters.keys(), name


def test_main_asks_modules_only_for_what_they_put_out() -> None:
    modules = MAIN.of("module")
    for module, output in re.findall(r"(\w+)\.outputs\.(\w+)", MAIN.source):
        assert output in FILES[modules[module].target].of("output")


def test_every_file_is_deployed() -> None:
    targets = {module.target for module in MAIN.of("module").values()}

    assert targets == FILES.keys() - {"main.bicep"}
    assert "targetScope = 'subscription'" in MAIN.source


def test_the_parameters_file_gives_what_main_has_and_all_that_it_requires() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_bytes())["parameters"]
    parameters = MAIN.of("parameter")

    assert {name for name, one in parameters.items() if one.body is None} <= given.keys()
    assert given.keys() <= parameters.keys()


def test_every_resource_names_a_version_that_is_no_preview_and_its_type_always_the_same() -> None:
    versions: dict[str, set[str]] = {}
    for file in FILES.values():
        for resource in file.of("resource").values():
            matched = re.fullmatch(r"(Microsoft\.[A-Za-z/]+)@(\d{4}-\d\d-\d\d)", resource.target)
            assert matched, resource.target
            versions.setdefault(service(matched[1]), set()).add(matched[2])

    assert {name for name, used in versions.items() if len(used) > 1} <= {"Microsoft.Insights"}


def service(type_name):
    """What has versions of its own: private DNS has others than the rest of its provider."""
    dns = "Microsoft.Network/privateDnsZones"
    return dns if type_name.startswith(dns) else type_name.split("/")[0]


@each_file
def test_no_module_comes_from_a_registry(file) -> None:
    assert "br/" not in file.source
    assert "br:" not in file.source


@each_file
def test_nothing_asks_for_a_key_and_nothing_holds_a_secret(file) -> None:
    code = re.sub(r"//.*", "", file.source)

    assert not re.search(r"\blist(Keys|Secrets|AccountSas|ServiceSas|\w*)\(", code)
    assert not re.search(r"AccountKey|SharedAccessSignature|sig=|password\s*:", code, re.IGNORECASE)
    assert "@secure" not in code
    assert set(re.findall(r"\w*connection_?string\w*", code, re.IGNORECASE)) <= {
        *("APPLICATIONINSIGHTS_CONNECTION_STRING", "ConnectionString")
    }


@each_file
def test_no_cloud_s_own_address_is_written_down(file) -> None:
    code = re.sub(r"//.*", "", file.source)

    assert not re.search(
        r"\.(windows\.net|azure\.com|microsoftonline\.\w+|azurewebsites\.\w+)", code
    )


def test_nothing_is_named_after_a_person_a_tenant_or_a_subscription() -> None:
    known = {*ROLE_IDS.values(), *VAULT_ROLE_ID.values(), *(role["id"] for role in json.loads(
        (INFRA / "app-roles.json").read_bytes()))}  # fmt: skip
    known.add("00000003-0000-0000-c000-000000000000")  # Microsoft Graph
    texts = chain(INFRA.rglob("*.bicep"), INFRA.rglob("*.json"), INFRA.rglob("*.py"))

    for path in texts:
        found = set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", path.read_text()))
        assert found <= known, path


def test_the_reader_of_these_files_reads_what_it_should() -> None:
    file = parse("@description('Optional. A.')\nparam a bool = true\nvar b = { c: ['d', 1], e: f }")

    assert file.of("parameter")["a"].decorators == {"description": "Optional. A."}
    assert file.of("parameter")["a"].body is True
    assert file.variable("b") == {"c": ["d", 1], "e": "f"}
    assert dict(walk(file.variable("b"))) == {"c": ["d", 1], "e": "f"}


def test_it_reads_conditions_loops_choices_and_calls_too() -> None:
    file = parse(
        "module a 'a.bicep' = if (b) {\n  name: 'c'\n}\n"
        "resource d 'E/f@2024-01-01' = [for (g, i) in h: {\n  name: g\n}]\n"
        "var j = k(l => m(l), n ? 'o' : [])\n"
    )
    call = arguments(file.variable("j"))

    assert (file.of("module")["a"].condition, file.of("module")["a"].body) == ("b", {"name": "c"})
    assert (file.of("resource")["d"].over, file.of("resource")["d"].condition) == ("h", "")
    assert file.counters == {"g", "i", "l"}
    assert call[0] == "l => m(l)"
    assert branches(call[1]) == ("n", "o", [])
    with pytest.raises(AssertionError, match="not a ternary"):
        branches("p(q)")
