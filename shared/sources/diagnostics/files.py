"""One blob as a file, and an intake that fails on unreadable records."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from shared.decoding import decode_any_json
from shared.errors import SourceIncompleteError
from shared.sources.files.intake import Intake
from shared.sources.files.lines import LONGEST_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

CHUNK_BYTES = 4 * 1024 * 1024  #: per request; a blob may have gigabytes


class HourFile(io.RawIOBase):
    """
    An append blob of the length it had when it was listed, read sequentially in constant memory.

    What is appended later is left to a later pull. So is an incomplete record at the end of a blob
    that is still being written: it is left out, and `torn_bytes` is its size.
    """

    def __init__(
        self, size_bytes: int, read: Callable[[int, int], bytes], *, is_growing: bool
    ) -> None:
        """`read` takes an offset and a size, and returns exactly that many bytes."""
        super().__init__()
        self.torn_bytes = 0
        self._size_bytes = size_bytes
        self._read = read
        self._is_growing = is_growing
        self._offset = 0
        self._ready = memoryview(b"")
        self._tail = b""  #: what follows the last line break

    def readable(self) -> bool:
        """True; required by `io`."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer at least partly; returns the number of bytes, 0 at the end."""
        view = memoryview(buffer)
        while not self._ready and self._offset < self._size_bytes:
            self._fetch()
        if not self._ready:
            self._ready = memoryview(self._last_line())
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _fetch(self) -> None:
        size = min(CHUNK_BYTES, self._size_bytes - self._offset)
        data = self._tail + self._read(self._offset, size)
        self._offset += size
        end = data.rfind(b"\n") + 1
        if not end and len(data) > LONGEST_RECORD_BYTES:
            end = len(data)  # longer than any record: the reader will refuse it
        self._ready, self._tail = memoryview(data)[:end], data[end:]

    def _last_line(self) -> bytes:
        line, self._tail = self._tail, b""
        if self._is_growing and line.strip() and not _is_json(line):
            self.torn_bytes = len(line)
            return b""
        return line


class StrictIntake(Intake):
    """
    Takes records in, and raises `SourceIncompleteError` if one cannot be read.

    An unreadable record may concern Partner Center, and a daily run cannot show that it skipped
    one.
    """

    def refuse(self, line: int, reason: str) -> None:
        """Raise `SourceIncompleteError`: the slice is not complete without this record."""
        raise SourceIncompleteError(f"{self.file}, line {line} cannot be read: {reason}.")


def _is_json(line: bytes) -> bool:
    try:
        decode_any_json(line, SourceIncompleteError)
    except SourceIncompleteError:
        return False
    return True
