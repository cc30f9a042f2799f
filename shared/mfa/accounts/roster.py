"""The accounts, numbered."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import NOBODY, AccountSet, bits_of
from shared.mfa.accounts.graph import id_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.accounts.directory import User


class Roster:
    """The accounts, numbered from 0; of two copies of one account, the later counts."""

    def __init__(self, users: tuple[User, ...]) -> None:
        numbers = _Numbers(users)
        if numbers.copies:
            users = tuple(user for place, user in enumerate(users) if numbers.of(user.id) == place)
            numbers = _Numbers(users)
        self.users = users
        self.number = numbers.of
        self.size = len(users)
        self.everyone = AccountSet.exactly((1 << self.size) - 1)
        self.anyone = AccountSet(0, self.everyone.possible)  #: what an unread set amounts to

    def one(self, user_id: str) -> AccountSet:
        """The set of one account; nobody where the id is no account's (a deleted one's, say)."""
        number = self.number(user_id)
        return NOBODY if number is None else AccountSet.exactly(1 << number)

    def those(self, numbers: Iterable[int]) -> int:
        """The bit set of accounts by number."""
        return bits_of(numbers, self.size)


class _Numbers:
    """
    Which number an id has: an open-addressed table of numbers.

    For 640,000 accounts it takes 8 MB, where a dictionary would take 41 of the 300 that all may.
    """

    def __init__(self, users: tuple[User, ...]) -> None:
        self._users = users
        self._mask = (1 << (2 * len(users)).bit_length()) - 1  # at most half full
        self._slots = array("I", bytes(4 * (self._mask + 1)))  # a number plus one; 0 is free
        self.copies = 0
        for place, user in enumerate(users, start=1):
            slot = self._slot(id_key(user.id))
            self.copies += self._slots[slot] > 0
            self._slots[slot] = place

    def of(self, graph_id: str) -> int | None:
        """The account's number, or `None` where the id is no account's."""
        place = self._slots[self._slot(id_key(graph_id))]
        return place - 1 if place else None

    def _slot(self, wanted: str) -> int:
        """Where the id is, or the free slot where it belongs."""
        slots, users, mask = self._slots, self._users, self._mask
        slot = hash(wanted) & mask
        while (place := slots[slot]) and id_key(users[place - 1].id) != wanted:
            slot = (slot + 1) & mask
        return slot
