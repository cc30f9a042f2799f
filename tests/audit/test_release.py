"""A release: the version in every file that names it, the notes from the changelog."""

from __future__ import annotations

import re
import tomllib

import pytest

import dev
from audit.release import CHANGELOG, PLACES, UnfitError, main, notes, versions

TEXT = """# Changelog

## Unreleased

### Breaking

None.

### Changed

- A thing is new.

## 0.0.9 - 2026-11-01

- The first one.
"""


@pytest.fixture
def project(tmp_path):
    """A copy of every file that a release changes."""
    for name in PLACES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((dev.ROOT / name).read_bytes())
    (tmp_path / CHANGELOG).write_text(TEXT)
    return tmp_path


def test_every_file_names_the_same_version_and_it_is_what_dev_py_says() -> None:
    (version,) = set(versions().values())

    assert dev.version() == f"partner-mfa-status {version}"
    project = tomllib.loads((dev.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == version


def test_a_release_changes_the_version_everywhere_and_closes_the_notes(project, capsys) -> None:
    assert main(["1.2.3", "--on", "2026-12-31"], project) == 0

    assert set(versions(project).values()) == {"1.2.3"}
    changelog = (project / CHANGELOG).read_text()
    assert re.findall(r"^## .*", changelog, re.MULTILINE) == [
        *("## Unreleased", "## 1.2.3 - 2026-12-31", "## 0.0.9 - 2026-11-01")
    ]
    assert "- A thing is new." in capsys.readouterr().out
    assert "- A thing is new." not in changelog.split("## 1.2.3")[0]


def test_the_notes_are_those_of_the_newest_release_alone() -> None:
    assert notes(TEXT) == "- The first one.\n"
    with pytest.raises(UnfitError, match="no release yet"):
        notes("# Changelog\n\n## Unreleased\n\n- x\n")


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-rc1", "0.0.9"])
def test_what_is_not_a_new_version_changes_nothing(version, project, capsys) -> None:
    assert main([version, "--on", "2026-12-31"], project) == 2

    assert (project / CHANGELOG).read_text() == TEXT
    assert "1" in capsys.readouterr().err or version == "0.0.9"


def test_without_anything_unreleased_there_is_none(project) -> None:
    (project / CHANGELOG).write_text(TEXT.replace("- A thing is new.\n", ""))

    assert main(["1.2.3", "--on", "2026-12-31"], project) == 2
    assert "1.2.3" not in versions(project).values()


def test_this_project_s_own_changelog_has_a_place_for_what_comes() -> None:
    changelog = (dev.ROOT / CHANGELOG).read_text("utf-8")

    assert changelog.count("## Unreleased\n") == 1
    assert changelog.index("## Unreleased\n") == changelog.index("## ")
