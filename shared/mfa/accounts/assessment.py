"""
Which accounts have MFA enforced, by what, and if not, why: the report's first figure.

Accounts of which the same is known form a class, and each class is judged once; a row is made only
when somebody asks for it. So 640,000 accounts and 50 policies take seconds, not hours.
"""

from __future__ import annotations

from array import array
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import AccountFacts, EvaluatedPolicy, TenantFacts
from shared.mfa.accounts.account_set import AccountLookup, AccountSet
from shared.mfa.accounts.causes import MOST_TOLD, Judgement, judge, sentences, tell_exclusion
from shared.mfa.accounts.classes import AccountClassifier
from shared.mfa.accounts.conditional_access import NO_REACH, read_demands, read_reach
from shared.mfa.accounts.directory import PerUserMfaState
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.membership import Membership
from shared.mfa.metrics import AccountMetrics
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from shared.mfa.accounts.conditional_access import PolicyTarget
    from shared.mfa.accounts.directory import Directory, User
    from shared.mfa.accounts.roster import Roster
    from shared.mfa.accounts.truth import Truth

PARTNER_CENTER_IDS = PORTAL_APP_IDS | PARTNER_CENTER_RESOURCE_IDS

_WORST_FIRST = (*Enforcement, None)
_PER_USER: dict[PerUserMfaState | None, Truth] = {
    PerUserMfaState.DISABLED: False,
    PerUserMfaState.ENABLED: True,
    PerUserMfaState.ENFORCED: True,
}


class AccountRow(msgspec.Struct, frozen=True, rename="pascal"):
    """One account as a row; the encoded names are those of ``accounts.csv``."""

    object_id: str
    upn: str
    display_name: str
    user_type: str
    enabled: bool | None  #: `None`: not read; it then counts as enabled, and as unknown
    is_admin: bool | None  #: holds an active directory role of whatever scope; `None`: not read
    enforcement: Enforcement | None  #: `None` for disabled accounts
    enforced_by: str
    cause: str
    remedy: str
    mfa_registered: bool | None  #: `None`: not read. Registered is not enforced


class AccountClass(msgspec.Struct, frozen=True):
    """Accounts of which the same is known."""

    standing: AccountFacts
    judgement: Judgement
    size: int


class JudgedAccounts:
    """The figure, and a row per account: enabled first, worst first, then by name and id."""

    def __init__(self, directory: Directory, tenant: TenantFacts, membership: Membership) -> None:
        self.tenant = tenant
        self.membership = membership
        self._directory = directory
        standings, self._class_of = _sort_out(tenant, membership.roster)
        sizes = Counter(self._class_of)
        self.classes = [
            AccountClass(standing, judge(tenant, standing), sizes[place])
            for place, standing in enumerate(standings)
        ]
        self._excluding: dict[int, list[tuple[PolicyTarget, AccountLookup]]] = {}

    def __len__(self) -> int:
        return len(self._class_of)

    def __iter__(self) -> Iterator[AccountRow]:
        return map(self._row, self._order)

    @cached_property
    def metrics(self) -> AccountMetrics:
        """Counts and shares."""
        counts: Counter[Enforcement | None] = Counter()
        for one in self.classes:
            counts[one.judgement.enforcement] += one.size
        return measure(counts)

    def places(self, wanted: Callable[[AccountClass], bool]) -> set[int]:
        """The classes, by place, that are as *wanted*."""
        return {place for place, one in enumerate(self.classes) if wanted(one)}

    def standing_at(self, *answers: Enforcement | None) -> set[int]:
        """The classes, by place, that were judged to be one of *answers*."""
        return self.places(lambda one: one.judgement.enforcement in answers)

    def size(self, places: Iterable[int]) -> int:
        """How many accounts some classes hold."""
        return sum(self.classes[place].size for place in places)

    def numbers(self, wanted: Container[int]) -> Iterator[int]:
        """The accounts, by number, in classes of which the place is *wanted*."""
        return (number for number, place in enumerate(self._class_of) if place in wanted)

    def class_of(self, number: int) -> AccountClass:
        """The class an account is in."""
        return self.classes[self._class_of[number]]

    @cached_property
    def is_admin(self) -> AccountLookup:
        """Who holds a directory role; from the registration report where roles were not read."""
        admins = self.membership.roles.admins
        if self._directory.role_assignments is None:
            admins = self._registered_as("is_admin")
        return AccountLookup(admins, len(self))

    @cached_property
    def is_registered(self) -> AccountLookup:
        """Who has registered for MFA."""
        return AccountLookup(self._registered_as("is_mfa_registered"), len(self))

    def _registered_as(self, name: str) -> AccountSet:
        roster = self.membership.roster
        told: dict[bool, list[int]] = {True: [], False: []}
        for details in self._directory.user_registration_details or ():
            number, truth = roster.number(details.id), getattr(details, name)
            if number is not None and truth is not None:
                told[truth].append(number)
        return AccountSet(
            roster.those(told[True]), roster.everyone.possible & ~roster.those(told[False])
        )

    @cached_property
    def _order(self) -> array[int]:
        users = self.membership.roster.users
        order = array("I")
        for answer in _WORST_FIRST:
            places = self.standing_at(answer)
            numbers = sorted(self.numbers(places), key=lambda number: users[number].id)
            numbers.sort(key=lambda number: users[number].user_principal_name or "")
            order.extend(numbers)
        return order

    def _row(self, number: int) -> AccountRow:
        user, judgement = self.membership.roster.users[number], self.class_of(number).judgement
        return AccountRow(
            object_id=user.id,
            upn=user.user_principal_name or "",
            display_name=user.display_name or "",
            user_type=user.user_type.value if user.user_type else "",
            enabled=user.account_enabled,
            is_admin=self.is_admin.truth(number),
            enforcement=judgement.enforcement,
            enforced_by=judgement.enforced_by,
            cause=" ".join(filter(None, [self._exclusions(number), judgement.cause])),
            remedy=judgement.remedy,
            mfa_registered=self.is_registered.truth(number),
        )

    def _exclusions(self, number: int) -> str:
        """How policies leave an account out; the first of them."""
        places = self.class_of(number).judgement.excluded_from
        told = [self._exclusion(place, number) for place in places[:MOST_TOLD]]
        return sentences(told, len(places))

    def _exclusion(self, place: int, number: int) -> str:
        policy = self.tenant.policies[place]
        if place not in self._excluding:
            self._excluding[place] = [
                (entry, AccountLookup(entry.people, len(self))) for entry in policy.reach.exclusions
            ]
        excluding = [entry for entry, who in self._excluding[place] if who.truth(number)]
        return tell_exclusion(policy, excluding, number, self.membership.groups)


def assess_accounts(
    directory: Directory, *, partner_center_ids: frozenset[str] = PARTNER_CENTER_IDS
) -> JudgedAccounts:
    """
    Judge every account of *directory*.

    *partner_center_ids* are the portal's applications and Partner Center's resources: a policy
    for all cloud apps that excludes one of them does not enforce MFA.
    """
    membership = Membership(directory)
    policies = directory.conditional_access_policies
    demands = read_demands(directory, partner_center_ids)
    defaults = directory.security_defaults
    tenant = TenantFacts(
        policies=tuple(
            EvaluatedPolicy(
                demand, read_reach(policy, membership) if demand.is_relevant else NO_REACH
            )
            for demand, policy in zip(demands, policies or (), strict=True)
        ),
        security_defaults=defaults.is_enabled if defaults else None,
        policies_were_read=policies is not None,
    )
    return JudgedAccounts(directory, tenant, membership)


def measure(counts: Mapping[Enforcement | None, int]) -> AccountMetrics:
    """
    Counts and shares; *counts* has the disabled accounts under `None`.

    Both shares are fractions of the enabled accounts, `None` where there are none: `share` counts
    unknown accounts as not enforced, `share_upper` as enforced.
    """
    by_answer = {answer: counts.get(answer, 0) for answer in Enforcement}
    enabled = sum(by_answer.values())
    enforced = by_answer[Enforcement.ENFORCED]
    at_most = enforced + by_answer[Enforcement.UNKNOWN]
    return AccountMetrics(
        enabled=enabled,
        disabled=counts.get(None, 0),
        **{answer.value: count for answer, count in by_answer.items()},
        share=enforced / enabled if enabled else None,
        share_upper=at_most / enabled if enabled else None,
    )


def _sort_out(tenant: TenantFacts, roster: Roster) -> tuple[list[AccountFacts], array[int]]:
    """The classes of accounts, and which one each account is in."""
    classes = AccountClassifier(roster)
    enabled, per_user = classes.add(_enabled(roster)), classes.add(_per_user(roster))
    columns = [
        (classes.add(policy.reach.included), classes.add(policy.reach.applies))
        for policy in tenant.policies
    ]
    classes.split()
    standings = [
        AccountFacts(
            enabled.truth(signature),
            per_user.truth(signature),
            tuple(included.truth(signature) for included, _ in columns),
            tuple(applies.truth(signature) for _, applies in columns),
        )
        for signature in classes.signatures
    ]
    return standings, classes.class_of


def _enabled(roster: Roster) -> AccountSet:
    return _told(roster, lambda user: user.account_enabled)


def _per_user(roster: Roster) -> AccountSet:
    return _told(roster, lambda user: _PER_USER.get(user.per_user_mfa_state))


def _told(roster: Roster, tell: Callable[[User], Truth]) -> AccountSet:
    users = roster.users
    return AccountSet(
        roster.those(number for number, user in enumerate(users) if tell(user)),
        roster.those(number for number, user in enumerate(users) if tell(user) is not False),
    )
