"""Where records are taken in, one after another, and every one of them is accounted for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.report import UnreadableRecord
from shared.sources.records.parsing import UnreadableError, parse_sign_in, parse_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shared.mfa.sign_in import SignIn

UNREADABLE_KEPT = 100  #: of the unreadable records, the first so many are kept; all are counted


class BrokenOff(msgspec.Struct, frozen=True):
    """A file that ends before its end, and the days, UTC, that what is lost may be of."""

    file: str
    lost_from: date | None  #: `None`: there is no telling how far back
    lost_to: date | None  #: or how far on

    def may_have_lost(self, day: date) -> bool:
        """Whether records of a day may be among what is lost."""
        is_after = self.lost_from is None or day >= self.lost_from
        return is_after and (self.lost_to is None or day <= self.lost_to)


class ReadingResult(msgspec.Struct, frozen=True):
    """What files amounted to, beside the sign-ins themselves."""

    records: int  #: readable records, whatever application they are of
    concerned: int  #: how many of those were handed on
    unreadable: int
    unreadable_records: tuple[UnreadableRecord, ...]  #: the first `UNREADABLE_KEPT`
    first_day: date  #: UTC, of all readable records
    last_day: date
    broken_off: tuple[BrokenOff, ...] = ()


class Intake:
    """Parses records, hands on those that concern the wanted ids, and counts all."""

    def __init__(self, ids: Collection[str] | None, on_sign_in: Callable[[SignIn], None]) -> None:
        self._ids = ids  #: lower case; `None` hands on every sign-in
        self._on_sign_in = on_sign_in
        self.records = self.unreadable = self._concerned = 0
        self._unreadable_records: list[UnreadableRecord] = []
        self._first_day, self._last_day = "9999-99-99", ""
        self._broken_off: list[BrokenOff] = []
        self.begin("")

    def begin(self, file: str) -> None:
        """Note which file is read from here on."""
        self.file = file
        self._day = ""  #: of the record before
        self._rises = self._falls = False  #: whether days went up in this file, and down

    def take(self, record: bytes, line: int, reason: str = "") -> bool:
        """
        Take in the JSON of one record, or of an object that holds a list of them.

        Returns whether it was one readable record. `reason` is why it cannot be read, where the
        caller knows better than the parser.
        """
        try:
            sign_in = parse_sign_in(record, self._place)
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
        """Take in one record that is at hand as Python values."""
        try:
            self._count(parse_values(record, self._place))
        except UnreadableError as error:
            self.refuse(line, str(error))

    def skip(self, count: int, day: str) -> None:
        """Count records of one day that are known to concern none of the ids."""
        self.records += count
        self._saw(day)

    def refuse(self, line: int, reason: str) -> None:
        """Count a record that cannot be read; `line` is where it begins."""
        self.unreadable += 1
        if len(self._unreadable_records) < UNREADABLE_KEPT:
            self._unreadable_records.append(UnreadableRecord(self.file, line, reason))

    def break_off(self) -> None:
        """
        Note that the file ends before its end.

        In a file that goes from old to new, only what is newer can be lost, and the other way
        round; where it goes both ways, or is of one day, that may be anything.
        """
        last = date.fromisoformat(self._day) if self._rises != self._falls else None
        lost_from, lost_to = (last, None) if self._rises else (None, last)
        self._broken_off.append(BrokenOff(self.file, lost_from, lost_to))

    def refusal(self, number: int) -> UnreadableRecord | None:
        """An unreadable record, the first being number 0, if it is among those kept."""
        kept = self._unreadable_records
        return kept[number] if number < len(kept) else None

    def result(self) -> ReadingResult:
        """What it all amounts to; at least one record must have been readable."""
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
    def _place(self) -> int:
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
