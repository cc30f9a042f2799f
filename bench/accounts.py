"""
The cost of judging every account: 640,000 accounts, 50 policies, compared with a loop over both.

Peak memory includes the directory itself: in a government's tenant of this size another tool ran
out of memory at 788 MB. The loop judges one account and one policy at a time, as comparable tools
do, with the same rules; it is measured for fewer accounts, and its cost is that for all.
"""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any

from bench.frame import Amount, Given, Row, Way
from shared.mfa.accounts.account_facts import AccountFacts
from shared.mfa.accounts.account_set import AccountLookup
from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.causes import judge_class
from shared.mfa.accounts.directory import (
    Directory,
    Group,
    Member,
    MemberKind,
    PerUserMfaState,
    RoleAssignment,
    RoleDefinition,
    SecurityDefaults,
    User,
    UserType,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

POLICIES = 50
GROUPS = 40
LOOP_ACCOUNTS = 20_000
SEED = 4


def _ours(given: Given) -> Callable[[], dict[str, float | int]]:
    """Judge a tenant, and make a row of each account."""

    def judge() -> dict[str, float | int]:
        accounts = assess_accounts(directory)
        rows = sum(1 for _ in accounts)
        return {"accounts": rows, "share": accounts.metrics.share or 0.0}

    directory = make_directory(given.size)
    return judge


def make_directory(size: int) -> Directory:
    """A partner with `size` accounts: departments, projects, nested groups, guests, roles."""
    rng = Random(SEED)
    users = tuple(_user(index, rng) for index in range(size))
    groups = tuple(_groups(users, rng))
    roles = tuple(RoleDefinition(f"role-{n}", f"role-{n}", f"Role {n}") for n in range(10))
    return Directory(
        users=users,
        groups=groups,
        role_definitions=roles,
        role_assignments=tuple(
            RoleAssignment(user.id, f"role-{index % 10}", "/")
            for index, user in enumerate(users[:: max(1, size // 500)])
        ),
        security_defaults=SecurityDefaults(is_enabled=False),
        conditional_access_policies=tuple(map(_policy, range(POLICIES))),
    )


def _user(index: int, rng: Random) -> User:
    is_guest = rng.random() < 0.1  # noqa: PLR2004
    name = f"user{index:06}"
    return User(
        id=f"{index:08x}-0000-4000-8000-{rng.getrandbits(48):012x}",
        user_principal_name=f"{name}_partner.example#EXT#@contoso.example"
        if is_guest
        else f"{name}@contoso.example",
        display_name=f"User {index}",
        account_enabled=rng.random() < 0.93,  # noqa: PLR2004
        user_type=UserType.GUEST if is_guest else UserType.MEMBER,
        per_user_mfa_state=rng.choices(
            [PerUserMfaState.DISABLED, PerUserMfaState.ENFORCED, None], [96, 2, 2]
        )[0],
    )


def _groups(users: tuple[User, ...], rng: Random) -> Iterator[Group]:
    """Group 0 contains everybody, through nested departments; projects overlap."""
    departments = GROUPS // 2
    children = tuple(Member(f"group-{n}", MemberKind.GROUP) for n in range(1, departments))
    yield Group("group-0", "All staff", children)
    for index in range(1, departments):
        members = users[index - 1 :: departments - 1]
        yield Group(f"group-{index}", f"Department {index}", _members(members))
    for index in range(departments, GROUPS):
        few = rng.choices(users, k=len(users) // 200)
        yield Group(f"group-{index}", f"Project {index}", _members(few))


def _members(users: Iterable[User]) -> tuple[Member, ...]:
    return tuple(Member(user.id, MemberKind.USER) for user in users)


def _policy(index: int) -> dict[str, Any]:
    """A policy of one of ten kinds; none covers everybody."""
    group = f"group-{1 + index % (GROUPS - 1)}"
    conditions: dict[str, Any] = {
        "applications": {"includeApplications": ["All"]},
        "users": {"includeGroups": [group], "excludeGroups": [f"group-{GROUPS - 1 - index % 9}"]},
        "clientAppTypes": ["all"],
    }
    controls: dict[str, Any] = {"operator": "OR", "builtInControls": ["mfa"]}
    match index % 10:
        case 1:
            conditions["users"] = {"includeRoles": [f"role-{index % 7}"]}
        case 2:
            conditions["locations"] = {"includeLocations": ["All"], "excludeLocations": ["HQ"]}
        case 3:
            conditions["clientAppTypes"] = ["browser"]
        case 4:
            conditions["clientAppTypes"] = ["mobileAppsAndDesktopClients"]
        case 5:
            conditions["users"] = {"includeUsers": ["GuestsOrExternalUsers"]}
        case 6:
            controls["builtInControls"] = ["mfa", "compliantDevice"]
        case 7:
            conditions["platforms"] = {"includePlatforms": ["android", "iOS"]}
        case 8:
            conditions["users"] = {"includeUsers": ["All"], "excludeGroups": ["group-0"]}
    state = "enabledForReportingButNotEnforced" if index % 10 == 9 else "enabled"  # noqa: PLR2004
    return {
        "id": f"policy-{index}",
        "displayName": f"Policy {index}",
        "state": state,
        "conditions": conditions,
        "grantControls": controls,
    }


def _loop(given: Given) -> Callable[[], Amount]:
    """Judge each account by itself, with memberships prepared in advance."""
    judged = min(given.size, LOOP_ACCOUNTS)
    accounts = assess_accounts(make_directory(judged))
    tenant = accounts.tenant
    reach = [
        (AccountLookup(p.reach.included, judged), AccountLookup(p.reach.applies, judged))
        for p in tenant.policies
    ]

    def judge() -> Amount:
        start = time.process_time()
        for index, user in enumerate(accounts.membership.roster.users):
            judge_class(
                tenant,
                AccountFacts(
                    enabled=user.account_enabled,
                    per_user=_PER_USER.get(user.per_user_mfa_state),
                    is_agent=False,
                    is_exempt=False,
                    included=tuple(included.truth(index) for included, _ in reach),
                    applies=tuple(applies.truth(index) for _, applies in reach),
                    may_leave=(False,) * len(reach),
                ),
            )
        return Amount(None, (time.process_time() - start) / judged * given.size)

    return judge


_PER_USER: dict[PerUserMfaState | None, bool] = {
    PerUserMfaState.DISABLED: False,
    PerUserMfaState.ENFORCED: True,
}


ROWS = [
    Row(
        what=f"Judging accounts, {POLICIES} policies",
        before="7.6 s, 280 MB",
        size=640_000,
        short_size=300,
        ours=Way("ours", _ours),
        others=(Way("a loop over accounts", _loop, is_compared=False),),
        at_most=7.6,
        at_most_mb=280,
    )
]
