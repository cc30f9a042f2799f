"""What is known about a tenant's policies, and about one class of its accounts."""

from __future__ import annotations

import msgspec

from shared.mfa.accounts.conditional_access import Demand, Reach
from shared.mfa.accounts.enforcement import Enforcement, enforcement
from shared.mfa.accounts.truth import Truth, any_of


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
    included: tuple[Truth, ...]
    applies: tuple[Truth, ...]  #: included and not excluded


def enforced_elsewhere(tenant: TenantFacts, facts: AccountFacts) -> Truth:
    """Whether something other than the policies that were read enforces MFA."""
    unread_policies = False if tenant.policies_were_read else None
    return any_of((facts.per_user, tenant.security_defaults, unread_policies))


def enforcement_of(tenant: TenantFacts, facts: AccountFacts) -> Enforcement | None:
    """The enforcement of the accounts; `None` if disabled, as nothing is required of those."""
    if facts.enabled is False:
        return None
    if facts.enabled is None:
        return Enforcement.UNKNOWN
    return enforcement(tenant.demands, facts.applies, enforced_elsewhere(tenant, facts))
