"""
What judging every account costs: 640,000 accounts and 50 policies, beside a loop over both.

Each size runs in a process of its own, and peak memory is that process's, with the directory itself
in it: a government's tenant of this size ran another tool out of memory at 788 MB. The loop judges
one account and one policy at a time, as the tools of this field do, with the same judgement.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

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
from shared.mfa.accounts.policy import ConditionalAccessPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIZES = (160_000, 320_000, 640_000)
POLICIES = 50
GROUPS = 40
LOOP_ACCOUNTS = 20_000
SEED = 4


class Cost(NamedTuple):
    """What one run took; processor seconds, so that a busy machine does not show."""

    accounts: int
    assess_seconds: float
    rows_seconds: float
    peak_mb: float
    classes: int
    share: float


def run(*, is_quick: bool = False) -> None:
    """Print the figures; quickly, those of a tenth of the accounts."""
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


def _measure_apart(size: int) -> Cost:
    command = [sys.executable, "-m", "bench.accounts", str(size)]
    answer = subprocess.run(command, check=True, capture_output=True)
    return Cost(*msgspec.json.decode(answer.stdout))


def measure(size: int) -> Cost:
    """Judge a tenant of *size* accounts in this process, which should do nothing else."""
    directory = make_directory(size)
    start = time.process_time()
    accounts = assess_accounts(directory)
    share = accounts.metrics.share or 0.0
    judged = time.process_time()
    rows = sum(1 for _ in accounts)
    made = time.process_time()
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    classes = len(accounts.classes)
    return Cost(rows, judged - start, made - judged, peak_kb / 1024, classes, share)


def make_directory(size: int) -> Directory:
    """A partner of *size* accounts: departments, projects, nested groups, guests, roles."""
    chance = Random(SEED)
    users = tuple(_user(number, chance) for number in range(size))
    groups = tuple(_groups(users, chance))
    roles = tuple(RoleDefinition(f"role-{n}", f"role-{n}", f"Role {n}") for n in range(10))
    return Directory(
        users=users,
        groups=groups,
        role_definitions=roles,
        role_assignments=tuple(
            RoleAssignment(user.id, f"role-{place % 10}", "/")
            for place, user in enumerate(users[:: max(1, size // 500)])
        ),
        security_defaults=SecurityDefaults(is_enabled=False),
        conditional_access_policies=tuple(
            msgspec.convert(_policy(place), ConditionalAccessPolicy) for place in range(POLICIES)
        ),
    )


def _user(number: int, chance: Random) -> User:
    guest = chance.random() < 0.1  # noqa: PLR2004
    name = f"user{number:06}"
    return User(
        id=f"{number:08x}-0000-4000-8000-{chance.getrandbits(48):012x}",
        user_principal_name=f"{name}_partner.example#EXT#@contoso.example"
        if guest
        else f"{name}@contoso.example",
        display_name=f"User {number}",
        account_enabled=chance.random() < 0.93,  # noqa: PLR2004
        user_type=UserType.GUEST if guest else UserType.MEMBER,
        per_user_mfa_state=chance.choices(
            [PerUserMfaState.DISABLED, PerUserMfaState.ENFORCED, None], [96, 2, 2]
        )[0],
    )


def _groups(users: tuple[User, ...], chance: Random) -> Iterator[Group]:
    """Group 0 holds everybody through departments that are nested in it; projects overlap."""
    departments = GROUPS // 2
    children = tuple(Member(f"group-{n}", MemberKind.GROUP) for n in range(1, departments))
    yield Group("group-0", "All staff", children)
    for place in range(1, departments):
        members = users[place - 1 :: departments - 1]
        yield Group(f"group-{place}", f"Department {place}", _members(members))
    for place in range(departments, GROUPS):
        few = chance.choices(users, k=len(users) // 200)
        yield Group(f"group-{place}", f"Project {place}", _members(few))


def _members(users: Iterable[User]) -> tuple[Member, ...]:
    return tuple(Member(user.id, MemberKind.USER) for user in users)


def _policy(place: int) -> dict[str, Any]:
    """Of every kind some, but for one that covers everybody."""
    group = f"group-{1 + place % (GROUPS - 1)}"
    conditions: dict[str, Any] = {
        "applications": {"includeApplications": ["All"]},
        "users": {"includeGroups": [group], "excludeGroups": [f"group-{GROUPS - 1 - place % 9}"]},
        "clientAppTypes": ["all"],
    }
    controls: dict[str, Any] = {"operator": "OR", "builtInControls": ["mfa"]}
    match place % 10:
        case 1:
            conditions["users"] = {"includeRoles": [f"role-{place % 7}"]}
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
    state = "enabledForReportingButNotEnforced" if place % 10 == 9 else "enabled"  # noqa: PLR2004
    return {
        "id": f"policy-{place}",
        "displayName": f"Policy {place}",
        "state": state,
        "conditions": conditions,
        "grantControls": controls,
    }


def _loop_seconds() -> float:
    """What the loop takes for `LOOP_ACCOUNTS`, with the memberships it asks for made ready."""
    accounts = assess_accounts(make_directory(LOOP_ACCOUNTS))
    tenant, size = accounts.tenant, len(accounts)
    reach = [
        (AccountLookup(p.reach.included, size), AccountLookup(p.reach.applies, size))
        for p in tenant.policies
    ]
    start = time.process_time()
    for number, user in enumerate(accounts.membership.roster.users):
        judge_class(
            tenant,
            AccountFacts(
                enabled=user.account_enabled,
                per_user=_PER_USER.get(user.per_user_mfa_state),
                included=tuple(included.truth(number) for included, _ in reach),
                applies=tuple(applies.truth(number) for _, applies in reach),
            ),
        )
    return time.process_time() - start


_PER_USER: dict[PerUserMfaState | None, bool] = {
    PerUserMfaState.DISABLED: False,
    PerUserMfaState.ENFORCED: True,
}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure(int(sys.argv[1]))))
