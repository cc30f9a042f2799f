"""Some thousand copies of sign-ins as they are stored: in columns, and each kind only once."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from shared.mfa.kinds import Kind, Kinds, Row, restored
from shared.mfa.sign_in import SignIn, merge_copies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    _Copy: TypeAlias = tuple[Row, str, int]  # when it was received, and its place in the input


class Block(msgspec.Struct, frozen=True, array_like=True):
    """
    Columns of the copies of some thousand sign-ins; those of one sign-in stand together.

    Kinds are numbered through all blocks of a rollup, and each stands in the first that has it.
    """

    kinds: list[SignIn]  #: that occur here first
    numbers: list[int]  #: of the copies' kinds
    created_at: list[str]
    ids: list[str]
    session_ids: list[str]
    correlation_ids: list[str]
    ip_addresses: list[str]
    received_at: list[str]
    sequences: list[int]


class BlockWriter:
    """Makes the blocks of one rollup."""

    def __init__(self) -> None:
        self._kinds = Kinds()
        self._numbers: dict[Kind, int] = {}

    def write(self, copies: Sequence[SignIn]) -> Block:
        """The block of the copies that come next."""
        rows = [self._kinds.row(copy) for copy in copies]
        new = [row.kind.common for row in rows if self._is_new(row.kind)]
        return Block(
            kinds=new,
            numbers=[self._numbers[row.kind] for row in rows],
            created_at=[copy.created_at for copy in copies],
            ids=[copy.id for copy in copies],
            session_ids=[copy.session_id for copy in copies],
            correlation_ids=[copy.correlation_id for copy in copies],
            ip_addresses=[copy.ip_address for copy in copies],
            received_at=[copy.received_at for copy in copies],
            sequences=[copy.sequence for copy in copies],
        )

    def _is_new(self, kind: Kind) -> bool:
        if kind in self._numbers:
            return False
        self._numbers[kind] = len(self._numbers)
        return True


class BlockReader:
    """Reads the blocks of one rollup, in the order in which they were written."""

    def __init__(self) -> None:
        self._kinds: list[Kind] = []
        self._merged = Kinds()

    def copies(self, block: Block) -> Iterator[SignIn]:
        """Every copy. Raises `ValueError` if the parts of the block do not fit each other."""
        return (restored(*copy) for copy in _copies(self._rows(block), block))

    def sign_ins(self, block: Block) -> list[Row]:
        """Every sign-in, its copies merged. Raises `ValueError`, as `copies`."""
        rows = self._rows(block)
        if len(set(block.ids)) == len(rows):
            return rows
        groups = groupby(_copies(rows, block), key=_id_of_copy)
        return [self._merge(list(group)) for _, group in groups]

    def _rows(self, block: Block) -> list[Row]:
        """Every copy as a row."""
        self._kinds += map(Kind.of, block.kinds)
        numbers = block.numbers
        if numbers and not (min(numbers) >= 0 and max(numbers) < len(self._kinds)):
            raise ValueError("a number is not that of a kind")
        if len({len(column) for column in msgspec.structs.astuple(block)[1:]}) > 1:
            raise ValueError("columns differ in length")
        kinds = map(self._kinds.__getitem__, numbers)
        own = block.session_ids, block.correlation_ids, block.ip_addresses
        return list(map(Row, block.created_at, block.ids, kinds, *own))

    def _merge(self, copies: list[_Copy]) -> Row:
        if len(copies) == 1:
            return copies[0][0]
        return self._merged.row(merge_copies(restored(*copy) for copy in copies))


def _copies(rows: list[Row], block: Block) -> Iterator[_Copy]:
    return zip(rows, block.received_at, block.sequences, strict=True)


def _id_of_copy(copy: _Copy) -> str:
    return copy[0].id
