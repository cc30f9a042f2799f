"""Classes of accounts with the same facts: they get the same answer, so it is computed once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.account_set import AccountSet
    from shared.mfa.accounts.roster import Roster
    from shared.mfa.accounts.truth import Truth

_CHUNK = 1 << 14  # accounts processed at a time; bounds memory
_YES = ord("1")

#: The position of a character in the signature, or a constant if it is the same for all accounts.
Position: TypeAlias = bool | int


class SignatureColumn(msgspec.Struct, frozen=True):
    """Where a signature says whether the accounts of a class are members of a set."""

    sure: Position
    possible: Position

    def truth(self, signature: bytes) -> Truth:
        """Whether the accounts with this signature are members."""
        if _read(self.sure, signature):
            return True
        return None if _read(self.possible, signature) else False


def _read(position: Position, signature: bytes) -> bool:
    return position if isinstance(position, bool) else signature[position] == _YES


class AccountClassifier:
    """
    Splits the accounts into classes that none of the added sets distinguishes.

    A signature has one character per distinct set. The signatures of all accounts are written by
    strided copies, so the number of Python steps per account does not grow with the policies.
    """

    def __init__(self, roster: Roster) -> None:
        self._size = roster.size
        self._everyone = roster.everyone.sure
        self._positions: dict[int, int] = {}
        self.signatures: list[bytes] = []  #: by class
        self.class_of: array[int] = array("I")  #: by account index

    def add(self, accounts: AccountSet) -> SignatureColumn:
        """Let a set distinguish accounts; only before `split`."""
        return SignatureColumn(self._position(accounts.sure), self._position(accounts.possible))

    def _position(self, bits: int) -> Position:
        if bits in (0, self._everyone):
            return bits != 0
        return self._positions.setdefault(bits, len(self._positions))

    def split(self) -> None:
        """Number the classes in the order of their first accounts."""
        columns = list(self._positions)
        known: dict[bytes, int] = {}
        for start in range(0, self._size, _CHUNK):
            count = min(_CHUNK, self._size - start)
            signatures = _signatures(columns, start, count)
            self.class_of.extend(known.setdefault(s, len(known)) for s in signatures)
        self.signatures = list(known)


def _signatures(columns: list[int], start: int, count: int) -> Iterator[bytes]:
    """The signatures of *count* accounts from index *start*; written column by column."""
    width = len(columns)
    rows = bytearray(width * count)
    for position, bits in enumerate(columns):
        chunk = bits >> start & (1 << count) - 1
        rows[position::width] = f"{chunk:0{count}b}"[::-1].encode()
    text = bytes(rows)
    return (text[row * width : (row + 1) * width] for row in range(count))
