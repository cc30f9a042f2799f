"""The store, on any medium: what is written in which order, and who wins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.errors import ConflictError, DamagedError, StoreError
from shared.mfa.rollup import Rollup
from shared.mfa.window import LedgerEntry
from shared.stores.file_sets import FileSet, FileSets
from shared.stores.medium import Row, RowId, from_columns, replace_row, to_columns
from shared.stores.models import DeliveryRow, MetricsRow, Run, TenantRow
from shared.stores.names import (
    claim_name,
    one_line,
    safe_day,
    safe_file_name,
    safe_run_id,
    safe_slice_name,
    safe_tenant_id,
)
from shared.stores.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, datetime

    from shared.mfa.report import HistoryPoint
    from shared.mfa.window import Slice
    from shared.stores.medium import Columns, Medium
    from shared.stores.models import StoredFile

_ROLLUP = "rollup"  #: the only file of a slice


class Store:
    """Everything that outlives an execution, of any number of tenants."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._file_sets = FileSets(medium)
        self.parts = Parts(medium)

    def save_tenant(self, tenant: TenantRow) -> None:
        """Write or overwrite a tenant."""
        row_id = RowId("tenants", "", safe_tenant_id(tenant.id))
        replace_row(self._medium, row_id, lambda _: to_columns(tenant))

    def tenants(self) -> list[TenantRow]:
        """All tenants, by id."""
        return [from_columns(row, TenantRow) for row in self._medium.rows("tenants")]

    def ledger(self, tenant_id: str, since: date) -> list[LedgerEntry]:
        """The entries of all slices of that day or later, oldest first."""
        partition = safe_tenant_id(tenant_id)
        rows = self._medium.rows("ledger", partition, since=safe_day(since))
        entries = [from_columns(row, LedgerEntry) for row in rows]
        return sorted(entries, key=lambda entry: entry.slice)

    def rollup(self, slice_: Slice) -> Rollup | None:
        """The rollup entered for the slice, or `None`; raises `DamagedError` if it is damaged."""
        file_set = _slice_files(slice_)
        file = self._file_sets.read(file_set, _ROLLUP)
        if file is None:
            return None
        try:
            return Rollup.from_bytes(file.content)
        except DamagedError as error:
            raise DamagedError(f"{file_set.title} cannot be read: {error}") from error

    def save_slice(self, entry: LedgerEntry, rollup: Rollup | None = None) -> None:
        """
        Write the rollup, if given, over the one that was there, and then the entry.

        Raises `ConflictError`, and changes nothing, if the entry there was made later.
        """
        files = {_ROLLUP: rollup.to_bytes()} if rollup is not None else None
        columns = to_columns(msgspec.structs.replace(entry, reason=one_line(entry.reason)))
        self._file_sets.replace(_slice_files(entry.slice), entry.at, columns, files)

    def save_report(self, row: MetricsRow, files: Mapping[str, bytes]) -> None:
        """
        Replace all files of the row's report, and then the row.

        Raises `ConflictError`, and changes nothing, if the report there was generated later.
        """
        columns = {"Day": safe_day(row.ending), **to_columns(row)}
        checked = {safe_file_name(name): content for name, content in files.items()}
        file_set = _report_files(row.tenant_id, row.ending)
        self._file_sets.replace(file_set, row.generated_at, columns, checked)

    def report_file(self, tenant_id: str, ending: date, name: str) -> StoredFile | None:
        """One file of a report that has its row, or `None`."""
        return self._file_sets.read(_report_files(tenant_id, ending), safe_file_name(name))

    def report_etags(self, tenant_id: str, ending: date) -> dict[str, str]:
        """The ETag of each file of a report, by name, without reading the files."""
        return self._file_sets.etags(_report_files(tenant_id, ending))

    def report_url(self, tenant_id: str, ending: date, name: str, now: datetime) -> str | None:
        """A URL valid for minutes that lets anybody read one CSV file, if the medium can."""
        if not safe_file_name(name).endswith(".csv"):
            return None
        path = self._file_sets.versioned_path(_report_files(tenant_id, ending), name)
        return self._medium.signed_url(path, now) if path else None

    def report_path(self, tenant_id: str, ending: date, name: str) -> str | None:
        """Where one file of a report is on the medium, or `None` if there is none."""
        file_set = _report_files(tenant_id, ending)
        versioned = self._file_sets.versioned_path(file_set, safe_file_name(name))
        if versioned is None:
            return None
        return versioned if self._medium.paths(versioned) else file_set.path(name)

    def latest_ending(self, tenant_id: str) -> date | None:
        """The last day of the newest report, or `None` if its files are gone."""
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
        """
        Write or overwrite a run.

        Raises `ConflictError` if that would undo one that is done, or begin one that has begun.
        """
        columns = to_columns(msgspec.structs.replace(run, reason=one_line(run.reason)))

        def decide(current: Row | None) -> Columns:
            if current and not _may_follow(str(current.columns["State"]), run.state):
                state = current.columns["State"]
                raise ConflictError(f"Run {run.id} is {state}: it cannot be {run.state} again.")
            return columns

        replace_row(self._medium, RowId("runs", "", safe_run_id(run.id)), decide)

    def run(self, run_id: str) -> Run | None:
        """The run with that id, or `None`."""
        row = self._medium.row(RowId("runs", "", safe_run_id(run_id)))
        return from_columns(row, Run) if row else None

    def delivery(self, tenant_id: str, ending: date, channel: str) -> DeliveryRow | None:
        """What became of one report's delivery by one channel; `None` if nothing was begun."""
        row = self._medium.row(_delivery_id(tenant_id, ending, channel))
        return from_columns(row, DeliveryRow) if row else None

    def deliveries(self, tenant_id: str, since: date, before: date) -> list[DeliveryRow]:
        """The deliveries of reports that end on those days, `before` excluded; oldest first."""
        partition, days = safe_tenant_id(tenant_id), (safe_day(since), safe_day(before))
        rows = self._medium.rows("deliveries", partition, since=days[0], before=days[1])
        return [from_columns(row, DeliveryRow) for row in rows]

    def change_delivery(
        self,
        tenant_id: str,
        ending: date,
        channel: str,
        change: Callable[[DeliveryRow], DeliveryRow],
    ) -> DeliveryRow:
        """Replace what is entered of a delivery by what `change` makes of it; return the new."""
        fresh = DeliveryRow(tenant_id=tenant_id, ending=ending, channel=channel)

        def decide(current: Row | None) -> Columns:
            changed = change(from_columns(current, DeliveryRow) if current else fresh)
            kept = msgspec.structs.replace(changed, reason=one_line(changed.reason))
            return {"Day": safe_day(ending), **to_columns(kept)}

        row_id = _delivery_id(tenant_id, ending, channel)
        _, columns = replace_row(self._medium, row_id, decide)
        return from_columns(Row(row_id, columns, "", ending), DeliveryRow)

    def claim(self, key: str) -> bool:
        """Whether the caller is the first ever to claim `key`; of many at once exactly one is."""
        row_id, claimant = RowId("claims", "", claim_name(key)), uuid4().hex
        try:
            self._medium.put_row(row_id, {"Key": one_line(key), "Claimant": claimant}, over=None)
        except StoreError as error:
            # The response may have been lost after the row was written: then the claim is ours.
            current = self._medium.row(row_id)
            if current is not None:
                return current.columns["Claimant"] == claimant
            if isinstance(error, ConflictError):
                return False  # the other claimant has just released it
            raise
        return True

    def is_claimed(self, key: str) -> bool:
        """Whether somebody has claimed `key` and not released it."""
        return self._medium.row(RowId("claims", "", claim_name(key))) is not None

    def release(self, key: str) -> None:
        """Give up a claim, because what it was for is known not to have happened."""
        self._medium.remove_row(RowId("claims", "", claim_name(key)))

    def purge(self, *, details_before: date, metrics_before: date) -> int:
        """
        Remove what is older, by its day; returns how many files and rows were removed.

        `details_before`: personal data, which is ledger entries with their rollups, parts of
        slices, report files, and claims (by the day they were made); and deliveries.
        `metrics_before`: metrics rows, and runs.
        """
        details, metrics = safe_day(details_before), safe_day(metrics_before)
        claims = [row for row in self._medium.rows("claims") if row.written_on < details_before]
        runs = [row for row in self._medium.rows("runs") if str(row.columns["AskedAt"]) < metrics]
        ledger = self._medium.rows("ledger", before=details)
        deliveries = self._medium.rows("deliveries", before=details)
        reports = self._medium.rows("metrics", before=metrics)
        old_rows = [*ledger, *reports, *deliveries, *claims, *runs]
        # Rows that list files go first, so that no row ever lists files that are gone.
        for row in old_rows:
            self._medium.remove_row(row.id)
        for row in self._medium.rows("metrics", before=details):
            self._file_sets.forget(row)
        return len(old_rows) + self._remove_files(rollups=details, reports=max(details, metrics))

    def close(self) -> None:
        """Close connections."""
        self._medium.close()

    def _remove_files(self, *, rollups: str, reports: str) -> int:
        paths = [path for path in self._medium.paths("rollups/") if _day_of(path) < rollups]
        paths += [path for path in self._medium.paths("parts/") if _day_of(path) < rollups]
        paths += [path for path in self._medium.paths("reports/") if _day_of(path) < reports]
        for path in paths:
            self._medium.remove(path)
        return len(paths)


def _slice_files(slice_: Slice) -> FileSet:
    tenant_id, name = safe_tenant_id(slice_.tenant_id), safe_slice_name(slice_)
    return FileSet(
        title=f"The rollup of {name} of tenant {tenant_id}",
        row_id=RowId("ledger", tenant_id, name),
        base=f"rollups/{tenant_id}/{name}",
        separator=".",
    )


def _report_files(tenant_id: str, ending: date) -> FileSet:
    partition, day = safe_tenant_id(tenant_id), safe_day(ending)
    return FileSet(
        title=f"The report of tenant {partition} that ends on {day}",
        row_id=RowId("metrics", partition, day),
        base=f"reports/{partition}/{day}",
        separator="/",
    )


def _delivery_id(tenant_id: str, ending: date, channel: str) -> RowId:
    return RowId("deliveries", safe_tenant_id(tenant_id), f"{safe_day(ending)}-{channel}")


def _day_of(path: str) -> str:
    """The day of a rollup's, a part's or a report's path."""
    return path.split("/")[2][:10]


def _may_follow(current: str, state: str) -> bool:
    """Whether a run in the state `current` may change to `state`."""
    return state == current or (current != "done" and state != "accepted")
