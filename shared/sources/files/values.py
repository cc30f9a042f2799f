"""
Consecutive JSON values, wherever lines end: arrays, pages, pretty-printed objects.

Arrays are read element by element, so that memory is constant whatever their size. What is between
the records (brackets, commas, the keys of a page) is read loosely, because the nesting depth is
unknown after a broken element.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

import stringzilla

from shared.sources.files.cursor import BrokenValueError, Cursor, EndlessValueError
from shared.sources.files.lines import BLOCK_BYTES, SPACE
from shared.sources.records.parsing import OtherLogError, UnreadableError, parse_sign_in
from shared.sources.records.plain import loads

if TYPE_CHECKING:
    from shared.sources.files.intake import Intake
    from shared.sources.files.streams import Stream

#: How far to read a value that may be the next record after a broken one; less after many broken
#: ones, so that the time for rubble is proportional to its size.
_FOLLOWED_BYTES = 256 * 1024
_FOLLOWED_IN_RUBBLE_BYTES = 32 * 1024
_MUCH_RUBBLE = 100
_BATCH_BYTES = 128 * 1024  #: of records that are found at once
_MOST_BLOCK_BYTES = 128 * 1024  #: large blocks cost more for their memory than they save
_BETWEEN = SPACE + b","  #: records of a list
_KEPT_BYTES = 64  #: of what was searched, in case a block ends between a brace and its first key

#: What encloses records: a Graph page, an Event Hubs message, the response to a query.
_PAGE = re.compile(
    rb'\{\s*(?:"@odata[^"]*"\s*:\s*(?:"[^"]*"|[0-9]+)\s*,\s*)*'
    rb'"(?:value|records|tables)"\s*:\s*\['
)
#: An object that is not the value of a key, and so not a part of another object.
_OBJECT = re.compile(rb'(?<!:)(?<!: )\{\s*"')
_OPENING = re.compile(rb'\{\s*"[^"]*"')
_TIME_KEY = re.compile(rb'"[Cc]reatedDateTime"\s*:')


class _Context(Enum):
    """What the cursor is directly inside of."""

    OUTSIDE = auto()  #: between whole values, or among the keys of a page
    LIST = auto()  #: a list of records
    TABLES = auto()  #: the tables in the response to a Log Analytics query
    ROWS = auto()  #: the rows of such a table


_CONTEXTS = {b"tables": _Context.TABLES, b"rows": _Context.ROWS}


class ValueReader:
    """Takes in a stream of JSON values; one by one, or `in_batches`, with the same result."""

    def __init__(
        self, intake: Intake, block_bytes: int = BLOCK_BYTES, *, in_batches: bool = True
    ) -> None:
        self._intake = intake
        self._block_bytes = min(block_bytes, _MOST_BLOCK_BYTES)
        self._context = _Context.OUTSIDE
        self._columns: list[str] = []
        self._in_batches = in_batches
        self._time_key = b""  #: as spelled in the last record that was read on its own
        self._alone = 0  #: how many records are to be read one by one

    def read(self, stream: Stream) -> None:
        """Take in every record of the stream, whatever encloses it."""
        self._cursor = Cursor(stream, self._block_bytes)
        unreadable = self._intake.unreadable
        while byte := self._cursor.peek():
            unreadable = self._intake.unreadable
            try:
                self._step(byte)
            except BrokenValueError as error:
                self._intake.refuse(self._cursor.line, stream.fault or str(error))
                self._find_next_record(_opening(self._cursor))
        fault = stream.fault or self._missing_end()
        if fault and self._intake.unreadable == unreadable:
            self._intake.refuse(self._cursor.line, fault)
        if fault:
            self._intake.break_off()

    def _missing_end(self) -> str:
        return "" if self._context is _Context.OUTSIDE else "the file ends in the middle of a list"

    def _step(self, byte: bytes) -> None:
        if byte in (b",", b"}"):
            self._cursor.at += 1
        elif byte == b"]":
            self._context = _Context.TABLES if self._context is _Context.ROWS else _Context.OUTSIDE
            self._cursor.at += 1
        elif byte == b"{":
            self._read_object()
        elif byte == b"[" and self._context is _Context.ROWS:
            self._read_row()
        elif byte == b"[":
            self._context = _Context.LIST
            self._cursor.at += 1
        elif byte == b'"' and self._context in (_Context.OUTSIDE, _Context.TABLES):
            self._read_key()
        else:
            self._take(self._cursor.line, self._cursor.value())

    def _read_object(self) -> None:
        """Take in a record, or step into an object that encloses records."""
        if self._context is _Context.TABLES:
            self._cursor.at += 1
        elif _PAGE.match(self._cursor.data, self._cursor.at):
            self._context = _Context.OUTSIDE
            self._cursor.at += 1
        elif not self._read_batch():
            try:
                self._take(self._cursor.line, self._cursor.value())
            except EndlessValueError:
                if self._context is not _Context.OUTSIDE:
                    raise
                self._cursor.at += 1

    def _read_batch(self) -> bool:
        """Take in some records of a list at once; false if they have to be read one by one."""
        if self._alone:
            self._alone -= 1
            return False
        cursor, reach = self._cursor, _BATCH_BYTES
        while end := self._batch_end(reach):
            array = b"".join((b"[", memoryview(cursor.data)[cursor.at : end], b"]"))
            is_taken = self._intake.take_array(array, cursor.line)
            next_page = None if is_taken else _PAGE.search(array)
            if is_taken or (not next_page and self._intake.take_each(array, cursor.line)):
                cursor.at = end
                return True
            if not next_page:
                self._alone = stringzilla.count(array, self._time_key) - 1
                return False
            reach = next_page.start()
        return False

    def _batch_end(self, reach: int) -> int:
        """Where the last of some records ends that begin like the one here; 0 if unknown."""
        cursor = self._cursor
        if not (self._in_batches and self._time_key and self._context is _Context.LIST):
            return 0
        while not (end := self._last_end(_opening(cursor), reach)):
            if len(cursor.data) - cursor.at >= reach or not cursor.fill():
                break
        return end

    def _last_end(self, opening: bytes, reach: int) -> int:
        data, start = self._cursor.data, self._cursor.at
        time = stringzilla.rfind(data, self._time_key, start, start + reach)
        end: int = stringzilla.rfind(data, opening, start + 1, max(time, start + 1))
        while end > start and data[end - 1] in _BETWEEN:
            end -= 1
        return max(end, 0)

    def _read_key(self) -> None:
        """Skip a key of an enclosing object, and step into its value if that is a list."""
        name = self._cursor.value()[1:-1].lower()
        if self._cursor.peek() != b":":
            raise BrokenValueError("it is not a JSON object but a string")
        self._cursor.at += 1
        byte = self._cursor.peek()
        if name == b"columns":
            self._columns = [_column_name(column) for column in _list(self._cursor.value())]
        elif byte == b"[":
            self._context = _CONTEXTS.get(name, _Context.LIST)
            self._cursor.at += 1
        elif byte == b"{":
            self._cursor.at += 1
        else:
            self._cursor.value()

    def _take(self, line: int, record: bytes) -> None:
        if self._intake.take(record, line) and (found := _TIME_KEY.search(record)):
            self._time_key = found[0]

    def _read_row(self) -> None:
        line = self._cursor.line
        cells = _list(self._cursor.value())
        if len(cells) == len(self._columns):
            self._intake.take_values(dict(zip(self._columns, cells, strict=True)), line)
        else:
            self._intake.refuse(line, f"it has {len(cells)} cells, not {len(self._columns)}")

    def _find_next_record(self, opening: bytes) -> None:
        """
        Move to the next object that is a record, or a page of records.

        Objects inside the broken record are skipped, because they are the value of a key or not a
        record. Other broken objects that begin like the broken record are unreadable records.
        """
        is_rubble = self._intake.unreadable > _MUCH_RUBBLE
        reach = _FOLLOWED_IN_RUBBLE_BYTES if is_rubble else _FOLLOWED_BYTES
        self._cursor.at += 1
        while self._go_to_object() and not self._takes_record(opening, reach):
            pass

    def _takes_record(self, opening: bytes, reach: int) -> bool:
        """Take in the object here if it is a record; else move past its beginning."""
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
        except OtherLogError:
            pass
        except UnreadableError:
            return False
        self._take(line, record)
        return True

    def _go_to_object(self) -> bool:
        cursor = self._cursor
        while not (found := _OBJECT.search(cursor.data, cursor.at)):
            kept = max(cursor.at, len(cursor.data) - _KEPT_BYTES)
            context = min(2, kept - cursor.at)  # that the pattern looks back at
            cursor.at = kept
            if not cursor.fill():
                cursor.at = len(cursor.data)
                return False
            cursor.at = context
        cursor.at = found.start()
        return True


def _opening(cursor: Cursor) -> bytes:
    """The beginning of an object: its brace and first key."""
    found = _OPENING.match(cursor.data, cursor.at)
    return found[0] if found else b""


def _list(value: bytes) -> list[object]:
    try:
        items = loads(value)
    except ValueError:
        return []
    return items if isinstance(items, list) else []


def _column_name(column: object) -> str:
    """The name of ``{"name": …, "type": …}``."""
    return str(column.get("name")) if isinstance(column, dict) else str(column)
