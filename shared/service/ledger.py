"""The ledger of one tenant: what is believed of a pull, and what of it can still be read."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from shared.clock import timestamp
from shared.errors import ConflictError, DamagedError, NewerError
from shared.mfa.pulls import enter_failure, enter_pull
from shared.mfa.verdict_changes import VerdictChanges, compare_pulls
from shared.mfa.window import (
    LedgerEntry,
    Slice,
    SliceState,
    complete_days,
    logs_by_day,
    make_window,
    missing_reasons,
    provisional_days,
    window_days,
)
from shared.mfa.window_sign_ins import Joined
from shared.telemetry import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, datetime

    from shared.mfa.coverage import LogKinds
    from shared.mfa.rollup import Rollup, StoredRollup
    from shared.mfa.scope import Scope
    from shared.mfa.window import Window
    from shared.mfa.window_sign_ins import SignInsInOrder
    from shared.stores.store import Store

#: An entry that was made later than this from now was made by a wrong clock.
CLOCK_TOLERANCE = timedelta(hours=1)

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TenantLedger:
    """The ledger of one tenant, with its rollups."""

    tenant_id: str
    source_name: str
    store: Store
    scope: Scope
    settle_days: int
    now: Callable[[], datetime]  #: aware, UTC

    def entries(self, since: date, before: date | None = None) -> list[LedgerEntry]:
        """
        The entries of all slices of that day or later, until before `before`, oldest first.

        Leaves out days that are not over. What a wrong clock marked in the future is not known.
        """
        return [
            entry if self.is_past(entry.at) else replace(entry, has_rollup=False)
            for entry in self.store.ledger(self.tenant_id, since, before)
            if self.is_over(entry.slice.day)
        ]

    def intact(self, entries: Iterable[LedgerEntry], since: date) -> list[LedgerEntry]:
        """The entries; from a day on, each rollup is read, and one that is damaged is a gap."""
        return [
            self._as_readable(entry) if entry.slice.day >= since else entry for entry in entries
        ]

    def is_over(self, day: date) -> bool:
        """Whether a day has ended, UTC."""
        return day < self.now().date()

    def is_past(self, at: str) -> bool:
        """Whether something was made before now; if not, it was made by a wrong clock."""
        return at <= timestamp(self.now() + CLOCK_TOLERANCE)

    def rollup(self, entry: LedgerEntry) -> Rollup:
        """
        The rollup of a complete entry.

        Raises `DamagedError` if it cannot be read, after entering that, so that it is owed again,
        and `NewerError` if a newer release wrote it.
        """
        return self._unless_lost(entry, self.store.rollup)

    def open_rollup(self, entry: LedgerEntry, opened: ExitStack) -> StoredRollup:
        """The same, to be read piece by piece until `opened` is closed."""
        return self._unless_lost(entry, lambda slice_: self.store.open_rollup(slice_, opened))

    @contextmanager
    def window(self, ending: date) -> Iterator[Window]:
        """The window of what is stored, whose days can be read until this context ends."""
        days = set(window_days(ending))
        ledger = [entry for entry in self.entries(min(days)) if entry.slice.day in days]
        reasons = missing_reasons(ledger)
        with ExitStack() as opened:
            rollups = self._opened(ledger, reasons, opened)
            window = make_window(
                ending,
                rollups,
                reasons,
                logs=logs_by_day(ledger),
                provisional=provisional_days(ledger, self.settle_days),
            )
            changes = VerdictChanges.total(entry.changes for entry in ledger)
            yield replace(window, changes=changes)

    def _opened(
        self, ledger: list[LedgerEntry], reasons: dict[date, str], opened: ExitStack
    ) -> dict[date, SignInsInOrder]:
        """The rollups of the days that can be read; for the others, the reason is entered."""
        entries = {entry.slice: entry for entry in ledger}
        rollups: dict[date, SignInsInOrder] = {}
        for day, slices in complete_days(ledger).items():
            try:
                parts = [self.open_rollup(entries[slice_], opened) for slice_ in slices]
            except (DamagedError, NewerError) as error:
                reasons[day] = str(error)
            else:
                rollups[day] = Joined(parts)
        return rollups

    def _unless_lost(self, entry: LedgerEntry, read: Callable[[Slice], _T | None]) -> _T:
        try:
            rollup = read(entry.slice)
        except DamagedError as error:
            self._enter_loss(entry, str(error))
            raise
        if rollup is None:  # an entry without its rollup is not an empty day
            gone = "It was collected, but the stored data is gone."
            self._enter_loss(entry, gone)
            raise DamagedError(gone)
        return rollup

    def keep(self, slice_: Slice, rollup: Rollup, logs: LogKinds, begun_at: str) -> None:
        """
        Store a pull that read the whole slice, unless what is stored is to be believed more.

        `begun_at`: when the pull began, UTC.
        """
        pulled = self._new_entry(slice_, SliceState.COMPLETE, rows=len(rollup))
        found = replace(pulled, logs=logs, pulled_at=begun_at)
        with unless_newer_is_stored(slice_.name):
            before, stored = self._before(slice_)
            entry, believed = enter_pull(before, found, self.settle_days)
            if before and stored is not None and believed:
                entry = self._compared(before, stored, entry, rollup)
            self.store.save_slice(entry, rollup if believed else None)
            note(state="complete", slice=slice_.name, rows=len(rollup))
            _log.info(
                "Slice %s of %s: %d rows. %s",
                *(slice_.name, self.tenant_id, len(rollup), entry.reason),
            )

    def _compared(
        self, before: LedgerEntry, stored: Rollup, entry: LedgerEntry, pulled: Rollup
    ) -> LedgerEntry:
        """Add how the verdicts changed; the same again on the same day counts once."""
        changes = compare_pulls(stored, pulled, self.scope)
        if before.pulled_at[:10] == entry.pulled_at[:10] and not changes.changed:
            return entry
        return replace(entry, changes=before.changes + changes)

    def fail(self, slice_: Slice, state: SliceState, reason: str) -> None:
        """Enter a pull that did not read the whole slice; a stored rollup is kept."""
        failed = self._new_entry(slice_, state, reason=reason)
        with unless_newer_is_stored(slice_.name):
            self.store.save_slice(enter_failure(self._before(slice_)[0], failed))
        note(state=state.value, slice=slice_.name)
        _log.warning("Slice %s of %s is %s: %s", slice_.name, self.tenant_id, state.value, reason)

    def put_off(self, slice_: Slice, reason: str) -> None:
        """Enter that a slice is not read to its end yet; a stored rollup is kept."""
        begun = self._new_entry(
            slice_, SliceState.FAILED, reason=f"It is still being read: {reason}"
        )
        with unless_newer_is_stored(slice_.name):
            self.store.save_slice(enter_failure(self._before(slice_)[0], begun))
        note(state="goes on later", slice=slice_.name)
        _log.info("Slice %s of %s goes on later: %s", slice_.name, self.tenant_id, reason)

    def keep_stored(self, slice_: Slice, reason: str) -> None:
        """Enter that the source does not hold a slice; what is stored of it stays as it is."""
        entry = self.entry(slice_)
        if entry is None or not self._as_readable(entry).has_rollup:
            self.fail(slice_, SliceState.DENIED, reason)
            return
        kept = f"What is stored is kept. {reason}"
        tried = self._new_entry(slice_, SliceState.COMPLETE, rows=entry.rows, reason=kept)
        with unless_newer_is_stored(slice_.name):
            self.store.save_slice(enter_failure(entry, tried))
        note(state="kept as stored", slice=slice_.name)
        _log.warning(
            "Slice %s of %s stays as it is stored: %s", slice_.name, self.tenant_id, reason
        )

    def last_reason(self, slice_: Slice) -> str:
        """The reason of the slice's entry; empty if it has none."""
        entry = self.entry(slice_)
        return entry.reason if entry else ""

    def entry(self, slice_: Slice) -> LedgerEntry | None:
        """The slice's entry."""
        entries = self.entries(slice_.day, slice_.day + timedelta(days=1))
        return next((entry for entry in entries if entry.slice == slice_), None)

    def _before(self, slice_: Slice) -> tuple[LedgerEntry | None, Rollup | None]:
        """A slice's entry and what can be read of its rollup; raises `NewerError`."""
        entry = self.entry(slice_)
        return self._read(entry, self.rollup) if entry else (None, None)

    def _read(
        self, entry: LedgerEntry, read: Callable[[LedgerEntry], _T]
    ) -> tuple[LedgerEntry, _T | None]:
        try:
            return entry, read(entry) if entry.has_rollup else None
        except DamagedError as error:
            _log.warning(
                "Slice %s of %s is pulled again: %s", entry.slice.name, self.tenant_id, error
            )
            return _without_rollup(entry), None

    def _as_readable(self, entry: LedgerEntry) -> LedgerEntry:
        """The entry, without a rollup if that cannot be read; one of a newer release counts."""
        try:
            with ExitStack() as opened:
                return self._read(entry, lambda it: self.open_rollup(it, opened))[0]
        except NewerError as error:
            _log.warning(
                "Slice %s of %s is left alone: %s", entry.slice.name, self.tenant_id, error
            )
            return entry

    def _new_entry(
        self, slice_: Slice, state: SliceState, *, rows: int = 0, reason: str = ""
    ) -> LedgerEntry:
        at = timestamp(self.now())
        return LedgerEntry(slice_, state, self.source_name, at, rows, reason)

    def _enter_loss(self, entry: LedgerEntry, reason: str) -> None:
        with unless_newer_is_stored(entry.slice.name):
            self.store.save_slice(_without_rollup(entry, reason))


def _without_rollup(entry: LedgerEntry, reason: str = "") -> LedgerEntry:
    """The entry of a rollup that cannot be read. As old as before: a newer one is never undone."""
    return replace(
        entry,
        state=SliceState.FAILED,
        rows=0,
        has_rollup=False,
        refused_rows=None,
        reason=reason or entry.reason,
    )


@contextmanager
def unless_newer_is_stored(what: str) -> Iterator[None]:
    """Let a slower execution end without an error: something newer is stored already."""
    try:
        yield
    except NewerError as error:
        _log.warning("What is stored of %s is kept: %s", what, error)
    except ConflictError:
        _log.info("Something newer was stored meanwhile of %s; it is kept.", what)
