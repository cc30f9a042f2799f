"""On every medium: what cannot be read is not there, and what is foreign stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.errors import DamagedError, NewerError
from shared.stores.medium import ROW_FORMAT, RowId, sealed
from tests.contracts.store_examples import (
    DAY,
    FILES,
    NEW_AT,
    TENANT,
    all_as_read,
    complete,
    everything,
    metrics_row,
    report_as_read,
    rollup_of,
    save_all,
    save_new_report,
    save_new_slice,
    slice_as_read,
)

LEDGER = RowId("ledger", TENANT, str(DAY))
METRICS = RowId("publications", TENANT, str(DAY))


@pytest.fixture
def medium(store):
    save_all(store)
    return store._medium  # noqa: SLF001


def change(medium, row_id, **columns):
    """Write a row as another program would."""
    row = medium.row(row_id)
    changed = {name: value for name, value in {**row.columns, **columns}.items() if value != ""}
    medium.put_row(row_id, changed, over=row.etag)


@pytest.mark.parametrize(
    "columns",
    [
        {"Rows": 4},
        {"State": "excellent"},
        {"Stamp": ""},
        {"Files": "{"},
        {"Files": ""},
        {"Digest": "x"},
        {"At": "30261124T020000000000Z"},
    ],
    ids=str,
)
def test_a_changed_row_is_not_there_until_it_is_written_again(store, medium, columns) -> None:
    change(medium, LEDGER, **columns)

    assert store.ledger(TENANT, DAY) == []
    with pytest.raises(DamagedError, match=f"ledger/{TENANT}/{DAY} cannot be read: "):
        store.rollup(complete().slice)
    save_new_slice(store)
    assert slice_as_read(store) == ([complete(5, NEW_AT)], 5)


def test_a_row_without_our_columns_is_not_there(store, medium) -> None:
    for row_id in (LEDGER, METRICS):
        medium.put_row(row_id, {"Colour": "green"}, over=medium.row(row_id).etag)

    assert store.ledger(TENANT, DAY - timedelta(days=9)) == []
    assert store.latest_ending(TENANT) is None
    assert store.history(TENANT, DAY + timedelta(days=1), 9) == store.metrics(DAY) == []
    assert store.settle(TENANT, NEW_AT) == {}
    save_new_report(store)
    assert store.latest_ending(TENANT) == DAY


def test_a_damaged_newest_row_does_not_hide_the_one_before(store, medium) -> None:
    earlier = DAY - timedelta(days=1)
    store.save_report(metrics_row(earlier), FILES)
    change(medium, METRICS, CompleteDays=99)

    assert store.latest_ending(TENANT) == earlier
    assert [point.ending for point in store.history(TENANT, DAY + timedelta(days=1), 1)] == [
        earlier
    ]


def test_rows_of_a_first_release_have_no_format_and_are_read(store, medium) -> None:
    before = all_as_read(store)
    for row_id in (LEDGER, METRICS):
        change(medium, row_id, Format="", Digest="")

    assert all_as_read(store) == before
    assert not store.has_newer(TENANT)


def test_a_newer_row_is_left_alone_by_readers_and_writers(store, medium, caplog) -> None:
    for row_id in (LEDGER, METRICS):
        newer = {**medium.row(row_id).columns, "Format": ROW_FORMAT + 1, "New": 1}
        medium.put_row(row_id, newer, over=medium.row(row_id).etag)
    before = everything(store)

    (entry,) = store.ledger(TENANT, DAY)
    assert (entry.state.value, entry.has_rollup) == ("newer", False)
    assert "of a newer release of this app" in caplog.text
    for write in (save_new_slice, save_new_report):
        with pytest.raises(NewerError, match=f"has format {ROW_FORMAT + 1}, of a newer release"):
            write(store)
    assert store.latest_ending(TENANT) is None
    assert store.has_newer(TENANT)
    assert store.settle(TENANT, NEW_AT) == {}
    assert everything(store) == before


def test_files_that_are_gone_or_changed_are_named(store, medium) -> None:
    path = store.report_path(TENANT, DAY, "report.html")
    medium.write(path, b"<p>somebody else's</p>")
    medium.remove(store.report_path(TENANT, DAY, "all-api-requests.csv"))

    assert store.settle(TENANT, NEW_AT) == {DAY: {"report.html", "all-api-requests.csv"}}
    with pytest.raises(DamagedError, match="is damaged: it must be made again"):
        store.report_file(TENANT, DAY, "report.html")
    save_new_report(store)
    assert store.settle(TENANT, NEW_AT) == {}


def test_foreign_rows_and_files_stay_and_stop_no_purge(store, medium, caplog) -> None:
    foreign_rows = [
        RowId("ledger", TENANT, "notes"),
        RowId("ledger", "A Tenant", str(DAY)),
        RowId("claims", "", "mine"),
        RowId("runs", "x", "y"),
    ]
    for row_id in foreign_rows:
        medium.put_row(row_id, {"Day": "x"}, over=None)
    foreign_files = [f"rollups/{TENANT}/readme.txt", f"reports/{TENANT}/2020", "reports/x"]
    for path in foreign_files:
        medium.write(path, b"mine")
    before = all_as_read(store)

    store.settle(TENANT, NEW_AT)
    assert all_as_read(store) == before
    store.purge(details_before=date.max, metrics_before=date.max)

    assert set(everything(store)) == {*map(str, foreign_rows), *foreign_files}
    assert f"ledger/{TENANT}/notes in the store is not a row of this app" in caplog.text


def test_rows_without_columns_are_purged_by_their_keys(store, medium) -> None:
    for row_id in (LEDGER, METRICS):
        medium.put_row(row_id, {"Colour": "green"}, over=medium.row(row_id).etag)

    store.purge(details_before=DAY + timedelta(days=1), metrics_before=DAY)

    assert everything(store) == {}
    assert (report_as_read(store)[1], store.rollup(complete().slice)) == ([], None)


def test_what_is_sealed_for_one_place_is_damage_in_another(store, medium) -> None:
    other = RowId("ledger", TENANT, str(DAY - timedelta(days=1)))
    medium.put_row(other, medium.row(LEDGER).columns, over=None)

    assert [entry.slice.day for entry in store.ledger(TENANT, DAY - timedelta(days=9))] == [DAY]
    assert sealed(other, {"A": 1})["Digest"] != sealed(LEDGER, {"A": 1})["Digest"]
    assert rollup_of(3) == store.rollup(complete().slice)
