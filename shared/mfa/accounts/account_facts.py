"""What is known of a tenant's policies, and of one class of its accounts."""

from __future__ import annotations

import msgspec

from shared.mfa.accounts.conditional_access import Demand, Reach
from shared.mfa.accounts.enforcement import Enforcement, enforcement
from shared.mfa.accounts.truth import Truth, any_of


class EvaluatedPolicy(msgspec.Struct, frozen=True):
    """A policy: its demand, and of whom it makes it."""

    demand: Demand
    reach: Reach


class TenantFacts(msgspec.Struct, frozen=True):
    """What holds for all accounts alike."""

    policies: tuple[EvaluatedPolicy, ...]
    security_defaults: Truth
    policies_were_read: bool

    @property
    def demands(self) -> list[Demand]:
        """What the policies ask for."""
        return [policy.demand for policy in self.policies]


class AccountFacts(msgspec.Struct, frozen=True):
    """What is known of all accounts of one class; the tuples have one place per policy."""

    enabled: Truth
    per_user: Truth  #: whether the per-user MFA state is enabled or enforced
    included: tuple[Truth, ...]
    applies: tuple[Truth, ...]  #: included and not excluded


def elsewhere(tenant: TenantFacts, standing: AccountFacts) -> Truth:
    """Whether something other than the policies that were read enforces MFA."""
    unread_policies = False if tenant.policies_were_read else None
    return any_of((standing.per_user, tenant.security_defaults, unread_policies))


def enforcement_of(tenant: TenantFacts, standing: AccountFacts) -> Enforcement | None:
    """How the accounts stand; `None` for disabled ones, of which nothing is demanded."""
    if standing.enabled is False:
        return None
    if standing.enabled is None:
        return Enforcement.UNKNOWN
    return enforcement(tenant.demands, standing.applies, elsewhere(tenant, standing))
