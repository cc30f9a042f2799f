"""Whenever a writer dies, readers see all of the old state or all of the new one."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from shared.stores import open_store
from tests.contracts.store_backends import LocalBackend
from tests.contracts.store_examples import (
    CHANGES,
    DAY,
    TENANT,
    Killed,
    all_as_read,
    everything,
    purge_all,
    save_all,
)

ROOT = Path(__file__).parents[2]
_ENOUGH_STEPS = 300


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_write_fails_the_old_or_the_new_is_read_and_doing_it_again_heals(backend, change):
    prepare, apply, as_read = CHANGES[change]
    old, new, wanted = undisturbed(backend.fresh(), change)

    for step in count(1):
        here = backend.fresh()
        prepare(here.open())
        survived = survives(here, step, apply)

        assert as_read(here.open()) in (old, new)
        apply(here.open())
        assert as_read(here.open()) == new
        assert everything(here.open()) == wanted
        if survived:
            break
    assert 1 < step < _ENOUGH_STEPS


def test_a_purge_that_is_cut_short_never_leaves_a_row_that_speaks_for_files_that_are_gone(backend):
    for step in count(1):
        here = backend.fresh()
        save_all(here.open())
        survived = survives(here, step, purge_all)

        (entries, rollup), (files, _) = all_as_read(here.open())
        assert bool(entries) == bool(rollup)
        assert all(files) or not any(files)
        purge_all(here.open())
        assert list(everything(here.open())) == [f"metrics/{TENANT}/{DAY}"]
        if survived:
            break
    assert 1 < step < _ENOUGH_STEPS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("change", CHANGES)
def test_a_writer_killed_at_any_file_operation_leaves_the_old_or_the_new(tmp_path, change):
    _, apply, as_read = CHANGES[change]
    old, new, wanted = undisturbed(LocalBackend(tmp_path / "undisturbed"), change)
    command = [sys.executable, "-m", "tests.contracts.killed_writer", str(tmp_path), change]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    killed = [tmp_path / name for name in done.stdout.split()]
    assert len(killed) > 5
    for folder in killed:
        assert as_read(open_store("local", folder=folder)) in (old, new)
        apply(open_store("local", folder=folder))
        assert as_read(open_store("local", folder=folder)) == new
        assert everything(open_store("local", folder=folder)) == wanted
        assert spare_files(folder) == []


def spare_files(folder: Path) -> list[str]:
    files = [path.name for path in folder.rglob("*") if path.is_file()]
    return [name for name in files if name.startswith(".") and name != ".lock"]


def survives(here, step, work) -> bool:
    """Whether the work is done before the step of that number comes."""
    try:
        with here.dying(step) as store:
            work(store)
    except Killed:
        return False
    return True


def undisturbed(here, change):
    """What is read before and after, and all that is stored in the end."""
    prepare, apply, as_read = CHANGES[change]
    prepare(here.open())
    old = as_read(here.open())
    apply(here.open())
    return old, as_read(here.open()), everything(here.open())
