"""Files as streams of plain UTF-8, whatever their compression and encoding."""

from __future__ import annotations

import codecs
import io
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Any

from shared.decoding import fastest_zlib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import WriteableBuffer

_CHUNK_BYTES = 256 * 1024  #: fits into the processor's cache together with the result
_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = 31  #: as zlib's ``wbits``
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  #: what PowerShell's ``>`` writes

_engines = fastest_zlib()
_READER = "_GzipReader"  #: what isal's `igzip` reads with; inflates straight into a buffer
#: What reading raises where a file breaks off; isal an overflow if a header does not end in time.
_BREAKS = (OSError, EOFError, OverflowError, zlib.error, _engines.error)


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
        self._reader: Any = None  #: of compressed UTF-8, in place of the chunks
        self._inflated_bytes = 0  #: how far the reader has come
        self._pending = memoryview(b"")
        self._open()

    def readable(self) -> bool:
        """True; required by `io`."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer at least partly; returns 0 at the end, or where the file breaks off."""
        view = memoryview(buffer)
        if self._chunks is None and not self._pending:
            return self._inflate_into(view) if self._reader else self._read_plain(view)
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
        elif self._chunks and hasattr(_engines, _READER) and self._file.seekable():
            self._open_reader(len(first))
        self._pending = memoryview(first.removeprefix(codecs.BOM_UTF8))

    def _open_reader(self, size: int) -> None:
        """Go on behind the first bytes with isal's reader, if the file does not break off there."""
        at = self._file.tell()
        self._file.seek(0)
        reader = getattr(_engines, _READER)(self._file, _CHUNK_BYTES)
        try:
            self._inflated_bytes = len(reader.read(size))
        except _BREAKS:
            self._inflated_bytes = 0
        if self._inflated_bytes == size:
            self._reader, self._chunks = reader, None
            self._on_bytes(self._file.tell() - at)
        else:
            self._file.seek(at)

    def _inflate_into(self, view: memoryview) -> int:
        """
        Inflate straight into the view.

        When a file breaks off, the reader loses what it inflated since the last complete read. So
        the file is inflated again, in chunks, and what has been read of it is left out.
        """
        at = self._file.tell()
        try:
            size: int = self._reader.readinto(view)
        except _BREAKS:
            self._file.seek(0)
            self._chunks = _without(self._inflated_bytes, _inflate(self._rest()))
            return self.readinto(view)
        self._on_bytes(self._file.tell() - at)
        self._inflated_bytes += size
        return size

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


def _without(size: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, but for their first bytes."""
    for chunk in chunks:
        if len(chunk) > size:
            yield chunk[size:]
        size = max(0, size - len(chunk))


def _recode(utf16: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
    for data in utf16:
        if recoded := decoder.decode(data).encode():
            yield recoded
