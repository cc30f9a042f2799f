"""What the store suite writes, and how it reads everything that is stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from shared.mfa.rollup import Rollup
from shared.mfa.window import LedgerEntry, Slice, SliceState
from shared.stores.models import MetricsRow
from shared.stores.table_rows import TABLES as FOR_PEOPLE
from shared.stores.table_rows import CustomerRow, DayRow
from tests.sign_ins import portal_sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.stores.store import Store
    from shared.stores.tables import Figures

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
DAY = date(2026, 11, 23)
SLICE = Slice(TENANT, DAY)
FOLDERS = ("rollups/", "parts/", "reports/")
TABLES = ("tenants", "ledger", "publications", "deliveries", "runs", "claims")
FILES = {
    "report.json": b'{"share": 0.9}\n',
    "report.html": "<p>Bericht für Müller</p>".encode(),
    "all-api-requests.csv": b"RequestId\r\n",
}
NEWER_FILES = {"report.json": b'{"share": 1.0}\n', "report.html": b"<p>done</p>"}

OLD_AT, NEW_AT = "2026-11-24T02:00:00Z", "2026-11-24T02:45:00Z"


def rollup_of(count: int) -> Rollup:
    """That many sign-ins, the same ones every time."""
    return Rollup(portal_sign_in(id=f"id-{n}") for n in range(count))


def complete(rows: int = 3, at: str = OLD_AT, slice_: Slice = SLICE) -> LedgerEntry:
    return LedgerEntry(slice_, SliceState.COMPLETE, "graph", at, rows, has_rollup=True)


def failed(at: str = NEW_AT, **changes: Any) -> LedgerEntry:
    plain = LedgerEntry(SLICE, SliceState.FAILED, "graph", at, reason="Graph did not answer.")
    return msgspec.structs.replace(plain, **changes)


def metrics_row(ending: date = DAY, at: str = OLD_AT, **changes: Any) -> MetricsRow:
    plain = MetricsRow(
        tenant_id=TENANT,
        ending=ending,
        generated_at=at,
        complete_days=7,
        accounts_share=0.9,
        accounts_enforced=90,
        accounts_enabled=100,
        portal_share=None,
        portal_compliant=2,
        portal_decided=10,
        api_share=1.0,
        api_compliant=5,
        api_decided=5,
    )
    return msgspec.structs.replace(plain, **changes)


def save_old_slice(store: Store) -> None:
    store.save_slice(complete(3, OLD_AT), rollup_of(3))


def save_new_slice(store: Store) -> None:
    store.save_slice(complete(5, NEW_AT), rollup_of(5))


def save_old_report(store: Store) -> None:
    store.save_report(metrics_row(at=OLD_AT), FILES)


def save_new_report(store: Store) -> None:
    store.save_report(metrics_row(at=NEW_AT, accounts_share=1.0), NEWER_FILES)


def day_row(day: date = DAY, channel: str = "portal", **changes: Any) -> DayRow:
    plain = {
        "day": day,
        "channel": channel,
        "complete": True,
        "provisional": False,
        "reason": None,
        **dict.fromkeys(("requests", "verified", "compliant", "decided"), 3),
        **dict.fromkeys(("not_verified", "exempted", "unknown", "not_completed", "app_only"), 0),
        **dict.fromkeys(("share", "share_lower", "share_upper"), 1.0),
    }
    return msgspec.convert(plain | changes, DayRow)


def customer_row(number: int, day: date = DAY, **changes: Any) -> CustomerRow:
    plain = CustomerRow(
        day=day,
        customer=f"Customer {number}",
        customer_tenant_id=f"{number:08}-0000-4000-8000-000000000001",
        status="some",
        admins_with_mfa=1,
        non_admins_with_mfa=2,
        users_with_mfa=3,
        total_users=6,
        share=0.5,
        security_defaults=None,
        conditional_access="mfa for admins",
        per_user_mfa=None,
        as_of=datetime(2026, 11, 24, 1, 50, tzinfo=UTC),
    )
    return msgspec.structs.replace(plain, **changes)


FIGURES: Figures = {
    "days": {DAY: [day_row(), day_row(channel="api", share=None)]},
    "customers": {DAY: [customer_row(1), customer_row(2)]},
}


def save_report_with_figures(store: Store) -> None:
    store.save_report(metrics_row(at=NEW_AT), NEWER_FILES, FIGURES)


def save_all(store: Store) -> None:
    """One of everything that has an age."""
    save_old_slice(store)
    save_old_report(store)


def purge_all(store: Store) -> None:
    store.purge(details_before=DAY + timedelta(days=1), metrics_before=DAY)


def slice_as_read(store: Store) -> Any:
    rollup = store.rollup(SLICE)
    return store.ledger(TENANT, DAY), rollup and len(rollup)


def report_as_read(store: Store) -> Any:
    return [store.report_file(TENANT, DAY, name) for name in FILES], store.metrics(DAY)


def all_as_read(store: Store) -> Any:
    return slice_as_read(store), report_as_read(store)


#: What is stored before, what is then written, and what readers see of it.
CHANGES: dict[str, tuple[Callable[..., None], Callable[..., None], Callable[..., Any]]] = {
    "first slice": (lambda _: None, save_old_slice, slice_as_read),
    "slice": (save_old_slice, save_new_slice, slice_as_read),
    "failed slice": (save_old_slice, lambda store: store.save_slice(failed()), slice_as_read),
    "first report": (lambda _: None, save_old_report, report_as_read),
    "report": (save_old_report, save_new_report, report_as_read),
    "figures": (save_old_report, save_report_with_figures, report_as_read),
}


def everything(store: Store) -> dict[str, Any]:
    """Everything that is stored, by path and row id."""
    medium = store._medium  # noqa: SLF001  # the store itself does not show what no longer counts
    files = [path for folder in FOLDERS for path in medium.paths(folder)]
    rows = [row for table in TABLES for row in medium.rows(table)]
    columns = {
        str(row.id): {name: value for name, value in row.columns.items() if value is not None}
        for row in rows
    }
    tenants = {TENANT, *(row.id.key for row in medium.rows("tenants"))}
    for_people = {
        f"tables/{tenant_id}/{name}": row
        for tenant_id in sorted(tenants)
        for name, row in people_rows(store, tenant_id).items()
    }
    return {**{path: medium.read(path) for path in files}, **columns, **for_people}


def people_rows(store: Store, tenant_id: str = TENANT) -> dict[str, Any]:
    """What the tables for people have, by table and key."""
    medium = store._medium  # noqa: SLF001
    return {
        f"{table}/{key}": dict(columns)
        for table in FOR_PEOPLE
        for day in medium.table_days(table, tenant_id, "0001-01-01", "9999-12-31").values()
        for key, columns in day.rows.items()
    }


class Killed(BaseException):
    """Stands for the end of the process; nothing may catch it."""
