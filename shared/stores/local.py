"""
A folder that people can read: the default.

    tenants/{tenant_id}.json              ledger/{tenant_id}/{slice}.json
    rollups/{tenant_id}/{slice}.rollup    publications/{tenant_id}/{ending}.json
    reports/{tenant_id}/{ending}/{file}   deliveries/{tenant_id}/{ending}-{channel}.json
    runs/{run_id}.json                    claims/{digest of key}.json
    parts/{tenant_id}/{slice}.{log and stretch of time}
    tables/{table}/{tenant_id}/{day}.json

Every file is written under a spare name, forced to disk and then renamed: readers get all of the
old file or all of the new one, whenever the writer is killed. Writers keep each other out with a
lock that the system releases when its holder dies; readers need none.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from shared.decoding import decode_json
from shared.errors import ConflictError, DamagedError, StoreError
from shared.stores.folder_lock import OWNER_ONLY, FolderLock, storage_errors, sync
from shared.stores.medium import (
    NEWEST_FIRST,
    Columns,
    Row,
    RowId,
    TableDay,
    TypedRows,
    as_text,
)
from shared.stores.names import day_of_key, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAY_CHARACTERS = len("2026-11-23")
_TABLES = "tables"  #: the folder of those for people
_MISSING = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_log = logging.getLogger(__name__)


class LocalMedium:
    """A folder as a `Medium`. It is created by the first write."""

    moves = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FolderLock(folder / ".lock")
        # One name is enough, because the lock lets only one write at a time; the next writer
        # overwrites what a killed one left there.
        self._spare = folder / ".writing"

    def read(self, path: str) -> bytes | None:
        """All of a file, or `None`."""
        with (
            storage_errors(f"{path} cannot be read"),
            suppress(*_MISSING),
        ):
            return (self._folder / path).read_bytes()
        return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file over what was there, whole or not at all."""
        with storage_errors(f"{path} cannot be written"), self._lock:
            self._fill_spare(content)
            self._rename(self._spare, self._folder / path)

    def remove(self, path: str) -> None:
        """Remove a file, if it exists, and the folders that it leaves empty."""
        target = self._folder / path
        with storage_errors(f"{path} cannot be removed"), self._lock:
            with suppress(*_MISSING):
                target.unlink()
            self._remove_empty(target.parent)

    def location(self, path: str) -> str:
        """Where the file is on this machine."""
        return str(self._folder / path)

    def paths(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`."""
        inside = _files_in(self._folder / prefix.rpartition("/")[0])
        found = (path.relative_to(self._folder).as_posix() for path in inside)
        return sorted(path for path in found if path.startswith(prefix))

    def digests(self, prefix: str) -> dict[str, str]:
        """The digest of each file whose path begins with `prefix`, as it is now."""
        contents = ((path, self.read(path)) for path in self.paths(prefix))
        return {path: digest(content) for path, content in contents if content is not None}

    def signed_url(self, path: str, now: datetime) -> None:
        """A folder has no URLs."""

    def row(self, row_id: RowId) -> Row | None:
        """One row, or `None`."""
        path = _path(row_id)
        with (
            storage_errors(f"{path} cannot be read"),
            suppress(*_MISSING),
            (self._folder / path).open("rb") as file,
        ):
            content = file.read()
            written_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            columns, damage = _columns(content)
            return Row(row_id, columns, digest(content), written_at.date(), damage)
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
        paths = sorted(_files_in(self._folder / table / (partition or "")))
        wanted = [path for path in paths if _is_row(path.name, since, before)]
        if table in NEWEST_FIRST:
            wanted.reverse()
        rows = (self._row_at(table, path) for path in wanted)
        return list(islice((row for row in rows if row is not None), limit))

    def put_row(self, row_id: RowId, columns: Columns, *, over: str | None) -> None:
        """Write a row over the one with the etag `over`, or a new one if that is `None`."""
        with self._lock:
            content = self.read(_path(row_id))
            if over != (None if content is None else digest(content)):
                raise ConflictError(f"Another writer has just written {_path(row_id)}.")
            self.write(_path(row_id), msgspec.json.format(msgspec.json.encode(columns), indent=2))

    def remove_row(self, row_id: RowId) -> None:
        """Remove a row, if it exists."""
        self.remove(_path(row_id))

    def table_days(
        self, table: str, partition: str, since: str, before: str
    ) -> dict[str, TableDay]:
        """What a table for people has of the days from `since` until before `before`."""
        names = [path.name for path in _files_in(self._folder / _TABLES / table / partition)]
        days = [_table_day(name) for name in names if _is_row(name, since, before)]
        found = {day: self.read(_table_path(table, partition, day)) for day in days if day}
        return {day: _rows_of(content) for day, content in found.items() if content is not None}

    def table_row(
        self, table: str, partition: str, day: str, key: str
    ) -> Mapping[str, object] | None:
        """One row of a table for people, or `None`; times are texts."""
        content = self.read(_table_path(table, partition, day))
        return None if content is None else _rows_of(content).rows.get(key)

    def put_table_day(
        self, table: str, partition: str, day: str, rows: TypedRows, *, over: TableDay
    ) -> None:
        """Replace the rows of a day, as it was read, where they differ."""
        path = _table_path(table, partition, day)
        listed = [
            {"RowKey": key, **{name: as_text(value) for name, value in rows[key].items()}}
            for key in sorted(rows)
        ]
        content = msgspec.json.format(msgspec.json.encode(listed), indent=2)
        with self._lock:
            current = self.read(path)
            if over.etags.get("") != (None if current is None else digest(current)):
                raise ConflictError(f"Another writer has just written {path}.")
            if not rows:
                self.remove(path)
            elif content != current:
                self.write(path, content)

    def remove_table_days(self, table: str, partition: str, before: str) -> int:
        """Remove all days before `before` from a table for people; returns how many files."""
        folder = self._folder / _TABLES / table / partition
        days = [_table_day(path.name) for path in _files_in(folder)]
        old = [day for day in days if day and day < before]
        for day in old:
            self.remove(_table_path(table, partition, day))
        return len(old)

    def exclusive(self) -> FolderLock:
        """Keep other writers out meanwhile."""
        return self._lock

    def finalize(self, path: str, final_path: str) -> None:
        """Move a file, if it exists, to where people look for it."""
        with storage_errors(f"{final_path} cannot be written"), self._lock:
            with suppress(FileNotFoundError):
                self._rename(self._folder / path, self._folder / final_path)
            self._remove_empty((self._folder / path).parent)

    def sweep(self) -> None:
        """Remove what writers that were killed left half written."""
        with storage_errors(f"{self._spare} cannot be removed"), self._lock:
            self._spare.unlink(missing_ok=True)

    def close(self) -> None:
        """There are no connections."""

    def _fill_spare(self, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        spare = os.open(self._spare, flags, OWNER_ONLY)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(spare, rest) :]
            os.fsync(spare)
        finally:
            os.close(spare)

    def _rename(self, source: Path, target: Path) -> None:
        is_new = not target.parent.is_dir()
        self._make_room(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        sync(target.parent)
        if is_new:
            for parent in target.parent.relative_to(self._folder).parents:
                sync(self._folder / parent)

    def _make_room(self, target: Path) -> None:
        """Set a folder aside where a file belongs, and a file where a folder does: not ours."""
        parents = target.relative_to(self._folder).parents
        files = [self._folder / parent for parent in parents if (self._folder / parent).is_file()]
        for foreign in [*files, *([target] if target.is_dir() else [])]:
            names = (foreign.with_name(f".{foreign.name}.{number}") for number in count(1))
            aside = next(name for name in names if not name.exists())
            foreign.rename(aside)
            _log.warning("%s is not of this app; it was renamed to %s.", foreign, aside.name)

    def _remove_empty(self, folder: Path) -> None:
        with suppress(OSError):  # not empty, or missing
            while folder != self._folder:
                folder.rmdir()
                folder = folder.parent

    def _row_at(self, table: str, path: Path) -> Row | None:
        folder = path.parent.relative_to(self._folder / table).as_posix()
        partition = "" if folder == "." else folder
        if path.suffix == ".json":
            return self.row(RowId(table, partition, path.stem))
        foreign = RowId(table, partition, f"{path.name} (a file)")
        return Row(foreign, {}, etag="", written_on=date.max, damage="it is not JSON")


def _path(row_id: RowId) -> str:
    return f"{row_id}.json"


def _table_path(table: str, partition: str, day: str) -> str:
    return f"{_TABLES}/{table}/{partition}/{day}.json"


def _table_day(name: str) -> str | None:
    """The day of a file of a table for people; `None` if the file is not ours."""
    day, _, suffix = name.partition(".")
    return day if suffix == "json" and day_of_key(day) == day else None


def _rows_of(content: bytes) -> TableDay:
    """The rows of a day; of a damaged file none, so that it is written again."""
    try:
        rows = decode_json(content, list[dict[str, object]], DamagedError)
        by_key = {str(row.pop("RowKey")): row for row in rows}
    except (DamagedError, KeyError):
        by_key = {}
    return TableDay(by_key, {"": digest(content)})


def _columns(content: bytes) -> tuple[Columns, str]:
    """The columns of a row, or none and the reason why."""
    try:
        return decode_json(content, dict[str, str | int | float | bool | None], DamagedError), ""
    except DamagedError as error:
        return {}, str(error)


def _is_row(name: str, since: str | None, before: str | None) -> bool:
    day = name[:_DAY_CHARACTERS]
    return (since is None or since <= day) and (before is None or day < before)


def _files_in(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder, onerror=_raise_unless_gone):
        yield from (Path(parent, name) for name in names)


def _raise_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise StoreError(f"{error.filename} cannot be listed: {error.strerror}.") from error
