"""
Kills a writer at each of its file operations and prints the folder of every killed one.

    python -m tests.contracts.killed_writer FOLDER CHANGE
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

import pytest

from shared.stores import open_store
from tests.contracts.store_backends import count_steps
from tests.contracts.store_examples import CHANGES


def main(folder: Path, change: str) -> None:
    prepare, apply, _ = CHANGES[change]
    for step in count(1):
        store_folder = folder / f"killed-{step}"
        prepare(open_store("local", folder=store_folder))
        child = os.fork()
        if child == 0:
            count_steps(pytest.MonkeyPatch(), step, _die)
            apply(open_store("local", folder=store_folder))
            os._exit(0)
        if os.waitpid(child, 0)[1] != signal.SIGKILL:
            return
        print(store_folder.name)  # noqa: T201


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
