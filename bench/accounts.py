"""
The cost of judging every account: 640,000 accounts, 50 policies, compared with a loop over both.

Each size runs in its own process. Peak memory is that process's, including the directory itself: in
a government's tenant of this size another tool ran out of memory at 788 MB. The loop judges one
account and one policy at a time, as comparable tools do, with the same rules.
"""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from bench.reading import peak_mb
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
    from collections.abc import Iterable, Iterator

SIZES = (160_000, 320_000, 640_000)
POLICIES = 50
GROUPS = 40
LOOP_ACCOUNTS = 20_000
SEED = 4


class AccountsCost(NamedTuple):
    """The cost of one run, in processor seconds, which do not depend on other processes."""

    accounts: int
    assess_seconds: float
    rows_seconds: float
    peak_mb: float
    classes: int
    share: float


def run(*, is_quick: bool = False) -> None:
    """Print the figures; if quick, for a tenth of the accounts."""
    print(f"Judging accounts, {POLICIES} policies, processor time, each size in its own process")
    costs = [_measure_apart(size // 10 if is_quick else size) for size in SIZES]
    for cost in costs:
        print(
            f"  {cost.accounts:>7,} accounts: judged in {cost.assess_seconds:5.2f} s, "
            f"every row made in {cost.rows_seconds:5.2f} s, peak {cost.peak_mb:4.0f} MB, "
            f"{cost.classes:,} classes, share {cost.share:.3f}"
        )
    per_account = _loop_seconds() / LOOP_ACCOUNTS
    ratio = per_account * costs[-1].accounts / costs[-1].assess_seconds
    print(
        f"  a loop over accounts and policies: {per_account * 1e6:.0f} µs an account, "
        f"so {ratio:.0f} times as long at {costs[-1].accounts:,}"
    )


def _measure_apart(size: int) -> AccountsCost:
    command = [sys.executable, "-m", "bench.accounts", str(size)]
    done = subprocess.run(command, check=True, capture_output=True)
    return AccountsCost(*msgspec.json.decode(done.stdout))


def measure(size: int) -> AccountsCost:
    """Judge a tenant of `size` accounts in this process, which should do nothing else."""
    directory = make_directory(size)
    start = time.process_time()
    accounts = assess_accounts(directory)
    share = accounts.metrics.share or 0.0
    judged = time.process_time()
    rows = sum(1 for _ in accounts)
    made = time.process_time()
    classes = len(accounts.classes)
    return AccountsCost(rows, judged - start, made - judged, peak_mb(), classes, share)


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


def _loop_seconds() -> float:
    """Seconds that the loop takes for `LOOP_ACCOUNTS`, with memberships prepared in advance."""
    accounts = assess_accounts(make_directory(LOOP_ACCOUNTS))
    tenant, size = accounts.tenant, len(accounts)
    reach = [
        (AccountLookup(p.reach.included, size), AccountLookup(p.reach.applies, size))
        for p in tenant.policies
    ]
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
    return time.process_time() - start


_PER_USER: dict[PerUserMfaState | None, bool] = {
    PerUserMfaState.DISABLED: False,
    PerUserMfaState.ENFORCED: True,
}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(int(sys.argv[1]))))
