"""The emulator that the suite uses starts, or says why it cannot, and always ends."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.azurite import node_or_skip, running_azurite

ROOT = Path(__file__).parents[2]
_TIMEOUT_MILLISECONDS = 10_000


def test_without_node_it_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(pytest.skip.Exception, match=r"needs Node\.js 20 or later"):
        running_azurite().__enter__()


@pytest.mark.azurite
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_it_ends_with_the_process_that_started_it_even_if_that_is_killed():
    node_or_skip()
    start = (
        "from tests.azurite import node_or_skip, running_azurite\n"
        "with running_azurite() as server:\n"
        "    print(server.process_id, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", start],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        process = os.pidfd_open(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)

    try:
        ended = select.poll()
        ended.register(process, select.POLLIN)
        assert ended.poll(_TIMEOUT_MILLISECONDS)
    finally:
        os.close(process)
