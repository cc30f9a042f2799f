"""
Serving the newest page over a storage account, in production's worker library.

Compared are ours (`shared/service/http/recent_reports.py`), the same app reading the rows and the
blob for each request, and the same app with the page in memory for good, which is the floor. The
storage account is Azurite on loopback, so in Azure each storage call takes longer than here. The
Functions host, which is not here, adds its own time to each. Needs Node.js and Python 3.13, as the
tests with Azurite and the worker do.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from shared.clock import utc_now
from shared.service.day_run import collect_owed, publish_owed
from shared.settings import Settings
from simulator.demo import simulated_service
from simulator.tenants.partner import TENANT_ID
from tests.azurite import running_azurite
from tests.test_worker import python_of_the_worker

ROOT = Path(__file__).resolve().parent.parent


def run() -> None:
    """Print the figures."""
    try:
        python = python_of_the_worker()
        with running_azurite() as azurite:
            environment = {"STORAGE_CONNECTION_STRING": azurite.connection_string}
            _publish(environment)
            measured = _measured(python, environment)
    except pytest.skip.Exception as reason:
        print(f"skipped: {reason}")
        return
    print(f"GET /api/report, {measured['page_kb']:.0f} kB, in the worker library over Azurite;")
    print("1 client, and 16 at once; best of 3 rounds")
    figures = measured["figures"]
    before = figures["each time"]
    for name, now in figures.items():
        print(
            f"  {name:9}  {now['ms']:6.2f} ms ({before['ms'] / now['ms']:4.1f} x)  "
            f"{now['per_second']:6,.0f}/s ({now['per_second'] / before['per_second']:4.1f} x)   "
            f"304: {now['ms_304']:6.2f} ms ({before['ms_304'] / now['ms_304']:4.1f} x)  "
            f"{now['per_second_304']:6,.0f}/s"
        )
    print(f"  peak memory of the worker: {measured['peak_mb']:.0f} MB")


def _publish(environment: dict[str, str]) -> None:
    """Store the simulated partner's newest report, and what it is made of."""
    with simulated_service(Settings(environment), utc_now) as service:
        daily, today = service.partner.daily, service.today
        collect_owed(daily, today, lambda *_: None)
        publish_owed(daily, today, lambda *_: None)


def _measured(python: str, environment: dict[str, str]) -> dict[str, dict[str, dict[str, float]]]:
    done = subprocess.run(
        [python, str(ROOT / "bench" / "_serving_worker.py")],
        cwd=ROOT,
        env={**os.environ, **environment, "TENANT_ID": TENANT_ID, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    measured: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout.splitlines()[-1])
    return measured
