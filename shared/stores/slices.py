"""Slices: the ledger, and the rollup of each of its entries."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

import msgspec

from shared.errors import DamagedError, NewerError
from shared.mfa.rollup import Rollup, StoredRollup
from shared.mfa.window import LedgerEntry, SliceState
from shared.stores.base import StoreBase
from shared.stores.file_sets import FileSet
from shared.stores.medium import RowId, to_columns
from shared.stores.names import one_line, safe_day, safe_slice_name, safe_tenant_id, slice_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from shared.mfa.window import Slice
    from shared.stores.medium import Row

_ROLLUP = "rollup"  #: the only file of a slice
_MOST_IN_MEMORY = 8 << 20  #: bytes of one open rollup, some 100,000 sign-ins


class Slices(StoreBase):
    """What was collected, of any number of tenants."""

    def ledger(self, tenant_id: str, since: date, before: date | None = None) -> list[LedgerEntry]:
        """
        The entries of all slices of that day or later, until before `before`, oldest first.

        One of a newer release has the state `SliceState.NEWER`: it is neither known nor owed.
        """
        newer: list[Row] = []
        found = self._rows.readable(
            LedgerEntry,
            "ledger",
            safe_tenant_id(tenant_id),
            since=safe_day(since),
            before=safe_day(before) if before else None,
            on_newer=newer.append,
        )
        entries = [entry for _, entry in found]
        entries += [_newer_entry(row) for row in newer]
        return sorted(entries, key=lambda entry: entry.slice)

    def rollup(self, slice_: Slice) -> Rollup | None:
        """
        The rollup entered for the slice, or `None`.

        Raises `DamagedError` if it is damaged, `NewerError` if a newer release wrote it.
        """
        with ExitStack() as opened:
            stored = self.open_rollup(slice_, opened)
            return None if stored is None else Rollup(stored.copies())

    def open_rollup(self, slice_: Slice, opened: ExitStack) -> StoredRollup | None:
        """
        The same, to be read piece by piece until `opened` is closed; it has been checked.

        A big one waits in a temporary file, which has no name.
        """
        file_set = slice_files(slice_)
        file = self._file_sets.read(file_set, _ROLLUP)
        if file is None:
            return None
        spool = SpooledTemporaryFile(max_size=_MOST_IN_MEMORY)  # noqa: SIM115 (`opened` closes it)
        opened.enter_context(spool)
        spool.write(file.content)
        stored = StoredRollup(lambda: _from_start(spool), len(file.content))
        try:
            stored.check()
        except (DamagedError, NewerError) as error:
            raise type(error)(f"{file_set.title} cannot be read: {error}") from error
        return stored

    def save_slice(self, entry: LedgerEntry, rollup: Rollup | None = None) -> None:
        """
        Write the rollup, if given, over the one that was there, and then the entry.

        Raises `ConflictError`, and changes nothing, if the entry there was made later, or by a
        newer release (`NewerError`).
        """
        files = {_ROLLUP: rollup.to_bytes()} if rollup is not None else None
        columns = to_columns(msgspec.structs.replace(entry, reason=one_line(entry.reason)))
        self._file_sets.replace(slice_files(entry.slice), entry.at, columns, files)


def _from_start(file: IO[bytes]) -> Callable[[int], bytes]:
    file.seek(0)
    return file.read


def slice_files(slice_: Slice) -> FileSet:
    """The rollup of a slice, and its entry."""
    tenant_id, name = safe_tenant_id(slice_.tenant_id), safe_slice_name(slice_)
    return FileSet(
        title=f"The rollup of {name} of tenant {tenant_id}",
        row_id=RowId("ledger", tenant_id, name),
        kind=LedgerEntry,
        base=f"rollups/{tenant_id}/{name}",
        separator=".",
    )


def _newer_entry(row: Row) -> LedgerEntry:
    reason = "It was collected by a newer release of this app, which this one cannot read."
    slice_ = slice_of(row.id.partition, row.id.key)
    return LedgerEntry(slice_, SliceState.NEWER, source="", at="", reason=reason)
