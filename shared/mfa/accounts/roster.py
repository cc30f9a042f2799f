"""The accounts, each known by its index."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import NOBODY, AccountSet, bits_of
from shared.mfa.accounts.graph import id_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.mfa.accounts.directory import User
    from shared.mfa.accounts.truth import Truth

_DIGITS = {True: ord("1"), None: ord("?"), False: ord("0")}


class Roster:
    """The accounts, indexed from 0; if an account occurs twice, the later copy counts."""

    def __init__(self, users: tuple[User, ...]) -> None:
        table = _IndexTable(users)
        if table.copies:
            users = tuple(
                user for index, user in enumerate(users) if table.index_of(user.id) == index
            )
            table = _IndexTable(users)
        self.users = users
        self.index_of = table.index_of
        self.size = len(users)
        self.everyone = AccountSet.exactly((1 << self.size) - 1)
        self.anyone = AccountSet(0, self.everyone.possible)  #: stands for a set that was not read

    def only(self, account_id: str) -> AccountSet:
        """The set of one account; empty if the id is not an account's (deleted, say)."""
        index = self.index_of(account_id)
        return NOBODY if index is None else AccountSet.exactly(1 << index)

    def where(self, truth_of: Callable[[User], Truth]) -> AccountSet:
        """The accounts of which something is true; those of which it is unknown are possible."""
        digits = b"0" + bytes(_DIGITS[truth_of(user)] for user in reversed(self.users))
        if b"?" not in digits:
            return AccountSet.exactly(int(digits, 2))
        return AccountSet(int(digits.replace(b"?", b"0"), 2), int(digits.replace(b"?", b"1"), 2))

    def bits(self, indexes: Iterable[int]) -> int:
        """The bit set of the accounts at *indexes*."""
        return bits_of(indexes, self.size)


class _IndexTable:
    """
    The index of each id: an open-addressing hash table.

    It takes 8 MB for 640,000 accounts. A dictionary would take 41 of the 300 MB that the whole
    assessment may use.
    """

    def __init__(self, users: tuple[User, ...]) -> None:
        self._users = users
        self._mask = (1 << (2 * len(users)).bit_length()) - 1  # at most half full
        self._slots = array("I", [0]) * (self._mask + 1)  # an index plus one; 0 is free
        self.copies = 0
        for entry, user in enumerate(users, start=1):
            slot = self._slot(id_key(user.id))
            self.copies += self._slots[slot] > 0
            self._slots[slot] = entry

    def index_of(self, account_id: str) -> int | None:
        """The account's index, or `None` if there is no such account."""
        entry = self._slots[self._slot(id_key(account_id))]
        return entry - 1 if entry else None

    def _slot(self, wanted: str) -> int:
        """The slot that holds the id, or the free one where it belongs."""
        slots, users, mask = self._slots, self._users, self._mask
        slot = hash(wanted) & mask
        while (entry := slots[slot]) and id_key(users[entry - 1].id) != wanted:
            slot = (slot + 1) & mask
        return slot
