"""Takes in records one after another, and accounts for every one of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.report import UnreadableRecord
from shared.sources.records.parsing import UnreadableError, parse_sign_in, parse_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shared.mfa.sign_in import SignIn

UNREADABLE_KEPT = 100  #: how many unreadable records are kept; all are counted


class TruncatedFile(msgspec.Struct, frozen=True):
    """A file whose end is missing, and the days, UTC, that the missing records may be of."""

    file: str
    lost_from: date | None  #: `None`: may be any day before
    lost_to: date | None  #: `None`: may be any day after

    def may_have_lost(self, day: date) -> bool:
        """Whether records of a day may be missing."""
        is_after = self.lost_from is None or day >= self.lost_from
        return is_after and (self.lost_to is None or day <= self.lost_to)


class ReadingResult(msgspec.Struct, frozen=True):
    """The result of reading files, without the sign-ins themselves."""

    records: int  #: readable records of any application
    concerned: int  #: how many of them were passed on
    unreadable: int
    unreadable_records: tuple[UnreadableRecord, ...]  #: the first `UNREADABLE_KEPT`
    first_day: date  #: UTC, of all readable records
    last_day: date
    broken_off: tuple[TruncatedFile, ...] = ()


class Intake:
    """Parses records, passes on those with one of the ids, and counts all."""

    def __init__(self, ids: Collection[str] | None, on_sign_in: Callable[[SignIn], None]) -> None:
        self._ids = ids  #: lower case; `None` passes on every sign-in
        self._on_sign_in = on_sign_in
        self.records = self.unreadable = self._concerned = 0
        self._unreadable_records: list[UnreadableRecord] = []
        self._first_day, self._last_day = "9999-99-99", ""
        self._broken_off: list[TruncatedFile] = []
        self.begin("")

    def begin(self, file: str) -> None:
        """Start the next file."""
        self.file = file
        self._day = ""  #: of the previous record
        self._rises = self._falls = False  #: whether days went up in this file, or down

    def take(self, record: bytes, line: int, reason: str = "") -> bool:
        """
        Take in the JSON of one record, or of an object with a list of records.

        Returns whether it was one readable record. `reason` replaces the parser's reason if it is
        unreadable.
        """
        try:
            sign_in = parse_sign_in(record, self._sequence)
        except UnreadableError as error:
            inner = _unwrap(record)
            if inner is None:
                self.refuse(line, reason or str(error))
                return False
            for raw in inner:
                self.take(bytes(raw), line)
            return False
        self._count(sign_in)
        return True

    def take_values(self, record: Mapping[str, object], line: int) -> None:
        """Take in one record of Python values."""
        try:
            self._count(parse_values(record, self._sequence))
        except UnreadableError as error:
            self.refuse(line, str(error))

    def skip(self, count: int, day: str) -> None:
        """Count records of one day that are known to have none of the ids."""
        self.records += count
        self._saw(day)

    def refuse(self, line: int, reason: str) -> None:
        """Count an unreadable record; `line` is where it begins."""
        self.unreadable += 1
        if len(self._unreadable_records) < UNREADABLE_KEPT:
            self._unreadable_records.append(UnreadableRecord(self.file, line, reason))

    def break_off(self) -> None:
        """
        Note that the end of the file is missing.

        If the file runs from old to new, only newer records can be missing, and vice versa; if it
        runs both ways, or is of one day, they may be of any day.
        """
        last = date.fromisoformat(self._day) if self._rises != self._falls else None
        lost_from, lost_to = (last, None) if self._rises else (None, last)
        self._broken_off.append(TruncatedFile(self.file, lost_from, lost_to))

    def refusal(self, index: int) -> UnreadableRecord | None:
        """The unreadable record with this index, from 0, if it was kept."""
        kept = self._unreadable_records
        return kept[index] if index < len(kept) else None

    def result(self) -> ReadingResult:
        """The result; at least one record must have been readable."""
        return ReadingResult(
            records=self.records,
            concerned=self._concerned,
            unreadable=self.unreadable,
            unreadable_records=tuple(self._unreadable_records),
            first_day=date.fromisoformat(self._first_day),
            last_day=date.fromisoformat(self._last_day),
            broken_off=tuple(self._broken_off),
        )

    @property
    def _sequence(self) -> int:
        return self.records + self.unreadable

    def _count(self, sign_in: SignIn) -> None:
        self.records += 1
        self._saw(sign_in.day)
        if self._ids is None or sign_in.app_id in self._ids or sign_in.resource_id in self._ids:
            self._concerned += 1
            self._on_sign_in(sign_in)

    def _saw(self, day: str) -> None:
        if day != self._day:
            self._rises = self._rises or "" < self._day < day
            self._falls = self._falls or day < self._day
            self._day = day
        self._first_day = min(self._first_day, day)
        self._last_day = max(self._last_day, day)


class _Wrapper(msgspec.Struct):
    """A Graph page, or what Event Hubs delivers."""

    value: list[msgspec.Raw] | None = None
    records: list[msgspec.Raw] | None = None


_wrapper_decoder = msgspec.json.Decoder(_Wrapper)


def _unwrap(record: bytes) -> list[msgspec.Raw] | None:
    try:
        wrapper = _wrapper_decoder.decode(record)
    except (msgspec.DecodeError, RecursionError):
        return None
    if wrapper.value is None and wrapper.records is None:
        return None
    return (wrapper.value or []) + (wrapper.records or [])
