"""
The first answers after a cold start, as in Azure, and the SDK that every function app loads.

The store is an account (the emulator's, over https), tokens come from the platform's identity
endpoint (on loopback), and what counts is the processor time of fresh processes, with bytecode.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench._cold_azure import FIRST_ANSWER, account_with_a_report
from bench.frame import ROOT, Amount, Given, Row, Way
from shared.mfa.coverage import LogKinds
from shared.service.day_run import collect_owed, publish_owed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.service.composition import Service

FIRST_ROUTES = [
    ("health", "get_health", "+496 ms"),
    ("report", "get_report", "+475 ms (+1.7 s with the SDK's credentials)"),
]
TENANT = "00000000-0000-4000-8000-000000000001"
ALONE = """
import sys, time; t = time.process_time(); import azure.functions
print(time.process_time() - t, len(sys.modules), 0)
"""


class _EmptySource:
    """A source of a week without sign-ins."""

    name = "simulated"

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        del slice_
        yield from ()

    def logs(self, slice_: Slice) -> LogKinds:
        del slice_
        return LogKinds()

    def reach_days(self, today: date) -> int:
        del today
        return 7


@contextmanager
def _account(given: Given) -> Iterator[None]:
    """The account and the platform's identity, while the row is measured."""
    with account_with_a_report(_settings(given.folder), _publish) as environment:
        (given.folder / "environment.json").write_text(json.dumps(environment))
        yield


def _processor(code: str) -> Callable[[Given], Callable[[], Amount]]:
    """The processor seconds of a fresh process, once its bytecode is there."""

    def make(given: Given) -> Callable[[], Amount]:
        stored = given.folder / "environment.json"
        environment = json.loads(stored.read_text()) if stored.exists() else {}

        def begin() -> Amount:
            return Amount(None, float(_output(code, environment).split()[0]))

        begin()
        return begin

    return make


def _settings(folder: Path) -> dict[str, str]:
    directory = folder / "directory.json"
    directory.write_text('{"format": "partner-mfa-status/directory", "version": 1, "users": []}')
    return {
        "TENANT_ID": TENANT,
        "SIGNIN_SOURCE": "exports",
        "DIRECTORY_FILE": str(directory),
        "STORE_FOLDER": str(folder / "store"),
    }


def _publish(service: Service) -> None:
    service.partner.source = _EmptySource()  # in place of the files
    today = service.today
    collect_owed(service.partner.daily, today, lambda *_: None)
    publish_owed(service.partner.daily, today, lambda *_: None)


def _output(code: str, environment: dict[str, str]) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    whole = {**kept, "PYTHONPATH": str(ROOT), "TENANT_ID": TENANT, **environment}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


ROWS = [
    Row(
        what=f"First answer after a cold start in Azure, {route}",
        before=before,
        size=1,
        short_size=1,
        prepare=_account,
        ours=Way("ours", _processor(FIRST_ANSWER.format(route=route, function=function))),
        others=(
            Way("azure.functions alone", _processor(ALONE), at_most_more=500, is_compared=False),
        ),
        unit="ms",
    )
    for route, function, before in FIRST_ROUTES
]
