"""What only a folder can do, and how it can fail."""

from __future__ import annotations

import os
import stat

import pytest

from shared.errors import StoreError
from shared.stores import open_store
from shared.stores.models import Run, TenantRow
from tests.contracts.store_examples import (
    DAY,
    FILES,
    SLICE,
    TENANT,
    complete,
    failed,
    rollup_of,
    save_all,
    save_new_report,
)

MORNING = SLICE.halves()[0]


@pytest.fixture
def store(tmp_path):
    return open_store("local", folder=tmp_path / "store")


def files(folder):
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path.relative_to(folder / "store").as_posix() for path in found]


def test_people_find_everything_by_its_name(store, tmp_path):
    save_all(store)
    store.save_slice(complete(1, slice_=MORNING), rollup_of(1))
    store.save_tenant(TenantRow(TENANT, "Contoso", "partner"))
    store.save_run(Run("0f1e", TENANT, "done", "2026-11-24T02:00:00Z"))

    assert files(tmp_path) == [
        ".lock",
        f"ledger/{TENANT}/2026-11-23.json",
        f"ledger/{TENANT}/2026-11-23T00-12.json",
        f"publications/{TENANT}/2026-11-23.json",
        *(f"reports/{TENANT}/2026-11-23/{name}" for name in sorted(FILES)),
        f"rollups/{TENANT}/2026-11-23.rollup",
        f"rollups/{TENANT}/2026-11-23T00-12.rollup",
        "runs/0f1e.json",
        f"tenants/{TENANT}.json",
    ]
    folder = tmp_path / "store"
    report = folder / "reports" / TENANT / "2026-11-23" / "report.json"
    assert report.read_bytes() == FILES["report.json"]
    assert '\n  "State": "complete",\n' in (
        folder / "ledger" / TENANT / "2026-11-23.json"
    ).read_text("utf-8")


def test_what_a_killed_writer_left_is_not_read_and_is_overwritten(store, tmp_path):
    save_all(store)
    (tmp_path / "store" / ".writing").write_bytes(b"half a fi" * 1_000)
    save_new_report(store)

    assert store.ledger(TENANT, DAY) == [complete()]
    assert ".writing" not in files(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_nobody_else_on_the_machine_can_read_personal_data(store, tmp_path):
    save_all(store)

    modes = [path.stat().st_mode for path in tmp_path.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(mode) for mode in modes} == {0o600}


@pytest.mark.parametrize("content", ["{", "[]", '{"Day": {}}', "{}", '{"TenantId": 1}', "\xff", ""])
def test_a_damaged_row_is_not_there_and_is_said_once(store, tmp_path, caplog, content):
    store.save_slice(failed())
    row = tmp_path / "store" / "ledger" / TENANT / "2026-11-23.json"
    row.write_bytes(content.encode("latin-1"))

    assert store.ledger(TENANT, DAY) == store.ledger(TENANT, DAY) == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"ledger/{TENANT}/2026-11-23 cannot be read: " in caplog.text

    store.save_slice(failed())
    assert store.ledger(TENANT, DAY) == [failed()]


def test_a_file_in_place_of_the_folder_is_reported_in_one_sentence(tmp_path):
    (tmp_path / "store").write_text("not a folder")
    store = open_store("local", folder=tmp_path / "store")

    with pytest.raises(StoreError, match=r"cannot be locked in the store's folder: .*\."):
        save_all(store)
    with pytest.raises(StoreError, match="cannot be listed"):
        store.ledger(TENANT, DAY)


def test_a_full_disk_is_reported_in_one_sentence_and_changes_nothing(store, tmp_path, monkeypatch):
    save_all(store)
    before = files(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match=r"cannot be written in the store's folder: No space left"):
        save_new_report(store)
    monkeypatch.undo()

    assert [name for name in files(tmp_path) if name != ".writing"] == before
    assert store.report_file(TENANT, DAY, "report.json").content == FILES["report.json"]
    save_new_report(store)
