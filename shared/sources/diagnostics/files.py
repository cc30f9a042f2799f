"""One blob as a file to read, and an intake that loses nothing."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from shared.errors import SourceIncompleteError
from shared.sources.files.intake import Intake
from shared.sources.files.lines import LONGEST_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

CHUNK_BYTES = 4 * 1024 * 1024  #: of one request; a blob may have gigabytes


class HourFile(io.RawIOBase):
    """
    An append blob as long as it was when it was listed, read from front to back in flat memory.

    What is appended meanwhile is a later pull's. So is the beginning of a record at the end of a
    blob that is still written to: it is left out, and `torn_bytes` says how much that was.
    """

    def __init__(
        self, size_bytes: int, read: Callable[[int, int], bytes], *, is_written_to: bool
    ) -> None:
        """`read` gives the bytes from an offset on, as many as are asked for."""
        super().__init__()
        self.torn_bytes = 0
        self._size_bytes = size_bytes
        self._read = read
        self._is_written_to = is_written_to
        self._offset = 0
        self._ready = memoryview(b"")
        self._unended = b""  #: what follows the last line break

    def readable(self) -> bool:
        """Whether it can be read: `io` asks."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as is convenient; 0 at the end."""
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
        data = self._unended + self._read(self._offset, size)
        self._offset += size
        end = data.rfind(b"\n") + 1
        if not end and len(data) > LONGEST_RECORD_BYTES:
            end = len(data)  # longer than any record: whoever reads will refuse it
        self._ready, self._unended = memoryview(data)[:end], data[end:]

    def _last_line(self) -> bytes:
        line, self._unended = self._unended, b""
        if self._is_written_to and line.strip() and not _is_json(line):
            self.torn_bytes = len(line)
            return b""
        return line


class StrictIntake(Intake):
    """
    Takes records in, or raises where one cannot be read.

    Nothing tells of what was cut off whether it concerned Partner Center, and a daily run has
    nowhere to show a record that was passed over.
    """

    def refuse(self, line: int, reason: str) -> None:
        """Stop: the slice cannot be told without this record."""
        raise SourceIncompleteError(f"{self.file}, line {line} cannot be read: {reason}.")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
