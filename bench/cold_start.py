"""
The cost of a cold start: the function app, and the SDK that every Python function app loads.

Also of the first answers as they are in Azure, with the store in an account (the emulator's, over
https) and tokens from the platform's identity endpoint (on loopback), in processor time.

Imports are timed in fresh processes, alternately, so that a busy machine slows both, with bytecode
as deployed. Then the rate at which the local host serves a stored page: HTTP, the SDK's own request
and response, and a read from the store on disk.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

import function_app
from bench._cold_azure import FIRST_ANSWER, account_with_a_report
from shared.cli.local_host import LocalHost
from shared.clock import utc_now
from shared.mfa.coverage import LogKinds
from shared.service.composition import Service, use
from shared.service.day_run import collect_owed, publish_owed
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5
REQUESTS = 300
FIRST_ROUTES = [("health", "get_health"), ("report", "get_report")]
TENANT = "00000000-0000-4000-8000-000000000001"
_TIMED = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
_FIRST_RESPONSE = """
import time; t = time.perf_counter()
import azure.functions as func, function_app
request = func.HttpRequest("GET", "http://localhost/api/health", headers={}, body=b"")
response = function_app.get_health(request)
print(time.perf_counter() - t)
"""


def run() -> None:
    """Print the figures."""
    sdk, app, first = _imports(
        _TIMED.format("azure.functions"), _TIMED.format("function_app"), _FIRST_RESPONSE
    )
    print(f"Loading, best of {RUNS} fresh processes")
    print(f"  azure.functions alone           {sdk * 1000:6.1f} ms")
    print(f"  function_app                    {app * 1000:6.1f} ms, {app / sdk:.2f} x")
    print(f"  function_app, first response     {first * 1000:6.1f} ms, {first / sdk:.2f} x")
    try:
        _print_in_azure()
    except pytest.skip.Exception as reason:
        print(f"skipped: {reason}")
    with TemporaryDirectory() as folder, use(_published(Path(folder))) as service:
        host = LocalHost(function_app.app, service.settings, now=utc_now)
        with host.serve() as server:
            whole, size = _served(server.url, {})
            same, _ = _served(server.url, {"If-None-Match": "*"})
    print(
        f"Local host, one connection: {whole:,.0f} stored pages of {size / 1000:.0f} kB a second,"
    )
    print(f"  {same:,.0f} responses 'not modified' a second")


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


def _print_in_azure() -> None:
    """The first answers with the store in an account; processor time, in fresh processes."""
    alone = (
        "import sys, time; t = time.process_time(); import azure.functions; "
        "print(time.process_time() - t, len(sys.modules), 0)"
    )
    codes = [alone] + [FIRST_ANSWER.format(route=r, function=f) for r, f in FIRST_ROUTES]
    with TemporaryDirectory() as folder:
        settings = _settings(Path(folder))
        with account_with_a_report(settings, _publish) as environment:
            rows = [_lowest(code, environment) for code in codes]
    sdk = rows[0][0]
    print(f"Store in a storage account, managed identity; processor, best of {RUNS}")
    print(f"  azure.functions alone           {sdk * 1000:6.1f} ms, {rows[0][1]:.0f} modules")
    for (route, _), (seconds, modules, elapsed) in zip(FIRST_ROUTES, rows[1:], strict=True):
        more = f"{(seconds - sdk) * 1000:.0f} ms more"
        print(
            f"  first response, {route:15} {seconds * 1000:6.1f} ms, {modules:.0f} modules, {more}"
            f" ({elapsed * 1000:.0f} ms elapsed)"
        )


def _lowest(code: str, environment: dict[str, str]) -> list[float]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    whole = {**kept, "PYTHONPATH": str(ROOT), "TENANT_ID": TENANT, **environment}
    _output(code, whole)  # once for the bytecode
    return min([float(word) for word in _output(code, whole).split()] for _ in range(RUNS))


def _settings(folder: Path) -> dict[str, str]:
    directory = folder / "directory.json"
    directory.write_text('{"format": "partner-mfa-status/directory", "version": 1, "users": []}')
    return {
        "TENANT_ID": TENANT,
        "SIGNIN_SOURCE": "exports",
        "DIRECTORY_FILE": str(directory),
        "STORE_FOLDER": str(folder / "store"),
    }


def _published(folder: Path) -> Service:
    """A service with one report in its store."""
    service = Service(Settings(_settings(folder)))
    _publish(service)
    return service


def _publish(service: Service) -> None:
    service.partner.source = _EmptySource()  # in place of the files
    today = service.today
    collect_owed(service.partner.daily, today, lambda *_: None)
    publish_owed(service.partner.daily, today, lambda *_: None)


def _imports(*codes: str) -> list[float]:
    """The seconds that each code prints, the least of some runs."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    environment = {**kept, "PYTHONPATH": str(ROOT), "TENANT_ID": TENANT}
    for code in codes:  # once for the bytecode
        _fresh(code, environment)
    taken = [[_fresh(code, environment) for code in codes] for _ in range(RUNS)]
    return [min(column) for column in zip(*taken, strict=True)]


def _fresh(code: str, environment: dict[str, str]) -> float:
    return float(_output(code, environment))


def _output(code: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _served(url: str, headers: dict[str, str]) -> tuple[float, int]:
    """Responses a second over one connection, the best of some runs, and the size of one."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    rates, size = [], 0
    for _ in range(RUNS):
        start = time.perf_counter()
        for _ in range(REQUESTS):
            connection.request("GET", "/api/report", headers=headers)
            size = len(connection.getresponse().read())
        rates.append(REQUESTS / (time.perf_counter() - start))
    connection.close()
    return max(rates), size


if __name__ == "__main__":
    run()
