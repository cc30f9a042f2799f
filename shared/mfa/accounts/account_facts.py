"""What is known about a tenant's policies, and about one class of its accounts."""

from __future__ import annotations

import msgspec

from shared.mfa.accounts.conditional_access import Demand, Reach
from shared.mfa.accounts.enforcement import (
    Enforcement,
    combined_enforcement,
    enforcement,
)
from shared.mfa.accounts.truth import Truth, all_of, any_of


class EvaluatedPolicy(msgspec.Struct, frozen=True):
    """A policy: what it demands, and of whom."""

    demand: Demand
    reach: Reach


class TenantFacts(msgspec.Struct, frozen=True):
    """What is the same for all accounts."""

    policies: tuple[EvaluatedPolicy, ...]
    security_defaults: Truth
    policies_were_read: bool

    @property
    def demands(self) -> list[Demand]:
        """What the policies demand."""
        return [policy.demand for policy in self.policies]


class AccountFacts(msgspec.Struct, frozen=True):
    """What is known about all accounts of one class; the tuples have one item per policy."""

    enabled: Truth
    per_user: Truth  #: whether the per-user MFA state is enabled or enforced
    is_agent: Truth  #: an agent's user account, which can hold no MFA factor
    is_exempt: Truth  #: from security defaults
    included: tuple[Truth, ...]
    applies: tuple[Truth, ...]  #: included and not excluded
    may_leave: tuple[Truth, ...]  #: able to activate a role that is excluded


def security_defaults_apply(tenant: TenantFacts, facts: AccountFacts) -> Truth:
    """Whether security defaults enforce MFA for the accounts."""
    is_subject = None if facts.is_exempt is None else not facts.is_exempt
    return all_of((tenant.security_defaults, is_subject))


def enforced_elsewhere(tenant: TenantFacts, facts: AccountFacts) -> Truth:
    """Whether something other than the policies that were read enforces MFA."""
    unread_policies = False if tenant.policies_were_read else None
    return any_of((facts.per_user, security_defaults_apply(tenant, facts), unread_policies))


def enforcement_of(tenant: TenantFacts, facts: AccountFacts) -> Enforcement | None:
    """The enforcement of the accounts; `None` if disabled, as nothing is required of those."""
    if facts.enabled is False:
        return None
    if facts.enabled is None:
        return Enforcement.UNKNOWN
    if facts.is_agent:
        return Enforcement.UNPROTECTED
    answer = _enforcement_while_it_lasts(tenant, facts)
    is_in_doubt = facts.is_agent is None and answer is not Enforcement.UNPROTECTED
    return Enforcement.UNKNOWN if is_in_doubt else answer


def _enforcement_while_it_lasts(tenant: TenantFacts, facts: AccountFacts) -> Enforcement:
    """Conditional if the accounts can leave the policies that enforce MFA, by activating a role."""
    elsewhere = enforced_elsewhere(tenant, facts)
    answer = enforcement(tenant.demands, facts.applies, elsewhere)
    if answer is not Enforcement.ENFORCED or elsewhere or any_of(facts.may_leave) is False:
        return answer
    for leaving, lesser in ((True, Enforcement.CONDITIONAL), (None, Enforcement.UNKNOWN)):
        left = [
            False if leaves is True or leaves is leaving else applies
            for applies, leaves in zip(facts.applies, facts.may_leave, strict=True)
        ]
        if combined_enforcement(tenant.demands, left) is not Enforcement.ENFORCED:
            return lesser
    return answer
