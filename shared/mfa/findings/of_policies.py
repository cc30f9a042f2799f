"""What each policy leaves open, and what changing it would buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.causes import way_of
from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.accounts.what_if import newly_enforced, switched_on, unconditional
from shared.mfa.findings.finding import finding, listed, named, worth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand, Reach
    from shared.mfa.findings.finding import Finding, Subjects


def policy_findings(accounts: JudgedAccounts) -> Iterator[Finding]:
    """All findings that are about one policy."""
    for place, policy in enumerate(accounts.tenant.policies):
        demand = policy.demand
        if demand.is_report_only:
            yield from _rehearsal(accounts, place, demand)
        elif demand.in_force:
            yield from _exclusions(accounts, place, demand, policy.reach)
            yield from _conditions(accounts, place, demand)
            yield from _futile(accounts, place, demand)


def _rehearsal(accounts: JudgedAccounts, place: int, demand: Demand) -> Iterator[Finding]:
    """What a report-only policy would close if it were switched on."""
    if not demand.grant.offers_mfa or demand.extent.futile:
        return
    closed = newly_enforced(accounts, place, switched_on(demand))
    metrics = accounts.metrics
    gaps = (metrics.enabled or 0) - (metrics.enforced or 0)
    size = accounts.size(closed)
    effect = f"switched on, it would close {size:,} of {gaps:,} gaps"
    subjects = named(accounts, accounts.numbers(closed))
    found = finding("report-only", subjects, policy=demand.name, policy_id=demand.id, effect=effect)
    yield worth(found, accounts, size)


def _exclusions(
    accounts: JudgedAccounts, place: int, demand: Demand, reach: Reach
) -> Iterator[Finding]:
    """Accounts left out of a policy that would demand MFA of them, without other enforcement."""
    left_out = accounts.places(lambda one: place in one.judgement.excluded_from)
    if not left_out or demand.grant.requires_mfa is not True:
        return
    gained = left_out & newly_enforced(accounts, place, demand, without_exclusions=True)
    found = finding(
        "accounts-excluded",
        named(accounts, accounts.numbers(left_out)),
        policy=demand.name,
        policy_id=demand.id,
        entries=", ".join(map(way_of, reach.exclusions)),
    )
    yield worth(found, accounts, accounts.size(gained))


def _conditions(accounts: JudgedAccounts, place: int, demand: Demand) -> Iterator[Finding]:
    """Accounts of which the policy, and nothing better, asks for MFA only at times."""
    reached = accounts.places(
        lambda one: (
            one.judgement.enforcement is Enforcement.CONDITIONAL
            and one.standing.applies[place] is True
        )
    )
    if demand.grant.blocks:
        reached = {place for place in reached if _is_only_blocked(accounts, place)}
    if not reached or not demand.asks:
        return
    subjects = named(accounts, accounts.numbers(reached))
    gained = reached & newly_enforced(accounts, place, unconditional(demand))
    yield worth(_condition(demand, subjects), accounts, accounts.size(gained))


def _is_only_blocked(accounts: JudgedAccounts, place: int) -> bool:
    applies = accounts.classes[place].standing.applies
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


def _futile(accounts: JudgedAccounts, place: int, demand: Demand) -> Iterator[Finding]:
    """Policies that look like MFA and protect nobody."""
    about = {"policy": demand.name, "policy_id": demand.id}
    if demand.extent.futile:
        if demand.grant.requires_mfa:
            futile = demand.extent.futile.value
            subjects = listed([demand.name])
            yield finding("policy-without-sign-ins", subjects, **about, futile=futile)
    elif demand.grant.has_custom_control and not demand.grant.offers_mfa:
        bare = accounts.places(
            lambda one: (
                one.judgement.enforcement in NOT_ENFORCED and one.standing.applies[place] is True
            )
        )
        gained = bare & newly_enforced(accounts, place, unconditional(demand))
        subjects = named(accounts, accounts.numbers(bare))
        found = finding("custom-control", subjects, **about)
        yield worth(found, accounts, accounts.size(gained))
