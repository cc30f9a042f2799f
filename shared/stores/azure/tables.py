"""Rows in Table Storage. Its imports are heavy."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient, UpdateMode

from shared.errors import ConflictError, StoreError
from shared.stores.azure.account import Options, storage_errors
from shared.stores.azure.batches import put_day, read_days, read_row, remove_days
from shared.stores.medium import NEWEST_FIRST, Columns, Row, RowId, TableDay, TypedRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials import TokenCredential
    from azure.data.tables import TableClient, TableEntity

_ROLE = "Storage Table Data Contributor"
#: Four more attempts within about 10 seconds: a reader is waiting, and queues retry anyway.
_OPTIONS: Options = {"retry_total": 4, "retry_backoff_factor": 0.5, "retry_backoff_max": 8}
_KEYS = ("PartitionKey", "RowKey")
_NO_PARTITION = "all"  #: in tables that are not by tenant
_LATEST_DAY = 99_999_999  #: days are subtracted from this, so that the newest sorts first


class AzureTables:
    """The tables of one account, each created when it is first written to."""

    def __init__(self, service: TableServiceClient, prefix: str) -> None:
        self._service = service
        self._prefix = prefix

    @classmethod
    def at(cls, url: str, credential: TokenCredential, prefix: str, options: Options) -> Self:
        """The tables at a URL, with an identity."""
        service = TableServiceClient(url, credential=credential, **_OPTIONS | options)
        return cls(service, prefix)

    @classmethod
    def in_emulator(cls, connection_string: str, prefix: str, options: Options) -> Self:
        """The tables of the emulator."""
        options = _OPTIONS | options
        return cls(TableServiceClient.from_connection_string(connection_string, **options), prefix)

    def row(self, row_id: RowId) -> Row | None:
        """One row, or `None`."""
        with storage_errors(f"Table {row_id.table} cannot be read", _ROLE):
            try:
                return _row(row_id.table, self._table(row_id.table).get_entity(*_keys(row_id)))
            except ResourceNotFoundError:
                return None

    def rows(
        self,
        table: str,
        partition: str | None = None,
        *,
        since: str | None = None,
        before: str | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """Rows by key, of one partition or all; of the days from `since` until before `before`."""
        wanted = {"partition": partition, "since": since, "before": before}
        given = {name: value for name, value in wanted.items() if value is not None}
        terms = {
            "partition": "PartitionKey eq @partition",
            "since": "Day ge @since",
            "before": "Day lt @before",
        }
        with storage_errors(f"Table {table} cannot be read", _ROLE):
            found = self._table(table).query_entities(
                " and ".join(terms[name] for name in given),
                parameters=given,
                results_per_page=limit,
            )
            try:
                return [_row(table, entity) for entity in islice(found, limit)]
            except ResourceNotFoundError:
                return []  # the table does not exist yet

    def put_row(self, row_id: RowId, columns: Columns, *, over: str | None) -> None:
        """Write a row over the one with the etag `over`, or a new one if that is `None`."""
        entity: dict[str, Any] = {**dict(zip(_KEYS, _keys(row_id), strict=True)), **columns}
        table = self._table(row_id.table)
        with storage_errors(f"Table {row_id.table} cannot be written", _ROLE):
            if over is not None:
                _replace(table, entity, over)
                return
            try:
                table.create_entity(entity)
            except ResourceNotFoundError:  # no such table yet; others may create it, too
                self._service.create_table_if_not_exists(self._prefix + row_id.table)
                table.create_entity(entity)

    def remove_row(self, row_id: RowId) -> None:
        """Remove a row, if it exists."""
        with storage_errors(f"Table {row_id.table} cannot be written", _ROLE):
            self._table(row_id.table).delete_entity(*_keys(row_id))

    def table_days(
        self, table: str, partition: str, since: str, before: str
    ) -> dict[str, TableDay]:
        """What a table for people has of the days from `since` until before `before`."""
        with storage_errors(f"Table {table} cannot be read", _ROLE):
            return read_days(self._table(table), partition, since, before)

    def table_row(
        self, table: str, partition: str, day: str, key: str
    ) -> Mapping[str, object] | None:
        """One row of a table for people, or `None`; times are texts."""
        del day  # the key begins with it
        with storage_errors(f"Table {table} cannot be read", _ROLE):
            return read_row(self._table(table), partition, key)

    def put_table_day(
        self, table: str, partition: str, day: str, rows: TypedRows, *, over: TableDay
    ) -> None:
        """Replace the rows of a day, as it was read, where they differ."""
        create = partial(self._service.create_table_if_not_exists, self._prefix + table)
        with storage_errors(f"{day} cannot be written into table {table}", _ROLE):
            put_day(self._table(table), partition, rows, over, create)

    def remove_table_days(self, table: str, partition: str, before: str) -> int:
        """Remove all days before `before` from a table for people; returns how many rows."""
        with storage_errors(f"Table {table} cannot be written", _ROLE):
            return remove_days(self._table(table), partition, before)

    def close(self) -> None:
        """Close connections."""
        self._service.close()

    def _table(self, name: str) -> TableClient:
        return self._service.get_table_client(self._prefix + name)


def _replace(table: TableClient, entity: dict[str, Any], etag: str) -> None:
    unchanged = MatchConditions.IfNotModified
    try:
        table.update_entity(entity, mode=UpdateMode.REPLACE, etag=etag, match_condition=unchanged)
    except ResourceNotFoundError as error:
        raise ConflictError("Another writer has just removed the row.") from error


def _keys(row_id: RowId) -> tuple[str, str]:
    return row_id.partition or _NO_PARTITION, _row_key(row_id.table, row_id.key)


def _row_key(table: str, key: str) -> str:
    """The key; counted back from the latest day in tables that have the newest first."""
    if table not in NEWEST_FIRST:
        return key
    return f"{_LATEST_DAY - int(key.replace('-', '')):08}"


def _key(table: str, row_key: str) -> str:
    is_counted_back = len(row_key) == len(str(_LATEST_DAY)) and row_key.isdecimal()
    if table not in NEWEST_FIRST or not is_counted_back:  # a foreign key stays as it is
        return row_key
    day = f"{_LATEST_DAY - int(row_key):08}"
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _row(table: str, entity: TableEntity) -> Row:
    partition = entity["PartitionKey"]
    written_at, etag = entity.metadata["timestamp"], entity.metadata["etag"]
    if written_at is None or etag is None:
        raise StoreError(f"A row of table {table} has no time or no etag.")
    return Row(
        RowId(
            table, "" if partition == _NO_PARTITION else partition, _key(table, entity["RowKey"])
        ),
        {name: value for name, value in entity.items() if name not in _KEYS},
        etag,
        written_at.astimezone(UTC).date(),
    )
