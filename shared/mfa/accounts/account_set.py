"""
Sets of numbered accounts, of which some members are certain and others only possible.

A set is a whole number with one bit per account: over 640,000 accounts it takes 80 KB, and union or
difference some microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.accounts.truth import Truth


class AccountSet(msgspec.Struct, frozen=True):
    """
    A three-valued set of accounts.

    Bit *n* of `sure` says that account *n* belongs, bit *n* of `possible` that it may. A set that
    was read whole has both alike; one of which nothing was read is possible for all. Union and
    difference are Kleene's, for all accounts at once.
    """

    sure: int = 0
    possible: int = 0

    @classmethod
    def exactly(cls, bits: int) -> AccountSet:
        """A set of which everything is known."""
        return cls(bits, bits)

    def __or__(self, other: AccountSet) -> AccountSet:
        return AccountSet(self.sure | other.sure, self.possible | other.possible)

    def __sub__(self, other: AccountSet) -> AccountSet:
        return AccountSet(self.sure & ~other.possible, self.possible & ~other.sure)

    @property
    def is_certain(self) -> bool:
        """Whether it is known of every account if it belongs."""
        return self.sure == self.possible


NOBODY = AccountSet()


def union(sets: Iterable[AccountSet]) -> AccountSet:
    """All that belong to any of *sets*."""
    whole = NOBODY
    for people in sets:
        whole |= people
    return whole


def bits_of(numbers: Iterable[int], size: int) -> int:
    """The bit set of *numbers*, each below *size*; one pass, whatever their order."""
    marks = bytearray(size // 8 + 1)
    for number in numbers:
        marks[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(marks, "little")


class AccountLookup:
    """A set made ready for questions about single accounts, which whole numbers are slow at."""

    def __init__(self, people: AccountSet, size: int) -> None:
        self._sure = people.sure.to_bytes(size // 8 + 1, "little")
        self._possible = people.possible.to_bytes(size // 8 + 1, "little")

    def truth(self, number: int) -> Truth:
        """Whether account *number* belongs."""
        place, mark = number >> 3, 1 << (number & 7)
        if self._sure[place] & mark:
            return True
        return None if self._possible[place] & mark else False
