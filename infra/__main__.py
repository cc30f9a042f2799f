"""
The steps around a deployment, which azd's hooks run; ``entra`` and ``remove`` are for people.

    python dev.py setup provisioned      after azd provision: grants, app registration, roles
    python dev.py setup package          before azd package: the app's dependencies
    python dev.py setup deployed         after azd deploy: wakes the app, then checks it
    python dev.py setup removing         before azd down: writes down what is outside the group
    python dev.py setup removed          after azd down: takes grants and registration back
    python dev.py setup entra …          an Entra administrator's part, as a hook prints it
    python dev.py setup remove …         the same of a removal

Exit codes: 0 done, 1 something is left for somebody else, 2 wrong usage or failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from infra import steps
from infra.azd import ROOT, Azd
from infra.registration import Deployed
from shared.endpoints import Cloud
from shared.errors import MfaStatusError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step and return its exit code."""
    given = _parser().parse_args(arguments)
    terminal = steps.Terminal(_say, _ask, time.sleep, given.graph_endpoint or "")
    try:
        return _run(given, terminal)
    except MfaStatusError as error:
        _say(f"setup {given.step}: {error}")
        return 2


def _run(given: argparse.Namespace, terminal: steps.Terminal) -> int:
    azd = Azd()
    match given.step:
        case "provisioned" | "deployed" if azd.is_inner:
            pass  # the outer one's hook does it
        case "provisioned":
            steps.provisioned(azd, terminal)
        case "deployed":
            steps.awake(azd, terminal)
            _check(azd["REPORT_URL"].removesuffix("/api/report"))
        case "package":
            return _package()
        case "removing":
            steps.removing(azd)
        case "removed":
            steps.removed(azd, terminal)
        case "entra":
            made = Deployed(given.tenant, given.principal, given.redirect_uri, Cloud(given.cloud))
            return steps.entra(made, terminal)
        case _:
            return steps.remove(given.tenant, given.principal, Cloud(given.cloud), terminal)
    return 0


def _check(url: str) -> None:
    """Check what was deployed; what is not in order yet is said, and does not make it fail."""
    command = [sys.executable, "-m", "shared", "check", "--url", url]
    subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603


def _package() -> int:
    """Put the dependencies where the package takes them from: for the app's Linux and Python."""
    import dev

    python = dev.dotted(dev.NEWEST)
    return dev.run(
        *(dev.find_uv(), "pip", "sync", "--require-hashes", "--only-binary", ":all:"),
        *("--python-platform", "x86_64-manylinux_2_28", "--python-version", python),
        *("--target", str(ROOT / ".python_packages/lib/site-packages")),
        str(ROOT / "requirements.txt"),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py setup", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--graph-endpoint", help=argparse.SUPPRESS)
    of_steps = parser.add_subparsers(dest="step", required=True)
    for step in ("provisioned", "package", "deployed", "removing", "removed"):
        of_steps.add_parser(step)
    for step in ("entra", "remove"):
        of_step = of_steps.add_parser(step)
        of_step.add_argument("--tenant", required=True)
        of_step.add_argument("--principal", required=True)
        of_step.add_argument("--cloud", choices=[*map(str, Cloud)], default="global")
        if step == "entra":
            of_step.add_argument("--redirect-uri", required=True)
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _ask(question: str) -> str:
    """The answer of the person at the keyboard; empty where there is none."""
    if not sys.stdin.isatty():
        return ""
    try:
        return input(question)
    except EOFError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
