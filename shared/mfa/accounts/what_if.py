"""What would be enforced if one policy were changed: classes are judged again, not accounts."""

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
    """The policy, asking for MFA and nothing else, for all cloud apps, always."""
    grant = Grant(requires_mfa=True, offers_mfa=True)
    return msgspec.structs.replace(demand, grant=grant, extent=Extent())


def newly_enforced(
    accounts: JudgedAccounts, place: int, demand: Demand, *, without_exclusions: bool = False
) -> set[int]:
    """The classes, by place, that would become enforced if policy *place* made this demand."""
    tenant = accounts.tenant
    policies = list(tenant.policies)
    policies[place] = EvaluatedPolicy(demand, policies[place].reach)
    changed = msgspec.structs.replace(tenant, policies=tuple(policies))
    return {
        number
        for number, one in enumerate(accounts.classes)
        if one.judgement.enforcement not in (None, Enforcement.ENFORCED)
        and one.standing.included[place] is not False
        and enforcement_of(
            changed, _included(one.standing, place) if without_exclusions else one.standing
        )
        is Enforcement.ENFORCED
    }


def _included(standing: AccountFacts, place: int) -> AccountFacts:
    applies = list(standing.applies)
    applies[place] = standing.included[place]
    return msgspec.structs.replace(standing, applies=tuple(applies))
