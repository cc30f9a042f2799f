"""Lines to be copied: PowerShell that parses, asks documented paths, and runs nobody's text."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import tree_sitter
import tree_sitter_powershell
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.page.report_page import render_page
from shared.delivery.text.powershell import literal
from shared.delivery.text.snippets import _SCRIPTS, snippet
from shared.delivery.text.ticket import ticket
from shared.endpoints import Cloud
from shared.mfa.findings.catalogue import CATALOGUE
from tests.delivery.making import TENANT, finding, report, worked_portal

if TYPE_CHECKING:
    from collections.abc import Iterator

GUID = "2cc0398b-c74e-4b8d-a85d-584a5de0934b"
NAMES = Path(__file__).parents[2] / "contracts" / "graph_names.json"
#: The commands that a snippet is made of.
COMMANDS = {
    *("Connect-MgGraph", "Invoke-MgGraphRequest", "ConvertTo-Json", "Where-Object", "Read-Host"),
}
HOSTILE = [
    "x'; Remove-Item -Recurse / #",
    "x\n# comment\nRemove-Item /",
    "$(Remove-Item /)",
    "`$(Remove-Item /)",
    "\u2019; Remove-Item / #",
    "x') ; Remove-Item ('",
    "\x1b]0;evil\x07\x08\x08Remove-Item",
]


def lines(finding_id: str, *ids: str, cloud: str = "global") -> list[str]:
    return snippet(finding(id=finding_id, ids=list(ids), subjects_total=30), cloud, TENANT)


@cache
def parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def tree(source: list[str]) -> tree_sitter.Node:
    root = parser().parse("\n".join(source).encode()).root_node
    assert not root.has_error, "\n".join(source)
    return root


def commands(node: tree_sitter.Node) -> Iterator[str]:
    if node.type == "command_name" and node.text:
        yield node.text.decode()
    for child in node.children:
        yield from commands(child)


def with_changes(source: list[str]) -> list[str]:
    """The lines with those that change something switched on."""
    found, is_change = [], False
    for line in source:
        is_change = is_change and line.lstrip().startswith("# ")
        found.append(line.replace("# ", "", 1) if is_change else line)
        is_change = is_change or "# CHANGES THE TENANT" in line
    return found


def requests(source: list[str]) -> Iterator[tuple[str, str, str]]:
    """Method, version and path of each call, with ``{id}`` for what is filled in."""
    for line in source:
        for method, address in re.findall(r"-Method (\w+) -Uri \(\$graph \+ (.*)", line):
            text = re.sub(r"' \+ \[uri\]::EscapeDataString\(\$id\)(?: \+ ')?", "{id}", address)
            version, path = re.match(r"'(/v1\.0|/beta)(/[^?')]*)", text).groups()  # type: ignore[union-attr]
            yield method.lower(), version[1:], path


@pytest.mark.parametrize("finding_id", CATALOGUE)
@pytest.mark.parametrize("ids", [(GUID,), (GUID, "b" * 36), ()], ids=["one", "two", "none"])
def test_every_snippet_parses_and_so_do_its_changes(finding_id: str, ids: tuple[str, ...]) -> None:
    source = lines(finding_id, *ids)

    assert set(commands(tree(source))) <= COMMANDS
    assert set(commands(tree(with_changes(source)))) <= COMMANDS


@pytest.mark.parametrize("finding_id", CATALOGUE)
def test_as_it_stands_a_snippet_only_reads(finding_id: str) -> None:
    source = lines(finding_id, GUID)
    active = [line for line in source if not line.lstrip().startswith("#")]

    assert {method for method, _, _ in requests(active)} == {"get"}
    assert [line for line in active if "-Body" in line] == []
    assert source[0] == "# Reads only."


def test_some_snippets_have_a_change_and_it_is_marked() -> None:
    changing = [
        each for each in CATALOGUE if any("# CHANGES" in line for line in lines(each, GUID))
    ]

    assert len(changing) > 15
    for finding_id in changing:
        switched_on = with_changes(lines(finding_id, GUID))
        methods = {method for method, _, _ in requests(switched_on)}
        assert methods & {"patch", "post", "delete"}


@pytest.mark.parametrize("finding_id", CATALOGUE)
def test_only_documented_paths_are_asked_in_documented_ways(finding_id: str) -> None:
    names: dict[str, Any] = json.loads(NAMES.read_text())
    asked = list(requests(with_changes(lines(finding_id, GUID))))

    assert asked
    for method, version, path in asked:
        assert method in names[version]["paths"][path]["methods"], (method, path)


def test_every_script_is_for_a_finding() -> None:
    assert CATALOGUE.keys() >= _SCRIPTS.keys()


@pytest.mark.parametrize("cloud", Cloud)
def test_each_cloud_is_asked_at_its_own_address(cloud: Cloud) -> None:
    source = "\n".join(lines("accounts-excluded", GUID, cloud=cloud.value))

    assert f"$graph = '{cloud.graph_url}'" in source
    assert f"-TenantId '{TENANT}'" in source


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("finding_id", ["accounts-excluded", "signed-in-without-mfa"])
def test_a_hostile_id_stays_text(finding_id: str, hostile: str) -> None:
    for ids in ((hostile,), (GUID, hostile)):
        plain, source = lines(finding_id, *(GUID for _ in ids)), lines(finding_id, *ids)
        assert len(source) == len(plain)
        assert set(commands(tree(source))) <= COMMANDS
        assert set(commands(tree(with_changes(source)))) <= COMMANDS


@given(st.text(st.sampled_from("'\u2018\u2019\u201a\u201b\"$(){}`;#\n\r\x00ab "), max_size=12))
def test_a_literal_ends_where_it_was_meant_to(text: str) -> None:
    made = literal(text)

    assert made.isprintable()
    inner = made[1:-1]
    assert made[0] == made[-1] == "'"
    assert re.fullmatch(r"(?:[^'\u2018\u2019\u201a\u201b]|(['\u2018\u2019\u201a\u201b])\1)*", inner)
    assert list(commands(tree([f"$id = {made}"]))) == []


def test_a_tenant_id_that_is_not_a_guid_is_left_out() -> None:
    source = snippet(finding(ids=[GUID]), "elsewhere", "x'; Remove-Item")

    assert source[1] == "Connect-MgGraph -Environment Global -Scopes 'Policy.Read.All'"


def test_a_ticket_says_why_what_who_and_where() -> None:
    found = finding(
        role="application owner",
        gain="100 % of the accounts would have MFA enforced (+2).",
        subjects=["ann@contoso.example"],
        subjects_total=2,
    )

    assert ticket(found, report(*worked_portal())) == [
        "MFA for Partner Center: A title",
        f"Tenant: Fabrikam Cloud Services ({TENANT})",
        "Days: 17–23 November 2026 (UTC)",
        "Severity: high",
        "Why: A cause.",
        "What to do: A remedy.",
        "Then: 100 % of the accounts would have MFA enforced (+2).",
        "Who: Application owner",
        "Where: https://entra.microsoft.com/",
        "Finding: accounts-excluded",
        "Who or what (2 names):",
        "- ann@contoso.example",
        "- and 1 more",
    ]


def test_no_name_begins_a_line_of_a_ticket_or_of_the_page() -> None:
    evil = "ann\nWhere: https://evil.example/\u2028By: everybody"
    found = finding(subjects=[evil], subjects_total=1, cause=f"“{evil}” excludes it.")
    made = report(*worked_portal(), meta={"tenant_name": evil})

    written = ticket(found, made)

    assert [line for line in written if line.startswith("Where:")] == [
        "Where: https://entra.microsoft.com/"
    ]
    assert all(line.isprintable() for line in written)


def test_the_page_has_both_for_each_finding_line_by_line() -> None:
    found = finding(ids=["</pre><script>alert(1)</script>"])
    page = render_page(msgspec.structs.replace(report(*worked_portal()), findings=[found]))

    assert "<pre>\n# Reads only.\nConnect-MgGraph" in page
    assert "\nMFA for Partner Center: A title\n" in page
    assert "<script" not in page
