"""Both requirements files are what ``python dev.py lock`` makes of pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from itertools import product

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import dev

PROJECT = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = {
    dev.PRODUCT: PROJECT["project"]["dependencies"],
    dev.DEVELOPMENT: PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"],
}
PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: ; ([^-]+?))?(?: +--hash=sha256:[0-9a-f]{64})+")

both_files = pytest.mark.parametrize("file", ASKED, ids=lambda file: file.name)


@pytest.fixture(
    params=product(["3.11", "3.12", "3.13"], ["linux", "darwin", "win32"]), ids=" ".join
)
def machine(request):
    """What a marker asks of a machine; for the rest, the one that runs this will do."""
    python, system = request.param
    return {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": system,
    }


def lines_of(text):
    joined = text.replace("\\\n", "").splitlines()
    return [" ".join(line.split()) for line in joined if line and not line.lstrip().startswith("#")]


def pins(text, machine):
    """The version of each package that a requirements file gives *machine*."""
    found = [Requirement(line.split(" --hash")[0]) for line in lines_of(text)]
    return {
        pin.name: str(pin.specifier).removeprefix("==")
        for pin in found
        if pin.marker is None or pin.marker.evaluate(machine)
    }


def unmet(asked, pinned, machine):
    """Those of the requirements *asked* for on *machine* that no pin satisfies."""
    wanted = [Requirement(text) for text in asked]
    return [
        str(one)
        for one in wanted
        if one.marker is None or one.marker.evaluate(machine)
        if one.name not in pinned or pinned[one.name] not in one.specifier
    ]


@both_files
def test_every_dependency_is_pinned_to_a_version_that_pyproject_allows(file, machine) -> None:
    pinned = pins(file.read_text(encoding="utf-8"), machine)

    assert unmet(ASKED[file], pinned, machine) == []
    assert unmet(["msgspec<0.1", "nothing"], pinned, machine) == ["msgspec<0.1", "nothing"]


@both_files
def test_nothing_is_pinned_for_a_dependency_that_pyproject_no_longer_names(file) -> None:
    pinned = re.split(r"^(?=\w)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    asked_for = {block.split("==")[0] for block in pinned if "(pyproject.toml" in block}

    assert asked_for == {Requirement(one).name for one in ASKED[file]}


def test_the_tests_run_with_exactly_the_versions_that_the_product_runs_with(machine) -> None:
    fewer, more = (pins(file.read_text(encoding="utf-8"), machine) for file in ASKED)

    assert fewer.items() <= more.items()


@both_files
def test_every_line_is_a_pin_with_hashes_and_no_line_names_an_index_or_a_folder(file) -> None:
    text = file.read_text(encoding="utf-8")

    assert [line for line in lines_of(text) if not PIN.fullmatch(line)] == []
    assert "/" not in text


@pytest.mark.parametrize("line", ["--index-url x", "a==1", "a>=1 --hash=sha256:" + "0" * 64])
def test_a_line_without_a_pin_or_a_hash_would_be_found(line) -> None:
    assert not PIN.fullmatch(line)


def test_dev_py_supports_the_pythons_that_pyproject_asks_for() -> None:
    (_, oldest), (major, newest) = dev.OLDEST, dev.NEWEST

    assert SpecifierSet(PROJECT["project"]["requires-python"]) == SpecifierSet(
        f">=3.{oldest},<{major}.{newest + 1}"
    )
