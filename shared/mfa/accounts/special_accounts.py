"""Accounts that nobody signs in with: those of agents and of directory synchronisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import AccountSet, union
from shared.mfa.accounts.directory import MemberKind

if TYPE_CHECKING:
    from shared.mfa.accounts.directory import User
    from shared.mfa.accounts.membership import Roles
    from shared.mfa.accounts.roster import Roster

#: The roles "Directory Synchronization Accounts" and "On Premises Directory Sync Account".
_SYNCHRONISATION_ROLES = (
    "d29b2b05-8046-44ba-8758-1e26182fcf32",
    "a92aed5d-d78a-4d16-b381-09adb37eb3b0",
)
#: How Entra Connect and cloud sync name the accounts that they create.
_SYNCHRONISATION_UPNS = ("sync_", "adtoaadsyncserviceaccount")
_SYNCHRONISATION_NAME = "on-premises directory synchronization service account"


def agents(roster: Roster) -> AccountSet:
    """
    The agents' user accounts; an account of a kind that is new to this version may be one.

    "Agent users cannot have passwords, passkeys, or MFA factors" (Entra, "Agent users").
    """
    kinds = {MemberKind.AGENT_USER: True, MemberKind.UNKNOWN: None}
    return roster.where(lambda user: kinds.get(user.kind, False) if user.kind else False)


def synchronisation_accounts(roster: Roster, roles: Roles) -> AccountSet:
    """
    The accounts that security defaults exempt (Entra, "Security defaults").

    They hold one of two roles. If roles were not read, accounts with the name of one may be one.
    """
    holders = union(map(roles.holders, _SYNCHRONISATION_ROLES))
    if holders.is_certain:
        return holders
    named = roster.where(_has_name_of_synchronisation)
    return AccountSet(holders.sure, holders.sure | (holders.possible & named.sure))


def _has_name_of_synchronisation(user: User) -> bool:
    upn, name = (user.user_principal_name or "").lower(), (user.display_name or "").lower()
    return upn.startswith(_SYNCHRONISATION_UPNS) or name == _SYNCHRONISATION_NAME
