"""
From foreign bytes to values: every way in which bytes can be wrong becomes one error.

Stored things, answers, messages and files are *foreign*: they may be truncated, flipped, nested too
deeply, inflate without end, or have been written by another release. Each function takes `fail`,
which makes the caller's own error from a reason (``it is not UTF-8``). No other module of the
product may call a decoder on such bytes without naming `UNREADABLE`; a test holds that.
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Fail: TypeAlias = Callable[[str], Exception]

#: What decoding raises for bytes that are wrong. A `ValueError` is also what msgspec, Unicode,
#: base64 and dates raise; an `OverflowError` comes from dates, a `MemoryError` from literals.
UNREADABLE = (ValueError, RecursionError, OverflowError, EOFError, MemoryError, zlib.error)

LONGEST_INFLATED = 1 << 30  #: bytes; more than any directory or day, less than an instance has

LONGEST_PIECE = 1 << 28  #: bytes of one piece of a stream
_PIECE = 1 << 18
_GZIP_FORMAT = 31  #: as zlib's ``wbits``
_REASON_CHARACTERS = 300

T = TypeVar("T")


@contextmanager
def unreadable_as(fail: Fail) -> Iterator[None]:
    """Turn everything that decoding may raise into the error that `fail` makes of its reason."""
    try:
        yield
    except UNREADABLE as error:
        raise fail(reason(error)) from error


def decode_json(data: bytes | str | msgspec.Raw, kind: type[T], fail: Fail) -> T:
    """The value of that type that UTF-8 JSON holds."""
    with unreadable_as(fail):
        return msgspec.json.decode(data, type=kind)


def decode_any_json(data: bytes | str, fail: Fail) -> Any:  # noqa: ANN401  # whatever it holds
    """The value of any type that UTF-8 JSON holds."""
    with unreadable_as(fail):
        return msgspec.json.decode(data)


def decode_msgpack(
    data: bytes, kind: type[T], fail: Fail, own: Callable[[type, Any], Any] | None = None
) -> T:
    """The value of that type that MessagePack holds; `own` reads types that msgspec does not."""
    with unreadable_as(fail):
        return msgspec.msgpack.decode(data, type=kind, dec_hook=own)


def decode_text(data: bytes, fail: Fail) -> str:
    """The text that UTF-8 bytes hold."""
    with unreadable_as(fail):
        return data.decode()


@cache
def fastest_zlib() -> Any:  # noqa: ANN401 (a module)
    """isal, which has zlib's interface and inflates three times as fast, or zlib without it."""
    try:
        return import_module("isal.isal_zlib")
    except (ImportError, SystemError):  # what Python raises for modules that do not fit it
        return zlib


def inflate(data: bytes, fail: Fail, longest: int = LONGEST_INFLATED) -> bytes:
    """What one gzip member holds: whole, with a valid checksum, and no longer than `longest`."""
    with unreadable_as(fail):
        engine = zlib.decompressobj(wbits=_GZIP_FORMAT)
        inflated = engine.decompress(data, longest)
        if not engine.eof:
            raise EOFError(
                f"it inflates to more than {longest:,} bytes"
                if engine.unconsumed_tail
                else "it is truncated"
            )
        if engine.unused_data:
            raise ValueError("something follows its end")
        return inflated


class InflatedStream:
    """What one gzip member holds, piece by piece: whole, and with a valid checksum at its end."""

    def __init__(self, read: Callable[[int], bytes], fail: Fail) -> None:
        self._read, self._fail = read, fail
        self._library = fastest_zlib()
        self._engine = self._library.decompressobj(wbits=_GZIP_FORMAT)
        self._held = bytearray()

    def take(self, count: int) -> bytes:
        """The next bytes, exactly so many."""
        with unreadable_as(self._fail):
            if count > LONGEST_PIECE:
                raise ValueError(f"a piece of it has more than {LONGEST_PIECE:,} bytes")
            while len(self._held) < count:
                self._inflate()
            taken = bytes(self._held[:count])
            del self._held[:count]
            return taken

    def end(self) -> None:
        """Read the end of the member, after the last byte was taken."""
        with unreadable_as(self._fail):
            while not self._engine.eof:
                self._inflate()
            if self._held or self._engine.unused_data or self._read(1):
                raise ValueError("something follows its end")

    def _inflate(self) -> None:
        data = self._engine.unconsumed_tail or self._read(_PIECE)
        if not data or self._engine.eof:
            raise EOFError("it is truncated")
        try:
            self._held += self._engine.decompress(data, _PIECE)
        except self._library.error as error:
            raise ValueError(str(error)) from error


def reason(error: BaseException) -> str:
    """Why bytes could not be read, for the middle of a sentence."""
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case MemoryError():
            return "it needs too much memory"
        case UnicodeError():
            return "it is not UTF-8"
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return text if len(text) <= _REASON_CHARACTERS else f"{text[:_REASON_CHARACTERS]}…"
