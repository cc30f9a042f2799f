"""
JSON values in a row, wherever their lines end: arrays, pages, pretty-printed objects.

Arrays are read element by element, so that memory stays flat whatever their size. What lies between
the records (brackets, commas, the keys of a page) is read loosely, because after a broken element
nobody knows how deep it was.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from shared.sources.files.cursor import BrokenValueError, Cursor, EndlessValueError
from shared.sources.files.lines import BLOCK_BYTES
from shared.sources.records.parsing import UnreadableError, parse_sign_in
from shared.sources.records.tolerant import loads

if TYPE_CHECKING:
    from shared.sources.files.intake import Intake
    from shared.sources.files.skimming import Skimmer
    from shared.sources.files.streams import Stream

#: How far a value is followed that may be where records go on after a broken one; less where many
#: were broken, so that rubble takes time in proportion to its size.
_FOLLOWED_BYTES = 256 * 1024
_FOLLOWED_IN_RUBBLE_BYTES = 32 * 1024
_MUCH_RUBBLE = 100
_KEPT_BYTES = 64  #: of what was searched, in case an object's brace and first key are apart

#: What is around records: a Graph page, what Event Hubs delivers, the answer to a query.
_PAGE = re.compile(
    rb'\{\s*(?:"@odata[^"]*"\s*:\s*(?:"[^"]*"|[0-9]+)\s*,\s*)*'
    rb'"(?:value|records|tables)"\s*:\s*\['
)
#: An object that is not the value of a key, which would be a part of another.
_OBJECT = re.compile(rb'(?<!:)(?<!: )\{\s*"')
_OPENING = re.compile(rb'\{\s*"[^"]*"')


class _Place(Enum):
    """Where among brackets the cursor is."""

    OUTSIDE = auto()  #: between whole values, or among the keys of a page
    LIST = auto()  #: a list of records
    TABLES = auto()  #: the tables of a Log Analytics query's answer
    ROWS = auto()  #: the rows of such a table


_PLACES = {b"tables": _Place.TABLES, b"rows": _Place.ROWS}


class ValueReader:
    """Takes in a stream of JSON values."""

    def __init__(
        self, intake: Intake, skimmer: Skimmer | None, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._intake = intake
        self._skimmer = skimmer
        self._block_bytes = block_bytes
        self._place = _Place.OUTSIDE
        self._columns: list[str] = []

    def read(self, stream: Stream) -> None:
        """Take in every record of the stream, whatever it is wrapped in."""
        self._cursor = Cursor(stream, self._block_bytes)
        unreadable = self._intake.unreadable
        while byte := self._cursor.peek():
            unreadable = self._intake.unreadable
            try:
                self._step(byte)
            except BrokenValueError as error:
                self._intake.refuse(self._cursor.line, stream.fault or str(error))
                self._find_next_record(_opening(self._cursor))
        fault = stream.fault or self._what_is_missing()
        if fault and self._intake.unreadable == unreadable:
            self._intake.refuse(self._cursor.line, fault)
        if fault:
            self._intake.break_off()

    def _what_is_missing(self) -> str:
        return "" if self._place is _Place.OUTSIDE else "the file ends in the middle of a list"

    def _step(self, byte: bytes) -> None:
        if byte in (b",", b"}"):
            self._cursor.at += 1
        elif byte == b"]":
            self._place = _Place.TABLES if self._place is _Place.ROWS else _Place.OUTSIDE
            self._cursor.at += 1
        elif byte == b"{":
            self._read_object()
        elif byte == b"[" and self._place is _Place.ROWS:
            self._read_row()
        elif byte == b"[":
            self._place = _Place.LIST
            self._cursor.at += 1
        elif byte == b'"' and self._place in (_Place.OUTSIDE, _Place.TABLES):
            self._read_key()
        else:
            self._take(self._cursor.line, self._cursor.value())

    def _read_object(self) -> None:
        """Take in a record, or step into what is around records."""
        if self._place is _Place.TABLES:
            self._cursor.at += 1
        elif _PAGE.match(self._cursor.data, self._cursor.at):
            self._place = _Place.OUTSIDE
            self._cursor.at += 1
        else:
            try:
                self._take(self._cursor.line, self._cursor.value())
            except EndlessValueError:
                if self._place is not _Place.OUTSIDE:
                    raise
                self._cursor.at += 1

    def _read_key(self) -> None:
        """Pass a key of what is around records, and step into what it holds, if that is a list."""
        name = self._cursor.value()[1:-1].lower()
        if self._cursor.peek() != b":":
            raise BrokenValueError("it is no JSON object but a text")
        self._cursor.at += 1
        byte = self._cursor.peek()
        if name == b"columns":
            self._columns = [_column_name(column) for column in _list(self._cursor.value())]
        elif byte == b"[":
            self._place = _PLACES.get(name, _Place.LIST)
            self._cursor.at += 1
        elif byte == b"{":
            self._cursor.at += 1
        else:
            self._cursor.value()

    def _take(self, line: int, record: bytes) -> None:
        skimmer = self._skimmer
        seen = None if not skimmer or skimmer.may_concern(record) else skimmer.look(record)
        if seen:
            self._intake.skip(1, seen.day)
        elif self._intake.take(record, line) and skimmer:
            skimmer.learn(record)

    def _read_row(self) -> None:
        line = self._cursor.line
        cells = _list(self._cursor.value())
        if len(cells) == len(self._columns):
            self._intake.take_values(dict(zip(self._columns, cells, strict=True)), line)
        else:
            self._intake.refuse(line, f"it has {len(cells)} cells, not {len(self._columns)}")

    def _find_next_record(self, opening: bytes) -> None:
        """
        Go on to the next object that is a record, or a page of them.

        Objects inside the broken record are passed: as the value of a key, or as no record. Others
        that are broken, and begin as the broken record does, are unreadable records.
        """
        is_rubble = self._intake.unreadable > _MUCH_RUBBLE
        reach = _FOLLOWED_IN_RUBBLE_BYTES if is_rubble else _FOLLOWED_BYTES
        self._cursor.at += 1
        while self._go_to_object() and not self._takes_record(opening, reach):
            pass

    def _takes_record(self, opening: bytes, reach: int) -> bool:
        """Take in what is here if it is a record; else go past its beginning."""
        if _PAGE.match(self._cursor.data, self._cursor.at):
            return True
        line = self._cursor.line
        try:
            record = self._cursor.value(reach)
            parse_sign_in(record, 0)
        except BrokenValueError as error:
            if _opening(self._cursor) == opening:
                self._intake.refuse(line, str(error))
            self._cursor.at += 1
            return False
        except UnreadableError:
            return False
        self._take(line, record)
        return True

    def _go_to_object(self) -> bool:
        cursor = self._cursor
        while not (found := _OBJECT.search(cursor.data, cursor.at)):
            kept = max(cursor.at, len(cursor.data) - _KEPT_BYTES)
            context = min(2, kept - cursor.at)  # what the pattern looks back on
            cursor.at = kept
            if not cursor.fill():
                cursor.at = len(cursor.data)
                return False
            cursor.at = context
        cursor.at = found.start()
        return True


def _opening(cursor: Cursor) -> bytes:
    """How an object begins: its brace and first key."""
    found = _OPENING.match(cursor.data, cursor.at)
    return found[0] if found else b""


def _list(value: bytes) -> list[object]:
    try:
        told = loads(value)
    except ValueError:
        return []
    return told if isinstance(told, list) else []


def _column_name(column: object) -> str:
    """The name of ``{"name": …, "type": …}``."""
    return str(column.get("name")) if isinstance(column, dict) else str(column)
