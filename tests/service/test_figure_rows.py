"""What a day's run writes into the tables for people, and what becomes of it when it is killed."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from msgspec.structs import asdict, replace

from shared.errors import SourceIncompleteError, StoreError
from shared.mfa.accounts.directory import Customer, CustomerMfa, Directory
from shared.mfa.coverage import LogKinds
from shared.mfa.report import Report
from shared.mfa.scope import Scope
from shared.service.day_run import collect_owed, publish_owed
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.figure_rows import ending_row
from shared.stores.models import MetricsRow
from tests.contracts.store_examples import people_rows
from tests.delivery.scenarios import worked_examples
from tests.service.world import (
    ENDING,
    TENANT,
    TODAY,
    WEEK,
    Scripted,
    a_day,
    a_week,
    make_daily,
    run_day,
)


def customer(tenant_id, name, counts):
    names = ("compliant_admins_count", "compliant_non_admins_count", "total_users_count")
    mfa = CustomerMfa(**dict(zip(names, counts, strict=True))) if counts else None
    return Customer(tenant_id=tenant_id, display_name=name, mfa=mfa)


CUSTOMERS = (
    customer("aaaaaaaa-0000-4000-8000-000000000001", "Fabrikam", (1, 2, 6)),
    customer("../../etc/passwd?#", "=cmd|'/c calc'!A1\n\u202e", (9, 9, 1)),
    customer("aaaaaaaa-0000-4000-8000-000000000003", None, None),
)


@pytest.fixture
def daily(tmp_path):
    return make_daily(tmp_path, Scripted(a_week(weak=1, strong=3)))


def rows_of(store, table):
    return [row for key, row in people_rows(store, TENANT).items() if key.startswith(f"{table}/")]


def on_day(store, table, day):
    return [row for row in rows_of(store, table) if row["Day"] == f"{day}T00:00:00Z"]


def test_a_run_writes_the_days_and_applications_of_its_week_and_one_row_for_the_whole(
    daily,
) -> None:
    run_day(daily)

    (whole,) = rows_of(daily.store, "metrics")
    days, applications = rows_of(daily.store, "days"), rows_of(daily.store, "applications")
    assert len(days) == 14
    for channel, name in (("portal", "Portal"), ("api", "Api")):
        ours = [row for row in days if row["Channel"] == channel]
        theirs = [row for row in applications if row["Channel"] == channel]
        for count in ("Requests", "Verified", "NotVerified", "Unknown", "Compliant", "Decided"):
            assert sum(row[count] for row in ours) == whole[f"{name}{count}"]
            assert sum(row[count] for row in theirs) == whole[f"{name}{count}"]
    assert whole["PortalRequests"] > 0
    assert {row["Complete"] for row in days} == {True}


def test_what_is_not_known_is_neither_a_zero_nor_a_share(tmp_path) -> None:
    missing, partly = WEEK[2], WEEK[3]
    source = Scripted(a_week() | {missing: [SourceIncompleteError("Graph broke off.")]})
    source.kinds[partly] = LogKinds(interactive=False, non_interactive=False)
    daily = make_daily(tmp_path, source)
    collect_owed(daily, TODAY, lambda *_: None)
    publish_owed(daily, TODAY, lambda *_: None)

    for row in on_day(daily.store, "days", missing):
        assert (row["Complete"], "Requests" in row, "Share" in row) == (False, False, False)
        assert "Graph broke off" in row["Reason"]
    assert on_day(daily.store, "applications", missing) == []
    for row in [*on_day(daily.store, "days", partly), *on_day(daily.store, "applications", partly)]:
        assert (row["Complete"], "Share" in row) == (False, False)
        assert row["Requests"] > 0
    (whole,) = rows_of(daily.store, "metrics")
    assert (whole["CompleteDays"], whole["MissingDays"], "PortalShare" in whole) == (6, 1, False)


def test_the_next_run_adds_its_day_and_leaves_the_others_as_they_were(daily) -> None:
    run_day(daily)
    before = people_rows(daily.store, TENANT)
    daily.source.days[TODAY] = a_day(TODAY)
    daily.now.go_on(days=1)

    run_day(daily, TODAY + timedelta(days=1))

    after = people_rows(daily.store, TENANT)
    new = after.keys() - before.keys()
    assert {key.split("/")[1][:10] for key in new} == {str(TODAY)}
    assert {row["ReportEnding"] for key, row in after.items() if key not in new} == {
        f"{ENDING}T00:00:00Z"
    }


def test_customers_of_any_name_are_rows_and_unknown_figures_are_no_columns(daily) -> None:
    snapshot = DirectorySnapshot(
        Directory(users=(), customers=CUSTOMERS), Scope(), read_at="2026-11-24T02:10:00Z"
    )
    run_day(dataclasses.replace(daily, read_directory=lambda: snapshot))

    found = {row["CustomerTenantId"]: row for row in on_day(daily.store, "customers", ENDING)}
    assert len(found) == 3
    first, hostile, unknown = (found[customer.tenant_id] for customer in CUSTOMERS)
    assert (first["Share"], first["UsersWithMfa"], first["Status"]) == (0.5, 3, "some")
    assert first["AsOf"] == "2026-11-24T02:10:00Z"
    assert hostile["Customer"] == "=cmd|'/c calc'!A1"
    assert (hostile["Status"], "Share" in hostile, "UsersWithMfa" in hostile) == (
        *("unknown", False, False),
    )
    assert {"TotalUsers", "AsOf", "Customer"}.isdisjoint(unknown)


def test_an_unchanged_report_has_its_rows_made_good_and_nothing_else(daily) -> None:
    run_day(daily)
    store, wanted = daily.store, people_rows(daily.store, TENANT)
    made = Report.from_json(store.report_file(TENANT, ENDING, "report.json").content)
    path = daily.store._medium._folder / "tables" / "days" / TENANT / f"{ENDING}.json"  # noqa: SLF001
    path.write_text("[{")

    daily.now.go_on(minutes=5)
    assert daily.publish(ENDING, ENDING) == made

    assert people_rows(store, TENANT) == wanted


def refuse(*_, **__):
    raise StoreError("The disk is full.")


def test_a_run_that_was_killed_before_its_row_is_owed_and_makes_the_same_rows(
    daily, monkeypatch
) -> None:
    collect_owed(daily, TODAY, lambda *_: None)
    daily.now.go_on(minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr(type(daily.store._medium), "put_row", refuse)  # noqa: SLF001
        with pytest.raises(StoreError):
            daily.publish(ENDING, ENDING)
    assert daily.reports.owed(TODAY) == [ENDING]

    publish_owed(daily, TODAY, lambda *_: None)

    assert len(rows_of(daily.store, "days")) == 14
    assert daily.reports.owed(TODAY) == []


def test_the_row_of_a_report_says_the_same_as_its_own_row() -> None:
    report = worked_examples()
    row, own = asdict(ending_row(report)), asdict(MetricsRow.of(report))

    same = own.keys() & row.keys()
    assert len(same) == 15
    assert {name: row[name] for name in same} == {name: own[name] for name in same}
    nothing_known = replace(report.metrics.accounts, unknown=100, enforced=0, share=0.0)
    metrics = replace(report.metrics, accounts=nothing_known)
    assert ending_row(replace(report, metrics=metrics)).accounts_share is None
