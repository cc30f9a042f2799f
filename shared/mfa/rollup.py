"""What a stretch of sign-ins amounts to. Adding is set union, so order and split are free."""

from __future__ import annotations

import gzip
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Self

import msgspec

from shared.errors import DamagedError
from shared.mfa.sign_in import SignIn, distinct_copies, merge_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VERSION = 1
_COMPRESSION = 3  # a sixteenth of the time of 9, for a sixth more bytes


class Rollup:
    """
    The distinct sign-ins of a stretch of time that concern Partner Center, each with its copies.

    Addition is associative and commutative, the empty rollup is its identity, and adding a rollup
    to itself changes nothing: it is the union of sets of copies. Copies are merged when read, not
    when added, because "the later copy wins" is not associative once an earlier one has been lost.

    Counts alone would be smaller, but a request without evidence takes the verdict of any earlier
    one of its session in the whole window, so no request of the window can be forgotten before
    the window is added up. About 0.5 kB each in memory, 60 bytes each at rest.
    """

    __slots__ = ("_copies",)

    def __init__(self, sign_ins: Iterable[SignIn] = ()) -> None:
        self._copies: dict[str, tuple[SignIn, ...]] = {}
        for sign_in in sign_ins:
            self.add(sign_in)

    def add(self, sign_in: SignIn) -> None:
        """Take in one copy of a sign-in, in place: for building a rollup while reading."""
        held = self._copies.setdefault(sign_in.id, (sign_in,))
        if held[-1] is not sign_in:
            self._copies[sign_in.id] = distinct_copies((*held, sign_in))

    def __add__(self, other: Rollup) -> Rollup:
        return Rollup.total((self, other))

    @classmethod
    def total(cls, rollups: Iterable[Rollup]) -> Self:
        """All of them added up, into one new rollup rather than one for each sum on the way."""
        return cls(copy for rollup in rollups for copy in rollup.copies())

    def copies(self) -> Iterator[SignIn]:
        """Every copy of every sign-in, in no particular order."""
        return chain.from_iterable(self._copies.values())

    def __len__(self) -> int:
        """How many distinct sign-ins it holds, each counted once however often it was logged."""
        return len(self._copies)

    def __iter__(self) -> Iterator[SignIn]:
        """Every distinct sign-in, its copies merged, in no particular order."""
        for copies in self._copies.values():
            yield copies[0] if len(copies) == 1 else merge_copies(copies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rollup) and self._copies == other._copies

    __hash__ = None  # type: ignore[assignment]  # it can be added to in place

    @property
    def copy_count(self) -> int:
        """How many differing copies of its sign-ins were logged."""
        return sum(map(len, self._copies.values()))

    def to_bytes(self) -> bytes:
        """Compressed bytes, the same for equal rollups."""
        copies = [copy for key in sorted(self._copies) for copy in self._copies[key]]
        packed = msgspec.msgpack.encode((_VERSION, copies))
        return gzip.compress(packed, _COMPRESSION, mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The rollup that `to_bytes` wrote; `DamagedError` if these are no such bytes."""
        try:
            version, copies = _decoder.decode(gzip.decompress(data))
        except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
            message = f"A stored rollup of {len(data)} bytes cannot be read: {error}."
            raise DamagedError(message) from error
        if version != _VERSION:
            message = f"A stored rollup has version {version}; this release reads {_VERSION}."
            raise DamagedError(message)
        return cls(copies)


_decoder = msgspec.msgpack.Decoder(tuple[int, list[SignIn]])
