"""Files as streams of plain UTF-8, whatever their compression and encoding."""

from __future__ import annotations

import codecs
import io
import zlib
from itertools import chain
from typing import TYPE_CHECKING

from shared.decoding import fastest_zlib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 256 * 1024  #: fits into the processor's cache together with the result
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31  #: as zlib's ``wbits``
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  #: what PowerShell's ``>`` writes


_engines = fastest_zlib()
_BREAKS = (OSError, EOFError, zlib.error, _engines.error)


class Stream(io.RawIOBase):
    """
    The text of a file as UTF-8 bytes, read sequentially in constant memory.

    The stream of a file that breaks off (truncated or damaged gzip, a disk error) ends there, and
    `fault` says why; what was read before counts.
    """

    def __init__(
        self, file: io.RawIOBase | io.BufferedIOBase, on_bytes: Callable[[int], None]
    ) -> None:
        super().__init__()
        self.fault = ""
        self._file = file
        self._on_bytes = on_bytes  #: called with the number of bytes just read from the file
        self._chunks: Iterator[bytes] | None = None  #: of a file that is not plain UTF-8
        self._pending = memoryview(b"")
        self._open()

    def readable(self) -> bool:
        """True; required by `io`."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer at least partly; returns 0 at the end, or where the file breaks off."""
        view = memoryview(buffer)
        if self._chunks is None and not self._pending:
            return self._read_plain(view)
        filled = 0
        while filled < len(view) and (self._pending or self._next_chunk()):
            size = min(len(view) - filled, len(self._pending))
            view[filled : filled + size] = self._pending[:size]
            self._pending = self._pending[size:]
            filled += size
        return filled

    def push_back(self, data: bytes) -> None:
        """Make `data`, which was read last, be read again."""
        self._pending = memoryview(data + bytes(self._pending))

    def _open(self) -> None:
        """Read the first bytes, and recognise compression and encoding from them."""
        first = self._first_chunk(self._rest())
        if first[:2] == _GZIP:
            chunks = _inflate(chain([first], self._rest()))
            self._chunks = chunks
            first = self._first_chunk(chunks)
        if first[:2] in _UTF16:
            self._chunks = _recode(chain([first], self._chunks or self._rest()))
            first = b""
        self._pending = memoryview(first.removeprefix(codecs.BOM_UTF8))

    def _next_chunk(self) -> bool:
        """Whether there is more to read of a file that is not plain."""
        self._pending = memoryview(self._first_chunk(self._chunks or iter(())))
        return bool(self._pending)

    def _first_chunk(self, chunks: Iterator[bytes]) -> bytes:
        try:
            return next(chunks, b"")
        except _BREAKS as error:
            self.fault = f"the file breaks off: {error}"
            self._chunks = iter(())
            return b""

    def _read_plain(self, view: memoryview) -> int:
        try:
            size = self._file.readinto(view) or 0
        except OSError as error:
            self.fault = f"the file breaks off: {error}"
            return 0
        self._on_bytes(size)
        return size

    def _rest(self) -> Iterator[bytes]:
        while data := self._file.read(_CHUNK_BYTES):
            self._on_bytes(len(data))
            yield data


def _inflate(compressed: Iterator[bytes]) -> Iterator[bytes]:
    """
    The content of a gzip file with any number of members, in chunks of limited size.

    When a file breaks off, Python's `gzip` loses what it decompressed since the last complete read.
    """
    engine = _engines.decompressobj(wbits=_GZIP_FORMAT)
    for data in compressed:
        left = data
        # gzip(1) allows padding between members
        while left := left.lstrip(b"\0") if engine.eof else left:
            if engine.eof:
                engine = _engines.decompressobj(wbits=_GZIP_FORMAT)
            if chunk := engine.decompress(left, _CHUNK_BYTES):
                yield chunk
            left = engine.unused_data if engine.eof else engine.unconsumed_tail
    if not engine.eof:
        raise EOFError("the gzip data are truncated")


def _recode(utf16: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for data in utf16:
        if recoded := decoder.decode(data).encode():
            yield recoded
