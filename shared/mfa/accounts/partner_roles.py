"""
Who may open Partner Center's protected pages, and has no MFA enforced.

The three kinds of agents are members of security groups with fixed names; the others hold a
directory role (Partner Center, "Assign users roles and permissions").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_set import AccountSet, indexes_of, union
from shared.mfa.accounts.account_shares import share_of
from shared.mfa.accounts.enforcement import NOT_ENFORCED
from shared.mfa.mandate_tables import PAGES, PAGES_2023
from shared.mfa.metrics import AccountShare

if TYPE_CHECKING:
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.directory import Directory

MOST_NAMED = 1000  #: accounts of one role listed by name

_GROUPS = {
    "Admin agents": "AdminAgents",
    "Sales agents": "SalesAgents",
    "Helpdesk agents": "HelpdeskAgents",
}
_ROLE_TEMPLATES = {
    "Security administrator": "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "Billing administrator": "b0f54661-2d74-4c50-afa3-1ec803f12efe",
    "Global administrator": "62e90394-69f5-4237-9190-012177145e10",
}


ADMINISTRATORS = "Administrators"  #: holders of any directory role, whom the figure counts


class PartnerRole(msgspec.Struct, frozen=True):
    """A role at Partner Center, and the accounts that have it."""

    name: str
    pages: list[str]  #: the protected pages that it opens, by the current edition
    pages_2023: list[str]  #: the same by the edition of May 2023
    accounts: AccountShare  #: all `None`: who has the role was not read
    not_enforced: list[str]  #: the first names of accounts known to have no MFA enforced
    not_enforced_total: int


def partner_roles(directory: Directory, accounts: JudgedAccounts) -> list[PartnerRole]:
    """Every role of the mandate's table of protected pages in its order, then administrators."""
    holders = {
        **{name: _members(directory, accounts, group) for name, group in _GROUPS.items()},
        **{
            name: accounts.membership.roles.holders(template)
            for name, template in _ROLE_TEMPLATES.items()
        },
        ADMINISTRATORS: accounts.administrators,
    }
    return [_role(name, accounts, found) for name, found in holders.items()]


def _members(directory: Directory, accounts: JudgedAccounts, name: str) -> AccountSet:
    """The members of all groups of that name; anybody may be one if there is none."""
    named = [
        group.id
        for group in directory.groups or ()
        if (group.display_name or "").casefold() == name.casefold()
    ]
    if not named:
        return accounts.membership.roster.anyone
    return union(map(accounts.membership.groups.members, named))


def _role(name: str, accounts: JudgedAccounts, holders: AccountSet) -> PartnerRole:
    is_unread = holders == accounts.membership.roster.anyone and bool(len(accounts))
    users = accounts.membership.roster.users
    lacking = sorted(
        users[index].user_principal_name or users[index].id
        for index in indexes_of(holders.sure)
        if accounts.class_of(index).judgement.enforcement in NOT_ENFORCED
    )
    return PartnerRole(
        name=name,
        pages=[page for page, roles in PAGES.items() if name in roles],
        pages_2023=[page for page, roles in PAGES_2023.items() if name in roles],
        accounts=AccountShare() if is_unread else share_of(accounts, holders),
        not_enforced=lacking[:MOST_NAMED],
        not_enforced_total=len(lacking),
    )
