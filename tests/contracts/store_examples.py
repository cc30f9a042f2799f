"""What the store suite writes, and how it reads everything that is stored."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from shared.mfa.rollup import Rollup
from shared.mfa.window import LedgerEntry, Slice, SliceState
from shared.stores.models import MetricsRow
from tests.sign_ins import portal_sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.stores.store import Store

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
DAY = date(2026, 11, 23)
SLICE = Slice(TENANT, DAY)
FOLDERS = ("rollups/", "parts/", "reports/")
TABLES = ("tenants", "ledger", "metrics", "deliveries", "runs", "claims")
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
    return {**{path: medium.read(path) for path in files}, **columns}


class Killed(BaseException):
    """Stands for the end of the process; nothing may catch it."""
