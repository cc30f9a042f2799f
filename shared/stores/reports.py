"""Reports: their files, and the row that lists them and keeps their shares."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.stores.base import StoreBase
from shared.stores.file_sets import FileSet
from shared.stores.medium import RowId, to_columns
from shared.stores.models import MetricsRow
from shared.stores.names import safe_day, safe_file_name, safe_tenant_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from shared.mfa.report import HistoryPoint
    from shared.stores.models import StoredFile


class Reports(StoreBase):
    """What was published, of any number of tenants."""

    def save_report(self, row: MetricsRow, files: Mapping[str, bytes]) -> None:
        """
        Replace all files of the row's report, and then the row.

        Raises `ConflictError`, and changes nothing, if the report there was generated later, or by
        a newer release (`NewerError`).
        """
        columns = {"Day": safe_day(row.ending), **to_columns(row)}
        checked = {safe_file_name(name): content for name, content in files.items()}
        file_set = report_files(row.tenant_id, row.ending)
        self._file_sets.replace(file_set, row.generated_at, columns, checked)

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


def report_files(tenant_id: str, ending: date) -> FileSet:
    """The files of a report, and the row that lists them."""
    partition, day = safe_tenant_id(tenant_id), safe_day(ending)
    return FileSet(
        title=f"The report of tenant {partition} that ends on {day}",
        row_id=RowId("metrics", partition, day),
        kind=MetricsRow,
        base=f"reports/{partition}/{day}",
        separator="/",
    )
