"""
Makes a release of what is unreleased: the version in each file that names it, and its notes.

    python -m audit.release 0.2.0 --on 2026-12-31    changes the files (docs/release.md)
    python -m audit.release --notes                  prints the newest release's notes

Run it with the project's environment. Exit codes: 0 done, 2 wrong usage, or not fit for a release.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = "CHANGELOG.md"
#: Where the version stands, and how: pyproject.toml is its place, and a test compares the others.
PLACES = {
    "pyproject.toml": re.compile(r'(?m)^version = "([^"]+)"'),
    "shared/service/http/health.py": re.compile(r'(?m)^VERSION = "([^"]+)"'),
    "azure.yaml": re.compile(r"(?m)^  template: partner-mfa-status@(\S+)"),
}
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_UNRELEASED = "## Unreleased\n"
_EMPTY = f"{_UNRELEASED}\n### Breaking\n\nNone.\n\n### Changed\n\n"


class UnfitError(Exception):
    """There cannot be a release; the message says why."""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run the command."""
    given = _parser().parse_args(arguments)
    try:
        if given.version:
            release(root, given.version, given.on)
        sys.stdout.write(notes((root / CHANGELOG).read_text(encoding="utf-8")))
    except UnfitError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def versions(root: Path = ROOT) -> dict[str, str]:
    """The version that each file names."""
    return {name: _found(root, name, pattern)[1] for name, pattern in PLACES.items()}


def release(root: Path, version: str, on: date) -> None:
    """Write the version into every file that names it, and close the unreleased notes with it."""
    if not _VERSION.fullmatch(version):
        raise UnfitError(f"invalid version {version!r}; expected three numbers, such as 1.2.3")
    changelog = (root / CHANGELOG).read_text(encoding="utf-8")
    if f"## {version} " in changelog:
        raise UnfitError(f"{CHANGELOG} has a release {version} already.")
    head, found, rest = changelog.partition(_UNRELEASED)
    if not (found and re.search(r"^- ", rest.split("\n## ")[0], re.MULTILINE)):
        raise UnfitError(f"{CHANGELOG} has nothing under Unreleased.")
    places = {name: _found(root, name, pattern) for name, pattern in PLACES.items()}
    closed = f"{head}{_EMPTY}## {version} - {on}\n{rest}"
    (root / CHANGELOG).write_text(closed, encoding="utf-8", newline="\n")
    for name, match in places.items():
        text = match.string[: match.start(1)] + version + match.string[match.end(1) :]
        (root / name).write_text(text, encoding="utf-8", newline="\n")


def notes(changelog: str) -> str:
    """The newest release's part of the changelog, without its heading."""
    found = re.search(r"^## \d[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found:
        raise UnfitError(f"{CHANGELOG} has no release yet.")
    return found[1].strip() + "\n"


def _found(root: Path, name: str, place: re.Pattern[str]) -> re.Match[str]:
    match = place.search((root / name).read_text(encoding="utf-8"))
    if match is None:
        raise UnfitError(f"{name} names no version.")
    return match


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audit.release", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", help="three numbers, such as 1.2.3")
    what.add_argument("--notes", action="store_true", help="print the newest release's notes")
    parser.add_argument("--on", type=date.fromisoformat, help="the day of the release")
    return parser


if __name__ == "__main__":
    sys.exit(main())
