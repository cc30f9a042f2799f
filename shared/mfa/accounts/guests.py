"""Guests and external users, by the kinds that conditional access distinguishes."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import NOBODY, AccountSet
from shared.mfa.accounts.directory import UserType
from shared.mfa.accounts.graph import flag_words

if TYPE_CHECKING:
    from shared.mfa.accounts.directory import User
    from shared.mfa.accounts.policy import GuestsOrExternalUsers
    from shared.mfa.accounts.roster import Roster
    from shared.mfa.accounts.truth import Truth

_INTERNAL_GUEST = "internalguest"
_B2B_GUEST = "b2bcollaborationguest"
_B2B_MEMBER = "b2bcollaborationmember"
_OTHER = "otherexternaluser"
_ELSEWHERE = frozenset({"b2bdirectconnectuser", "serviceprovider"})  # no account in this directory
_KNOWN_KINDS = _ELSEWHERE | {_INTERNAL_GUEST, _B2B_GUEST, _B2B_MEMBER, _OTHER, "none"}

#: The kinds an account may be of, by its type, if known, and whether it is external.
_KINDS = {
    (UserType.GUEST, True): frozenset({_B2B_GUEST}),
    (UserType.GUEST, None): frozenset({_INTERNAL_GUEST, _B2B_GUEST, _OTHER}),
    (UserType.GUEST, False): frozenset({_INTERNAL_GUEST, _B2B_GUEST, _OTHER}),
    (UserType.MEMBER, True): frozenset({_B2B_MEMBER}),
    (UserType.MEMBER, None): frozenset({_B2B_MEMBER}),
    (None, True): frozenset({_B2B_GUEST, _B2B_MEMBER}),
    (None, None): frozenset({_INTERNAL_GUEST, _B2B_GUEST, _OTHER, _B2B_MEMBER}),
    (None, False): frozenset({_INTERNAL_GUEST, _B2B_GUEST, _OTHER, _B2B_MEMBER}),
}
#: The hints of accounts that may be of none of these kinds.
_UNCERTAIN = ((None, False), (None, None), (UserType.MEMBER, None))

_NAMES = {
    _INTERNAL_GUEST: "internal guests",
    _B2B_GUEST: "B2B guests",
    _B2B_MEMBER: "B2B members",
    _OTHER: "other external users",
    "b2bdirectconnectuser": "B2B direct connect users",
    "serviceprovider": "service providers",
}


def names_of(kinds: frozenset[str]) -> str:
    """Kinds of guests and external users in words."""
    if kinds >= _NAMES.keys():
        return "guests and external users"
    return ", ".join(sorted(_NAMES.get(kind, kind) for kind in kinds))


class Guests:
    """
    Guests and external accounts, by kind.

    The directory says what an account may see (``userType``) but only hints at its home directory
    (``#EXT#`` in its name, how it was created, an invitation). A guest without such a hint may be
    an internal one, or an invited one of which the hints were not read; if a policy names only one
    of these kinds, it is unknown whether the policy means this guest.
    Source of the kinds: Entra's page "Authentication and Conditional Access for B2B users".
    """

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    @cached_property
    def all(self) -> AccountSet:
        """What Graph's older word ``GuestsOrExternalUsers`` stands for: every kind."""
        return self._named(_KNOWN_KINDS)

    def of(self, wanted: GuestsOrExternalUsers) -> AccountSet:
        """
        The accounts a policy means by a list of kinds, possibly of some home tenants only.

        Without a kind it may mean any of them.
        """
        tenants = wanted.external_tenants
        is_restricted = tenants is not None and (tenants.membership_kind or "").lower() != "all"
        return self._named(
            flag_words(wanted.guest_or_external_user_types), is_restricted=is_restricted
        )

    def _named(self, kinds: frozenset[str], *, is_restricted: bool = False) -> AccountSet:
        has_new_kind = not kinds or not kinds <= _KNOWN_KINDS
        named = NOBODY
        for bits, may_be, is_certain in self._cases:
            if is_certain and may_be <= kinds and not is_restricted:
                named |= AccountSet.exactly(bits)
            elif has_new_kind or may_be & kinds:
                named |= AccountSet(0, bits)
        return named

    @cached_property
    def _cases(self) -> list[tuple[int, frozenset[str], bool]]:
        """Accounts, the kinds they may be of, and whether they certainly are of one of these."""
        by_hints: dict[tuple[UserType | None, Truth], list[int]] = {}
        for index, user in enumerate(self._roster.users):
            if user.user_type is not UserType.MEMBER or user.is_external is not False:
                hints = (_known_type(user), user.is_external)
                by_hints.setdefault(hints, []).append(index)
        return [
            (self._roster.bits(indexes), _KINDS[hints], hints not in _UNCERTAIN)
            for hints, indexes in by_hints.items()
        ]


def _known_type(user: User) -> UserType | None:
    return None if user.user_type is UserType.UNKNOWN else user.user_type
