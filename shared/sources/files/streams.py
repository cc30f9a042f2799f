"""Files as streams of plain UTF-8, whatever they are compressed with and written in."""

from __future__ import annotations

import codecs
import io
import zlib
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 256 * 1024  #: fits the processor's cache beside what is made of it
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31  #: zlib's number for it
_BREAKS = (OSError, EOFError, zlib.error)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  #: what PowerShell's ``>`` writes


class Stream(io.RawIOBase):
    """
    The text of a file as UTF-8 bytes, read from front to back in flat memory.

    A file that breaks off (gzip cut short or damaged, a disk error) ends there, and `fault` says
    why; what could be read before counts.
    """

    def __init__(
        self, file: io.RawIOBase | io.BufferedIOBase, on_bytes: Callable[[int], None]
    ) -> None:
        super().__init__()
        self.fault = ""
        self._file = file
        self._on_bytes = on_bytes  #: is told how many bytes of the file were read
        self._chunks: Iterator[bytes] | None = None  #: of a file that is not plain UTF-8
        self._pending = memoryview(b"")
        self._open()

    def readable(self) -> bool:
        """Whether it can be read: `io` asks."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as is convenient; 0 at the end, or where the file breaks off."""
        view = memoryview(buffer)
        if not self._pending:
            try:
                if self._chunks is None:
                    return self._read_plain(view)
                self._pending = memoryview(next(self._chunks, b""))
            except _BREAKS as error:
                self.fault = f"the file breaks off: {error}"
                self._chunks = iter(())
        size = min(len(view), len(self._pending))
        view[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size

    def push_back(self, data: bytes) -> None:
        """Let `data`, which was read last, be read again."""
        self._pending = memoryview(data + bytes(self._pending))

    def _open(self) -> None:
        """Read the first bytes, and see from them what it is."""
        first = self._first_chunk(self._rest())
        if first[:2] == _GZIP:
            chunks = _inflate(chain([first], self._rest()))
            self._chunks = chunks
            first = self._first_chunk(chunks)
        if first[:2] in _UTF16:
            self._chunks = _recode(chain([first], self._chunks or self._rest()))
            first = b""
        self._pending = memoryview(first.removeprefix(codecs.BOM_UTF8))

    def _first_chunk(self, chunks: Iterator[bytes]) -> bytes:
        try:
            return next(chunks, b"")
        except _BREAKS as error:
            self.fault = f"the file breaks off: {error}"
            return b""

    def _read_plain(self, view: memoryview) -> int:
        size = self._file.readinto(view) or 0
        self._on_bytes(size)
        return size

    def _rest(self) -> Iterator[bytes]:
        while data := self._file.read(_CHUNK_BYTES):
            self._on_bytes(len(data))
            yield data


def _inflate(compressed: Iterator[bytes]) -> Iterator[bytes]:
    """
    The content of a gzip file of any number of members, in chunks of limited size.

    Python's own `gzip` loses what it has unpacked since the last whole read when a file breaks off.
    """
    engine = zlib.decompressobj(wbits=_GZIP_FORMAT)
    for data in compressed:
        left = data
        # gzip(1) allows padding between members
        while left := left.lstrip(b"\0") if engine.eof else left:
            if engine.eof:
                engine = zlib.decompressobj(wbits=_GZIP_FORMAT)
            if chunk := engine.decompress(left, _CHUNK_BYTES):
                yield chunk
            left = engine.unused_data if engine.eof else engine.unconsumed_tail
    if not engine.eof:
        raise EOFError("the gzip data are cut short")


def _recode(utf16: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for data in utf16:
        if recoded := decoder.decode(data).encode():
            yield recoded
