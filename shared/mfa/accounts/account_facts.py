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


class Disagreement(msgspec.Struct, frozen=True):
    """A policy of which Entra's What If says something else than our evaluation."""

    policy: str  #: its name
    policy_index: int  #: -1 for one that was not read
    sign_in: str  #: in words: "portal in browsers"
    why: str  #: Entra's reason for not applying it; or what it requires
    is_ours: bool = True  #: it applies by our evaluation alone; else by Entra's alone

    @property
    def text(self) -> str:
        """The difference in words."""
        if self.is_ours:
            return (
                f"policy “{self.policy}” does not apply ({self.sign_in}: {self.why}), although it "
                "does by this report's evaluation"
            )
        return (
            f"policy “{self.policy}” applies ({self.sign_in}, requires {self.why}), although it "
            "does not by this report's evaluation"
        )


class AccountFacts(msgspec.Struct, frozen=True):
    """What is known about all accounts of one class; the tuples have one item per policy."""

    enabled: Truth
    per_user: Truth  #: whether the per-user MFA state is enabled or enforced
    is_agent: Truth  #: an agent's user account, which can hold no MFA factor
    is_exempt: Truth  #: from security defaults
    included: tuple[Truth, ...]
    applies: tuple[Truth, ...]  #: included and not excluded
    may_leave: tuple[Truth, ...]  #: able to activate a role that is excluded
    disagreements: tuple[Disagreement, ...] = ()  #: `applies` is unknown where they are ours


def security_defaults_apply(tenant: TenantFacts, facts: AccountFacts) -> Truth:
    """Whether security defaults enforce MFA for the accounts."""
    is_subject = None if facts.is_exempt is None else not facts.is_exempt
    return all_of((tenant.security_defaults, is_subject))


def enforced_elsewhere(tenant: TenantFacts, facts: AccountFacts) -> Truth:
    """Whether something other than the policies as they were read enforces MFA."""
    is_all_known = tenant.policies_were_read and all(d.is_ours for d in facts.disagreements)
    unread_policies = False if is_all_known else None
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
