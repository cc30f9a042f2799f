"""
What others know of the pinned packages: the package index, OSV, and npm for the emulator.

uv asks the first two: it locks a project, made for the purpose, that wants exactly the pins, and
has OSV (osv.dev) tell what it knows of them. uv marks its ``audit`` as experimental: an answer in
any other shape is taken for no answer. Nothing is installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any, NamedTuple

import dev
from audit import Part, licences, pins

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from audit.accepted import Accepted
    from audit.pins import Pin

PATIENCE_SECONDS = 100
_DONE, _REFUSED = 0, 1  #: uv's exit codes; with the second it locked nothing, or has findings
_YANKED = re.compile(r"`(\S+)` is yanked(?: \(reason: \"(.*)\"\))?")
_AUDIT = [
    *("audit", "--frozen", "--output-format", "json"),
    *("--preview-features", "audit-command,json-output"),
]


class PackageProblem(NamedTuple):
    """A known vulnerability of a pinned package."""

    ids: frozenset[str]  #: its id and its aliases
    sentence: str


def check(accepted: Accepted, today: date, mirror: str = "") -> list[Part]:
    """Ask the index and OSV about every pin; *mirror* is the address of another OSV, if any."""
    wanted = pins.read(dev.DEVELOPMENT)
    with dev.one_at_a_time():
        uv = dev.find_uv()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(project(wanted), encoding="utf-8")
        index = of_index(len(wanted), _run([uv, "lock", "--python", sys.executable], folder))
        if not (folder / "uv.lock").exists():
            return [index, Part("vulnerabilities", unchecked="that needs an answer of the index")]
        ask = [uv, *_AUDIT, *(["--service-url", mirror] if mirror else [])]
        return [index, of_osv(len(wanted), _run(ask, folder), accepted, today)]


def project(wanted: Sequence[Pin]) -> str:
    """Write a project that depends on the pins, and so locks to them."""
    pythons = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = json.dumps([pin.requirement for pin in wanted])
    return (
        '[project]\nname = "pins"\nversion = "0"\n'
        f"requires-python = {json.dumps(pythons['project']['requires-python'])}\n"
        f"dependencies = {requirements}\n"
    )


def of_index(count: int, answer: CompletedProcess[str]) -> Part:
    """Read off, from how locking went, whether the index has every pin and none is yanked."""
    if answer.returncode == _REFUSED:
        return Part("index", wrong=(f"The pins cannot be had together: {_why(answer)}",))
    if answer.returncode != _DONE:
        return Part("index", unchecked=_why(answer))
    yanked = [
        f"{pin} was withdrawn from the index ({reason or 'without a reason'})."
        for pin, reason in sorted(set(_YANKED.findall(answer.stderr)))
    ]
    return Part("index", f"{count} pins, all there and none withdrawn", tuple(yanked))


def of_osv(count: int, answer: CompletedProcess[str], accepted: Accepted, today: date) -> Part:
    """Read off what OSV knows of the pins, all *count* of which it must have been asked about."""
    name = "vulnerabilities"
    if answer.returncode not in (_DONE, _REFUSED):
        return Part(name, unchecked=_why(answer))
    try:
        said = json.loads(answer.stdout)
        asked = said["summary"]["audited_packages"]
        findings = [_finding(one) for one in said["vulnerabilities"]]
        quarantined = _quarantined(said["adverse_statuses"])
    except (ValueError, KeyError, TypeError) as error:
        return Part(name, unchecked=f"uv answered in a shape that is not known here ({error!r})")
    if asked != count:
        return Part(name, unchecked=f"uv asked about {asked} of the {count} pins only")
    wrong = [one for finding in findings for one in still_open(finding, accepted, today)]
    excused = f" but {len(findings)} accepted" if findings else ""
    return Part(name, f"{count} pins, of which OSV knows none{excused}", (*wrong, *quarantined))


def still_open(finding: PackageProblem, accepted: Accepted, today: date) -> list[str]:
    """Say what is wrong with a vulnerability: nothing, while somebody has accepted it."""
    excuse = next((one for one in accepted.vulnerabilities if one.id in finding.ids), None)
    if excuse is None:
        return [finding.sentence]
    if excuse.until < today:
        return [f"{finding.sentence} It was accepted until {excuse.until}: {excuse.reason}."]
    return []


def emulator() -> Part:
    """Ask npm what is known of the emulator's packages."""
    npm = shutil.which("npm")
    if npm is None:
        return Part("emulator", unchecked="there is no npm")
    return of_emulator(
        _run([npm, "audit", "--package-lock-only", "--json"], licences.EMULATOR.parent)
    )


def of_emulator(answer: CompletedProcess[str]) -> Part:
    """Read off npm's answer. What runs on loopback, in tests only, is told of and is not wrong."""
    try:
        said = json.loads(answer.stdout)
        count = said["metadata"]["vulnerabilities"]["total"]
    except ValueError:
        return Part("emulator", unchecked=_why(answer))
    except KeyError:
        return Part("emulator", unchecked=str(said.get("message")).partition(" - ")[0])
    return Part("emulator", f"npm knows {count} vulnerabilities of what only the tests start")


def _finding(one: dict[str, Any]) -> PackageProblem:
    pin = f"{one['dependency']['name']} {one['dependency']['version']}"
    ids = [one["id"], *one["aliases"]]
    fixed = ", ".join(one["fix_versions"]) or "no version yet"
    return PackageProblem(
        frozenset(ids), f"{pin}: {' = '.join(ids)}: {one['summary']}. Fixed in {fixed}."
    )


def _quarantined(statuses: list[dict[str, str]]) -> list[str]:
    """Say which projects the index holds for harmful; archived ones are only not kept up."""
    bad = [one["name"] for one in statuses if one["status"] == "quarantined"]
    return [f"The index has put {name} under quarantine." for name in bad]


def _run(command: list[str], folder: Path) -> CompletedProcess[str]:
    """Run *command*; one that never ends, or cannot be started, did not work, and says why."""
    environment = {"UV_HTTP_RETRIES": "1", **os.environ, "NO_COLOR": "1"}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return CompletedProcess(command, 2, "", f"error: {error}")


def _why(answer: CompletedProcess[str]) -> str:
    """Return the first and the last reason of a program that failed: what, and at bottom why."""
    said = [line.strip() for line in answer.stderr.splitlines()]
    reasons = [line.partition(": ")[2] for line in said if line.startswith(("error:", "cause:"))]
    return ": ".join(dict.fromkeys([reasons[0], reasons[-1]])) if reasons else "no reason was given"
