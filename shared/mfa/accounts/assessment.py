"""
Which accounts have MFA enforced, by what, and if not, why: the report's first figure.

Accounts with the same facts form a class and each class is judged once; a row is made only when it
is asked for. So 640,000 accounts and 50 policies take seconds, not hours.
"""

from __future__ import annotations

from array import array
from collections import Counter
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import AccountFacts, EvaluatedPolicy, TenantFacts
from shared.mfa.accounts.account_notes import AccountNotes
from shared.mfa.accounts.account_set import NOBODY, AccountLookup, AccountSet
from shared.mfa.accounts.causes import (
    MOST_NAMED,
    Judgement,
    exclusion_sentence,
    first_sentences,
    judge_class,
)
from shared.mfa.accounts.classes import AccountClassifier
from shared.mfa.accounts.conditional_access import NO_REACH, read_demands, read_reach
from shared.mfa.accounts.directory import PerUserMfaState
from shared.mfa.accounts.disagreements import contradicted
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.federation import federated_domains
from shared.mfa.accounts.graph import id_key
from shared.mfa.accounts.membership import Membership
from shared.mfa.accounts.registrations import Registrations
from shared.mfa.accounts.special_accounts import agents, synchronisation_accounts
from shared.mfa.metrics import AccountMetrics
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping
    from datetime import date

    from shared.mfa.accounts.conditional_access import PolicyTarget
    from shared.mfa.accounts.directory import Directory
    from shared.mfa.accounts.second_opinion import Answer
    from shared.mfa.accounts.truth import Truth

PARTNER_CENTER_IDS = PORTAL_APP_IDS | PARTNER_CENTER_RESOURCE_IDS

RUN_LENGTH = 1 << 15  #: accounts sorted at a time; bounds memory
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
    enabled: bool | None  #: `None`: not read; the account then counts as enabled and unknown
    is_admin: bool | None  #: holds an active directory role of any scope; `None`: not read
    enforcement: Enforcement | None  #: `None` for disabled accounts
    enforced_by: str
    cause: str
    remedy: str
    mfa_registered: bool | None  #: `None`: not read. Registered does not mean enforced


class AccountClass(msgspec.Struct, frozen=True):
    """Accounts with the same facts."""

    facts: AccountFacts
    judgement: Judgement
    size: int


class JudgedAccounts:
    """The figure, and a row per account: worst first, then by name and id; disabled ones last."""

    def __init__(
        self,
        directory: Directory,
        tenant: TenantFacts,
        membership: Membership,
        answers: Iterable[Answer] = (),
    ) -> None:
        """`answers` are those of Entra's What If about single accounts, each for its class."""
        self.tenant = tenant
        self.membership = membership
        self._directory = directory
        facts_by_class, self._class_of = _classify(tenant, membership)
        for index, given in self.by_class(answers).items():
            facts_by_class[index] = contradicted(tenant, facts_by_class[index], given)
        sizes = Counter(self._class_of)
        self.classes = [
            AccountClass(facts, judge_class(tenant, facts), sizes[index])
            for index, facts in enumerate(facts_by_class)
        ]
        self._exclusion_lookups: dict[int, list[tuple[PolicyTarget, AccountLookup]]] = {}

    def __len__(self) -> int:
        return len(self._class_of)

    def __iter__(self) -> Iterator[AccountRow]:
        return self.rows()

    def rows(self, since: date | None = None) -> Iterator[AccountRow]:
        """A row per account; with the window's first day, causes name policies younger than it."""
        notes = AccountNotes(self.federated_domains, self.tenant, self.registrations, since)
        return (self._row(index, notes) for index in self._order)

    @cached_property
    def metrics(self) -> AccountMetrics:
        """Counts and shares."""
        counts: Counter[Enforcement | None] = Counter()
        for account_class in self.classes:
            counts[account_class.judgement.enforcement] += account_class.size
        return metrics_of(counts)

    def classes_where(self, wanted: Callable[[AccountClass], bool]) -> set[int]:
        """The indexes of the classes that are *wanted*."""
        return {index for index, account_class in enumerate(self.classes) if wanted(account_class)}

    def classes_with(self, *answers: Enforcement | None) -> set[int]:
        """The indexes of the classes whose enforcement is one of *answers*."""
        return self.classes_where(lambda found: found.judgement.enforcement in answers)

    def size_of(self, class_indexes: Iterable[int]) -> int:
        """How many accounts these classes have."""
        return sum(self.classes[index].size for index in class_indexes)

    def indexes_in(self, class_indexes: Container[int]) -> Iterator[int]:
        """The indexes of the accounts in these classes."""
        return (index for index, own in enumerate(self._class_of) if own in class_indexes)

    def by_class(self, answers: Iterable[Answer]) -> dict[int, list[Answer]]:
        """Entra's answers by the class of their account; those about other accounts left out."""
        found: dict[int, list[Answer]] = {}
        for answer in answers:
            index = self.membership.roster.index_of(answer.sign_in.user_id)
            if index is not None:
                found.setdefault(self._class_of[index], []).append(answer)
        return found

    def class_index(self, index: int) -> int:
        """The index of an account's class."""
        return self._class_of[index]

    def class_of(self, index: int) -> AccountClass:
        """The class of an account."""
        return self.classes[self._class_of[index]]

    @cached_property
    def registrations(self) -> Registrations:
        """What the accounts have registered."""
        return Registrations(self._directory.user_registration_details, self.membership.roster)

    @cached_property
    def administrators(self) -> AccountSet:
        """Who holds a directory role; from the registration report if roles were not read."""
        if self._directory.role_assignments is None:
            return self.registrations.where("is_admin")
        return self.membership.roles.admins

    @cached_property
    def is_admin(self) -> AccountLookup:
        """The administrators, for questions about single accounts."""
        return AccountLookup(self.administrators, len(self))

    @cached_property
    def is_registered(self) -> AccountLookup:
        """Who has registered for MFA."""
        return AccountLookup(self.registrations.where("is_mfa_registered"), len(self))

    @cached_property
    def _order(self) -> array[int]:
        """Sorted in runs: a list of all indexes would be the peak of the whole assessment."""
        users = self.membership.roster.users

        def by_name(index: int) -> tuple[str, str]:
            return users[index].user_principal_name or "", users[index].id

        order = array("I")
        for answer in _WORST_FIRST:
            indexes = self.indexes_in(self.classes_with(answer))
            order.extend(merge(*_sorted_runs(indexes, by_name), key=by_name))
        return order

    def _row(self, index: int, notes: AccountNotes) -> AccountRow:
        user, found = self.membership.roster.users[index], self.class_of(index)
        judgement = found.judgement
        noted = list(notes.of(index, user, found.facts, judgement))
        cause, remedy = f"{self._exclusions(index)} {judgement.cause}".strip(), judgement.remedy
        if noted:
            cause = " ".join(filter(None, [cause, *(note.cause for note in noted)]))
            remedies = dict.fromkeys([remedy, *(note.remedy for note in noted)])
            remedy = " ".join(filter(None, remedies))
        return AccountRow(
            object_id=user.id,
            upn=user.user_principal_name or "",
            display_name=user.display_name or "",
            user_type=user.user_type.value if user.user_type else "",
            enabled=user.account_enabled,
            is_admin=self.is_admin.truth(index),
            enforcement=judgement.enforcement,
            enforced_by=judgement.enforced_by,
            cause=cause,
            remedy=remedy,
            mfa_registered=self.is_registered.truth(index),
        )

    def _exclusions(self, index: int) -> str:
        """How policies exclude an account; the first few of them."""
        policies = self.class_of(index).judgement.excluded_from
        if not policies:
            return ""
        shown = [self._exclusion(policy_index, index) for policy_index in policies[:MOST_NAMED]]
        return first_sentences(shown, len(policies))

    def _exclusion(self, policy_index: int, index: int) -> str:
        excluding = self.excluding(policy_index, index)
        policy = self.tenant.policies[policy_index]
        return exclusion_sentence(policy, excluding, index, self.membership.groups)

    def excluding(self, policy_index: int, index: int) -> list[PolicyTarget]:
        """By what a policy excludes an account for certain."""
        if policy_index not in self._exclusion_lookups:
            self._exclusion_lookups[policy_index] = [
                (target, AccountLookup(target.accounts, len(self)))
                for target in self.tenant.policies[policy_index].reach.exclusions
            ]
        return [
            target
            for target, lookup in self._exclusion_lookups[policy_index]
            if lookup.truth(index)
        ]

    def policy_index(self, policy_id: str) -> int | None:
        """The index of the policy with this id; `None` if it was not read."""
        return self._policy_indexes.get(id_key(policy_id))

    @cached_property
    def _policy_indexes(self) -> dict[str, int]:
        return {id_key(d.id): index for index, d in enumerate(self.tenant.demands) if d.id}

    @cached_property
    def federated_domains(self) -> dict[str, str]:
        """Each domain whose provider's MFA may count, in lower case, and how it counts."""
        return federated_domains(self._directory)


def _sorted_runs(
    indexes: Iterator[int], key: Callable[[int], tuple[str, str]]
) -> Iterator[array[int]]:
    while run := array("I", sorted(islice(indexes, RUN_LENGTH), key=key)):
        yield run


def assess_accounts(
    directory: Directory,
    *,
    partner_center_ids: frozenset[str] = PARTNER_CENTER_IDS,
    answers: Iterable[Answer] = (),
) -> JudgedAccounts:
    """
    Judge every account of *directory*; *answers* are those of Entra's What If.

    *partner_center_ids* are the application ids of the portal and the resource ids of Partner
    Center: a policy for all cloud apps that excludes one of them does not enforce MFA.
    """
    membership = Membership(directory)
    policies = directory.policies
    demands = read_demands(directory, partner_center_ids)
    defaults = directory.security_defaults
    tenant = TenantFacts(
        policies=tuple(
            EvaluatedPolicy(
                demand, read_reach(policy, membership) if demand.is_relevant else NO_REACH
            )
            for demand, policy in zip(demands, policies or (), strict=True)
        ),
        security_defaults=defaults.are_on if defaults else None,
        policies_were_read=policies is not None,
    )
    return JudgedAccounts(directory, tenant, membership, answers)


def metrics_of(counts: Mapping[Enforcement | None, int]) -> AccountMetrics:
    """
    Counts and shares; *counts* has the disabled accounts under `None`.

    Both shares are fractions of the enabled accounts, `None` if there are none: `share` counts
    unknown accounts as not enforced, `share_upper` counts them as enforced.
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


def _classify(tenant: TenantFacts, membership: Membership) -> tuple[list[AccountFacts], array[int]]:
    """The facts of each class, and the class of each account, by index."""
    roster = membership.roster
    classifier = AccountClassifier(roster)
    is_judged_by_defaults = tenant.security_defaults is not False
    exempt = synchronisation_accounts(roster, membership.roles) if is_judged_by_defaults else NOBODY
    enabled = classifier.add(roster.where(lambda user: user.account_enabled))
    per_user = classifier.add(roster.where(lambda user: _PER_USER.get(user.per_user_mfa_state)))
    is_agent, is_exempt = classifier.add(agents(roster)), classifier.add(exempt)
    included = [classifier.add(policy.reach.included) for policy in tenant.policies]
    applies = [classifier.add(policy.reach.applies) for policy in tenant.policies]
    may_leave = [classifier.add(policy.reach.may_leave) for policy in tenant.policies]
    classifier.split()
    facts_by_class = [
        AccountFacts(
            enabled=enabled.truth(signature),
            per_user=per_user.truth(signature),
            is_agent=is_agent.truth(signature),
            is_exempt=is_exempt.truth(signature),
            included=tuple(column.truth(signature) for column in included),
            applies=tuple(column.truth(signature) for column in applies),
            may_leave=tuple(column.truth(signature) for column in may_leave),
        )
        for signature in classifier.signatures
    ]
    return facts_by_class, classifier.class_of
