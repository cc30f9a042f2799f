"""What would have to be read, or understood, to judge the accounts of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.account_facts import enforced_elsewhere
from shared.mfa.accounts.enforcement import policy_matters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.mfa.accounts.account_facts import AccountFacts, EvaluatedPolicy, TenantFacts
    from shared.mfa.accounts.conditional_access import PolicyTarget


def unread(tenant: TenantFacts, facts: AccountFacts) -> Iterator[str]:
    """What was not read although the answer depends on it."""
    if facts.enabled is None:
        yield "whether the account is enabled"
        return
    if facts.is_agent is None:
        yield "whether this is an agent's user account"
    if facts.per_user is None:
        yield "the per-user MFA state"
    if tenant.security_defaults is None:
        yield "security defaults"
    if facts.is_exempt is None and tenant.security_defaults is not False:
        yield "whether this is a directory synchronisation account, which security defaults exempt"
    if not tenant.policies_were_read:
        yield "the conditional access policies"
    demands = tenant.demands
    doubted = [
        policy_index
        for policy_index in range(len(demands))
        if policy_matters(demands, facts.applies, policy_index)
    ]
    if not doubted and enforced_elsewhere(tenant, facts) is not None:
        doubted = list(range(len(demands)))  # they matter only together
    for policy_index in doubted:
        yield from _unread_of(tenant.policies[policy_index], facts, policy_index)


def _unread_of(policy: EvaluatedPolicy, facts: AccountFacts, policy_index: int) -> Iterator[str]:
    demand, name = policy.demand, f"policy “{policy.demand.name}”"
    if demand.in_force is None:
        yield f"{demand.doubt} {name}" if demand.doubt else f"whether {name} is switched on"
    if demand.grant.doubt:
        yield f"whether {name} requires MFA by {demand.grant.doubt}"
    for limit in demand.extent.limits:
        if not limit.is_certain:
            yield f"{limit.doubt} in {name}"
    if facts.included[policy_index] is None:
        yield from (f"{what}, which {name} includes" for what in _open(policy.reach.inclusions))
    if facts.may_leave[policy_index] is None:
        yield f"who can activate a role that {name} excludes"
    if facts.applies[policy_index] is None:
        yield from (f"{what}, which {name} excludes" for what in _open(policy.reach.exclusions))


def _open(targets: Sequence[PolicyTarget]) -> list[str]:
    return [target.unread for target in targets if not target.accounts.is_certain]
