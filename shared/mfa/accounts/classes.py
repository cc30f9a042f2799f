"""Accounts of which the same is known: they get the same answer, so it is worked out once."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.account_set import AccountSet
    from shared.mfa.accounts.roster import Roster
    from shared.mfa.accounts.truth import Truth

_CHUNK = 1 << 14  # accounts taken at a time; bounds memory
_YES = ord("1")

Place: TypeAlias = bool | int  #: a column of the signature; a constant where all are alike


class SignatureColumn(msgspec.Struct, frozen=True):
    """Where a class's signature tells if its accounts belong to a set."""

    sure: Place
    possible: Place

    def truth(self, signature: bytes) -> Truth:
        """Whether the accounts with this signature belong."""
        if _read(self.sure, signature):
            return True
        return None if _read(self.possible, signature) else False


def _read(place: Place, signature: bytes) -> bool:
    return place if isinstance(place, bool) else signature[place] == _YES


class AccountClassifier:
    """
    Splits the accounts into classes that no added set tells apart.

    A signature has one character per distinct set. Signatures of all accounts are laid out at once
    by strided copies, so that the work per account does not grow with Python steps per policy.
    """

    def __init__(self, roster: Roster) -> None:
        self._size = roster.size
        self._everyone = roster.everyone.sure
        self._places: dict[int, int] = {}
        self.signatures: list[bytes] = []  #: of each class
        self.class_of: array[int] = array("I")  #: of each account, by number

    def add(self, people: AccountSet) -> SignatureColumn:
        """Let a set tell accounts apart; only before `split`."""
        return SignatureColumn(self._place(people.sure), self._place(people.possible))

    def _place(self, bits: int) -> Place:
        if bits in (0, self._everyone):
            return bits != 0
        return self._places.setdefault(bits, len(self._places))

    def split(self) -> None:
        """Number the classes in the order in which their first accounts come."""
        columns = list(self._places)
        known: dict[bytes, int] = {}
        for start in range(0, self._size, _CHUNK):
            count = min(_CHUNK, self._size - start)
            signatures = _signatures(columns, start, count)
            self.class_of.extend(known.setdefault(s, len(known)) for s in signatures)
        self.signatures = list(known)


def _signatures(columns: list[int], start: int, count: int) -> Iterator[bytes]:
    """Those of *count* accounts from number *start*: one row each, written column by column."""
    width = len(columns)
    rows = bytearray(width * count)
    for place, bits in enumerate(columns):
        chunk = bits >> start & (1 << count) - 1
        rows[place::width] = f"{chunk:0{count}b}"[::-1].encode()
    text = bytes(rows)
    return (text[row * width : (row + 1) * width] for row in range(count))
