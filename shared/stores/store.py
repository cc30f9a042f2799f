"""The store, on any medium: what is written in which order, and who wins."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.errors import ConflictError, DamagedError, NewerError, StoreError
from shared.mfa.rollup import Rollup
from shared.mfa.window import LedgerEntry, SliceState
from shared.stores.file_sets import FileSet, FileSets, Listed
from shared.stores.medium import RowId, checked, from_columns, replace_row, sealed, to_columns
from shared.stores.models import DeliveryRow, MetricsRow, Run, TenantRow
from shared.stores.names import (
    claim_name,
    day_of_path,
    one_line,
    safe_day,
    safe_file_name,
    safe_run_id,
    safe_slice_name,
    safe_tenant_id,
    slice_of,
    stamp,
)
from shared.stores.parts import Parts
from shared.stores.purging import Purge
from shared.stores.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date, datetime

    from shared.mfa.report import HistoryPoint
    from shared.mfa.window import Slice
    from shared.stores.medium import Columns, Medium, Row
    from shared.stores.models import StoredFile

_ROLLUP = "rollup"  #: the only file of a slice


class Store:
    """
    Everything that outlives an execution, of any number of tenants.

    A row or file that cannot be read is not there, and neither is one of a newer release or one
    that is not ours. Each is logged once between two purges, and stops nothing else.
    """

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._file_sets = FileSets(medium)
        self.parts = Parts(medium)
        self._rows = Rows(medium)

    def save_tenant(self, tenant: TenantRow) -> None:
        """Write or overwrite a tenant."""
        row_id = RowId("tenants", "", safe_tenant_id(tenant.id))
        read = partial(from_columns, kind=TenantRow)
        replace_row(self._medium, row_id, lambda _: to_columns(tenant), read)

    def tenants(self) -> list[TenantRow]:
        """All tenants, by id."""
        return [tenant for _, tenant in self._rows.readable(TenantRow, "tenants")]

    def ledger(self, tenant_id: str, since: date, before: date | None = None) -> list[LedgerEntry]:
        """
        The entries of all slices of that day or later, until before `before`, oldest first.

        One of a newer release has the state `SliceState.NEWER`: it is neither known nor owed.
        """
        newer: list[Row] = []
        found = self._rows.readable(
            LedgerEntry,
            "ledger",
            safe_tenant_id(tenant_id),
            since=safe_day(since),
            before=safe_day(before) if before else None,
            on_newer=newer.append,
        )
        entries = [entry for _, entry in found]
        entries += [_newer_entry(row) for row in newer]
        return sorted(entries, key=lambda entry: entry.slice)

    def rollup(self, slice_: Slice) -> Rollup | None:
        """
        The rollup entered for the slice, or `None`.

        Raises `DamagedError` if it is damaged, `NewerError` if a newer release wrote it.
        """
        file_set = _slice_files(slice_)
        file = self._file_sets.read(file_set, _ROLLUP)
        if file is None:
            return None
        try:
            return Rollup.from_bytes(file.content)
        except (DamagedError, NewerError) as error:
            raise type(error)(f"{file_set.title} cannot be read: {error}") from error

    def save_slice(self, entry: LedgerEntry, rollup: Rollup | None = None) -> None:
        """
        Write the rollup, if given, over the one that was there, and then the entry.

        Raises `ConflictError`, and changes nothing, if the entry there was made later, or by a
        newer release (`NewerError`).
        """
        files = {_ROLLUP: rollup.to_bytes()} if rollup is not None else None
        columns = to_columns(msgspec.structs.replace(entry, reason=one_line(entry.reason)))
        self._file_sets.replace(_slice_files(entry.slice), entry.at, columns, files)

    def save_report(self, row: MetricsRow, files: Mapping[str, bytes]) -> None:
        """
        Replace all files of the row's report, and then the row.

        Raises `ConflictError`, and changes nothing, if the report there was generated later, or by
        a newer release (`NewerError`).
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

    def report_location(self, tenant_id: str, ending: date, name: str) -> str | None:
        """Where people find one file of a report: a path or a URL; `None` if there is none."""
        path = self.report_path(tenant_id, ending, name)
        return self._medium.location(path) if path else None

    def report_path(self, tenant_id: str, ending: date, name: str) -> str | None:
        """Where one file of a report is on the medium, or `None` if there is none."""
        file_set = _report_files(tenant_id, ending)
        versioned = self._file_sets.versioned_path(file_set, safe_file_name(name))
        if versioned is None:
            return None
        return versioned if self._medium.paths(versioned) else file_set.path(name)

    def latest_ending(self, tenant_id: str) -> date | None:
        """The last day of the newest report, or `None` if its files are gone."""
        for row, metrics in self._rows.readable(
            MetricsRow, "metrics", safe_tenant_id(tenant_id), limit=1
        ):
            return metrics.ending if row.columns.get("Version") else None
        return None

    def history(self, tenant_id: str, before: date, limit: int) -> list[HistoryPoint]:
        """The shares of reports that end before a day, newest first."""
        partition, day = safe_tenant_id(tenant_id), safe_day(before)
        found = self._rows.readable(MetricsRow, "metrics", partition, before=day, limit=limit)
        return [metrics.point for _, metrics in found]

    def metrics(self, ending: date) -> list[MetricsRow]:
        """The rows of all tenants' reports that end on a day, by tenant."""
        day, next_day = safe_day(ending), safe_day(ending + timedelta(days=1))
        found = self._rows.readable(MetricsRow, "metrics", since=day, before=next_day)
        return sorted((row for _, row in found), key=lambda row: row.tenant_id)

    def settle(self, tenant_id: str, before: str) -> dict[date, set[str]]:
        """
        Finish what killed writers of a tenant left; return the files that must be made again.

        These are the files that are gone or were changed, by the ending of their report. Files
        that no row lists are removed if their version is from before `before` (a time, UTC).
        """
        partition = safe_tenant_id(tenant_id)
        found = self._medium.digests(f"reports/{partition}/")
        paths = [*self._medium.paths(f"rollups/{partition}/"), *found]
        for path in paths:
            if day_of_path(path) is None:
                self._rows.say(f"{path} in the store is not of this app; it is ignored.")
        broken: dict[date, set[str]] = {}
        for file_set, listed in self._listed(partition):
            self._settle(file_set, listed, paths, before)
            if file_set.kind is MetricsRow and (names := file_set.broken(listed, found)):
                broken[slice_of(partition, file_set.row_id.key).day] = names
                names_said = ", ".join(sorted(names))
                self._rows.say(
                    f"{file_set.title} lacks these files, or they changed: {names_said}."
                )
        return broken

    def settle_report(self, tenant_id: str, ending: date, before: str) -> set[str]:
        """The same for one report."""
        file_set = _report_files(tenant_id, ending)
        listed = self._file_sets.listed(file_set)
        found = self._medium.digests(file_set.base + file_set.separator)
        self._settle(file_set, listed, found, before)
        return file_set.broken(listed, found)

    def save_run(self, run: Run) -> None:
        """
        Write or overwrite a run.

        Raises `ConflictError` if that would undo one that is done, or begin one that has begun.
        """
        columns = to_columns(msgspec.structs.replace(run, reason=one_line(run.reason)))

        def decide(current: Run | None) -> Columns:
            if current and not _may_follow(current.state, run.state):
                raise ConflictError(
                    f"Run {run.id} is {current.state}: it cannot be {run.state} again."
                )
            return columns

        row_id = RowId("runs", "", safe_run_id(run.id))
        replace_row(self._medium, row_id, decide, partial(from_columns, kind=Run))

    def run(self, run_id: str) -> Run | None:
        """The run with that id, or `None`."""
        row = self._medium.row(RowId("runs", "", safe_run_id(run_id)))
        return self._rows.value(row, Run) if row else None

    def delivery(self, tenant_id: str, ending: date, channel: str) -> DeliveryRow | None:
        """What became of one report's delivery by one channel; `None` if nothing was begun."""
        row = self._medium.row(_delivery_id(tenant_id, ending, channel))
        return self._rows.value(row, DeliveryRow) if row else None

    def deliveries(self, tenant_id: str, since: date, before: date) -> list[DeliveryRow]:
        """The deliveries of reports that end on those days, `before` excluded; oldest first."""
        partition, days = safe_tenant_id(tenant_id), (safe_day(since), safe_day(before))
        found = self._rows.readable(
            DeliveryRow, "deliveries", partition, since=days[0], before=days[1]
        )
        return [delivery for _, delivery in found]

    def change_delivery(
        self,
        tenant_id: str,
        ending: date,
        channel: str,
        change: Callable[[DeliveryRow], DeliveryRow],
    ) -> DeliveryRow:
        """Replace what is entered of a delivery by what `change` makes of it; return the new."""
        fresh = kept = DeliveryRow(tenant_id=tenant_id, ending=ending, channel=channel)

        def decide(current: DeliveryRow | None) -> Columns:
            nonlocal kept
            changed = change(current or fresh)
            kept = msgspec.structs.replace(changed, reason=one_line(changed.reason))
            return {"Day": safe_day(ending), **to_columns(kept)}

        row_id = _delivery_id(tenant_id, ending, channel)
        replace_row(self._medium, row_id, decide, partial(from_columns, kind=DeliveryRow))
        return kept

    def claim(self, key: str) -> bool:
        """
        Whether the caller is the first ever to claim `key`; of many at once exactly one is.

        A claim that cannot be read counts: somebody made it (docs/adr/0003).
        """
        row_id, claimant = RowId("claims", "", claim_name(key)), uuid4().hex
        columns = {"Key": one_line(key), "Claimant": claimant}
        try:
            self._medium.put_row(row_id, sealed(row_id, columns), over=None)
        except StoreError as error:
            # The response may have been lost after the row was written: then the claim is ours.
            current = self._medium.row(row_id)
            if current is not None:
                return current.columns.get("Claimant") == claimant
            if isinstance(error, ConflictError):
                return False  # the other claimant has just released it
            raise
        return True

    def hold(self, key: str, holder: str, now: str, until: str) -> bool:
        """
        Hold a lease until a time, or hold it longer; returns whether that is ours now.

        Nobody else gets it before. Times are UTC, all written alike.
        """

        def decide(held: Columns | None) -> Columns:
            is_ours = held is not None and held.get("Claimant") == holder
            ends = str(held.get("Until", "")) if held else ""
            if not is_ours and ends > now:
                raise ConflictError(f"{key} is held by another process until {ends}.")
            longest = max(until, ends) if is_ours else until
            return {"Key": one_line(key), "Claimant": holder, "Until": longest}

        try:
            replace_row(self._medium, RowId("claims", "", claim_name(key)), decide, checked)
        except ConflictError:
            return False
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
        `metrics_before`: metrics rows, and runs. Rows that cannot be read go by the day in their
        key, or else the day they were written; those that are not ours stay. What cannot be removed
        stops nothing else, and raises at the end.
        """
        self._rows.say_again()
        purge = Purge(self._medium, self._rows, self._file_sets)
        return purge.remove_before(safe_day(details_before), safe_day(metrics_before))

    def close(self) -> None:
        """Close connections."""
        self._medium.close()

    def _settle(self, file_set: FileSet, listed: Listed, paths: Iterable[str], before: str) -> None:
        begin = file_set.base + file_set.separator
        own = {path for path in paths if path.startswith(begin)}
        if not self._file_sets.is_settled(file_set, listed, own, stamp(before)):
            self._file_sets.settle(file_set, stamp(before))

    def _listed(self, partition: str) -> Iterator[tuple[FileSet, Listed]]:
        """The file sets of a tenant that have a readable row, with what it lists."""
        for row in self._rows.own("ledger", "metrics", partition=partition):
            if row.id.table == "ledger":
                file_set = _slice_files(slice_of(partition, row.id.key))
            else:
                file_set = _report_files(partition, slice_of(partition, row.id.key).day)
            try:
                yield file_set, Listed.of(row, file_set.kind)
            except (DamagedError, NewerError) as error:
                self._rows.say(str(error))


def _slice_files(slice_: Slice) -> FileSet:
    tenant_id, name = safe_tenant_id(slice_.tenant_id), safe_slice_name(slice_)
    return FileSet(
        title=f"The rollup of {name} of tenant {tenant_id}",
        row_id=RowId("ledger", tenant_id, name),
        kind=LedgerEntry,
        base=f"rollups/{tenant_id}/{name}",
        separator=".",
    )


def _report_files(tenant_id: str, ending: date) -> FileSet:
    partition, day = safe_tenant_id(tenant_id), safe_day(ending)
    return FileSet(
        title=f"The report of tenant {partition} that ends on {day}",
        row_id=RowId("metrics", partition, day),
        kind=MetricsRow,
        base=f"reports/{partition}/{day}",
        separator="/",
    )


def _delivery_id(tenant_id: str, ending: date, channel: str) -> RowId:
    return RowId("deliveries", safe_tenant_id(tenant_id), f"{safe_day(ending)}-{channel}")


def _newer_entry(row: Row) -> LedgerEntry:
    reason = "It was collected by a newer release of this app, which this one cannot read."
    slice_ = slice_of(row.id.partition, row.id.key)
    return LedgerEntry(slice_, SliceState.NEWER, source="", at="", reason=reason)


def _may_follow(current: str, state: str) -> bool:
    """Whether a run in the state `current` may change to `state`."""
    return state == current or (current != "done" and state != "accepted")
