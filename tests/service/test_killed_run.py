"""A run that is killed at any answer of Graph, and then done again, leaves what no kill would."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from shared.delivery.text.formatting import instant, utc_time
from shared.stores import open_store
from simulator.tenants.partner import TENANT_ID
from tests.clock import CLOCK
from tests.service.world import read_back

ROOT = Path(__file__).resolve().parents[2]
REQUESTS = 31 * 4  # thirty slices of four event types, and one look at how far back the log goes
KILLS = 1  #: the kit tries many more (tests/faults)
SEED = 9
_GZIP = b"\x1f\x8b"


def run(folder, *command):
    """A process with the simulated partner, the store in a folder."""
    environment = CLOCK | {
        "STORE_FOLDER": str(folder / "store"),
        "OUTBOX_FOLDER": str(folder / "outbox"),
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ.get("PATH", ""),
    }
    return subprocess.run(
        [sys.executable, "-P", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def stored_by(folder):
    """What is stored, but for when it was read and made."""
    stored = read_back(open_store("local", folder=folder / "store"), TENANT_ID)
    stored["ledger"] = [
        msgspec.structs.replace(entry, at="", pulled_at="") for entry in stored["ledger"]
    ]
    moments = {ending: _moments(stored["files"], ending) for ending, _ in stored["files"]}
    stored["files"] = {
        (ending, name): _timeless(_plain(file.content), moments[ending])
        for (ending, name), file in stored["files"].items()
    }
    return stored


def _moments(files, ending):
    """When one report's directory was read and when the report was made."""
    found = [files.get((ending, name)) for name in ("report.json", "directory.json.gz")]
    contents = [json.loads(_plain(file.content)) for file in found if file]
    return {
        stored[name]
        for stored in contents
        for name in ("generated_at", "read_at")
        if name in stored
    }


def _plain(content):
    return gzip.decompress(content) if content.startswith(_GZIP) else content


def _timeless(content, moments):
    """A file without some moments, in whichever form."""
    for moment in moments:
        for form in (moment, instant(moment), utc_time(moment)):
            content = content.replace(form.encode(), b"")
    return content


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    done = run(folder, "-m", "tests.simulated", "run")
    assert done.returncode == 0, done.stderr
    return stored_by(folder)


def kills():
    chance = random.Random(SEED)
    numbers = sorted(chance.sample(range(1, REQUESTS - 3), KILLS))
    return [(number, chance.choice(["before", "after"])) for number in numbers]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("number", "when"), kills())
def test_killed_and_done_again_is_done(undisturbed, tmp_path, number, when) -> None:
    killed = run(tmp_path, "-m", "tests.service.killed_run", str(number), when)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    again = run(tmp_path, "-m", "tests.simulated", "run")

    assert again.returncode == 0, again.stderr
    assert stored_by(tmp_path) == undisturbed
