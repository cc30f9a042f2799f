"""Which accounts have MFA enforced now, which have not any more, and since when."""

from __future__ import annotations

from datetime import date
from heapq import nsmallest
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.changes.account_states import name_of, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.changes.account_states import AccountStates

MOST_NAMED = 50  #: accounts in each list; the counts have all


class OpenAccount(msgspec.Struct, frozen=True):
    """An enabled account without MFA enforced."""

    id: str
    name: str
    state: str  #: ``unprotected`` or ``conditional``
    since: date  #: the first day on which that is known
    days: int  #: how many days that makes, the report's own among them
    is_exact: bool  #: if not, it may have been so before: "at least"


class FixedAccount(msgspec.Struct, frozen=True):
    """An account for which MFA is enforced now, and was not."""

    id: str
    name: str


class AccountChanges(msgspec.Struct, frozen=True):
    """What became of the accounts without MFA enforced."""

    fixed: int  #: MFA is enforced for them now
    new: int  #: had it enforced, or were not there or disabled
    still_open: int
    gone: int  #: disabled or deleted; they count no more
    unclear: int  #: open on one of the days, unknown on the other
    new_accounts: list[OpenAccount]  #: the first of them, by name
    fixed_accounts: list[FixedAccount]


def account_changes(
    now: AccountStates, before: AccountStates, accounts: JudgedAccounts
) -> AccountChanges:
    """What became of the accounts since an earlier day; `accounts` are those of `now`."""
    opened, unknown = now.open, now.unknown
    was_open, was_unknown = before.open, before.unknown
    closed = was_open - opened - unknown
    fixed = {each for each in closed if state_of(accounts, each) == Enforcement.ENFORCED}
    new = opened - was_open - was_unknown
    return AccountChanges(
        fixed=len(fixed),
        new=len(new),
        still_open=len(opened & was_open),
        gone=len(closed - fixed),
        unclear=len(opened & was_unknown) + len(was_open & unknown),
        new_accounts=sorted(_open_accounts(now, accounts, new), key=_by_name)[:MOST_NAMED],
        fixed_accounts=sorted(
            (FixedAccount(each, name_of(accounts, each)) for each in fixed), key=_by_name
        )[:MOST_NAMED],
    )


def longest_open(states: AccountStates, accounts: JudgedAccounts) -> list[OpenAccount]:
    """The accounts that have been without MFA for the longest, then by name."""
    if not states.open:
        return []
    since = {each: state.open_since or state.since for each, state in states.by_id.items()}
    found = nsmallest(MOST_NAMED, states.open, key=lambda object_id: (since[object_id], object_id))
    opened = _open_accounts(states, accounts, found)
    return sorted(opened, key=lambda account: (account.since, account.name, account.id))


def _open_accounts(
    states: AccountStates, accounts: JudgedAccounts, ids: Iterable[str]
) -> Iterator[OpenAccount]:
    for object_id in ids:
        state = states.by_id[object_id]
        since = state.open_since or state.since
        yield OpenAccount(
            id=object_id,
            name=name_of(accounts, object_id),
            state=state.state,
            since=since,
            days=(states.ending - since).days + 1,
            is_exact=state.is_open_exact,
        )


def _by_name(account: OpenAccount | FixedAccount) -> tuple[str, str]:
    return account.name, account.id
