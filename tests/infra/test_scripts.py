"""The shell and PowerShell scripts, read by programs that know these languages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOOKS = ROOT / "infra" / "hooks"
SHELL = [*sorted(HOOKS.glob("*.sh")), ROOT / ".ci" / "run"]
POWERSHELL = sorted(HOOKS.glob("*.ps1"))

needs_shellcheck = pytest.mark.skipif(
    shutil.which("shellcheck") is None, reason="shellcheck is not on this machine"
)


def findings(path):
    command = ["shellcheck", "--severity=style", "--format=gcc", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@needs_shellcheck
@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say_about_a_shell_script(path) -> None:
    assert findings(path) == ""


@needs_shellcheck
def test_shellcheck_would_find_a_fault(tmp_path) -> None:
    script = tmp_path / "faulty.sh"
    script.write_text("#!/bin/sh\nrm -r $1\n")

    assert "SC2086" in findings(script)


def is_powershell(source):
    tree_sitter = pytest.importorskip("tree_sitter")
    powershell = pytest.importorskip("tree_sitter_powershell")
    parser = tree_sitter.Parser(tree_sitter.Language(powershell.language()))
    return not parser.parse(source).root_node.has_error


@pytest.mark.parametrize("path", POWERSHELL, ids=lambda path: path.name)
def test_a_powershell_script_is_parsed_without_an_error(path) -> None:
    assert is_powershell(path.read_bytes())


@pytest.mark.parametrize("source", [b"if ($a { b }", b"foreach ($a in ) { }", b'"open'])
def test_the_parser_would_find_a_fault(source) -> None:
    assert not is_powershell(source)


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_every_hook_has_a_twin_on_the_other_kind_of_machine(path) -> None:
    if path.parent == HOOKS:
        assert path.with_suffix(".ps1") in POWERSHELL
        assert f"{path.stem}.ps1 does the same on Windows" in path.read_text("utf-8")


def test_both_setup_scripts_run_the_same_command_and_say_the_same() -> None:
    posix, windows = ((HOOKS / f"setup.{kind}").read_text("utf-8") for kind in ("sh", "ps1"))

    for script in (posix, windows):
        assert "dev.py setup" in script
        assert "There is no Python here: install Python 3.11 to 3.14, then run" in script
    assert set(re.findall(r"\bpython3?\b|\bpy\b", windows.split("{")[0])) == {
        *("python", "python3", "py")
    }
