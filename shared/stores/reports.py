"""Reports: their files, the row that lists them and keeps their shares, tables for people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from typing import TYPE_CHECKING

from shared.errors import ConflictError, DamagedError, NewerError
from shared.stores.base import StoreBase
from shared.stores.file_sets import FileSet, Listed
from shared.stores.medium import RowId, checked, sealed, to_columns
from shared.stores.models import CustomerDay, MetricsRow, ReportRow
from shared.stores.names import is_own_row, row_key, safe_day, safe_file_name, safe_tenant_id
from shared.stores.tables import Figures, from_cells, replace_figures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from shared.mfa.report import HistoryPoint
    from shared.stores.medium import Medium, Row
    from shared.stores.models import StoredFile

_TABLE = "publications"
#: Where older releases kept the same rows. Theirs have a column `Day`, and those for people do not.
_OLDER_TABLE = "metrics"
_FIRST_DAY = safe_day(date.min)
_NO_FIGURES: Figures = {}
_AT_ONCE = 8  #: rows of a customer that are read at the same time


class Reports(StoreBase):
    """What was published, of any number of tenants."""

    def __init__(self, medium: Medium) -> None:
        super().__init__(medium)
        self._moved: set[str] = set()  #: tenants that have no rows of older releases any more

    def save_report(
        self, row: MetricsRow, files: Mapping[str, bytes], figures: Figures = _NO_FIGURES
    ) -> None:
        """
        Replace all files of the row's report, and its figures in the tables for people.

        The row comes last, and makes them current. Raises `ConflictError`, and changes nothing, if
        the report there was generated later, or by a newer release (`NewerError`).
        """
        columns = {"Day": safe_day(row.ending), **to_columns(row)}
        named = {safe_file_name(name): content for name, content in files.items()}
        file_set = report_files(row.tenant_id, row.ending)

        def before_the_row() -> None:
            self.save_figures(row.tenant_id, row.ending, row.generated_at, figures)

        self._file_sets.replace(file_set, row.generated_at, columns, named, before_the_row)

    def save_figures(
        self, tenant_id: str, ending: date, generated_at: str, figures: Figures
    ) -> None:
        """
        Write what differs of a report's figures in the tables for people.

        What a report that ends nearer to a day says of it, or one made later, is left alone.
        """
        replace_figures(self._medium, safe_tenant_id(tenant_id), ending, generated_at, figures)

    def report_file(self, tenant_id: str, ending: date, name: str) -> StoredFile | None:
        """One file of a report that has its row, or `None`."""
        return self._file_sets.read(report_files(tenant_id, ending), safe_file_name(name))

    def report_etags(self, tenant_id: str, ending: date) -> dict[str, str]:
        """The ETag of each file of a report, by name, without reading the files."""
        return self._file_sets.etags(report_files(tenant_id, ending))

    def report_url(self, tenant_id: str, ending: date, name: str, now: datetime) -> str | None:
        """A URL valid for minutes that lets anybody read one CSV file, if the medium can."""
        if not safe_file_name(name).endswith(".csv"):
            return None
        path = self._file_sets.versioned_path(report_files(tenant_id, ending), name)
        return self._medium.signed_url(path, now) if path else None

    def report_location(self, tenant_id: str, ending: date, name: str) -> str | None:
        """Where people find one file of a report: a path or a URL; `None` if there is none."""
        path = self.report_path(tenant_id, ending, name)
        return self._medium.location(path) if path else None

    def report_path(self, tenant_id: str, ending: date, name: str) -> str | None:
        """Where one file of a report is on the medium, or `None` if there is none."""
        file_set = report_files(tenant_id, ending)
        versioned = self._file_sets.versioned_path(file_set, safe_file_name(name))
        if versioned is None:
            return None
        return versioned if self._medium.paths(versioned) else file_set.path(name)

    def latest_ending(self, tenant_id: str) -> date | None:
        """The last day of the newest report, or `None` if its files are gone."""
        for row, metrics in self._newest(tenant_id, None, 1):
            return metrics.ending if row.columns.get("Version") else None
        return None

    def has_newer(self, tenant_id: str) -> bool:
        """Whether there are reports that a newer release wrote, which this one cannot read."""
        newer: list[Row] = []
        partition = safe_tenant_id(tenant_id)
        self._rows.readable(MetricsRow, _TABLE, partition, on_newer=newer.append)
        return bool(newer)

    def history(self, tenant_id: str, before: date, limit: int) -> list[HistoryPoint]:
        """The shares of reports that end before a day, newest first."""
        found = self._newest(tenant_id, safe_day(before), limit)
        return [metrics.point for _, metrics in found]

    def reports(self, tenant_id: str, limit: int, before: date | None = None) -> list[ReportRow]:
        """The newest reports that end before a day first, each with the names of its files."""
        found = self._newest(tenant_id, safe_day(before) if before else None, limit)
        return [ReportRow(metrics, Listed.names(row)) for row, metrics in found]

    def customer_days(
        self, tenant_id: str, customer_id: str, days: Sequence[date]
    ) -> list[CustomerDay]:
        """One customer's figures on those of the days that have some, in the order of the days."""
        partition = safe_tenant_id(tenant_id)

        def read(day: date) -> CustomerDay | None:
            text = safe_day(day)
            key = row_key(text, customer_id)
            row = self._medium.table_row("customers", partition, text, key)
            try:
                return from_cells(row, CustomerDay) if row else None
            except DamagedError:
                return None

        with ThreadPoolExecutor(_AT_ONCE) as executor:
            return [found for found in executor.map(read, days) if found]

    def metrics(self, ending: date) -> list[MetricsRow]:
        """The rows of all tenants' reports that end on a day, by tenant."""
        day, next_day = safe_day(ending), safe_day(ending + timedelta(days=1))
        found: dict[str, MetricsRow] = {}
        for table in (_OLDER_TABLE, _TABLE):
            rows = self._rows.readable(MetricsRow, table, since=day, before=next_day)
            found |= {row.tenant_id: row for _, row in rows}
        return [found[tenant_id] for tenant_id in sorted(found)]

    def _newest(
        self, tenant_id: str, before: str | None, limit: int
    ) -> list[tuple[Row, MetricsRow]]:
        """The newest reports first; where there are fewer, also those of older releases."""
        partition = safe_tenant_id(tenant_id)
        found = self._rows.readable(MetricsRow, _TABLE, partition, before=before, limit=limit)
        if len(found) == limit or partition in self._moved:
            return found
        older = self._rows.readable(
            MetricsRow, _OLDER_TABLE, partition, since=_FIRST_DAY, before=before, limit=limit
        )
        by_ending = {metrics.ending: (row, metrics) for row, metrics in [*older, *found]}
        return [by_ending[ending] for ending in sorted(by_ending, reverse=True)][:limit]

    def _move_older_rows(self, partition: str) -> None:
        """
        Take a tenant's rows of older releases out of the table that is now for people.

        One that cannot be read is removed: its report is made again if it can be.
        """
        for row in self._medium.rows(_OLDER_TABLE, partition, since=_FIRST_DAY):
            if not is_own_row(*row.id):
                continue
            moved = RowId(_TABLE, partition, row.id.key)
            try:
                with suppress(ConflictError):  # this release has made the report again
                    self._medium.put_row(moved, sealed(moved, checked(row)), over=None)
            except DamagedError as error:
                self._rows.say(str(error))
            except NewerError as error:
                self._rows.say(str(error))
                continue
            self._medium.remove_row(row.id)
        self._moved.add(partition)


def report_files(tenant_id: str, ending: date) -> FileSet:
    """The files of a report, and the row that lists them."""
    partition, day = safe_tenant_id(tenant_id), safe_day(ending)
    return FileSet(
        title=f"The report of tenant {partition} that ends on {day}",
        row_id=RowId(_TABLE, partition, day),
        kind=MetricsRow,
        base=f"reports/{partition}/{day}",
        separator="/",
        older_row_id=RowId(_OLDER_TABLE, partition, day),
    )
