"""Takes in records one after another, and accounts for every one of them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shared.decoding import UNREADABLE
from shared.mfa.report import UnreadableRecord
from shared.mfa.sign_in import SignInEventType
from shared.sources.records.batches import parse_array, parse_records
from shared.sources.records.glances import wanted_of
from shared.sources.records.parsing import (
    OtherLogError,
    UnplacedError,
    UnreadableError,
    parse_sign_in,
    parse_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from shared.mfa.sign_in import SignIn

_KINDS = {
    SignInEventType.INTERACTIVE: "interactive",
    SignInEventType.NON_INTERACTIVE: "non_interactive",
    SignInEventType.SERVICE_PRINCIPAL: "service_principal",
    SignInEventType.MANAGED_IDENTITY: "service_principal",
}
_FEW = 3  #: an array is looked at before it is read if fewer than one in so many are wanted
_DAY_LENGTH = len("2026-11-23")
UNREADABLE_KEPT = 100  #: how many unreadable records are kept; all are counted


class LostDays(msgspec.Struct, frozen=True):
    """A file without its end, or with an unreadable record: the days, UTC, that this may be of."""

    file: str
    lost_from: date | None  #: `None`: may be any day before
    lost_to: date | None  #: `None`: may be any day after
    fault: str = "breaks off"

    @property
    def sentence(self) -> str:
        """What is wrong with the file, for people."""
        return f"{self.file} {self.fault}"

    def may_have_lost(self, day: date) -> bool:
        """Whether records of a day may be missing."""
        is_after = self.lost_from is None or day >= self.lost_from
        return is_after and (self.lost_to is None or day <= self.lost_to)


class DaySpan(NamedTuple):
    """From the first to the last day, UTC, of some records."""

    first: date
    last: date


class ReadingResult(msgspec.Struct, frozen=True):
    """The result of reading files, without the sign-ins themselves."""

    records: int  #: readable records of any application
    concerned: int  #: how many of them were passed on
    unreadable: int
    unreadable_records: tuple[UnreadableRecord, ...]  #: the first `UNREADABLE_KEPT`
    first_day: date  #: UTC, of all readable records
    last_day: date
    broken_off: tuple[LostDays, ...] = ()
    doubtful: tuple[LostDays, ...] = ()  #: for unreadable records
    spans: dict[str, DaySpan] = {}  #: by kind of log, as in `LogKinds`
    other_logs: dict[str, int] = {}  #: how many records of logs without sign-ins were left aside


class _Gap(msgspec.Struct):
    """Unreadable records: the days of the readable ones before and after; empty if none is."""

    before: str
    after: str = ""


class Intake:
    """Parses records, passes on those with one of the ids, and counts all."""

    def __init__(self, ids: Collection[str] | None, on_sign_in: Callable[[SignIn], None]) -> None:
        self._ids = ids  #: lower case; `None` passes on every sign-in
        self._on_sign_in = on_sign_in
        self.records = self.unreadable = self._concerned = 0
        self._unreadable_records: list[UnreadableRecord] = []
        self._days: dict[str, tuple[str, str]] = {}  #: first and last by kind; "" if none is given
        self._other_logs: Counter[str] = Counter()
        self._broken_off: list[LostDays] = []
        self._doubtful: list[LostDays] = []
        self._gaps: list[_Gap] = []  #: of the present file
        self._are_wanted = ids is None  #: many records of the last array
        self.file = ""
        self._start()

    def begin(self, file: str) -> None:
        """Start the next file."""
        self._close_file()
        self.file = file
        self._start()

    def _start(self) -> None:
        self._day = ""  #: of the previous record
        self._event: SignInEventType | None = None  #: of the previous record
        self._rises = self._falls = False  #: whether days went up in this file, or down

    def take(self, record: bytes, line: int, reason: str = "") -> bool:
        """
        Take in the JSON of one record, or of an object with a list of records.

        Returns whether it was one readable record. `reason` replaces the parser's reason if it is
        unreadable.
        """
        try:
            sign_in = parse_sign_in(record, self._sequence)
        except OtherLogError as error:
            self._other_logs[error.log] += 1
            return False
        except UnplacedError as error:
            return self._take_unplaced(error, line)
        except UnreadableError as error:
            inner = _unwrap(record)
            if inner is None:
                self.refuse(line, reason or str(error))
                return False
            for raw in inner:
                self.take(bytes(raw), line)
            return False
        self._count([sign_in])
        return True

    def take_array(self, array: bytes, line: int) -> bool:
        """Take in a JSON array of records at once, if all of them are regular."""
        records, concerned = self.records, self._concerned
        is_taken = not self._are_wanted and self._take_wanted(array, line)
        is_taken = is_taken or self._take_regular(array)
        if is_taken:
            self._are_wanted = (self._concerned - concerned) * _FEW > self.records - records
        return is_taken

    def _take_wanted(self, array: bytes, line: int) -> bool:
        found = wanted_of(array, self._ids or ())
        for one in found or ():
            if isinstance(one, bytes):
                self.take(one, line)
            else:
                day, event, count = one
                self.skip(count, day, event)
        return found is not None

    def _take_regular(self, array: bytes) -> bool:
        sign_ins = parse_array(array, self._sequence)
        self._count(sign_ins or ())
        return sign_ins is not None

    def take_each(self, array: bytes, line: int) -> bool:
        """Take in a JSON array of objects one by one; false if it is not one."""
        try:
            records = [bytes(raw) for raw in _list_decoder.decode(array)]
        except UNREADABLE:
            return False
        if not all(record.startswith(b"{") for record in records):
            return False
        end = 0
        for record in records:
            start = array.find(record, end)
            line += array.count(b"\n", end, start)
            self.take(record, line)
            end = start + len(record)
            line += record.count(b"\n")
        return True

    def take_records(self, records: Sequence[bytes]) -> bool:
        """Take in some records at once, if all of them are regular."""
        sign_ins = parse_records(records, self._sequence)
        self._count(sign_ins or ())
        return sign_ins is not None

    def take_values(self, record: Mapping[str, object], line: int) -> None:
        """Take in one record of Python values."""
        try:
            self._count([parse_values(record, self._sequence)])
        except OtherLogError as error:
            self._other_logs[error.log] += 1
        except UnplacedError as error:
            self._take_unplaced(error, line)
        except UnreadableError as error:
            self.refuse(line, str(error))

    def _take_unplaced(self, error: UnplacedError, line: int) -> bool:
        """Count a record of the portal, for which its application is enough; refuse any other."""
        is_placed = self._ids is None or error.sign_in.app_id in self._ids
        if is_placed:
            self._count([error.sign_in])
        else:
            self.refuse(line, str(error))
        return is_placed

    def skip(self, count: int, day: str, event: SignInEventType) -> None:
        """Count records of one day and log that are known to have none of the ids."""
        self.records += count
        self._saw(day, event)

    def refuse(self, line: int, reason: str) -> None:
        """Count an unreadable record; `line` is where it begins."""
        self.unreadable += 1
        if len(self._unreadable_records) < UNREADABLE_KEPT:
            self._unreadable_records.append(UnreadableRecord(self.file, line, reason))
        if not self._gaps or self._gaps[-1].after:
            self._gaps.append(_Gap(before=self._day))

    def break_off(self) -> None:
        """
        Note that the end of the file is missing.

        If the file runs from old to new, only newer records can be missing, and vice versa; if it
        runs both ways, or is of one day, they may be of any day.
        """
        last = date.fromisoformat(self._day) if self._rises != self._falls else None
        lost_from, lost_to = (last, None) if self._rises else (None, last)
        self._broken_off.append(LostDays(self.file, lost_from, lost_to))

    def refusal(self, index: int) -> UnreadableRecord | None:
        """The unreadable record with this index, from 0, if it was kept."""
        kept = self._unreadable_records
        return kept[index] if index < len(kept) else None

    def result(self) -> ReadingResult:
        """The result; at least one record must have been readable."""
        self._close_file()
        return ReadingResult(
            records=self.records,
            concerned=self._concerned,
            unreadable=self.unreadable,
            unreadable_records=tuple(self._unreadable_records),
            first_day=date.fromisoformat(min(first for first, _ in self._days.values())),
            last_day=date.fromisoformat(max(last for _, last in self._days.values())),
            broken_off=tuple(self._broken_off),
            doubtful=tuple(self._doubtful),
            spans={
                kind: DaySpan(*map(date.fromisoformat, days))
                for kind, days in self._days.items()
                if kind
            },
            other_logs=self.other_logs,
        )

    @property
    def other_logs(self) -> dict[str, int]:
        """How many records of each log without sign-ins were left aside, the most first."""
        return dict(self._other_logs.most_common())

    @property
    def _sequence(self) -> int:
        return self.records + self.unreadable

    def _count(self, sign_ins: Sequence[SignIn]) -> None:
        self.records += len(sign_ins)
        for sign_in in sign_ins:
            self._saw(sign_in.created_at[:_DAY_LENGTH], sign_in.event)
        ids = self._ids
        for sign_in in sign_ins:
            if ids is None or sign_in.app_id in ids or sign_in.resource_id in ids:
                self._concerned += 1
                self._on_sign_in(sign_in)

    def _close_file(self) -> None:
        """Note which days the file's unreadable records may be of, by the order of the others."""
        for before, after in ((gap.before, gap.after) for gap in self._gaps):
            is_ordered = self._rises != self._falls or before == after != ""
            first, last = (after, before) if self._falls else (before, after)
            days = (date.fromisoformat(day) if day else None for day in (first, last))
            first_day, last_day = days if is_ordered else (None, None)
            lost = LostDays(self.file, first_day, last_day, "has records that cannot be read")
            self._doubtful.append(lost)
        self._gaps = []

    def _saw(self, day: str, event: SignInEventType) -> None:
        if day == self._day and event is self._event and not self._gaps:
            return  # as almost every record
        self._event = event
        if day != self._day:
            self._rises = self._rises or "" < self._day < day
            self._falls = self._falls or day < self._day
            self._day = day
        if self._gaps:
            self._gaps[-1].after = self._gaps[-1].after or day
        kind = _KINDS.get(event, "")
        first, last = self._days.get(kind, (day, day))
        self._days[kind] = min(first, day), max(last, day)


class _Wrapper(msgspec.Struct):
    """A Graph page, or what Event Hubs delivers."""

    value: list[msgspec.Raw] | None = None
    records: list[msgspec.Raw] | None = None


_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_wrapper_decoder = msgspec.json.Decoder(_Wrapper)


def _unwrap(record: bytes) -> list[msgspec.Raw] | None:
    try:
        wrapper = _wrapper_decoder.decode(record)
    except UNREADABLE:
        return None
    if wrapper.value is None and wrapper.records is None:
        return None
    return (wrapper.value or []) + (wrapper.records or [])
