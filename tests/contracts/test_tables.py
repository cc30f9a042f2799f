"""On every medium: the tables for people have what the nearest and newest report says of a day."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConflictError, NewerError
from shared.stores.medium import ROW_FORMAT, RowId
from shared.stores.models import CustomerDay, TenantRow
from shared.stores.names import day_of_key, row_key
from tests.contracts.store_backends import faulty_transport
from tests.contracts.store_examples import (
    DAY,
    FIGURES,
    NEW_AT,
    OLD_AT,
    OTHER,
    TENANT,
    Killed,
    customer_row,
    day_row,
    metrics_row,
    people_rows,
    save_report_with_figures,
)

if TYPE_CHECKING:
    from shared.stores.tables import Figures

NEXT, AFTER = DAY + timedelta(days=1), DAY + timedelta(days=2)


def save_days(store, ending, rows, at=OLD_AT):
    store.save_report(metrics_row(ending, at), {}, {"days": rows})


def test_a_report_writes_typed_rows_by_day_and_name(store) -> None:
    save_report_with_figures(store)

    rows = people_rows(store)
    assert [*sorted(rows)] == [
        f"customers/{DAY}_00000001-0000-4000-8000-000000000001",
        f"customers/{DAY}_00000002-0000-4000-8000-000000000001",
        f"days/{DAY}_api",
        f"days/{DAY}_portal",
    ]
    assert rows[f"days/{DAY}_portal"] == {
        "Day": "2026-11-23T00:00:00Z",
        "Channel": "portal",
        "Complete": True,
        "Provisional": False,
        **dict.fromkeys(("Requests", "Verified", "Compliant", "Decided"), 3),
        **dict.fromkeys(("NotVerified", "Exempted", "Unknown", "NotCompleted", "AppOnly"), 0),
        **dict.fromkeys(("Share", "ShareLower", "ShareUpper"), 1.0),
        "ReportEnding": "2026-11-23T00:00:00Z",
        "GeneratedAt": NEW_AT,
    }
    assert "Share" not in rows[f"days/{DAY}_api"], "what is unknown is not a zero"
    assert people_rows(store, OTHER) == {}


@pytest.mark.azurite
def test_a_customer_is_found_on_the_days_that_have_it(store) -> None:
    save_report_with_figures(store)
    named = "00000001-0000-4000-8000-000000000001"

    assert store.customer_days(TENANT, named, [AFTER, DAY]) == [CustomerDay(DAY, 3, 6, 0.5)]
    assert store.customer_days(TENANT, "nobody", [DAY]) == []
    assert store.customer_days(OTHER, named, [DAY]) == []


def test_in_an_account_days_are_dates_counts_are_integers_and_shares_are_doubles(
    emulated, azurite
) -> None:
    from azure.data.tables import TableServiceClient

    save_report_with_figures(emulated.open())

    name = f"{emulated._prefix}days"  # noqa: SLF001
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        table = service.get_table_client(name)
        (row,) = table.query_entities("Day ge datetime'2026-11-23T00:00:00Z' and Channel eq 'api'")
        (portal,) = table.query_entities("Share eq 1.0 and Requests eq 3")
    assert row["Day"] == row["ReportEnding"] == datetime(2026, 11, 23, tzinfo=UTC)
    assert (row["PartitionKey"], row["RowKey"]) == (TENANT, f"{DAY}_api")
    assert (type(portal["Requests"]), type(portal["Share"])) == (int, float)
    assert portal["Complete"] is True
    assert row["GeneratedAt"] == datetime(2026, 11, 24, 2, 45, tzinfo=UTC)


def test_of_a_day_the_report_that_ends_nearest_to_it_says_what_it_had(backend) -> None:
    reports = [
        (DAY, {DAY: [day_row(requests=1)]}),
        (NEXT, {DAY: [day_row(requests=2)], NEXT: [day_row(NEXT, requests=2)]}),
        (AFTER, {DAY: [day_row(requests=3)], NEXT: [], AFTER: []}),
    ]
    for order in permutations(reports):
        store = backend.fresh().open()
        for ending, rows in order:
            save_days(store, ending, rows)

        found = {key: row["Requests"] for key, row in people_rows(store).items()}
        assert found == {f"days/{DAY}_portal": 1, f"days/{NEXT}_portal": 2}


def test_of_two_reports_of_an_ending_the_later_one_remains_with_no_row_of_the_other(store) -> None:
    save_days(store, DAY, {DAY: [day_row(), day_row(channel="api")]}, NEW_AT)
    with pytest.raises(ConflictError):
        save_days(store, DAY, {DAY: [day_row(requests=9)]}, OLD_AT)
    store.save_figures(TENANT, DAY, OLD_AT, {"days": {DAY: [day_row(requests=9)]}})
    assert {row["Requests"] for row in people_rows(store).values()} == {3}

    save_days(store, DAY, {DAY: [day_row(requests=5)]}, "2026-11-24T02:50:00Z")

    assert {key: row["Requests"] for key, row in people_rows(store).items()} == {
        f"days/{DAY}_portal": 5
    }


def test_what_was_changed_or_removed_is_written_again_and_nothing_else(backend) -> None:
    save_report_with_figures(backend.open())
    medium = backend.open()._medium  # noqa: SLF001
    wanted = people_rows(backend.open())
    stored = medium.table_days("days", TENANT, str(DAY), str(NEXT))[str(DAY)]
    damaged = {f"{DAY}_portal": {"Requests": 99, "GeneratedAt": "yesterday"}, f"{DAY}_x": {"A": 1}}
    medium.put_table_day("days", TENANT, str(DAY), damaged, over=stored)

    backend.open().save_figures(TENANT, DAY, NEW_AT, FIGURES)

    assert people_rows(backend.open()) == wanted
    before = medium.table_days("days", TENANT, str(DAY), str(NEXT))
    backend.open().save_figures(TENANT, DAY, NEW_AT, FIGURES)
    assert medium.table_days("days", TENANT, str(DAY), str(NEXT)) == before, "etags and all"


def test_rows_of_a_report_of_a_newer_release_are_left_alone(store) -> None:
    save_report_with_figures(store)
    before, medium = people_rows(store), store._medium  # noqa: SLF001
    row = medium.row(RowId("publications", TENANT, str(DAY)))
    medium.put_row(row.id, {**row.columns, "Format": ROW_FORMAT + 1, "New": 1}, over=row.etag)

    with pytest.raises(NewerError):
        save_days(store, DAY, {DAY: [day_row(requests=9)]}, "2026-11-24T02:50:00Z")

    assert people_rows(store) == before


def test_another_writer_in_between_is_noticed(store) -> None:
    save_report_with_figures(store)
    medium = store._medium  # noqa: SLF001
    read = medium.table_days("days", TENANT, str(DAY), str(NEXT))[str(DAY)]
    save_days(store, DAY, {DAY: [day_row(requests=5)]}, "2026-11-24T02:50:00Z")

    with pytest.raises(ConflictError):
        medium.put_table_day("days", TENANT, str(DAY), {f"{DAY}_portal": {"A": 1}}, over=read)


def test_rows_are_purged_with_the_metrics_and_foreign_ones_stay(store) -> None:
    store.save_tenant(TenantRow(TENANT, "Contoso", "partner"))
    save_report_with_figures(store)
    later: Figures = {"customers": {NEXT: []}, "days": {NEXT: [day_row(NEXT)]}}
    store.save_report(metrics_row(NEXT), {}, later)
    medium = store._medium  # noqa: SLF001
    if not medium.moves:
        table = medium._tables._table("days")  # noqa: SLF001
        table.create_entity({"PartitionKey": TENANT, "RowKey": "2020 notes", "A": 1})

    store.purge(details_before=AFTER, metrics_before=DAY)
    assert len(people_rows(store)) == 5
    store.purge(details_before=AFTER, metrics_before=NEXT)

    assert [*people_rows(store)] == [f"days/{NEXT}_portal"]
    if not medium.moves:
        assert table.get_entity(TENANT, "2020 notes")["A"] == 1


@pytest.mark.azurite
def test_a_hundred_rows_are_one_request_and_a_crash_between_them_is_made_good(emulated) -> None:
    figures = {"customers": {DAY: [customer_row(number) for number in range(250)]}}
    emulated.open().save_figures(TENANT, DAY, OLD_AT, {"customers": {DAY: [customer_row(0)]}})
    for step in (1, 2, 3):  # the second writes a hundred, and is killed
        dying = emulated.open(transport=faulty_transport(step, verify=True), retry_total=0)
        with suppress(Killed):
            dying.save_figures(TENANT, DAY, NEW_AT, figures)
            assert step == 3, "what was left took two requests"

    assert len(people_rows(emulated.open())) == 250
    lossy = faulty_transport(1, verify=True, response_is_lost=True)
    store = emulated.open(transport=lossy)  # which tries again, and finds its own rows
    store.save_figures(TENANT, DAY, NEW_AT, {"customers": {DAY: [customer_row(7)]}})
    assert [*people_rows(emulated.open())] == [f"customers/{DAY}_{customer_row(7).name}"]


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_any_two_names_have_two_keys_that_a_table_accepts(names) -> None:
    keys = {row_key(str(DAY), name) for name in [*names, "a/b\\c#d?e\0", "\ud800", "x" * 999]}

    assert len(keys) >= 4
    for key in keys:
        assert not set("/\\#?%'") & set(key)
        assert key.isprintable()
        assert key.isascii()
        assert len(key) < 150
        assert day_of_key(key) == str(DAY)


def test_a_name_that_looks_like_a_digest_is_not_taken_for_one() -> None:
    name = row_key("2026-11-23", "a name").partition("_")[2]

    assert row_key("2026-11-23", name) != row_key("2026-11-23", "a name")
    assert day_of_key("2026-11-23 copy") is day_of_key("notes") is None
    assert day_of_key(row_key("2026-11-23", "")) == str(DAY)
