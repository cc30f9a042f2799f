"""
The tables for people in Table Storage: a day's rows, a hundred in a transaction.

Its imports are heavy.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from azure.core import MatchConditions
from azure.core.exceptions import ResourceNotFoundError, ServiceResponseError
from azure.data.tables import TableTransactionError, UpdateMode

from shared.errors import ConflictError
from shared.stores.medium import TableDay, TypedRows, as_text
from shared.stores.names import day_of_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.data.tables import TableClient, TableEntity

Operation: TypeAlias = "tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, Any]]"

_KEYS = ("PartitionKey", "RowKey")
_AT_ONCE = 100  #: entities in one transaction, which is counted as one
_BETWEEN = "PartitionKey eq @partition and RowKey ge @since and RowKey lt @before"
_CHANGED = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED)


def read_days(table: TableClient, partition: str, since: str, before: str) -> dict[str, TableDay]:
    """Our rows of some days, by day."""
    rows: defaultdict[str, dict[str, dict[str, object]]] = defaultdict(dict)
    etags: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entity in _found(table, partition, since, before):
        key = entity["RowKey"]
        if day := day_of_key(key):
            rows[day][key] = {n: _read(value) for n, value in entity.items() if n not in _KEYS}
            etags[day][key] = str(entity.metadata["etag"])
    return {day: TableDay(rows[day], etags[day]) for day in rows}


def read_row(table: TableClient, partition: str, key: str) -> dict[str, object] | None:
    """One of our rows, or `None`."""
    try:
        entity = table.get_entity(partition, key)
    except ResourceNotFoundError:
        return None
    return {name: _read(value) for name, value in entity.items() if name not in _KEYS}


def put_day(
    table: TableClient,
    partition: str,
    rows: TypedRows,
    stored: TableDay,
    create: Callable[[], object],
) -> None:
    """Write what differs from what is stored; `create` makes the table."""
    operations = list(_operations(partition, rows, stored))
    for first in range(0, len(operations), _AT_ONCE):
        batch = operations[first : first + _AT_ONCE]
        try:
            _submit(table, batch)
        except ResourceNotFoundError:  # no such table yet; others may create it, too
            create()
            _submit(table, batch)


def remove_days(table: TableClient, partition: str, before: str) -> int:
    """Remove our rows of all days before `before`; returns how many those were."""
    found = _found(table, partition, "", before, [*_KEYS])
    keys = [entity["RowKey"] for entity in found]
    own = [{"PartitionKey": partition, "RowKey": key} for key in keys if day_of_key(key)]
    for first in range(0, len(own), _AT_ONCE):
        _submit(table, [("delete", entity) for entity in own[first : first + _AT_ONCE]])
    return len(own)


def _found(
    table: TableClient, partition: str, since: str, before: str, columns: list[str] | None = None
) -> Iterator[TableEntity]:
    wanted = {"partition": partition, "since": since, "before": before}
    try:
        yield from table.query_entities(_BETWEEN, parameters=wanted, select=columns)
    except ResourceNotFoundError:
        return  # the table does not exist yet


def _operations(partition: str, rows: TypedRows, stored: TableDay) -> Iterator[Operation]:
    for key, columns in rows.items():
        entity = {"PartitionKey": partition, "RowKey": key, **columns}
        before = stored.rows.get(key)
        if before is None:
            yield ("create", entity)
        elif before != {name: as_text(value) for name, value in columns.items()}:
            yield ("update", entity, {"mode": UpdateMode.REPLACE, **_unchanged(stored, key)})
    for key in stored.rows.keys() - rows.keys():
        entity = {"PartitionKey": partition, "RowKey": key}
        yield ("delete", entity, _unchanged(stored, key))


def _unchanged(stored: TableDay, key: str) -> dict[str, Any]:
    return {"etag": stored.etags[key], "match_condition": MatchConditions.IfNotModified}


def _submit(table: TableClient, operations: list[Operation]) -> None:
    try:
        table.submit_transaction(operations)
    except TableTransactionError as error:
        if getattr(error, "error_code", None) == "TableNotFound":
            raise ResourceNotFoundError(str(error), response=error.response) from error
        if error.status_code in _CHANGED:
            raise ConflictError("Another writer has just changed these rows.") from error
        raise
    except ServiceResponseError as error:  # which the SDK does not try again for a POST
        raise ConflictError("It is unknown whether these rows were written.") from error


def _read(value: object) -> object:
    """A value as it is compared; a service's time may be of a subclass."""
    return as_text(value.astimezone(UTC)) if isinstance(value, datetime) else value
