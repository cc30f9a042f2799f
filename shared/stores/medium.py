"""What a store needs from where it stores: whole files, and rows with etags."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from shared.decoding import unreadable_as
from shared.errors import ConflictError, DamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import date, datetime

Columns: TypeAlias = "Mapping[str, str | int | float | bool | None]"
T = TypeVar("T", bound=msgspec.Struct)

NEWEST_FIRST = {"metrics"}  #: tables that are read from the newest day back
_ATTEMPTS = 20  #: how often other writers may come first before a write is given up


class RowId(NamedTuple):
    """What identifies a row."""

    table: str  #: keys of ``ledger`` and ``metrics`` begin with a day
    partition: str  #: a tenant id; empty in tables that are not by tenant
    key: str

    def __str__(self) -> str:
        return "/".join(filter(None, self))


class Row(NamedTuple):
    """A row as it was read."""

    id: RowId
    columns: Columns
    etag: str  #: changes with every write of the row
    written_on: date  #: UTC day, by the medium's own clock


class Medium(Protocol):
    """A folder or a storage account. Paths and row ids are checked before they come here."""

    def read(self, path: str) -> bytes | None:
        """All of a file, or `None`."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file over what was there, whole or not at all."""

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""

    def paths(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`."""

    def signed_url(self, path: str, now: datetime) -> str | None:
        """A URL valid for minutes that lets anybody read this file, or `None` if there are none."""

    def row(self, row_id: RowId) -> Row | None:
        """One row, or `None`."""

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

    def put_row(self, row_id: RowId, columns: Columns, *, over: str | None) -> None:
        """
        Write a row over the one with the etag `over`, or a new one if that is `None`.

        Raises `ConflictError` if another row is there.
        """

    def remove_row(self, row_id: RowId) -> None:
        """Remove a row, if it exists."""

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep other writers out meanwhile, if the medium can; if not, etags have to do."""

    def finalize(self, path: str, final_path: str) -> None:
        """Move a file, if it exists, to where people look for it; not every medium can."""

    def close(self) -> None:
        """Close connections."""


def replace_row(
    medium: Medium, row_id: RowId, decide: Callable[[Row | None], Columns]
) -> tuple[Row | None, Columns]:
    """
    Replace a row by what `decide` makes of it; returns the old row and the new columns.

    `decide` is called again, with the row as it then is, whenever another writer came first.
    """
    for _ in range(_ATTEMPTS):
        current = medium.row(row_id)
        columns = decide(current)
        try:
            medium.put_row(row_id, columns, over=current.etag if current else None)
        except ConflictError:
            continue
        return current, columns
    raise ConflictError(f"{row_id} cannot be written: other writers keep coming first.")


def to_columns(value: msgspec.Struct) -> dict[str, str | int | float | bool | None]:
    """The fields of a value and of the values in it, named ``LikeThis`` as columns are."""
    columns: dict[str, str | int | float | bool | None] = {}
    for name, field in msgspec.structs.asdict(value).items():
        if isinstance(field, msgspec.Struct):
            columns |= to_columns(field)
        else:
            columns[_column(name)] = msgspec.to_builtins(field)
    return columns


def from_columns(row: Row, kind: type[T]) -> T:
    """The value that `to_columns` took apart; raises `DamagedError` if the row is not valid."""

    def damaged(reason: str) -> DamagedError:
        return DamagedError(f"The stored row {row.id} cannot be read: {reason}.")

    with unreadable_as(damaged):
        return msgspec.convert(_fields(row.columns, kind), kind)


def _fields(columns: Columns, kind: type[msgspec.Struct]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            fields[field.name] = _fields(columns, field.type)
        elif field.required or _column(field.name) in columns:
            fields[field.name] = columns.get(_column(field.name))  # Tables drop what is None
    return fields


def _column(field: str) -> str:
    return field.title().replace("_", "")
