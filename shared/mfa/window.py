"""Days and slices: what to pull, what was pulled, what is owed, and the window of seven days."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.coverage import NO_LOGS, Coverage, LogKinds
from shared.mfa.verdict_changes import VerdictChanges
from shared.mfa.window_sign_ins import SignInsInOrder, WindowSignIns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from shared.mfa.scope import Channel
    from shared.mfa.sign_in import SignIn

HOURS_OF_DAY = 24
SETTLE_DAYS = 2  #: for how many days after a sign-in Entra completes its record
WINDOW_DAYS = 7  #: Partner Center's report covers the previous seven days


class Slice(msgspec.Struct, frozen=True, order=True):
    """
    One tenant's sign-ins in a part of one closed UTC day: the unit of pulling and overwriting.

    Half-open: ``day from_hour:00:00.0000000Z <= createdDateTime < day to_hour:00:00.0000000Z``.
    A whole day, unless the day is too big for one execution; then it is halved, down to one hour.
    """

    tenant_id: str
    day: date
    from_hour: int = 0
    to_hour: int = 24

    @property
    def start(self) -> str:
        """The first instant of the slice, in the format of `SignIn.created_at`."""
        return f"{self.day}T{self.from_hour:02}:00:00.0000000Z"

    @property
    def end(self) -> str:
        """The first instant after the slice."""
        if self.to_hour == HOURS_OF_DAY:
            return f"{self.day + timedelta(days=1)}T00:00:00.0000000Z"
        return f"{self.day}T{self.to_hour:02}:00:00.0000000Z"

    @property
    def name(self) -> str:
        """``2026-11-23`` for a whole day, ``2026-11-23T00-12`` for a part; sorts by time."""
        if self.is_whole_day:
            return self.day.isoformat()
        return f"{self.day}T{self.from_hour:02}-{self.to_hour:02}"

    @property
    def is_whole_day(self) -> bool:
        """Whether the slice covers all 24 hours."""
        return (self.from_hour, self.to_hour) == (0, HOURS_OF_DAY)

    def owns(self, sign_in: SignIn) -> bool:
        """Whether the slice contains a sign-in; sources may read more than they were asked for."""
        return self.start <= sign_in.created_at < self.end

    def halves(self) -> list[Slice]:
        """Two slices with half the hours each; a single hour cannot be halved and is returned."""
        middle = (self.from_hour + self.to_hour) // 2
        if middle == self.from_hour:
            return [self]
        return [
            msgspec.structs.replace(self, to_hour=middle),
            msgspec.structs.replace(self, from_hour=middle),
        ]


class SliceState(StrEnum):
    """How the last pull of a slice ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    DENIED = "denied"  #: a licence or consent is missing; a person must act
    NEWER = "newer"  #: a newer release entered it; never written, and never replaced


class LedgerEntry(msgspec.Struct, frozen=True):
    """The ledger's entry for one slice; written last, after the slice's rollup."""

    slice: Slice
    state: SliceState
    source: str  #: name of the source
    at: str  #: when this entry was made, UTC
    rows: int = 0  #: distinct sign-ins in the rollup stored for the slice
    reason: str = ""  #: one sentence if the state is not complete, or a re-pull was refused
    has_rollup: bool = False  #: whether the rollup of a complete pull is stored, now or earlier
    refused_rows: int | None = None  #: rows of a re-pull that was refused for being fewer
    logs: LogKinds = LogKinds()  #: the kinds of log in the stored rollup
    pulled_at: str = ""  #: when the pull of the stored rollup began, UTC; empty if not recorded
    changes: VerdictChanges = VerdictChanges()  #: at later pulls of the slice, added up


class MissingDay(msgspec.Struct, frozen=True):
    """A day of the window without complete data, and why."""

    day: date
    reason: str


class Window(msgspec.Struct, frozen=True):
    """The seven closed UTC days up to a date, with the data that is available."""

    ending: date
    rollups: dict[date, SignInsInOrder]  #: the available days, some perhaps only in part
    missing: tuple[MissingDay, ...] = ()
    logs: dict[date, LogKinds] = {}  #: of the available days that lack a kind of log
    provisional: frozenset[date] = frozenset()  #: available days whose records may still change
    changes: VerdictChanges = VerdictChanges()  #: when its days were pulled again

    @property
    def days(self) -> list[date]:
        """All seven days, oldest first, available or not."""
        return list(window_days(self.ending))

    def has_all_of(self, channel: Channel) -> bool:
        """Whether every log that the channel's figure needs is there, or there is no share."""
        return not self.coverage.missing(channel, self.days)

    @property
    def coverage(self) -> Coverage:
        """The available days of each kind of log."""
        return Coverage.of({day: self.logs.get(day, LogKinds()) for day in self.rollups})

    @property
    def sign_ins(self) -> WindowSignIns:
        """Those of the available days."""
        return WindowSignIns([self.rollups[day] for day in sorted(self.rollups)])


def window_days(ending: date) -> Iterator[date]:
    """The seven days up to and including `ending`, oldest first."""
    return (ending - timedelta(days=back) for back in reversed(range(WINDOW_DAYS)))


def make_window(
    ending: date,
    rollups: Mapping[date, SignInsInOrder],
    reasons: Mapping[date, str] | None = None,
    *,
    logs: Mapping[date, LogKinds] | None = None,
    provisional: Iterable[date] = (),
) -> Window:
    """
    The window that ends on `ending`; `reasons` says why days are missing.

    `logs` has the kinds of log of each day; a day that it does not name has all of them. A day of
    which no kind is complete is missing, too, but its known requests are counted.
    """
    days = list(window_days(ending))
    known_reasons = reasons or {}
    return Window(
        ending=ending,
        rollups={day: rollups[day] for day in days if day in rollups},
        missing=tuple(
            MissingDay(day, known_reasons.get(day, "not collected yet"))
            for day in days
            if day not in rollups or (logs or {}).get(day) == NO_LOGS
        ),
        logs={day: (logs or {})[day] for day in days if day in (logs or {})},
        provisional=frozenset(provisional) & rollups.keys() & set(days),
    )


def complete_days(ledger: Iterable[LedgerEntry]) -> dict[date, list[Slice]]:
    """
    The days with complete data, each with the slices whose rollups add up to the day.

    A slice counts if a complete pull of it is stored, even if a later pull failed. If there is a
    slice for the whole day, it is used alone; otherwise the parts must cover all 24 hours.
    """
    stored: dict[date, list[Slice]] = {}
    for entry in ledger:
        if entry.has_rollup:
            stored.setdefault(entry.slice.day, []).append(entry.slice)
    covers = {day: _cover(slices) for day, slices in stored.items()}
    return {day: cover for day, cover in covers.items() if cover}


def logs_by_day(ledger: Iterable[LedgerEntry]) -> dict[date, LogKinds]:
    """The kinds of log of each complete day: those that all of its slices have."""
    entries = {entry.slice: entry for entry in ledger}
    return {
        day: LogKinds.common(entries[slice_].logs for slice_ in slices)
        for day, slices in complete_days(entries.values()).items()
    }


def provisional_days(ledger: Iterable[LedgerEntry], settle_days: int) -> set[date]:
    """
    The days whose stored records were pulled before the log had settled.

    Entra completes and corrects records for up to two days after a sign-in (setting `SETTLE_DAYS`).
    """
    entries = {entry.slice: entry for entry in ledger}
    return {
        day
        for day, slices in complete_days(entries.values()).items()
        if any(_is_early(entries[slice_], settle_days) for slice_ in slices)
    }


def _is_early(entry: LedgerEntry, settle_days: int) -> bool:
    return (entry.pulled_at or entry.at)[:10] < settled_on(entry.slice.day, settle_days)


def settled_on(day: date, settle_days: int) -> str:
    """The day on which a plan names it for the last time because its log may still change."""
    return (day + timedelta(days=1 + settle_days)).isoformat()


def _cover(slices: list[Slice]) -> list[Slice]:
    """The fewest of one day's slices that cover 0 to 24 h without gaps; empty if there are none."""
    cover: list[Slice] = []
    hour = 0
    while hour < HOURS_OF_DAY:
        fitting = [slice_ for slice_ in slices if slice_.from_hour == hour]
        if not fitting:
            return []
        cover.append(max(fitting, key=lambda slice_: slice_.to_hour))
        hour = cover[-1].to_hour
    return cover


def missing_reasons(ledger: Iterable[LedgerEntry]) -> dict[date, str]:
    """Why days lack data, by the ledger: the latest reason for each day."""
    explained = sorted((entry for entry in ledger if entry.reason), key=lambda entry: entry.at)
    return {entry.slice.day: entry.reason for entry in explained}


def missed_days(known: Collection[date], before: date) -> list[date]:
    """The unknown days between the first known one and `before`."""
    first = min(known, default=before)
    between = (first + timedelta(days=n) for n in range((before - first).days))
    return [day for day in between if day not in known]


def owed_slices(
    ledger: Iterable[LedgerEntry], tenant_id: str, today: date, *, settle_days: int, reach_days: int
) -> list[Slice]:
    """
    The slices to pull now, newest first: closed days that are incomplete or not settled yet.

    Owed are the newest closed day, the `settle_days` before it (logs arrive late, so these are
    pulled again), and every gap in the last `reach_days` closed days: as many as the window needs
    or, on the first run and after missed days, as many as the source's log has. What a newer
    release entered is not owed.
    """
    entries = list(ledger)
    known = complete_days(entries)
    newer = {entry.slice.day for entry in entries if entry.state is SliceState.NEWER}
    oldest = max(reach_days, settle_days + 1)
    closed = [today - timedelta(days=back) for back in range(1, oldest + 1)]
    settling = set(closed[: settle_days + 1])
    owed = [day for day in closed if day in settling or day not in known]
    return [Slice(tenant_id, day) for day in owed if day not in newer]
