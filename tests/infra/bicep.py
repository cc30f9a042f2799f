"""Bicep files as plain values, by a grammar; there is no Bicep compiler where these tests run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

tree_sitter: Any = pytest.importorskip("tree_sitter", reason="there is no tree-sitter")
_grammar: Any = pytest.importorskip("tree_sitter_bicep", reason="there is no tree-sitter-bicep")

Node = Any  #: of tree-sitter, which need not be there for the types to be checked
INFRA = Path(__file__).resolve().parent.parent.parent / "infra"
_PARSER = tree_sitter.Parser(tree_sitter.Language(_grammar.language()))


class Expression(str):
    """What only Azure can work out, as it is written."""

    __slots__ = ()


@dataclass(frozen=True)
class Declaration:
    """A parameter, variable, output, resource or module."""

    kind: str
    name: str
    target: str  #: a resource's type and version, a module's path
    body: Any  #: a value; of a loop, that of its body
    decorators: dict[str, str]
    condition: str = ""  #: what is asked before it is made, as it is written; empty if nothing is
    over: Any = None  #: what a loop runs over
    is_existing: bool = False


@dataclass(frozen=True)
class BicepFile:
    path: Path
    source: str
    faults: tuple[str, ...]
    declarations: tuple[Declaration, ...]
    used: frozenset[str]  #: every name that stands for a value
    counters: frozenset[str]  #: names that loops and lambdas declare

    def of(self, kind: str) -> dict[str, Declaration]:
        return {each.name: each for each in self.declarations if each.kind == kind}

    def resource(self, type_name: str) -> Declaration:
        """The one resource of a type that this file makes."""
        made = [d for d in self.of("resource").values() if not d.is_existing]
        (found,) = (each for each in made if each.target.split("@")[0] == type_name)
        return found

    def variable(self, name: str) -> Any:
        return self.of("variable")[name].body


@cache
def read(path: Path) -> BicepFile:
    source = path.read_text(encoding="utf-8")
    return parse(source, path)


def parse(source: str, path: Path = INFRA / "made-up.bicep") -> BicepFile:
    root = _PARSER.parse(source.encode()).root_node
    return BicepFile(
        path,
        source,
        tuple(_faults(root)),
        tuple(_declarations(root)),
        frozenset(_names(root)),
        frozenset(_counters(root)),
    )


def _all(node: Node, kind: str) -> Iterator[Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from _all(child, kind)


def _names(root: Node) -> Iterator[str]:
    for node in _all(root, "identifier"):
        around, is_first = node.parent, node.parent.named_children[0] == node
        is_name = around.type in ("object_property", "call_expression", "for_statement")
        if not (is_first and (is_name or around.type.endswith("_declaration"))):
            yield _text(node)


def _counters(root: Node) -> Iterator[str]:
    for kind in ("for_statement", "lambda_expression"):
        for node in _all(root, kind):
            yield from re.findall(r"\w+", _text(node.named_children[0]))


def _faults(node: Node) -> Iterator[str]:
    if node.is_error or node.is_missing:
        yield f"line {node.start_point[0] + 1}: {_text(node)[:60]!r}"
    for child in node.children:
        yield from _faults(child)


def _declarations(root: Node) -> Iterator[Declaration]:
    decorators: dict[str, str] = {}
    for node in root.named_children:
        if node.type == "decorators":
            decorators = dict(_decorator(each) for each in node.named_children)
        elif matched := re.fullmatch(
            "(parameter|variable|output|resource|module)_declaration", node.type
        ):
            yield _declaration(matched[1], node, decorators)
            decorators = {}


def _decorator(node: Node) -> tuple[str, str]:
    call = node.named_children[0]
    arguments = call.named_children[1].named_children if len(call.named_children) > 1 else []
    return _text(call.named_children[0]), value(arguments[0]) if arguments else ""


def _declaration(kind: str, node: Node, decorators: dict[str, str]) -> Declaration:
    name, *rest = [each for each in node.named_children if each.type != "comment"]
    target = ""
    if kind in ("resource", "module"):
        target = value(rest.pop(0))
    elif rest and rest[0].type == "type":
        target = _text(rest.pop(0))
    body, condition, over = rest[-1] if rest else None, "", None
    if body is not None and body.type == "if_statement":
        condition, body = _text(body.named_children[0])[1:-1], body.named_children[-1]
    elif body is not None and body.type == "for_statement":
        _, over, body = [each for each in body.named_children if each.type != "comment"]
    return Declaration(
        kind,
        _text(name),
        target,
        None if body is None else value(body),
        decorators,
        condition,
        None if over is None else value(over),
        is_existing=" existing " in _text(node).split("{")[0],
    )


def value(node: Node) -> Any:
    """A literal as Python has it; anything else as it is written."""
    content = [each for each in node.named_children if each.type != "comment"]
    is_plain = all(each.type != "interpolation" for each in content)
    found: Any = Expression(_text(node))
    if node.type == "object":
        found = dict(_property(each) for each in content if each.type == "object_property")
    elif node.type == "array":
        found = [value(each) for each in content]
    elif node.type == "string" and is_plain:
        found = "".join(map(_text, content))
    elif node.type == "boolean":
        found = _text(node) == "true"
    elif node.type == "number":
        found = int(_text(node))
    return found


def branches(choice: str) -> tuple[str, Any, Any]:
    """What `asked ? yes : no` asks, and what it gives."""
    asked, yes, no = _expression(choice, "ternary_expression").named_children
    return _text(asked), value(yes), value(no)


def arguments(call: str) -> list[Any]:
    """What a function is called with."""
    _, given = _expression(call, "call_expression").named_children
    return [value(each) for each in given.named_children if each.type != "comment"]


def _expression(written: str, kind: str) -> Node:
    root = _PARSER.parse(f"var it = {written}\n".encode()).root_node
    found = root.named_children[0].named_children[-1]
    assert found.type == kind, f"{written} is a {found.type}, not a {kind}"
    return found


def _property(node: Node) -> tuple[str, Any]:
    key, content = [each for each in node.named_children if each.type != "comment"]
    return (value(key) if key.type == "string" else _text(key)), value(content)


def _text(node: Node) -> str:
    return str(node.text.decode())


def walk(found: Any) -> Iterator[tuple[str, Any]]:
    """Every key and its value, however deep."""
    if isinstance(found, dict):
        for key, content in found.items():
            yield key, content
            yield from walk(content)
    elif isinstance(found, list):
        for each in found:
            yield from walk(each)


FILES = {path.relative_to(INFRA).as_posix(): read(path) for path in INFRA.rglob("*.bicep")}
MAIN, HOST, STORAGE = FILES["main.bicep"], FILES["app/host.bicep"], FILES["app/storage.bicep"]
ROLES, MONITORING = FILES["app/roles.bicep"], FILES["app/monitoring.bicep"]
AUTHENTICATION = FILES["app/authentication.bicep"]
NETWORK, VAULT = FILES["app/network.bicep"], FILES["app/vault.bicep"]
SITE = HOST.resource("Microsoft.Web/sites").body

#: Roles by the ids that Azure gives them everywhere.
ROLE_IDS = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
}
VAULT_ROLE_ID = {"keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6"}
