"""What attributes of accounts show: guests, names, registration, legacy protocols, federation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import AccountLookup
from shared.mfa.accounts.causes import AGENT, EXEMPT
from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.accounts.extent import ConditionKind
from shared.mfa.accounts.federation import provider_behavior
from shared.mfa.accounts.graph import flag_words
from shared.mfa.accounts.methods import combinations_of
from shared.mfa.findings.finding import (
    account_subjects,
    finding,
    named_subjects,
    not_enforced_finding,
    with_fewer_accounts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.accounts.account_facts import TenantFacts
    from shared.mfa.accounts.assessment import AccountClass, JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand
    from shared.mfa.accounts.directory import AuthenticationMethod, Directory, Domain
    from shared.mfa.findings.finding import Finding, Gap

#: Typical names of accounts that software signs in with; a hint, not a proof.
_SOFTWARE = re.compile(
    r"(?:^|[._-])(?:svc|service|srv|sync|bot|robot|noreply|no-reply|automation|batch|backup"
    r"|scanner|script|api)(?:[._-]|\d|$)"
)


def attribute_findings(directory: Directory, accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    """All findings about attributes of accounts, which do not depend on a policy."""
    yield from _agents(accounts)
    yield from _synchronisation(accounts)
    yield from _guests(accounts)
    yield from _service_accounts(accounts)
    yield from _unregistered(accounts)
    yield from _unsatisfied_strengths(directory, accounts)
    yield from _legacy(accounts)
    yield from _federation(directory, accounts)
    if accounts.tenant.security_defaults:
        yield finding("security-defaults", named_subjects([]))


def _not_enforced(accounts: JudgedAccounts) -> Iterator[int]:
    return accounts.indexes_in(accounts.classes_with(*NOT_ENFORCED))


def _enabled_accounts(accounts: JudgedAccounts) -> Iterator[int]:
    return accounts.indexes_in(accounts.classes_where(lambda found: found.facts.enabled is True))


def _guests(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    guests = AccountLookup(accounts.membership.guests.all, len(accounts))
    indexes = (index for index in _not_enforced(accounts) if guests.truth(index))
    yield from not_enforced_finding("guests-without-mfa", accounts, indexes)


def _agents(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    agents = accounts.classes_where(
        lambda found: bool(found.facts.enabled and found.facts.is_agent)
    )
    if agents:
        yield finding("agent-accounts", account_subjects(accounts, accounts.indexes_in(agents)))


def _synchronisation(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    exempt = accounts.classes_where(lambda found: found.judgement.cause == EXEMPT.cause)
    yield from _removal("synchronisation-accounts", accounts, list(accounts.indexes_in(exempt)))


def _service_accounts(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    users = accounts.membership.roster.users
    indexes = [
        index
        for index in _not_enforced(accounts)
        if _SOFTWARE.search(_before_at(users[index].user_principal_name))
        and accounts.class_of(index).judgement.cause not in (AGENT.cause, EXEMPT.cause)
    ]
    yield from _removal("service-accounts-as-users", accounts, indexes)


def _removal(
    finding_id: str, accounts: JudgedAccounts, indexes: list[int]
) -> Iterator[Finding | Gap]:
    """A finding whose fix is that these accounts no longer exist."""
    if indexes:
        found = finding(finding_id, account_subjects(accounts, iter(indexes)))
        yield with_fewer_accounts(found, accounts, indexes)


def _before_at(name: str | None) -> str:
    return (name or "").partition("@")[0].lower()


def _unregistered(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    """Guests are left out: they may be registered in their home directory."""
    guests = AccountLookup(accounts.membership.guests.all, len(accounts))
    subjects = account_subjects(
        accounts,
        (
            index
            for index in _enabled_accounts(accounts)
            if accounts.is_registered.truth(index) is False and guests.truth(index) is False
        ),
    )
    if subjects.total:
        yield finding("mfa-not-registered", subjects)


def _legacy(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    """Accounts with enforced MFA that certainly no policy keeps from legacy protocols."""
    tenant = accounts.tenant
    if tenant.security_defaults is not False or not tenant.policies_were_read:
        return
    exposed = accounts.classes_where(lambda found: _is_open_to_legacy(tenant, found))
    if exposed:
        yield finding(
            "legacy-authentication", account_subjects(accounts, accounts.indexes_in(exposed))
        )


def _is_open_to_legacy(tenant: TenantFacts, account_class: AccountClass) -> bool:
    return account_class.judgement.enforcement is Enforcement.ENFORCED and not any(
        applies is not False and _stops_legacy(demand)
        for applies, demand in zip(account_class.facts.applies, tenant.demands, strict=True)
    )


def _stops_legacy(demand: Demand) -> bool:
    """MFA stops legacy protocols as a block does: they cannot do MFA. They only reach mail."""
    named_apps = demand.extent.named
    mail = {"office365", "00000002-0000-0ff1-ce00-000000000000"}
    harmless = {ConditionKind.CLIENT_APP, ConditionKind.APPLICATIONS, ConditionKind.PARTNER_CENTER}
    return (
        demand.in_force is not False
        and (demand.grant.blocks or demand.grant.requires_mfa is not False)
        and demand.extent.covers_legacy
        and (named_apps is None or bool(named_apps & mail))
        and all(limit.condition in harmless for limit in demand.extent.limits)
    )


def _federation(directory: Directory, accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    sources = [
        f"Policy “{demand.name}” requires a custom control"
        for demand in accounts.tenant.demands
        if demand.in_force and demand.grant.has_custom_control
    ]
    for domain in directory.domains or ():
        behavior = provider_behavior(domain)
        if domain.is_federated and behavior:
            sources.append(f"the domain {domain.id} is federated")
            yield from _federation_alone(domain, accounts)
            yield finding(
                "federation-claim",
                named_subjects([domain.id], [domain.id]),
                domain=domain.id,
                behavior=behavior,
            )
    if sources:
        joined = "; ".join(sources)
        yield finding(
            "third-party-mfa", named_subjects([]), sources=joined[:1].upper() + joined[1:]
        )


def _federation_alone(domain: Domain, accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    users, suffix = accounts.membership.roster.users, f"@{domain.id.lower()}"
    unprotected = accounts.classes_with(Enforcement.UNPROTECTED)
    indexes = (
        index
        for index in accounts.indexes_in(unprotected)
        if (users[index].user_principal_name or "").lower().endswith(suffix)
    )
    yield from not_enforced_finding("federation-alone", accounts, indexes, domain=domain.id)


def _unsatisfied_strengths(
    directory: Directory, accounts: JudgedAccounts
) -> Iterator[Finding | Gap]:
    """Accounts whose registered methods are all too weak for a policy that applies to them."""
    for policy_index, demand in enumerate(accounts.tenant.demands):
        strength = demand.grant.strength
        allowed = flag_words(strength.allowed_combinations if strength else None)
        if allowed and demand.in_force and demand.grant.requires_mfa:
            methods = {part for combination in allowed for part in combination.split(",")}
            subjects = account_subjects(
                accounts, _lacking(directory, accounts, policy_index, methods)
            )
            if subjects.total:
                yield finding(
                    "strength-not-registered", subjects, policy=demand.name, policy_id=demand.id
                )


def _lacking(
    directory: Directory, accounts: JudgedAccounts, policy_index: int, allowed: set[str]
) -> Iterator[int]:
    if "federatedmultifactor" in allowed and any(d.is_federated for d in directory.domains or ()):
        return
    for details in directory.user_registration_details or ():
        index = accounts.membership.roster.index_of(details.id)
        if index is None or not details.methods_registered:
            continue
        facts = accounts.class_of(index).facts
        applies = facts.enabled and facts.applies[policy_index]
        if applies and _are_too_weak(details.methods_registered, allowed):
            yield index


def _are_too_weak(methods: Iterable[AuthenticationMethod], allowed: set[str]) -> bool:
    """Whether no registered method is known to be one of *allowed*."""
    return not any(allowed & combinations_of(method) for method in methods)
