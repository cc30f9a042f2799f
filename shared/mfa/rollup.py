"""The sign-ins of a stretch of time. Addition is set union: order and splitting do not matter."""

from __future__ import annotations

import zlib
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Self

import msgspec

from shared.decoding import InflatedStream, decode_msgpack, inflate, unreadable_as
from shared.errors import DamagedError, NewerError
from shared.mfa.blocks import Block, BlockReader, BlockWriter
from shared.mfa.circumstances import SharedTexts
from shared.mfa.kinds import Kinds
from shared.mfa.sign_in import SignIn, distinct_copies, merge_copies, moment
from shared.mfa.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from shared.mfa.kinds import Row

    Read: TypeAlias = Callable[[int], bytes]  #: the next bytes, at most so many

_VERSION = 3  #: 2 was never released
_VERSION_WITHOUT_BLOCKS = 1  #: all copies in one list, in the order of their ids
_COMPRESSION = 3  # a sixteenth of the time of 9, for a sixth more bytes
_GZIP_FORMAT = 31  # as zlib's ``wbits``
_BLOCK = 4_000  #: copies that are encoded, and read, at once, or a few more
#: What is stored is MessagePack, a pair of the version and a list of blocks, each as bytes. Before
#: the list and before each block stands its length.
_PAIR, _LIST, _BYTES = b"\x92", b"\xdd", b"\xc6"
_LENGTH = 4  #: bytes
_PIECE = 1 << 20


class Rollup:
    """
    The distinct sign-ins that concern Partner Center in a stretch of time, each with its copies.

    Addition is the union of sets of copies: associative, commutative and idempotent, with the empty
    rollup as its identity. Copies are merged when read, not when added, because "the later copy
    wins" is no longer associative once an earlier copy has been lost.

    Counts alone would be smaller, but a request without evidence takes the verdict of an earlier
    one of its session anywhere in the window, so no request can be dropped before the window is
    added up. A request takes about 0.7 kB in memory and 60 to 80 bytes at rest; a window is read
    from what is at rest (`StoredRollup`).
    """

    __slots__ = ("_copies",)

    def __init__(self, sign_ins: Iterable[SignIn] = ()) -> None:
        self._copies: dict[str, tuple[SignIn, ...]] = {}
        for sign_in in sign_ins:
            self.add(sign_in)

    def add(self, sign_in: SignIn) -> None:
        """Add one copy of a sign-in in place, to build a rollup while reading."""
        held = self._copies.setdefault(sign_in.id, (sign_in,))
        if held[-1] is not sign_in:
            self._copies[sign_in.id] = distinct_copies((*held, sign_in))

    def __add__(self, other: Rollup) -> Rollup:
        return Rollup.total((self, other))

    @classmethod
    def total(cls, rollups: Iterable[Rollup]) -> Self:
        """The sum of all, without a new rollup for every intermediate sum."""
        return cls(copy for rollup in rollups for copy in rollup.copies())

    def copies(self) -> Iterator[SignIn]:
        """Every copy of every sign-in, in no particular order."""
        return chain.from_iterable(self._copies.values())

    def __len__(self) -> int:
        """The number of distinct sign-ins; copies are not counted."""
        return len(self._copies)

    def __iter__(self) -> Iterator[SignIn]:
        """Every distinct sign-in, its copies merged, in no particular order."""
        return map(_merged, self._copies.values())

    def in_order(self) -> Iterator[SignIn]:
        """Every distinct sign-in, oldest first."""
        return iter(sorted(self, key=moment))

    def batches(self) -> Iterator[list[Row]]:
        """The same as rows, many at a time."""
        return _batches(self.in_order())

    def survey(self) -> Survey:
        """What has to be known of it before its window can be judged."""
        return Survey.of(_batches(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rollup) and self._copies == other._copies

    __hash__ = None  # type: ignore[assignment]  # it can be added to in place

    def to_bytes(self) -> bytes:
        """Compressed bytes, the same for equal rollups; `StoredRollup` reads them in order."""
        blocks = list(self._blocks())
        engine = zlib.compressobj(_COMPRESSION, wbits=_GZIP_FORMAT)
        packed = [engine.compress(_PAIR + bytes([_VERSION]) + _LIST + _length(len(blocks)))]
        writer, texts = BlockWriter(), SharedTexts()
        for copies in blocks:
            encoded = msgspec.msgpack.encode(writer.write(copies), enc_hook=texts.write)
            packed.append(engine.compress(_BYTES + _length(len(encoded)) + encoded))
        return b"".join([*packed, engine.flush()])

    def _blocks(self) -> Iterator[list[SignIn]]:
        """Every copy, in the order of time; those of one sign-in in one block."""
        block: list[SignIn] = []
        for sign_in in self.in_order():
            block += self._copies[sign_in.id]
            if len(block) >= _BLOCK:
                yield block
                block = []
        if block:
            yield block

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """
        The rollup that `to_bytes` wrote, now or in an earlier version.

        Raises `DamagedError` if the bytes cannot be read, `NewerError` for a later version.
        """
        return cls(StoredRollup(partial(_reading, data), len(data)).copies())


class StoredRollup:
    """
    A rollup as it is stored, read a few thousand sign-ins at a time and as often as wanted.

    One reading has to end before the next begins. Every method that reads raises `DamagedError` if
    the bytes cannot be read, `NewerError` for a later version.
    """

    def __init__(self, begin: Callable[[], Read], size: int) -> None:
        """`begin` reads from the start what `Rollup.to_bytes` wrote, `size` bytes."""
        self._begin, self._size = begin, size
        self._survey: Survey | None = None

    def batches(self) -> Iterator[list[Row]]:
        """Every distinct sign-in, its copies merged, oldest first, many at a time."""
        if self._version() == _VERSION_WITHOUT_BLOCKS:
            yield from Rollup(self._all_at_once()).batches()
            return
        reader = BlockReader()
        for block in self._blocks():
            with unreadable_as(self._damaged):
                rows = reader.sign_ins(block)
            yield rows

    def copies(self) -> Iterator[SignIn]:
        """Every copy of every sign-in; those of one sign-in together."""
        if self._version() == _VERSION_WITHOUT_BLOCKS:
            yield from self._all_at_once()
            return
        reader = BlockReader()
        for block in self._blocks():
            with unreadable_as(self._damaged):
                copies = reader.copies(block)
            yield from copies

    def survey(self) -> Survey:
        """What has to be known of it before its window can be judged; reads it once."""
        found, self._survey = self._survey or Survey.of(self.batches()), None
        return found

    def check(self) -> None:
        """Read it once, and keep what `survey` finds until that is asked for."""
        self._survey = self.survey()

    def _blocks(self) -> Iterator[Block]:
        stream, texts = self._stream(), SharedTexts()
        stream.take(len(_PAIR) + 1)
        for _ in range(self._length_of(_LIST, stream)):
            block = stream.take(self._length_of(_BYTES, stream))
            yield decode_msgpack(block, Block, self._damaged, texts.read)
        stream.end()

    def _length_of(self, kind: bytes, stream: InflatedStream) -> int:
        if stream.take(len(kind)) != kind:
            raise self._damaged("a block is not where it should be")
        return int.from_bytes(stream.take(_LENGTH), "big")

    def _version(self) -> int:
        head = self._stream().take(2)
        version = decode_msgpack(head[1:], int, self._damaged)
        if head[:1] != _PAIR:
            raise self._damaged("it is something else")
        if version > _VERSION:
            raise NewerError.of("A stored rollup has version", version, _VERSION)
        if version not in (_VERSION, _VERSION_WITHOUT_BLOCKS):
            raise self._damaged(f"no release wrote version {version}")
        return version

    def _all_at_once(self) -> list[SignIn]:
        packed = inflate(b"".join(iter(partial(self._begin(), _PIECE), b"")), self._damaged)
        texts = SharedTexts()
        return decode_msgpack(packed, tuple[int, list[SignIn]], self._damaged, texts.read)[1]

    def _stream(self) -> InflatedStream:
        return InflatedStream(self._begin(), self._damaged)

    def _damaged(self, reason: str) -> DamagedError:
        return DamagedError(f"A stored rollup of {self._size} bytes cannot be read: {reason}.")


def _reading(data: bytes) -> Read:
    """Read bytes from their beginning."""
    rest = memoryview(data)

    def read(count: int) -> bytes:
        nonlocal rest
        piece, rest = rest[:count], rest[count:]
        return bytes(piece)

    return read


def _length(value: int) -> bytes:
    return value.to_bytes(_LENGTH, "big")


def _batches(sign_ins: Iterable[SignIn]) -> Iterator[list[Row]]:
    rows = map(Kinds().row, sign_ins)
    return iter(lambda: list(islice(rows, _BLOCK)), [])


def _merged(copies: tuple[SignIn, ...]) -> SignIn:
    return copies[0] if len(copies) == 1 else merge_copies(copies)
