"""Whenever a writer dies, readers see all of the old state or all of the new state."""

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
def test_after_any_failed_write_readers_see_old_or_new_and_repeating_it_works(backend, change):
    prepare, apply, as_read = CHANGES[change]
    old, new, wanted = undisturbed(backend.fresh(), change)

    for step in count(1):
        fresh = backend.fresh()
        prepare(fresh.open())
        survived = survives(fresh, step, apply)

        assert as_read(fresh.open()) in (old, new)
        apply(fresh.open())
        assert as_read(fresh.open()) == new
        assert everything(fresh.open()) == wanted
        if survived:
            break
    assert 1 < step < _ENOUGH_STEPS


def test_settling_does_what_a_dead_writer_has_left_to_do(backend):
    change = "report"
    prepare, apply, as_read = CHANGES[change]
    old, new, wanted = undisturbed(backend.fresh(), change)
    fresh = backend.fresh()
    prepare(fresh.open())
    before = everything(fresh.open())

    for step in count(1):
        fresh = backend.fresh()
        prepare(fresh.open())
        survived = survives(fresh, step, apply)
        is_new = as_read(fresh.open()) == new

        assert fresh.open().settle(TENANT, "2026-12-01T00:00:00Z") == {}
        assert everything(fresh.open()) == (wanted if is_new else before)
        assert as_read(fresh.open()) == (new if is_new else old)
        if survived:
            break
    assert 1 < step < _ENOUGH_STEPS


def test_settling_leaves_what_a_living_writer_is_about_to_enter(backend):
    store = backend.open()
    save_all(store)
    medium = store._medium  # noqa: SLF001
    path = f"reports/{TENANT}/{DAY}/20261125T020000000000Z-0123456789abcdef/report.json"
    medium.write(path, b"{}")

    store.settle(TENANT, "2026-11-24T03:00:00Z")

    assert (medium.read(path) is None) == medium.moves  # a folder's lock is free: nobody writes


def test_an_interrupted_purge_never_leaves_a_row_that_lists_missing_files(backend):
    for step in count(1):
        fresh = backend.fresh()
        save_all(fresh.open())
        survived = survives(fresh, step, purge_all)

        (entries, rollup), (files, _) = all_as_read(fresh.open())
        assert bool(entries) == bool(rollup)
        assert all(files) or not any(files)
        purge_all(fresh.open())
        assert list(everything(fresh.open())) == [f"publications/{TENANT}/{DAY}"]
        if survived:
            break
    assert 1 < step < _ENOUGH_STEPS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("change", CHANGES)
def test_a_writer_killed_at_any_file_operation_leaves_the_old_or_the_new_state(tmp_path, change):
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


def survives(fresh, step, work) -> bool:
    """Whether the work is done before that step."""
    try:
        with fresh.dying(step) as store:
            work(store)
    except Killed:
        return False
    return True


def undisturbed(fresh, change):
    """What is read before and after, and everything that is stored in the end."""
    prepare, apply, as_read = CHANGES[change]
    prepare(fresh.open())
    old = as_read(fresh.open())
    apply(fresh.open())
    return old, as_read(fresh.open()), everything(fresh.open())
