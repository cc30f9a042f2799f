"""What each policy leaves open, and what changing it would gain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.causes import target_phrase
from shared.mfa.accounts.changed_policy import newly_enforced, switched_on, unconditional
from shared.mfa.accounts.conditional_access import TargetKind
from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.findings.finding import account_subjects, finding, named_subjects, with_gain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand, Reach
    from shared.mfa.findings.finding import Finding, Gap, Subjects


def policy_findings(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    """All findings about single policies."""
    for policy_index, policy in enumerate(accounts.tenant.policies):
        demand = policy.demand
        if demand.is_report_only:
            yield from _report_only(accounts, policy_index, demand)
        elif demand.in_force:
            yield from _exclusions(accounts, policy_index, demand, policy.reach)
            yield from _leaving(accounts, policy_index, demand, policy.reach)
            yield from _conditions(accounts, policy_index, demand)
            yield from _futile(accounts, policy_index, demand)


def _report_only(
    accounts: JudgedAccounts, policy_index: int, demand: Demand
) -> Iterator[Finding | Gap]:
    """The accounts for which a report-only policy would enforce MFA if it were switched on."""
    if not demand.grant.offers_mfa or demand.extent.futile:
        return
    closed = newly_enforced(accounts, policy_index, switched_on(demand))
    metrics = accounts.metrics
    gaps = (metrics.enabled or 0) - (metrics.enforced or 0)
    size = accounts.size_of(closed)
    effect = f"switched on, it would close {size:,} of {gaps:,} gaps"
    subjects = account_subjects(accounts, accounts.indexes_in(closed))
    found = finding("report-only", subjects, policy=demand.name, policy_id=demand.id, effect=effect)
    yield with_gain(found, accounts, accounts.indexes_in(closed))


def _exclusions(
    accounts: JudgedAccounts, policy_index: int, demand: Demand, reach: Reach
) -> Iterator[Finding | Gap]:
    """Accounts excluded from a policy that requires MFA, and not enforced by anything else."""
    left_out = accounts.classes_where(lambda found: policy_index in found.judgement.excluded_from)
    if not left_out or demand.grant.requires_mfa is not True:
        return
    gained = left_out & newly_enforced(accounts, policy_index, demand, without_exclusions=True)
    found = finding(
        "accounts-excluded",
        account_subjects(accounts, accounts.indexes_in(left_out)),
        policy=demand.name,
        policy_id=demand.id,
        entries=", ".join(map(target_phrase, reach.exclusions)),
    )
    yield with_gain(found, accounts, accounts.indexes_in(gained))


def _leaving(
    accounts: JudgedAccounts, policy_index: int, demand: Demand, reach: Reach
) -> Iterator[Finding | Gap]:
    """Accounts that have MFA enforced only until they activate a role that the policy excludes."""
    leaving = accounts.classes_where(lambda found: policy_index in found.judgement.left)
    if not leaving:
        return
    gained = leaving & newly_enforced(accounts, policy_index, demand, without_exclusions=True)
    roles = (target.name for target in reach.exclusions if target.kind is TargetKind.ROLE)
    found = finding(
        "excluded-by-activation",
        account_subjects(accounts, accounts.indexes_in(leaving)),
        policy=demand.name,
        policy_id=demand.id,
        roles=", ".join(roles),
    )
    yield with_gain(found, accounts, accounts.indexes_in(gained))


def _conditions(
    accounts: JudgedAccounts, policy_index: int, demand: Demand
) -> Iterator[Finding | Gap]:
    """Accounts that the policy, and nothing better, asks for MFA only sometimes."""
    reached = accounts.classes_where(
        lambda found: (
            found.judgement.enforcement is Enforcement.CONDITIONAL
            and found.facts.applies[policy_index] is True
            and not found.judgement.left
        )
    )
    if demand.grant.blocks:
        reached = {
            class_index for class_index in reached if _is_only_blocked(accounts, class_index)
        }
    if not reached or not demand.asks:
        return
    subjects = account_subjects(accounts, accounts.indexes_in(reached))
    gained = reached & newly_enforced(accounts, policy_index, unconditional(demand))
    yield with_gain(_condition(demand, subjects), accounts, accounts.indexes_in(gained))


def _is_only_blocked(accounts: JudgedAccounts, class_index: int) -> bool:
    applies = accounts.classes[class_index].facts.applies
    return not any(
        truth is True and demand.asks and not demand.grant.blocks
        for truth, demand in zip(applies, accounts.tenant.demands, strict=True)
    )


def _condition(demand: Demand, subjects: Subjects) -> Finding:
    if demand.grant.blocks:
        return finding("blocked-not-mfa", subjects, policy=demand.name, policy_id=demand.id)
    if demand.grant.requires_mfa is not True or not demand.extent.limits:
        others = " or ".join(demand.grant.others)
        return finding(
            "mfa-or-something-else",
            subjects,
            policy=demand.name,
            policy_id=demand.id,
            others=others,
        )
    return finding(
        f"conditional-{demand.extent.limits[0].condition}",
        subjects,
        policy=demand.name,
        policy_id=demand.id,
        when=demand.extent.when,
    )


def _futile(accounts: JudgedAccounts, policy_index: int, demand: Demand) -> Iterator[Finding | Gap]:
    """Policies that look like MFA but protect nobody."""
    about = {"policy": demand.name, "policy_id": demand.id}
    if demand.extent.futile:
        if demand.grant.requires_mfa:
            futile = demand.extent.futile.value
            subjects = named_subjects([demand.name])
            yield finding("policy-without-sign-ins", subjects, **about, futile=futile)
    elif demand.grant.has_custom_control and not demand.grant.offers_mfa:
        bare = accounts.classes_where(
            lambda found: (
                found.judgement.enforcement in NOT_ENFORCED
                and found.facts.applies[policy_index] is True
            )
        )
        gained = bare & newly_enforced(accounts, policy_index, unconditional(demand))
        subjects = account_subjects(accounts, accounts.indexes_in(bare))
        found = finding("custom-control", subjects, **about)
        yield with_gain(found, accounts, accounts.indexes_in(gained))
