"""What is not of this app is ignored, said, and left where it is; a purge gets to its end."""

from __future__ import annotations

import os
from datetime import date, timedelta

import pytest

from shared.errors import StoreError
from shared.service.composition import Service
from shared.settings import Settings
from shared.stores.local import LocalMedium
from shared.stores.medium import RowId
from tests.contracts.store_backends import LocalBackend
from tests.contracts.store_examples import (
    DAY,
    TENANT,
    complete,
    everything,
    purge_all,
    save_all,
    save_new_report,
    slice_as_read,
)
from tests.service.world import Clock

FOREIGN_FILES = (
    *(".DS_Store", "ledger/.DS_Store", f"ledger/{TENANT}/.DS_Store", f"ledger/{TENANT}/notes.json"),
    *(f"ledger/{TENANT}/2026-11-23 copy.json", f"ledger/{TENANT}/2026-13-45.json", "ledger/a.json"),
    *(
        f"publications/{TENANT}/zzz.json",
        f"metrics/{TENANT}/2026-11-23T00-12.json",
        "tenants/A B.json",
    ),
    *("claims/mine.json", "runs/.~lock.x#", f"rollups/{TENANT}/.DS_Store", "rollups/readme.txt"),
    *(f"rollups/{TENANT}/2020-01-01.txt", f"reports/{TENANT}/Thumbs.db", "reports/a/b/c/d.txt"),
    *(f"ledger/{TENANT}/2026-11-23.json.bak/x.json", f"deliveries/{TENANT}/x.json"),
)


@pytest.fixture
def backend(tmp_path):
    return LocalBackend(tmp_path / "store")


def test_foreign_files_are_ignored_and_said_and_stay(backend, caplog) -> None:
    store = backend.open()
    save_all(store)
    before = slice_as_read(store), store.history(TENANT, DAY + timedelta(days=1), 1)
    for name in FOREIGN_FILES:
        path = backend.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"Format": [], "Stamp": 1}')

    assert (slice_as_read(store), store.history(TENANT, DAY + timedelta(days=1), 1)) == before
    assert store.latest_ending(TENANT) == DAY
    assert store.tenants() == []
    store.settle(TENANT, "2026-11-24T00:00:00Z")
    purge_all(store)
    store.purge(details_before=date.max, metrics_before=date.max)

    assert {name for name in FOREIGN_FILES if (backend.folder / name).exists()} == {*FOREIGN_FILES}
    for name in FOREIGN_FILES[1:-1]:
        if name.startswith(("ledger", "publications", "claims", "runs")):
            assert name.removesuffix(".json") in caplog.text


def test_a_folder_where_a_file_belongs_is_set_aside(backend, caplog) -> None:
    store = backend.open()
    row = backend.folder / "ledger" / TENANT / f"{DAY}.json"
    row.mkdir(parents=True)
    (row / "mine.txt").write_text("mine")
    (backend.folder / "rollups").write_text("a file where a folder belongs")

    save_all(store)

    assert slice_as_read(store) == ([complete()], 3)
    assert (row.parent / f".{DAY}.json.1" / "mine.txt").read_text() == "mine"
    assert (backend.folder / ".rollups.1").is_file()
    assert "it was renamed to" in caplog.text


def test_what_cannot_be_removed_does_not_stop_a_purge(backend, monkeypatch) -> None:
    store = backend.open()
    save_all(store)
    remove, refused = LocalMedium.remove, f"ledger/{TENANT}/{DAY}.json"

    def removed(medium, path):
        if path == refused:
            raise StoreError(f"{path} cannot be removed: Operation not permitted.")
        remove(medium, path)

    monkeypatch.setattr(LocalMedium, "remove", removed)
    with pytest.raises(StoreError, match=r"1 things could not be removed .* not permitted"):
        purge_all(store)

    assert list(everything(store)) == [f"ledger/{TENANT}/{DAY}", f"publications/{TENANT}/{DAY}"]


def test_rows_that_cannot_be_read_are_purged_by_the_day_in_their_key(backend) -> None:
    store = backend.open()
    save_all(store)
    for table in ("ledger", "publications"):
        (backend.folder / table / TENANT / f"{DAY}.json").write_text("{")
    store.claim("mail/1")
    (claim,) = (backend.folder / "claims").iterdir()
    claim.write_text("")
    os.utime(claim, (0, 0))

    store.purge(details_before=DAY + timedelta(days=1), metrics_before=DAY)

    assert everything(store) == {}


def test_what_a_killed_writer_left_half_written_is_purged(backend) -> None:
    store = backend.open()
    save_all(store)
    (backend.folder / ".writing").write_bytes(b"half of somebody's sign-ins")

    purge_all(store)

    assert not (backend.folder / ".writing").exists()


def test_the_outbox_is_purged_with_the_details(tmp_path) -> None:
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    names = ("mail-a-2026-08-01-b.eml", "outbox-a-2026-08-01-b.eml", ".mail-a-2026-08-x1")
    for name in (*names, "outbox-a-2026-11-23-b.eml", "notes.eml"):
        (outbox / name).write_text("")
        if name in names:
            os.utime(outbox / name, (0, 0))
    clock = Clock()
    settings = {"TENANT_ID": TENANT, "STORE_FOLDER": str(tmp_path), "OUTBOX_FOLDER": str(outbox)}
    service = Service(Settings(settings), now=clock, today=clock().date())

    assert service.tidy() == len(names)

    assert sorted(path.name for path in outbox.iterdir()) == [
        "notes.eml",
        "outbox-a-2026-11-23-b.eml",
    ]


def test_a_claim_that_cannot_be_read_counts_as_made(backend) -> None:
    store = backend.open()
    assert store.claim("mail/1")
    (claim,) = (backend.folder / "claims").iterdir()
    for content in ("", "{", "[]", '{"Claimant": 1}'):
        claim.write_text(content)
        assert store.is_claimed("mail/1")
        assert not store.claim("mail/1")

    store.release("mail/1")
    assert store.claim("mail/1")


def test_two_writers_of_one_report_leave_one_version(backend) -> None:
    store = backend.open()
    save_all(store)
    save_new_report(store)

    assert store.settle(TENANT, "2026-11-24T00:00:00Z") == {}
    assert RowId("publications", TENANT, str(DAY)) in {
        row.id for row in LocalMedium(backend.folder).rows("publications")
    }
