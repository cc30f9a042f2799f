"""What the store promises on every medium."""

from __future__ import annotations

import hashlib
import tracemalloc
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.errors import ConflictError, StoreError
from shared.mfa.coverage import LogKinds
from shared.mfa.parts import Part
from shared.mfa.report import HistoryPoint
from shared.mfa.rollup import Rollup
from shared.mfa.window import LedgerEntry
from shared.stores.medium import Row, RowId, from_columns, to_columns
from shared.stores.models import REPORT_FILES, DeliveryState, Run, TenantRow
from tests.clock import real_now
from tests.contracts.store_examples import (
    DAY,
    FILES,
    NEW_AT,
    NEWER_FILES,
    OLD_AT,
    OTHER,
    SLICE,
    TENANT,
    complete,
    everything,
    failed,
    metrics_row,
    rollup_of,
    save_new_report,
    save_new_slice,
    save_old_report,
    save_old_slice,
)
from tests.sign_ins import any_sign_in, portal_sign_in

LONG_AGO = date(2026, 1, 1)


def test_an_empty_store_is_empty_and_not_an_error(store):
    assert store.tenants() == []
    assert store.ledger(TENANT, LONG_AGO) == []
    assert store.rollup(SLICE) is None
    assert store.report_file(TENANT, DAY, "report.json") is None
    assert store.report_url(TENANT, DAY, "accounts.csv", real_now()) is None
    assert store.latest_ending(TENANT) is None
    assert store.history(TENANT, DAY, 7) == []
    assert store.metrics(DAY) == []
    assert store.run("unknown") is None
    assert store.purge(details_before=DAY, metrics_before=DAY) == 0
    store.release("never claimed")


def test_tenants_are_read_back_by_id_and_can_be_renamed(store):
    store.save_tenant(TenantRow(TENANT, "Contoso", "partner"))
    store.save_tenant(TenantRow(OTHER, "Müller & Söhne", "customer"))
    store.save_tenant(TenantRow(TENANT, "Contoso GmbH", "partner"))

    assert store.tenants() == [
        TenantRow(TENANT, "Contoso GmbH", "partner"),
        TenantRow(OTHER, "Müller & Söhne", "customer"),
    ]


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(any_sign_in(), max_size=20))
def test_any_rollup_is_read_back_as_it_was_written(backend, sign_ins):
    store, rollup = backend.fresh().open(), Rollup(sign_ins)

    store.save_slice(complete(len(rollup)), rollup)

    assert store.rollup(SLICE) == rollup


def test_the_ledger_has_the_entries_since_a_day_oldest_first(store):
    morning, evening = SLICE.halves()
    entries = [
        complete(1, NEW_AT, slice_)
        for slice_ in (evening, morning, SLICE, type(SLICE)(TENANT, DAY - timedelta(days=1)))
    ]
    for entry in entries:
        store.save_slice(entry, rollup_of(1))

    assert store.ledger(TENANT, DAY - timedelta(days=1)) == sorted(entries, key=lambda e: e.slice)
    assert store.ledger(TENANT, DAY) == sorted(entries[:3], key=lambda e: e.slice)
    assert store.ledger(TENANT, DAY + timedelta(days=1)) == []
    assert store.ledger(OTHER, LONG_AGO) == []


def test_pulling_again_replaces_rollup_and_entry_completely(store):
    save_old_slice(store)
    save_new_slice(store)

    assert store.rollup(SLICE) == rollup_of(5)
    assert store.ledger(TENANT, DAY) == [complete(5, NEW_AT)]
    assert len([name for name in everything(store) if name.startswith("rollups/")]) == 1


def test_pulling_the_same_again_changes_nothing(store):
    save_old_slice(store)
    before = everything(store)
    save_old_slice(store)

    assert everything(store) == before


def test_an_entry_without_a_rollup_keeps_the_stored_rollup(store):
    save_old_slice(store)
    store.save_slice(failed(has_rollup=True, rows=3))

    assert store.ledger(TENANT, DAY) == [failed(has_rollup=True, rows=3)]
    assert store.rollup(SLICE) == rollup_of(3)


def test_a_failed_pull_is_in_the_ledger_without_a_rollup(store):
    store.save_slice(failed(refused_rows=7))

    assert store.ledger(TENANT, DAY) == [failed(refused_rows=7)]
    assert store.rollup(SLICE) is None


def test_the_kinds_of_log_of_a_slice_are_kept(store):
    entry = complete(1, NEW_AT)
    entry = msgspec.structs.replace(entry, logs=LogKinds(non_interactive=False), pulled_at=NEW_AT)

    store.save_slice(entry, rollup_of(1))

    assert store.ledger(TENANT, DAY) == [entry]


def test_an_entry_stored_without_kinds_of_log_has_all_of_them():
    kept = to_columns(complete(1, NEW_AT))
    for column in ("Interactive", "NonInteractive", "ServicePrincipal", "PulledAt"):
        del kept[column]

    read = from_columns(Row(RowId("ledger", TENANT, str(DAY)), kept, "", DAY), LedgerEntry)

    assert (read.logs, read.pulled_at) == (LogKinds(), "")


def test_the_place_of_a_report_is_one_that_exists(store):
    save_old_report(store)

    path = store.report_path(TENANT, DAY, "report.html")

    assert path in everything(store)
    assert store.report_path(TENANT, DAY - timedelta(days=1), "report.html") is None
    location = store.report_location(TENANT, DAY, "report.html")
    if location.startswith("http"):  # the emulator's; the container has a prefix here
        assert location.endswith(path.removeprefix("reports"))
    else:
        assert Path(location).read_bytes() == everything(store)[path]
    assert store.report_location(TENANT, DAY - timedelta(days=1), "report.html") is None


def test_an_older_pull_never_overwrites_a_newer_one(store):
    save_new_slice(store)
    before = everything(store)

    with pytest.raises(ConflictError, match=f"rollup of {DAY} of tenant {TENANT} .* later than"):
        save_old_slice(store)
    assert everything(store) == before


def test_what_a_clock_days_ahead_wrote_is_replaced_by_what_is_written_later(store):
    store.save_slice(complete(1, "2026-12-24T02:00:00Z"), rollup_of(1))

    store.save_slice(complete(2, "2026-11-24T02:00:00Z"), rollup_of(2))

    assert store.ledger(TENANT, DAY) == [complete(2, "2026-11-24T02:00:00Z")]
    assert store.rollup(complete(2, "").slice) == rollup_of(2)
    assert not [path for path in everything(store) if "20261224" in path]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2026-11-24T02:00:00Z", "2026-11-24T02:00:00.5Z"),
        ("2026-11-24T02:30:00+01:00", "2026-11-24T02:00:00Z"),
        ("2026-11-24T01:59:59", "2026-11-24T02:00:00.0000001Z"),
    ],
)
def test_pulls_are_compared_by_time_and_not_by_how_the_time_is_written(store, older, newer):
    store.save_slice(complete(2, newer), rollup_of(2))

    with pytest.raises(ConflictError):
        store.save_slice(complete(1, older), rollup_of(1))
    assert store.ledger(TENANT, DAY) == [complete(2, newer)]


def test_a_reason_of_any_length_and_content_is_stored_as_one_line_of_safe_length(store):
    store.save_slice(failed(reason="Graph\r\nsaid:\x00 \ud800" + "very long " * 100_000))

    (entry,) = store.ledger(TENANT, DAY)
    assert entry.reason.startswith("Graph said: very long very long")
    assert entry.reason.endswith("…")
    assert len(entry.reason) == 2_000


def test_a_damaged_rollup_is_an_error_that_names_the_slice(store):
    save_old_slice(store)
    (path,) = (name for name in everything(store) if name.startswith("rollups/"))
    store._medium.write(path, b"\x1f\x8b no rollup")  # noqa: SLF001

    with pytest.raises(StoreError, match=f"rollup of {DAY} of tenant {TENANT} is damaged"):
        store.rollup(SLICE)
    save_new_slice(store)
    assert store.rollup(SLICE) == rollup_of(5)


def test_a_rollup_of_another_release_is_an_error_that_names_the_slice(store, monkeypatch):
    monkeypatch.setattr("shared.mfa.rollup._VERSION", 99)
    save_old_slice(store)
    monkeypatch.undo()

    with pytest.raises(StoreError, match=f"rollup of {DAY} of tenant {TENANT} .* version 99"):
        store.rollup(SLICE)


def test_a_file_that_was_removed_is_missing(store):
    save_old_slice(store)
    save_old_report(store)
    for name in everything(store):
        store._medium.remove(name)  # noqa: SLF001

    assert store.rollup(SLICE) is None
    assert store.report_file(TENANT, DAY, "report.json") is None


def test_a_report_is_read_back_with_its_row(store):
    save_old_report(store)

    read = {name: store.report_file(TENANT, DAY, name) for name in REPORT_FILES}
    assert {name: file.content for name, file in read.items() if file} == FILES
    assert store.metrics(DAY) == [metrics_row()]
    assert store.latest_ending(TENANT) == DAY


def test_the_etag_is_strong_and_depends_on_the_content_only(store):
    save_old_report(store)
    first = store.report_file(TENANT, DAY, "report.json")
    same = {"report.json": FILES["report.json"], "accounts.csv": b""}
    store.save_report(metrics_row(at=NEW_AT), same)

    assert first.etag == f'"{hashlib.sha256(first.content).hexdigest()[:32]}"'
    assert store.report_file(TENANT, DAY, "report.json") == first
    assert store.report_file(TENANT, DAY, "accounts.csv").content == b""
    store.save_report(metrics_row(at="2026-11-26T02:00:00Z"), NEWER_FILES)
    assert store.report_file(TENANT, DAY, "report.json").etag != first.etag


def test_publishing_again_replaces_all_files_and_leaves_no_old_ones(store):
    save_old_report(store)
    save_new_report(store)

    read = {name: store.report_file(TENANT, DAY, name) for name in FILES}
    assert {name: file.content for name, file in read.items() if file} == NEWER_FILES
    assert store.metrics(DAY) == [metrics_row(at=NEW_AT, accounts_share=1.0)]
    stored = [content for name, content in everything(store).items() if "reports/" in name]
    assert sorted(stored) == sorted(NEWER_FILES.values())


def test_an_older_report_never_overwrites_a_newer_one(store):
    save_new_report(store)
    before = everything(store)

    with pytest.raises(ConflictError, match=f"report of tenant {TENANT} that ends on {DAY}"):
        save_old_report(store)
    assert everything(store) == before


def test_history_is_newest_first_before_a_day_and_limited(store):
    days = [DAY - timedelta(days=back) for back in range(40)]
    for day in sorted(days, key=lambda day: day.day):
        store.save_report(metrics_row(day), {})
    store.save_report(metrics_row(DAY, tenant_id=OTHER, api_share=0.5), {})

    points = [HistoryPoint(day, 0.9, None, 1.0) for day in days]
    assert store.history(TENANT, DAY, 30) == points[1:31]
    assert store.history(TENANT, DAY + timedelta(days=1), 100) == points
    assert store.history(TENANT, days[-1], 30) == []
    assert store.history(OTHER, DAY + timedelta(days=1), 3) == [HistoryPoint(DAY, 0.9, None, 0.5)]


def test_reports_are_listed_newest_first_with_the_files_that_are_left(store):
    for back in range(3):
        day = DAY - timedelta(days=back)
        store.save_report(metrics_row(day), {"report.json": b"{}", "accounts.csv": b"a"})
    store.purge(details_before=DAY - timedelta(days=1), metrics_before=DAY - timedelta(days=9))

    listed = store.reports(TENANT, 9)
    assert [report.metrics.ending for report in listed] == [
        DAY - timedelta(days=back) for back in range(3)
    ]
    assert [sorted(report.files) for report in listed] == [["accounts.csv", "report.json"]] * 2 + [
        []
    ]
    assert store.reports(TENANT, 2) == listed[:2]
    assert store.reports(OTHER, 2) == []


def test_metrics_are_found_by_day_over_all_tenants(store):
    rows = [metrics_row(tenant_id=TENANT), metrics_row(tenant_id=OTHER, complete_days=6)]
    for row in reversed(rows):
        store.save_report(row, {})
    store.save_report(metrics_row(DAY - timedelta(days=1)), {})

    assert store.metrics(DAY) == rows
    assert store.metrics(DAY + timedelta(days=1)) == []


def test_a_run_goes_forward_and_never_back(store):
    run = Run("0f1e", TENANT, "accepted", OLD_AT)
    done = Run("0f1e", TENANT, "done", OLD_AT, NEW_AT, "2 slices")
    for saved in (run, run, Run("0f1e", TENANT, "running", OLD_AT), done, done):
        store.save_run(saved)

    for state in ("accepted", "running", "failed"):
        with pytest.raises(ConflictError, match="Run 0f1e is done"):
            store.save_run(Run("0f1e", TENANT, state, OLD_AT))
    assert store.run("0f1e") == done


def test_a_run_that_failed_may_be_tried_again(store):
    for state in ("accepted", "failed", "running", "done"):
        store.save_run(Run("0f1e", TENANT, state, OLD_AT))

    assert store.run("0f1e").state == "done"


def test_a_claim_is_won_once_until_it_is_released(store):
    key = "mail/2026-11-23/Ann Müller <ann@contoso.example>/../\0" + "x" * 10_000

    assert [store.claim(key), store.claim(key), store.claim("another")] == [True, False, True]
    assert [store.is_claimed(key), store.is_claimed("nobody's")] == [True, False]
    store.release(key)
    assert not store.is_claimed(key)
    assert [store.claim(key), store.claim(key)] == [True, False]


def test_what_became_of_a_delivery_is_kept_by_day_and_channel(store):
    assert store.delivery(TENANT, DAY, "mail") is None

    for ending in (DAY, DAY - timedelta(days=1)):
        store.change_delivery(TENANT, ending, "mail", lambda row: replace(row, opened_at=OLD_AT))
    changed = store.change_delivery(
        TENANT, DAY, "mail", lambda row: replace(row, state=DeliveryState.FAILED, reason="No\nway.")
    )
    store.change_delivery(OTHER, DAY, "teams", lambda row: row)

    assert changed == store.delivery(TENANT, DAY, "mail")
    assert (changed.opened_at, changed.state, changed.reason) == (OLD_AT, "not sent", "No way.")
    assert store.delivery(TENANT, DAY, "teams") is None
    assert store.deliveries(TENANT, DAY, DAY + timedelta(days=1)) == [changed]
    assert [row.ending for row in store.deliveries(TENANT, LONG_AGO, DAY)] == [
        DAY - timedelta(days=1)
    ]


def test_purging_removes_personal_data_first_and_metrics_when_their_time_comes(store):
    days = [DAY - timedelta(days=back) for back in range(3)]
    for day in days:
        store.save_slice(complete(1, slice_=type(SLICE)(TENANT, day)), rollup_of(1))
        store.save_report(metrics_row(day), FILES)
    store.save_run(Run("0f1e", TENANT, "done", f"{days[2]}T02:00:00Z"))
    store.claim("mail")
    store.change_delivery(TENANT, days[1], "mail", lambda row: row)

    removed = store.purge(details_before=days[0], metrics_before=days[1])

    assert removed == 2 * 2 + 2 * len(FILES) + 3  # rollups and entries; files; row, run, delivery
    assert store.ledger(TENANT, LONG_AGO) == [complete(1)]
    assert [store.rollup(type(SLICE)(TENANT, day)) is None for day in days] == [False, True, True]
    assert [store.report_file(TENANT, d, "report.json") is None for d in days] == [0, 1, 1]
    assert [point.ending for point in store.history(TENANT, date(2027, 1, 1), 9)] == days[:2]
    assert store.run("0f1e") is None
    assert not store.claim("mail")
    assert store.purge(details_before=days[0], metrics_before=days[1]) == 0


def test_purging_everything_leaves_nothing(store):
    save_old_slice(store)
    save_old_report(store)
    store.claim("mail/ann@contoso.example")
    store.change_delivery(TENANT, DAY, "mail", lambda row: row)

    store.purge(details_before=date(2999, 1, 1), metrics_before=date(2999, 1, 1))

    assert everything(store) == {}
    assert store.latest_ending(TENANT) is None


def test_a_report_whose_files_are_purged_is_no_longer_the_latest(store):
    save_old_report(store)
    store.purge(details_before=DAY + timedelta(days=1), metrics_before=LONG_AGO)

    assert store.latest_ending(TENANT) is None
    assert store.metrics(DAY) == [metrics_row()]


def test_a_file_of_ten_thousand_rows_takes_little_memory(store):
    content = b"".join(b"%0200d\r\n" % n for n in range(10_000))
    tracemalloc.start()
    try:
        store.save_report(metrics_row(), {"all-api-requests.csv": content})
        read = store.report_file(TENANT, DAY, "all-api-requests.csv")
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert read.content == content
    assert peak_bytes < 15 * len(content)  # nine of them are Azure's SDK, when it reads


def part_of(hours, count=1):
    since, until = (f"{DAY}T{hour:02}:00:00.0000000Z" for hour in hours)
    sign_ins = tuple(portal_sign_in(id=f"{hours}-{number}") for number in range(count))
    return Part("interactiveUser", since, until, count, sign_ins, begun_at=OLD_AT)


def test_parts_of_a_slice_are_read_back_until_they_are_removed(store):
    parts = [part_of((12, 23)), part_of((6, 12), count=3)]
    for part in [*parts, parts[0]]:
        store.parts.keep(SLICE, part)
    store.parts.keep(SLICE.halves()[0], part_of((3, 6)))

    assert sorted(store.parts.read(SLICE), key=lambda part: part.rows) == parts
    assert store.rollup(SLICE) is None
    assert store.ledger(TENANT, LONG_AGO) == []
    store.parts.remove(SLICE)
    assert store.parts.read(SLICE) == []
    assert store.parts.read(SLICE.halves()[0]) == [part_of((3, 6))]


def test_a_lease_is_held_by_one_until_it_ends(store):
    now, soon, later = (f"2026-11-24T02:{minute}:00.000000Z" for minute in (10, 20, 30))

    assert store.hold("pace", "one", now, soon)
    assert not store.hold("pace", "two", now, later)
    assert store.hold("pace", "one", now, now)  # never shorter than before
    assert not store.hold("pace", "two", now, later)
    assert store.hold("pace", "two", soon, later)
    assert not store.hold("pace", "one", soon, later)
