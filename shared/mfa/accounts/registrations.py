"""What accounts have registered: Graph's registration report, by account."""

from __future__ import annotations

from array import array
from functools import cache
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import AccountSet
from shared.mfa.accounts.methods import MethodQuality, quality_of

if TYPE_CHECKING:
    from shared.mfa.accounts.directory import AuthenticationMethod, UserRegistration
    from shared.mfa.accounts.roster import Roster


class Registrations:
    """The registration report of one roster; an account that it lacks is unknown."""

    def __init__(self, details: tuple[UserRegistration, ...] | None, roster: Roster) -> None:
        self.were_read = details is not None
        self._details = details or ()
        self._roster = roster
        self._entries = array("I", [0]) * roster.size  # a position plus one; 0: not there
        for entry, each in enumerate(self._details, start=1):
            index = roster.index_of(each.id)
            if index is not None:
                self._entries[index] = entry
        self._quality = cache(quality_of)

    def of(self, index: int) -> UserRegistration | None:
        """What an account has registered; `None` if it was not read."""
        entry = self._entries[index]
        return self._details[entry - 1] if entry else None

    def methods_of(self, index: int) -> tuple[AuthenticationMethod, ...] | None:
        """The methods of an account; `None` if they were not read."""
        found = self.of(index)
        return found.methods_registered if found else None

    def quality_of(self, index: int) -> MethodQuality:
        """The best that an account's methods can prove; without any it must not be registered."""
        found = self.of(index)
        if found is None or found.methods_registered is None:
            return MethodQuality.UNKNOWN
        quality = self._quality(found.methods_registered)
        is_contradiction = quality is MethodQuality.NONE and found.is_mfa_registered
        return MethodQuality.UNKNOWN if is_contradiction else quality

    def where(self, name: str) -> AccountSet:
        """The accounts of which a field of the report is true."""
        indexes: dict[bool, list[int]] = {True: [], False: []}
        for index, entry in enumerate(self._entries):
            truth = getattr(self._details[entry - 1], name) if entry else None
            if truth is not None:
                indexes[truth].append(index)
        everyone = self._roster.everyone.possible
        return AccountSet(
            self._roster.bits(indexes[True]), everyone & ~self._roster.bits(indexes[False])
        )
