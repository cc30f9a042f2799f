"""
Causes that differ between accounts of one class: registration, home domain, and a new policy.

They follow what policies say of the class. For accounts with MFA enforced they say why the log may
show requests without it all the same.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_facts import security_defaults_apply
from shared.mfa.accounts.causes import SECURITY_DEFAULTS, Reason
from shared.mfa.accounts.directory import AuthenticationMethod
from shared.mfa.accounts.enforcement import Enforcement, enforcing_policies
from shared.mfa.accounts.federation import CLAIM_REMEDY, domain_of
from shared.mfa.accounts.methods import MethodQuality, quality_of
from shared.mfa.accounts.policy_age import is_created_since, newest_since
from shared.mfa.window import WINDOW_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.mfa.accounts.account_facts import AccountFacts, TenantFacts
    from shared.mfa.accounts.causes import Judgement
    from shared.mfa.accounts.conditional_access import Demand
    from shared.mfa.accounts.directory import User
    from shared.mfa.accounts.registrations import Registrations

_UNREGISTERED = Reason(
    "The account has not registered for MFA, and security defaults ask nothing of it until it "
    "has, for up to 14 days. (Entra has been removing this delay since December 2024.)",
    "Ask its user to register for MFA now.",
)


class AccountNotes:
    """What to add to the causes of single accounts."""

    def __init__(
        self,
        domains: Mapping[str, str],
        tenant: TenantFacts,
        registrations: Registrations,
        since: date | None,
    ) -> None:
        """
        *domains* are the federated ones, each with whose MFA counts, in words.

        Without *since*, the window's first day, the age of policies does not matter.
        """
        self._tenant = tenant
        self._registrations = registrations
        self._since = since
        self._domains = domains
        self._news: dict[tuple[bool | None, ...], Reason | None] = {}

    def of(
        self, index: int, user: User, facts: AccountFacts, judgement: Judgement
    ) -> Iterator[Reason]:
        """The notes on one account, whose class has these facts; none for a disabled one."""
        enforcement = judgement.enforcement
        if enforcement is None:
            return
        if enforcement is Enforcement.ENFORCED:
            yield from self._unregistered(index, judgement)
            yield from self._new_policy(facts)
        yield from self._external_method(index, facts)
        yield from self._federation(user, is_enforced=enforcement is Enforcement.ENFORCED)

    def _unregistered(self, index: int, judgement: Judgement) -> Iterator[Reason]:
        details = self._registrations.of(index)
        is_unregistered = details is not None and details.is_mfa_registered is False
        if judgement.enforced_by == SECURITY_DEFAULTS and is_unregistered:
            yield _UNREGISTERED

    def _new_policy(self, facts: AccountFacts) -> Iterator[Reason]:
        """A policy that is younger than the window, unless something older enforces MFA."""
        if self._since is None or facts.per_user or security_defaults_apply(self._tenant, facts):
            return
        if facts.applies not in self._news:
            groups = enforcing_policies(self._tenant.demands, facts.applies)
            new = newest_since(groups, self._since)
            self._news[facts.applies] = _recent(new, self._since) if new else None
        if note := self._news[facts.applies]:
            yield note

    def _external_method(self, index: int, facts: AccountFacts) -> Iterator[Reason]:
        methods = self._registrations.methods_of(index)
        if methods is None or AuthenticationMethod.EXTERNAL not in methods:
            return
        others = [method for method in methods if method is not AuthenticationMethod.EXTERNAL]
        if quality_of(others) in (MethodQuality.ONE_FACTOR, MethodQuality.NONE):
            for demand, applies in zip(self._tenant.demands, facts.applies, strict=True):
                grant = demand.grant
                if applies and demand.in_force and grant.requires_mfa and grant.strength:
                    yield _external(demand)

    def _federation(self, user: User, *, is_enforced: bool) -> Iterator[Reason]:
        domain = domain_of(user)
        behavior = self._domains.get(domain)
        if behavior is None:
            return
        if is_enforced:
            yield Reason(
                f"The domain {domain} is federated ({behavior}): a request shows MFA only if the "
                "provider's token has the MFA claim.",
                CLAIM_REMEDY,
            )
        else:
            yield Reason(
                f"The domain {domain} is federated; what its provider requires is unknown.",
                "Require MFA in Entra as well; the provider's MFA then satisfies it.",
            )


def _recent(demand: Demand, since: date) -> Reason:
    is_new = is_created_since(demand, since)
    day = date.fromisoformat((demand.created_at if is_new else demand.changed_at)[:10])
    verb, did = ("created", "did") if is_new else ("changed", "may")
    applied = f"it {did} not {'apply' if is_new else 'have applied'} to requests before"
    return Reason(
        f"Policy “{demand.name}” was {verb} on {_day(day)}, within the window: {applied}.",
        f"Wait until {_day(day + timedelta(days=WINDOW_DAYS))}: by then, requests from before have "
        "left the window.",
    )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _external(demand: Demand) -> Reason:
    return Reason(
        "The account's only MFA method is external, which satisfies a demand for MFA but never an "
        f"authentication strength, as policy “{demand.name}” demands.",
        f"Let policy “{demand.name}” require MFA in place of a strength, or have the user register "
        "a method that satisfies it.",
    )
