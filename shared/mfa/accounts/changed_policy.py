"""What would be enforced if one policy were changed: judges the classes again, not the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import EvaluatedPolicy, enforcement_of
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.extent import Extent
from shared.mfa.accounts.grant import Grant

if TYPE_CHECKING:
    from shared.mfa.accounts.account_facts import AccountFacts
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand


def switched_on(demand: Demand) -> Demand:
    """The policy, no longer in report-only mode."""
    return msgspec.structs.replace(demand, in_force=True, is_report_only=False)


def unconditional(demand: Demand) -> Demand:
    """The policy, requiring MFA and nothing else, for all cloud apps, always."""
    grant = Grant(requires_mfa=True, offers_mfa=True)
    return msgspec.structs.replace(demand, grant=grant, extent=Extent())


def newly_enforced(
    accounts: JudgedAccounts,
    policy_index: int,
    demand: Demand,
    *,
    without_exclusions: bool = False,
) -> set[int]:
    """The indexes of the classes that would become enforced if the policy made this demand."""
    tenant = accounts.tenant
    policies = list(tenant.policies)
    policies[policy_index] = EvaluatedPolicy(demand, policies[policy_index].reach)
    changed = msgspec.structs.replace(tenant, policies=tuple(policies))
    return {
        index
        for index, account_class in enumerate(accounts.classes)
        if account_class.judgement.enforcement not in (None, Enforcement.ENFORCED)
        and account_class.facts.included[policy_index] is not False
        and enforcement_of(
            changed,
            _without_exclusion(account_class.facts, policy_index)
            if without_exclusions
            else account_class.facts,
        )
        is Enforcement.ENFORCED
    }


def _without_exclusion(facts: AccountFacts, policy_index: int) -> AccountFacts:
    if any(found.policy_index == policy_index for found in facts.disagreements):
        return facts  # nobody knows whether it is an exclusion that keeps the policy away
    applies, may_leave = list(facts.applies), list(facts.may_leave)
    applies[policy_index], may_leave[policy_index] = facts.included[policy_index], False
    return msgspec.structs.replace(facts, applies=tuple(applies), may_leave=tuple(may_leave))
