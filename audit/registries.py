"""
What the package index and OSV know about the pinned packages, and npm about the emulator.

uv asks the first two: it locks a temporary project that depends on exactly the pins, and audits
that lock against OSV (osv.dev). ``uv audit`` is experimental: an answer of an unexpected shape
counts as no answer. Nothing is installed.
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
from typing import TYPE_CHECKING, Any

import dev
from audit import Part, licences, pins

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from audit.accepted import Accepted
    from audit.pins import Pin

TIMEOUT_SECONDS = 100
_DONE, _REFUSED = 0, 1  #: uv's exit codes; the second means that it could not lock, or has findings
_YANKED = re.compile(r"`([^\s`]+)` is yanked(?: \(reason: \"(.*)\"\))?")
_AUDIT = [
    *("audit", "--frozen", "--output-format", "json"),
    *("--preview-features", "audit-command,json-output"),
]


def check(accepted: Accepted, today: date, mirror: str = "") -> list[Part]:
    """Ask the index and OSV, or a *mirror* of it, about every pin."""
    wanted = pins.read(dev.DEVELOPMENT)
    with dev.one_at_a_time():
        uv = dev.find_uv()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(project(wanted), encoding="utf-8")
        index = of_index(len(wanted), _run([uv, "lock", "--python", sys.executable], folder))
        if not (folder / "uv.lock").exists():
            return [index, Part("vulnerabilities", unchecked="this needs an answer of the index")]
        ask = [uv, *_AUDIT, *(["--service-url", mirror] if mirror else [])]
        for one in accepted.vulnerabilities:
            ask += ["--ignore", one.id] if today <= one.until else []
        return [index, of_osv(len(wanted), _run(ask, folder), accepted, today)]


def project(wanted: Sequence[Pin]) -> str:
    """Return a project that depends on the pins, and so locks to them."""
    pythons = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = json.dumps([pin.requirement for pin in wanted])
    return (
        '[project]\nname = "pins"\nversion = "0"\n'
        f"requires-python = {json.dumps(pythons['project']['requires-python'])}\n"
        f"dependencies = {requirements}\n"
    )


def of_index(count: int, answer: CompletedProcess[str]) -> Part:
    """Conclude from the locking whether the index has every pin and none is yanked."""
    if answer.returncode == _REFUSED:
        return Part("index", wrong=(f"The pins cannot be installed together: {_why(answer)}",))
    if answer.returncode != _DONE:
        return Part("index", unchecked=_why(answer))
    yanked = [
        f"{pin} was withdrawn from the index ({reason or 'no reason given'})."
        for pin, reason in sorted(set(_YANKED.findall(answer.stderr)))
    ]
    return Part("index", f"{count} pins, all available and none withdrawn", tuple(yanked))


def of_osv(count: int, answer: CompletedProcess[str], accepted: Accepted, today: date) -> Part:
    """Read what OSV knows about the pins; uv must have asked about all *count*."""
    name = "vulnerabilities"
    if answer.returncode not in (_DONE, _REFUSED):
        return Part(name, unchecked=_why(answer))
    try:
        known = json.loads(answer.stdout)
        asked = known["summary"]["audited_packages"]
        wrong = [_finding(one) for one in known["vulnerabilities"]]
        wrong += _quarantined(known["adverse_statuses"])
    except (ValueError, KeyError, TypeError) as error:
        return Part(name, unchecked=f"uv's answer has an unexpected shape ({error!r})")
    if asked != count:
        return Part(name, unchecked=f"uv asked about only {asked} of the {count} pins")
    wrong += [
        f"{one.id} was accepted until {one.until}: {one.reason}."
        for one in accepted.vulnerabilities
        if one.until < today
    ]
    but = f" but {len(accepted.vulnerabilities)} accepted" if accepted.vulnerabilities else ""
    return Part(name, f"{count} pins, of which OSV knows none{but}", tuple(wrong))


def emulator() -> Part:
    """Ask npm about the emulator's packages."""
    npm = shutil.which("npm")
    if npm is None:
        return Part("emulator", unchecked="there is no npm")
    return of_emulator(
        _run([npm, "audit", "--package-lock-only", "--json"], licences.EMULATOR.parent)
    )


def of_emulator(answer: CompletedProcess[str]) -> Part:
    """Read npm's answer. Findings are reported but not wrong: only tests run it, on loopback."""
    try:
        known = json.loads(answer.stdout)
        count = known["metadata"]["vulnerabilities"]["total"]
    except ValueError:
        return Part("emulator", unchecked=_why(answer))
    except KeyError:
        return Part("emulator", unchecked=str(known.get("message")).partition(" - ")[0])
    return Part("emulator", f"npm knows {count} vulnerabilities; only tests run it")


def _finding(one: dict[str, Any]) -> str:
    pin = f"{one['dependency']['name']} {one['dependency']['version']}"
    ids = " = ".join([one["id"], *one["aliases"]])
    fixed = ", ".join(one["fix_versions"]) or "no version yet"
    return f"{pin}: {ids}: {one['summary']}. Fixed in {fixed}."


def _quarantined(statuses: list[dict[str, str]]) -> list[str]:
    """Return the projects that the index considers harmful; archived ones are only unmaintained."""
    bad = [one["name"] for one in statuses if one["status"] == "quarantined"]
    return [f"The index has put {name} under quarantine." for name in bad]


def _run(command: list[str], folder: Path) -> CompletedProcess[str]:
    """Run *command*; one that cannot be started, or never ends, fails with the reason."""
    environment = {"UV_HTTP_RETRIES": "1", **os.environ, "NO_COLOR": "1"}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return CompletedProcess(command, 2, "", f"error: {error}")


def _why(answer: CompletedProcess[str]) -> str:
    """Return the first and the last reason that a failed program gave: what and, at bottom, why."""
    lines = [line.strip() for line in answer.stderr.splitlines()]
    reasons = [line.partition(": ")[2] for line in lines if line.startswith(("error:", "cause:"))]
    return ": ".join(dict.fromkeys([reasons[0], reasons[-1]])) if reasons else "no reason was given"
