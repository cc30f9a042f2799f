"""Removing what has reached its retention, however damaged it is, and nothing that is not ours."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import ConflictError, DamagedError, StoreError
from shared.stores.models import MetricsRow, Run
from shared.stores.names import BY_TENANT, day_of_path
from shared.stores.table_rows import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.stores.file_sets import FileSets
    from shared.stores.medium import Medium, Row
    from shared.stores.rows import Rows

_TABLES = ("ledger", "publications", "deliveries", "claims", "runs")
_KEPT_LONGER = ("publications", "runs")
_log = logging.getLogger(__name__)


class Purge:
    """One purge. What cannot be removed stops nothing else, and raises at the end."""

    def __init__(self, medium: Medium, rows: Rows, file_sets: FileSets) -> None:
        self._medium = medium
        self._rows = rows
        self._file_sets = file_sets
        self._done = 0
        self._failures: list[StoreError] = []

    def remove_before(self, details: str, metrics: str) -> int:
        """Remove everything of an earlier day; returns how many files and rows that were."""
        # Rows that list files go first, so that no row ever lists files that are gone.
        for row in self._rows.own(*_TABLES):
            day, limit = self._age(row), metrics if row.id.table in _KEPT_LONGER else details
            if day < limit:
                self._attempt(partial(self._medium.remove_row, row.id))
            elif row.id.table == "publications" and day < details:
                self._attempt(partial(self._forget, row), counts=False)
        limits = {"rollups/": details, "parts/": details, "reports/": max(details, metrics)}
        for folder, limit in limits.items():
            for path in self._medium.paths(folder):
                if (day_of_path(path) or limit) < limit:
                    self._attempt(partial(self._medium.remove, path))
        for tenant in self._rows.own("tenants"):
            for table in TABLES:
                work = partial(self._remove_days, table, tenant.id.key, metrics)
                self._attempt(work, counts=False)
        self._attempt(self._medium.sweep, counts=False)
        return self._finish()

    def _age(self, row: Row) -> str:
        """The day by which a row is removed."""
        if row.id.table in BY_TENANT:
            return row.id.key[:10]
        run = self._rows.value(row, Run) if row.id.table == "runs" else None
        return run.asked_at[:10] if run else row.written_on.isoformat()

    def _forget(self, row: Row) -> None:
        """Let a metrics row list no files; one that cannot be read has nothing worth keeping."""
        try:
            self._file_sets.forget(row, MetricsRow)
        except DamagedError:
            self._medium.remove_row(row.id)
        except ConflictError as error:  # written meanwhile, or by a newer release
            _log.info("%s", error)

    def _remove_days(self, table: str, tenant_id: str, before: str) -> None:
        self._done += self._medium.remove_table_days(table, tenant_id, before)

    def _attempt(self, remove: Callable[[], None], *, counts: bool = True) -> None:
        try:
            remove()
        except StoreError as error:
            self._failures.append(error)
        else:
            self._done += counts

    def _finish(self) -> int:
        if self._failures:
            raise StoreError(
                f"{len(self._failures)} things could not be removed although their time has come: "
                f"{self._failures[0]}"
            ) from self._failures[0]
        return self._done
