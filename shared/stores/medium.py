"""What a store needs from where it is kept: whole files, and rows that tell who wrote last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from shared.errors import ConflictError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import date

Columns: TypeAlias = "Mapping[str, str | int | float | bool | None]"
T = TypeVar("T", bound=msgspec.Struct)

NEWEST_FIRST = {"metrics"}  #: tables that are read from the newest day back
_ATTEMPTS = (
    20  #: how often another writer may come first before it is said that nothing can be done
)


class Place(NamedTuple):
    """Where a row is."""

    table: str  #: ``ledger`` and ``metrics`` have days, which their keys begin with
    partition: str  #: a tenant id; empty in tables that are not by tenant
    key: str


class Row(NamedTuple):
    """A row as it was read."""

    place: Place
    columns: Columns
    etag: str  #: another one as soon as anybody has written the row
    written_on: date  #: UTC day, by the clock of whoever keeps it


class Medium(Protocol):
    """A folder, or a storage account. Paths and places are checked before they come here."""

    def read(self, path: str) -> bytes | None:
        """All of a file, or `None`."""

    def write(self, path: str, content: bytes) -> None:
        """Put a file over what was there, whole or not at all."""

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""

    def paths(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`."""

    def row(self, place: Place) -> Row | None:
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

    def put_row(self, place: Place, columns: Columns, *, over: str | None) -> None:
        """Write a row over the one with that etag, or (`None`) over none; else `ConflictError`."""

    def remove_row(self, place: Place) -> None:
        """Remove a row, if it is there."""

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep other writers out meanwhile, if that can be done here; etags must do otherwise."""

    def finalize(self, path: str, plain: str) -> None:
        """Move a file to where a person looks for it, if there is such a place here."""


def replace_row(
    medium: Medium, place: Place, decide: Callable[[Row | None], Columns]
) -> tuple[Row | None, Columns]:
    """
    Write what `decide` makes of the row that is there; what was there, and what is now.

    `decide` is asked again, with what is there then, whenever another writer came first.
    """
    for _ in range(_ATTEMPTS):
        held = medium.row(place)
        columns = decide(held)
        try:
            medium.put_row(place, columns, over=held.etag if held else None)
        except ConflictError:
            continue
        return held, columns
    raise ConflictError(f"{'/'.join(filter(None, place))} is being written all the time by others.")


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
    """The value that `to_columns` took apart; `StoreError` if the row is none of these."""
    try:
        return msgspec.convert(_fields(row.columns, kind), kind)
    except msgspec.ValidationError as error:
        name = "/".join(filter(None, row.place))
        raise StoreError(f"The stored row {name} cannot be read: {error}.") from error


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
