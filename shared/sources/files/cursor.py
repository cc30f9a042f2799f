"""A position in a stream of JSON values, in constant memory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import stringzilla

from shared.sources.files.lines import BLOCK_BYTES, LONGEST_RECORD_BYTES, SPACE

if TYPE_CHECKING:
    from shared.sources.files.streams import Stream

_LOOKAHEAD_BYTES = 8 * 1024  #: enough to recognise an object: a page's next link is long

_SPACES = re.compile(rb"[ \t\r\n\xef\xbb\xbf]*")
#: msgspec's messages say where a value ends if more follows; a test checks the wording.
_TRAILING = re.compile(r"JSON is malformed: trailing characters \(byte ([0-9]+)\)")
_TRUNCATED = "Input data was truncated"
_CLOSING = (b"}", b"]", b'"')

_raw_decoder = msgspec.json.Decoder(msgspec.Raw)


class BrokenValueError(Exception):
    """Not a JSON value, or one without an end."""


class EndlessValueError(BrokenValueError):
    """A value without an end within reach."""


def value_end(data: memoryview) -> int | None:
    """Where the first JSON value in `data` ends; `None` if `data` ends before it."""
    try:
        _raw_decoder.decode(data)
    except msgspec.DecodeError as error:
        message = str(error)
        if trailing := _TRAILING.fullmatch(message):
            return int(trailing[1]) - 1  # it counts from 1
        if message == _TRUNCATED:
            return None
        raise BrokenValueError(f"it is not valid JSON: {message}") from None
    except RecursionError:
        raise BrokenValueError("it is nested too deeply") from None
    return len(data)


class Cursor:
    """A position in a stream of JSON values; `data` holds enough of what follows."""

    def __init__(self, stream: Stream, block_bytes: int = BLOCK_BYTES) -> None:
        self.at = 0
        self.data = b""
        self._stream = stream
        self._block = bytearray(block_bytes)
        self._has_ended = False
        self._line = 1
        self._counted = 0  #: how far into `data` line ends have been counted

    def fill(self) -> bool:
        """Drop what was passed and read more; false at the end of the stream."""
        size = self._stream.readinto(self._block)
        self._has_ended = not size
        if size:
            _ = self.line
            rest, more = memoryview(self.data)[self.at :], memoryview(self._block)[:size]
            self.data = b"".join((rest, more))
            self.at = self._counted = 0
        return bool(size)

    @property
    def line(self) -> int:
        """The line number of the position, from 1."""
        if self.at > self._counted:
            self._line += stringzilla.count(self.data, b"\n", self._counted, self.at)
            self._counted = self.at
        return self._line

    def peek(self) -> bytes:
        """Skip white space and return the next byte; empty at the end."""
        byte = self.data[self.at : self.at + 1]
        if byte not in SPACE and len(self.data) - self.at >= _LOOKAHEAD_BYTES:
            return byte
        while True:
            self.at = _SPACES.match(self.data, self.at).end()  # type: ignore[union-attr]
            is_enough = len(self.data) - self.at >= _LOOKAHEAD_BYTES
            if is_enough or self._has_ended or not self.fill():
                return self.data[self.at : self.at + 1]

    def value(self, reach: int = LONGEST_RECORD_BYTES) -> bytes:
        """
        Read the JSON value that begins here, and move past it.

        Raises `BrokenValueError` if it is not JSON, or does not end within `reach` bytes or before
        the stream does.
        """
        while True:
            end = value_end(memoryview(self.data)[self.at : self.at + reach])
            value = self.data[self.at : self.at + (end or 0)].rstrip(SPACE)
            is_whole = value[-1:] in _CLOSING or self._has_ended  # a number may have more digits
            if end is not None and (is_whole or self.at + end < len(self.data)):
                self.at += end
                return value
            if len(self.data) - self.at >= reach:
                raise EndlessValueError(f"it does not end within {reach:,} bytes")
            if self._has_ended:
                raise BrokenValueError("it is truncated")
            self.fill()
