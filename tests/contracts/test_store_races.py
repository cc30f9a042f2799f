"""Of concurrent writers one wins, and concurrent readers always get something whole."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from shared.errors import ConflictError, StoreError
from shared.stores import open_store
from shared.stores.medium import RowId
from shared.stores.models import Run, TenantRow
from tests.contracts.store_examples import (
    DAY,
    NEWER_FILES,
    SLICE,
    TENANT,
    complete,
    everything,
    metrics_row,
    rollup_of,
    save_new_report,
    save_old_report,
)

ROOT = Path(__file__).parents[2]
WRITERS = 6


def at_once(backend, work):
    """What `work` returns, called by several at the same time; every other one shares a store."""
    barrier, shared = Barrier(WRITERS), backend.open()

    def wait_and_work(number):
        store = shared if number % 2 else backend.open()
        barrier.wait()
        return work(store, number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(wait_and_work, range(WRITERS)))


def instant(number: int) -> str:
    return f"2026-11-24T02:00:{number:02}Z"


def test_exactly_one_of_many_simultaneous_claims_wins(backend):
    for key in ("mail", "run", "page"):
        won = at_once(backend, lambda store, _, key=key: store.claim(key))

        assert sorted(won) == [False] * (WRITERS - 1) + [True]


def test_the_very_first_writes_may_be_simultaneous(backend):
    at_once(backend, lambda store, n: store.save_tenant(TenantRow(f"tenant-{n}", "", "customer")))
    at_once(backend, lambda store, n: store.save_report(metrics_row(tenant_id=f"tenant-{n}"), {}))

    assert len(backend.open().tenants()) == WRITERS
    assert len(backend.open().metrics(DAY)) == WRITERS


def test_of_many_pulls_of_one_slice_the_newest_remains_with_its_own_rollup(backend):
    def pull(store, number):
        for again in range(3):
            with suppress(ConflictError):
                at = instant(10 * again + number)
                store.save_slice(complete(number, at), rollup_of(number))
            assert store.rollup(SLICE) in rollups

    rollups = [rollup_of(number) for number in range(WRITERS)]
    at_once(backend, pull)

    store = backend.open()
    assert store.ledger(TENANT, DAY) == [complete(WRITERS - 1, instant(20 + WRITERS - 1))]
    assert store.rollup(SLICE) == rollups[-1]
    assert len([name for name in everything(store) if name.startswith("rollups/")]) == 1


def test_of_many_pulls_in_one_second_entry_and_rollup_are_from_the_same_pull(backend):
    at_once(backend, lambda store, n: store.save_slice(complete(n, instant(0)), rollup_of(n)))

    store = backend.open()
    (entry,) = store.ledger(TENANT, DAY)
    assert store.rollup(SLICE) == rollup_of(entry.rows)


def test_a_report_is_read_whole_while_it_is_published_repeatedly(backend):
    names = ("report.json", "report.html")

    def publish_or_read(store, number):
        for again in range(5):
            if number < WRITERS / 2:
                files = dict.fromkeys(names, f"{number} {again}".encode())
                with suppress(ConflictError):
                    store.save_report(metrics_row(at=instant(10 * again + number)), files)
            elif file := store.report_file(TENANT, DAY, "report.json"):
                assert file.content in written

    written = [f"{number} {again}".encode() for number in range(WRITERS) for again in range(5)]
    at_once(backend, publish_or_read)

    read = [backend.open().report_file(TENANT, DAY, name).content for name in names]
    assert read == [b"2 4", b"2 4"]


def before_each_read(store, monkeypatch, work):
    """Do some work between a reader's read of the row and its read of the file."""
    read = store._medium.read  # noqa: SLF001

    def late_read(path):
        if path.startswith("reports/"):
            work()
        return read(path)

    monkeypatch.setattr(store._medium, "read", late_read)  # noqa: SLF001


def test_a_file_replaced_while_it_is_read_is_read_as_replaced(backend, monkeypatch):
    store = backend.open()
    save_old_report(store)
    before_each_read(store, monkeypatch, lambda: save_new_report(backend.open()))

    read = store.report_file(TENANT, DAY, "report.json")

    assert read.content == NEWER_FILES["report.json"]


def test_a_row_that_was_removed_meanwhile_is_not_overwritten(backend):
    medium, row_id = backend.open()._medium, RowId("tenants", "", "contoso")  # noqa: SLF001
    medium.put_row(row_id, {"Name": "Contoso"}, over=None)
    current = medium.row(row_id)
    medium.remove_row(row_id)

    with pytest.raises(ConflictError):
        medium.put_row(row_id, {"Name": "Contoso GmbH"}, over=current.etag)
    assert medium.row(row_id) is None


def test_a_claim_that_is_released_at_the_same_moment_is_still_lost(backend, monkeypatch):
    store = backend.open()
    store.claim("mail")
    look = store._medium.row  # noqa: SLF001

    def late_look(row_id):
        backend.open().release("mail")
        return look(row_id)

    monkeypatch.setattr(store._medium, "row", late_look)  # noqa: SLF001

    assert not store.claim("mail")


def test_a_claim_that_cannot_be_written_is_an_error_neither_won_nor_lost(backend, monkeypatch):
    store = backend.open()

    def refuse(*_, **__):
        raise StoreError("The disk is full.")

    monkeypatch.setattr(store._medium, "put_row", refuse)  # noqa: SLF001

    with pytest.raises(StoreError, match="disk is full"):
        store.claim("mail")
    assert backend.open().claim("mail")


def test_a_file_that_keeps_being_replaced_is_an_error_in_the_end(backend, monkeypatch):
    def publish():
        files = {"report.json": b"%d" % (seconds := next(later))}
        backend.open().save_report(metrics_row(at=instant(seconds)), files)

    store, later = backend.open(), count(1)
    save_old_report(store)
    before_each_read(store, monkeypatch, publish)

    with pytest.raises(StoreError, match="cannot be read: it keeps being replaced"):
        store.report_file(TENANT, DAY, "report.json")


def test_a_run_that_is_done_remains_done_despite_simultaneous_writers(backend):
    def note(store, number):
        with suppress(ConflictError):
            store.save_run(Run("0f1e", TENANT, "done" if number == 0 else "running", instant(0)))

    at_once(backend, note)

    assert backend.open().run("0f1e").state == "done"


def test_exactly_one_of_several_processes_wins_each_claim(tmp_path):
    claim_all = (
        "import sys\n"
        "from pathlib import Path\n"
        "from shared.stores import open_store\n"
        "store = open_store('local', folder=Path(sys.argv[1]))\n"
        "print(*(number for number in range(100) if store.claim(f'claim {number}')))\n"
    )
    command = [sys.executable, "-c", claim_all, str(tmp_path / "store")]
    claimants = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    won = [claimant.communicate()[0].split() for claimant in claimants]

    assert sorted(number for numbers in won for number in numbers) == sorted(map(str, range(100)))


def test_a_lock_whose_holder_was_killed_is_free(tmp_path):
    hold = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from shared.stores.local import LocalMedium\n"
        "with LocalMedium(Path(sys.argv[1])).exclusive():\n"
        "    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, 'SIGKILL') else 15)\n"
    )
    done = subprocess.run([sys.executable, "-c", hold, str(tmp_path)], cwd=ROOT, check=False)

    assert done.returncode != 0
    assert open_store("local", folder=tmp_path).claim("mail")


def test_a_writer_that_always_loses_raises_an_error_in_the_end(tmp_path, monkeypatch):
    store = open_store("local", folder=tmp_path)

    def lose(*_, **__):
        raise ConflictError("Somebody else was first.")

    monkeypatch.setattr(store._medium, "put_row", lose)  # noqa: SLF001

    with pytest.raises(
        ConflictError, match="tenants/contoso cannot be written: other writers keep coming first"
    ):
        store.save_tenant(TenantRow("contoso", "Contoso", "partner"))
