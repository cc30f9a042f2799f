"""The store, on any medium: what is written in which order, and who wins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from shared.errors import DamagedError, NewerError, StoreError
from shared.stores.claims import Claims
from shared.stores.file_sets import Listed
from shared.stores.medium import RowId, from_columns, replace_row, to_columns
from shared.stores.models import MetricsRow, TenantRow
from shared.stores.names import day_of_path, safe_day, safe_tenant_id, slice_of, stamp
from shared.stores.parts import Parts
from shared.stores.purging import Purge
from shared.stores.reports import Reports, report_files
from shared.stores.runs import Runs
from shared.stores.slices import Slices, slice_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from shared.stores.file_sets import FileSet
    from shared.stores.medium import Medium


class Store(Slices, Reports, Runs, Claims):
    """
    Everything that outlives an execution, of any number of tenants.

    A row or file that cannot be read is not there, and neither is one of a newer release or one
    that is not ours. Each is logged once between two purges, and stops nothing else.
    """

    def __init__(self, medium: Medium) -> None:
        super().__init__(medium)
        self.parts = Parts(medium)

    def save_tenant(self, tenant: TenantRow) -> None:
        """Write or overwrite a tenant."""
        row_id = RowId("tenants", "", safe_tenant_id(tenant.id))
        read = partial(from_columns, kind=TenantRow)
        replace_row(self._medium, row_id, lambda _: to_columns(tenant), read)

    def tenants(self) -> list[TenantRow]:
        """All tenants, by id."""
        return [tenant for _, tenant in self._rows.readable(TenantRow, "tenants")]

    def settle(self, tenant_id: str, before: str) -> dict[date, set[str]]:
        """
        Finish what killed writers of a tenant left; return the files that must be made again.

        These are the files that are gone or were changed, by the ending of their report. Files
        that no row lists are removed if their version is from before `before` (a time, UTC).
        """
        partition = safe_tenant_id(tenant_id)
        self._move_older_rows(partition)
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
        file_set = report_files(tenant_id, ending)
        listed = self._file_sets.listed(file_set)
        found = self._medium.digests(file_set.base + file_set.separator)
        self._settle(file_set, listed, found, before)
        return file_set.broken(listed, found)

    def probe(self, tenant_id: str, today: date) -> None:
        """
        Write a file and a row, read them back and remove them; raises `StoreError`.

        What a killed probe leaves goes like an old part of a slice, and like an old claim.
        """
        text = f"probe/{uuid4()}"
        path = f"parts/{safe_tenant_id(tenant_id)}/{safe_day(today)}.probe-{uuid4().hex}"
        self._medium.write(path, text.encode())
        is_read_back = self._medium.read(path) == text.encode()
        self._medium.remove(path)
        is_claimed = self.claim(text) and self.is_claimed(text)
        self.release(text)
        if not (is_read_back and is_claimed):
            raise StoreError("What was written is not read back.")
        if self.is_claimed(text) or self._medium.read(path) is not None:
            raise StoreError("What was removed is still there.")

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
        for row in self._rows.own("ledger", "publications", partition=partition):
            if row.id.table == "ledger":
                file_set = slice_files(slice_of(partition, row.id.key))
            else:
                file_set = report_files(partition, slice_of(partition, row.id.key).day)
            try:
                yield file_set, Listed.of(row, file_set.kind)
            except (DamagedError, NewerError) as error:
                self._rows.say(str(error))
