"""The store, whatever it is kept on: what is written in which order, and who wins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.errors import ConflictError, DamagedError, StoreError
from shared.mfa.rollup import Rollup
from shared.mfa.window import LedgerEntry
from shared.stores import MetricsRow, Run, StoredFile, Tenant
from shared.stores.file_sets import Bundle, Bundles
from shared.stores.medium import Place, from_columns, replace_row, to_columns
from shared.stores.names import (
    claim_name,
    one_line,
    safe_day,
    safe_file_name,
    safe_run_id,
    safe_slice_name,
    safe_tenant_id,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from shared.mfa.report import HistoryPoint
    from shared.mfa.window import Slice
    from shared.stores.medium import Columns, Medium, Row

_ROLLUP = "rollup"  #: the one file of a slice's bundle


class KeptStore:
    """A `Store` on any medium."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._bundles = Bundles(medium)

    def save_tenant(self, tenant: Tenant) -> None:
        """Write or overwrite a tenant."""
        place = Place("tenants", "", safe_tenant_id(tenant.id))
        replace_row(self._medium, place, lambda _: to_columns(tenant))

    def tenants(self) -> list[Tenant]:
        """All tenants, by id."""
        return [from_columns(row, Tenant) for row in self._medium.rows("tenants")]

    def ledger(self, tenant_id: str, since: date) -> list[LedgerEntry]:
        """The entries of all slices of that day or later, oldest first."""
        partition = safe_tenant_id(tenant_id)
        rows = self._medium.rows("ledger", partition, since=safe_day(since))
        entries = [from_columns(row, LedgerEntry) for row in rows]
        return sorted(entries, key=lambda entry: entry.slice)

    def rollup(self, owed: Slice) -> Rollup | None:
        """The rollup entered for the slice, or `None`; `DamagedError` if it is damaged."""
        bundle = _slice_bundle(owed)
        kept = self._bundles.read(bundle, _ROLLUP)
        if kept is None:
            return None
        try:
            return Rollup.from_bytes(kept.content)
        except DamagedError as error:
            raise DamagedError(f"{bundle.title} cannot be read: {error}") from error

    def save_slice(self, entry: LedgerEntry, rollup: Rollup | None = None) -> None:
        """Write the rollup over what was there, if one is given, and then the entry."""
        bundle = _slice_bundle(entry.slice)
        files = {_ROLLUP: rollup.to_bytes()} if rollup is not None else None
        kept = msgspec.structs.replace(entry, reason=one_line(entry.reason))
        self._bundles.replace(bundle, entry.at, to_columns(kept), files)

    def save_report(self, row: MetricsRow, files: Mapping[str, bytes]) -> None:
        """Replace all files of the row's report, and then the row."""
        bundle = report_bundle(row.tenant_id, row.ending)
        columns = {"Day": safe_day(row.ending), **to_columns(row)}
        checked = {safe_file_name(name): content for name, content in files.items()}
        self._bundles.replace(bundle, row.generated_at, columns, checked)

    def report_file(self, tenant_id: str, ending: date, name: str) -> StoredFile | None:
        """One file of a report that has its row, or `None`."""
        kept = self._bundles.read(report_bundle(tenant_id, ending), safe_file_name(name))
        return StoredFile(kept.content, f'"{kept.digest}"') if kept else None

    def report_url(self, tenant_id: str, ending: date, name: str, now: datetime) -> str | None:
        """Nothing here: whoever can give such URLs overrides this."""
        del tenant_id, ending, name, now
        return None

    def latest_ending(self, tenant_id: str) -> date | None:
        """The newest day that a report ends on, if its files are there."""
        rows = self._medium.rows("metrics", safe_tenant_id(tenant_id), limit=1)
        newest = rows[0] if rows and rows[0].columns["Version"] else None
        return from_columns(newest, MetricsRow).ending if newest else None

    def history(self, tenant_id: str, before: date, limit: int) -> list[HistoryPoint]:
        """The shares of reports that end before a day, newest first."""
        partition, day = safe_tenant_id(tenant_id), safe_day(before)
        rows = self._medium.rows("metrics", partition, before=day, limit=limit)
        return [from_columns(row, MetricsRow).point for row in rows]

    def metrics(self, ending: date) -> list[MetricsRow]:
        """The rows of all tenants' reports that end on a day, by tenant."""
        day = safe_day(ending)
        rows = self._medium.rows("metrics", since=day, before=safe_day(ending + timedelta(days=1)))
        found = [from_columns(row, MetricsRow) for row in rows]
        return sorted(found, key=lambda row: row.tenant_id)

    def save_run(self, run: Run) -> None:
        """Write or overwrite a run, unless that would undo what is done."""
        kept = msgspec.structs.replace(run, reason=one_line(run.reason))

        def decide(held: Row | None) -> Columns:
            if held and not _may_follow(str(held.columns["State"]), run.state):
                message = (
                    f"Run {run.id} is {held.columns['State']}: it cannot be {run.state} again."
                )
                raise ConflictError(message)
            return to_columns(kept)

        replace_row(self._medium, Place("runs", "", safe_run_id(run.id)), decide)

    def run(self, run_id: str) -> Run | None:
        """The run of that id, or `None`."""
        row = self._medium.row(Place("runs", "", safe_run_id(run_id)))
        return from_columns(row, Run) if row else None

    def claim(self, key: str) -> bool:
        """Whether the caller is the first ever to claim `key`: of many at once exactly one is."""
        place, claimant = Place("claims", "", claim_name(key)), uuid4().hex
        try:
            self._medium.put_row(place, {"Key": one_line(key), "Claimant": claimant}, over=None)
        except StoreError as error:
            # The answer may have been lost after the work was done: then the claim is ours.
            held = self._medium.row(place)
            if held is not None:
                return held.columns["Claimant"] == claimant
            if isinstance(error, ConflictError):
                return False  # somebody has just given it back
            raise
        return True

    def release(self, key: str) -> None:
        """Give a claim back, because what it was for is known not to have happened."""
        self._medium.remove_row(Place("claims", "", claim_name(key)))

    def purge(self, *, details_before: date, metrics_before: date) -> int:
        """Remove what is older, by its day; how many files and rows were removed."""
        details, metrics = safe_day(details_before), safe_day(metrics_before)
        claims = [row for row in self._medium.rows("claims") if row.written_on < details_before]
        runs = [row for row in self._medium.rows("runs") if str(row.columns["AskedAt"]) < metrics]
        ledger = self._medium.rows("ledger", before=details)
        reports = self._medium.rows("metrics", before=metrics)
        spent = [*ledger, *reports, *claims, *runs]
        # What speaks for files goes first, so that nothing ever speaks for files that are gone.
        for row in spent:
            self._medium.remove_row(row.place)
        for row in self._medium.rows("metrics", before=details):
            self._bundles.forget(row)
        return len(spent) + self._remove_files(rollups=details, reports=max(details, metrics))

    def close(self) -> None:
        """Let go of connections: here are none."""

    def _remove_files(self, *, rollups: str, reports: str) -> int:
        paths = [path for path in self._medium.paths("rollups/") if _day_of(path) < rollups]
        paths += [path for path in self._medium.paths("reports/") if _day_of(path) < reports]
        for path in paths:
            self._medium.remove(path)
        return len(paths)


def _slice_bundle(owed: Slice) -> Bundle:
    tenant_id, name = safe_tenant_id(owed.tenant_id), safe_slice_name(owed)
    return Bundle(
        title=f"The rollup of {name} of tenant {tenant_id}",
        row=Place("ledger", tenant_id, name),
        base=f"rollups/{tenant_id}/{name}",
        separator=".",
    )


def report_bundle(tenant_id: str, ending: date) -> Bundle:
    """Where a report's files, and the row that speaks for them, are."""
    partition, day = safe_tenant_id(tenant_id), safe_day(ending)
    return Bundle(
        title=f"The report of tenant {partition} that ends on {day}",
        row=Place("metrics", partition, day),
        base=f"reports/{partition}/{day}",
        separator="/",
    )


def _day_of(path: str) -> str:
    """The day that a path of a rollup or a report is about."""
    return path.split("/")[2][:10]


def _may_follow(held: str, state: str) -> bool:
    """Whether a run in the state `held` may be said to be in `state`."""
    return state == held or (held != "done" and state != "accepted")
