"""
More about accounts: administrators, the accounts that use Partner Center, registered methods.

Microsoft authorises Cloud Solution Providers by administrators since October 2025 (Partner Center,
"Security requirements"). MFA is checked technically only where accounts use Partner Center, while
the Microsoft Partner Agreement requires it of every enabled account.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import AccountLookup, indexes_of
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.methods import MethodQuality
from shared.mfa.metrics import AccountShare, MethodCounts

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.mfa.accounts.account_set import AccountSet
    from shared.mfa.accounts.assessment import JudgedAccounts

_ENFORCED, _UNKNOWN = Enforcement.ENFORCED, Enforcement.UNKNOWN


def administrators(accounts: JudgedAccounts) -> AccountShare:
    """The enabled accounts that hold a directory role, of any scope."""
    return share_of(accounts, accounts.administrators)


def share_of(accounts: JudgedAccounts, members: AccountSet) -> AccountShare:
    """
    How many of the enabled accounts in a set have MFA enforced.

    Those that may be in it count in `enabled` and `unknown`. The shares count each of them as it
    makes the share least or greatest.
    """
    sure = _enabled(accounts, members.sure)
    possible = _enabled(accounts, members.possible & ~members.sure)
    enforced, unknown = sure[_ENFORCED], sure[_UNKNOWN]
    all_, may_lower = sure.total(), possible.total() - possible[_ENFORCED]
    may_raise = possible[_ENFORCED] + possible[_UNKNOWN]
    return AccountShare(
        enabled=all_ + possible.total(),
        enforced=enforced,
        unknown=unknown + possible.total(),
        share=_fraction(enforced, all_ + may_lower, 1.0 if possible else None),
        share_upper=_fraction(
            enforced + unknown + may_raise, all_ + may_raise, 0.0 if possible else None
        ),
    )


def _enabled(accounts: JudgedAccounts, bits: int) -> Counter[Enforcement]:
    """The enabled accounts in a bit set, by their enforcement."""
    found = (accounts.class_of(index).judgement.enforcement for index in indexes_of(bits))
    return Counter(enforcement for enforcement in found if enforcement is not None)


def _fraction(part: int, whole: int, otherwise: float | None) -> float | None:
    return part / whole if whole else otherwise


def active_accounts(
    accounts: JudgedAccounts, users: Collection[str], *, complete: bool
) -> AccountShare:
    """
    The accounts of *users* (object ids or names, in lower case) who made a request.

    Disabled accounts are left out, because nothing is required of them any longer. Users who are
    not in the directory are unknown. There is no share unless the window is *complete* and every
    request names its user: others may have made requests, too.
    """
    indexes = _indexes_of(accounts, users)
    found = Counter(
        accounts.class_of(index).judgement.enforcement for index in set(indexes.values())
    )
    strangers = len({*users} - {*indexes, ""})
    enforced, unknown = found[_ENFORCED], found[_UNKNOWN] + strangers
    enabled = found.total() - found[None] + strangers
    is_known = complete and "" not in users and enabled > 0
    return AccountShare(
        enabled=enabled,
        enforced=enforced,
        unknown=unknown,
        share=enforced / enabled if is_known else None,
        share_upper=(enforced + unknown) / enabled if is_known else None,
    )


def _indexes_of(accounts: JudgedAccounts, users: Collection[str]) -> dict[str, int]:
    """The index of each user's account, by object id; of users without an id by name."""
    roster = accounts.membership.roster
    found = {user: index for user in users if (index := roster.index_of(user)) is not None}
    named = {user for user in users if "@" in user}
    if named:
        for index, account in enumerate(roster.users):
            name = (account.user_principal_name or "").lower()
            if name in named:
                found[name] = index
    return found


def method_counts(accounts: JudgedAccounts) -> MethodCounts:
    """
    The enabled accounts by the best method that each has registered.

    A guest without any is unknown, because guests register at home. An agent's account has none.
    """
    if not accounts.registrations.were_read:
        return MethodCounts()
    guests = AccountLookup(accounts.membership.guests.all, len(accounts))
    enabled = accounts.indexes_in(accounts.classes_with(*Enforcement))
    counts = Counter(_quality(accounts, index, guests) for index in enabled)
    return MethodCounts(**{quality.value: counts[quality] for quality in MethodQuality})


def _quality(accounts: JudgedAccounts, index: int, guests: AccountLookup) -> MethodQuality:
    if accounts.class_of(index).facts.is_agent:
        return MethodQuality.NONE
    quality = accounts.registrations.quality_of(index)
    may_have_more = quality is MethodQuality.NONE and guests.truth(index) is not False
    return MethodQuality.UNKNOWN if may_have_more else quality
