"""What a store needs from where it stores: whole files, and rows with etags."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, TypeVar

import msgspec

from shared.decoding import unreadable_as
from shared.errors import ConflictError, DamagedError, NewerError
from shared.stores.names import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import date

Columns: TypeAlias = "Mapping[str, str | int | float | bool | None]"
#: The rows of a table for people, by key. No value is `None`; times are aware, in UTC.
TypedRows: TypeAlias = "Mapping[str, Mapping[str, str | int | float | bool | datetime]]"
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

#: The format of a row and of the files that it lists. It is raised when an older release could
#: misread them; then every older format stays readable.
ROW_FORMAT = 1
_FORMAT, _DIGEST = "Format", "Digest"

#: Tables that are read from the newest day back. `metrics` is what older releases called
#: `publications`.
NEWEST_FIRST = {"publications", "metrics"}
_log = logging.getLogger(__name__)
_ATTEMPTS = 20  #: how often other writers may come first before a write is given up


class RowId(NamedTuple):
    """What identifies a row."""

    table: str  #: keys of ``ledger`` and ``publications`` begin with a day
    partition: str  #: a tenant id; empty in tables that are not by tenant
    key: str

    def __str__(self) -> str:
        return "/".join(filter(None, self))


class TableDay(NamedTuple):
    """The rows of one day of a table for people, as they are stored."""

    rows: Mapping[str, Mapping[str, object]] = {}  #: by key; times as texts
    etags: Mapping[str, str] = {}  #: by key, or of the whole day


class Row(NamedTuple):
    """A row as it was read; `from_columns` and `checked` say whether it is one of ours."""

    id: RowId
    columns: Columns
    etag: str  #: changes with every write of the row
    written_on: date  #: UTC day, by the medium's own clock
    damage: str = ""  #: why there are no columns, although there is a row


class Medium(Protocol):
    """A folder or a storage account. Paths and row ids are checked before they come here."""

    moves: bool  #: whether `finalize` moves files, and `exclusive` keeps other writers out

    def read(self, path: str) -> bytes | None:
        """All of a file, or `None`."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file over what was there, whole or not at all."""

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""

    def paths(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`."""

    def location(self, path: str) -> str:
        """Where people find a file: a path on this machine, or a URL."""

    def digests(self, prefix: str) -> dict[str, str]:
        """The digest of each file whose path begins with `prefix`, as it is now."""

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

    def table_days(
        self, table: str, partition: str, since: str, before: str
    ) -> dict[str, TableDay]:
        """What a table for people has of the days from `since` until before `before`."""

    def table_row(
        self, table: str, partition: str, day: str, key: str
    ) -> Mapping[str, object] | None:
        """One row of a table for people, or `None`; times are texts."""

    def put_table_day(
        self, table: str, partition: str, day: str, rows: TypedRows, *, over: TableDay
    ) -> None:
        """
        Replace the rows of a day, as it was read, where they differ.

        Raises `ConflictError` if another writer has changed it since.
        """

    def remove_table_days(self, table: str, partition: str, before: str) -> int:
        """Remove all days before `before` from a table for people; returns how many rows."""

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep other writers out meanwhile, if the medium can; if not, etags have to do."""

    def finalize(self, path: str, final_path: str) -> None:
        """Move a file, if it exists, to where people look for it; not every medium can."""

    def sweep(self) -> None:
        """Remove what writers that were killed left half written."""

    def close(self) -> None:
        """Close connections."""


def replace_row(
    medium: Medium,
    row_id: RowId,
    decide: Callable[[T | None], Columns],
    read: Callable[[Row], T],
) -> tuple[T | None, Columns]:
    """
    Replace a row by what `decide` makes of it; returns the old row, as read, and the new columns.

    `decide` is called again, with the row as it then is, whenever another writer came first. A row
    that `read` finds damaged is not there, and replaced. One of a newer release raises.
    """
    for _ in range(_ATTEMPTS):
        row = medium.row(row_id)
        current = _unless_damaged(row, read) if row else None
        columns = decide(current)
        try:
            medium.put_row(row_id, sealed(row_id, columns), over=row.etag if row else None)
        except ConflictError:
            continue
        return current, columns
    raise ConflictError(f"{row_id} cannot be written: other writers keep coming first.")


def _unless_damaged(row: Row, read: Callable[[Row], T]) -> T | None:
    try:
        return read(row)
    except DamagedError as error:
        _log.warning("%s It is written again.", error)
        return None


def sealed(row_id: RowId, columns: Columns) -> Columns:
    """The columns of a row with those that show its format, and whether it was changed."""
    marked = {**columns, _FORMAT: ROW_FORMAT}
    return {**marked, _DIGEST: _digest_of(row_id, marked)}


def checked(row: Row) -> Columns:
    """
    The columns of a row that is as it was written, by this release or an older one.

    Rows of the first releases have neither a format nor a digest. Raises `DamagedError`, or
    `NewerError` for a later format.
    """
    columns = row.columns
    format_, given = columns.get(_FORMAT, ROW_FORMAT), columns.get(_DIGEST)
    if row.damage:
        raise DamagedError(f"The stored row {row.id} cannot be read: {row.damage}.")
    is_newer = isinstance(format_, int) and format_ > ROW_FORMAT
    as_ours = _digest_of(row.id, {**columns, _FORMAT: ROW_FORMAT})
    if is_newer and given != as_ours:  # otherwise only the number was changed
        raise NewerError(
            f"The stored row {row.id} has format {format_}, of a newer release of this app; this "
            f"one reads {ROW_FORMAT}. It is left as it is."
        )
    if given is not None and given != _digest_of(row.id, columns):
        raise DamagedError(
            f"The stored row {row.id} cannot be read: it was changed after it was written."
        )
    return columns


def _digits(value: float) -> str:
    """A number as a digest counts it: 1 and 1.0 are the same; no store returns a longer one."""
    try:
        return f"{value:.12g}"
    except OverflowError:
        return hex(int(value))


def _digest_of(row_id: RowId, columns: Columns) -> str:
    """Independent of how a medium writes numbers, and whether it keeps columns without a value."""
    values = {name: columns[name] for name in sorted(columns) if name != _DIGEST}
    texts = [
        (name, _digits(value) if isinstance(value, int | float) else value)
        for name, value in values.items()
        if value is not None
    ]
    return digest(msgspec.json.encode([str(row_id), texts]))


def to_columns(value: msgspec.Struct) -> dict[str, str | int | float | bool | None]:
    """The fields of a value and of the values in it, named ``LikeThis`` as columns are."""
    columns: dict[str, str | int | float | bool | None] = {}
    for name, field in msgspec.structs.asdict(value).items():
        if isinstance(field, msgspec.Struct):
            columns |= to_columns(field)
        else:
            columns[column_name(name)] = msgspec.to_builtins(field)
    return columns


def from_columns(row: Row, kind: type[S]) -> S:
    """
    The value that `to_columns` took apart.

    Raises `DamagedError` if the row is not valid, `NewerError` if a newer release wrote it.
    """
    columns = checked(row)

    def damaged(reason: str) -> DamagedError:
        return DamagedError(f"The stored row {row.id} cannot be read: {reason}.")

    with unreadable_as(damaged):
        return msgspec.convert(_fields(columns, kind), kind)


def as_text(value: object) -> object:
    """A time as it is compared and written into files; everything else as it is."""
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value


class _Field(NamedTuple):
    name: str
    column: str
    kind: type[msgspec.Struct] | None  #: of a value in the value
    is_required: bool


@cache
def _fields_of(kind: type[msgspec.Struct]) -> list[_Field]:
    return [
        _Field(
            field.name,
            column_name(field.name),
            field.type
            if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
            else None,
            field.required,
        )
        for field in msgspec.structs.fields(kind)
    ]


def _fields(columns: Columns, kind: type[msgspec.Struct]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for field in _fields_of(kind):
        if field.kind:
            fields[field.name] = _fields(columns, field.kind)
        elif field.is_required or field.column in columns:
            fields[field.name] = columns.get(field.column)  # Tables drop what is None
    return fields


def column_name(field: str) -> str:
    """``like_this`` as ``LikeThis``."""
    return field.title().replace("_", "")
