"""
A tenant's directory from Graph: accounts, policies, and all that decides whom these reach.

What cannot be read (no licence, no consent, throttled or broken to the end) is *not read*: its key
is absent, and a note says why and which permission is missing. Nothing half read is passed on as
whole. Without accounts there is no directory, so these must be read.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from shared.errors import SourceDeniedError
from shared.mfa.accounts.directory import MemberKind, RoleAssignment, UserRegistration
from shared.sources.graph.access import Access, Limits
from shared.sources.graph.customers import INSIGHTS_GRANT, NAMES_GRANT, join, read_insights
from shared.sources.graph.customers import read_names as read_customer_names
from shared.sources.graph.groups import GRANT as GROUPS_GRANT
from shared.sources.graph.groups import (
    HIDDEN_GRANT,
    groups_named,
    partner_group_ids,
    read_groups,
)
from shared.sources.graph.pages import finish_list, read_list
from shared.sources.graph.pulled_directory import Parts
from shared.sources.graph.users import (
    USERS_GRANT,
    ListedUser,
    read_states,
    read_users,
    with_states,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.mfa.accounts.policy import ConditionalAccessPolicy
    from shared.sources.graph.batch import Inner, PostingTransport
    from shared.sources.graph.pulled_directory import PulledDirectory
    from shared.sources.pacing import Budget, Pacer

ORGANIZATION_GRANT = "Organization.Read.All"
POLICIES_GRANT = "Policy.Read.All"
ROLES_GRANT = "RoleManagement.Read.Directory"
ELIGIBILITIES_GRANT = "RoleEligibilitySchedule.Read.Directory"
DOMAINS_GRANT = "Domain.Read.All"
FEDERATION_GRANT = "Domain-InternalFederation.Read.All"
REGISTRATION_GRANT = "AuditLog.Read.All"

#: The application permissions that a whole directory takes, the least for each part.
GRANTS = (
    *(USERS_GRANT, POLICIES_GRANT, ORGANIZATION_GRANT, ROLES_GRANT, GROUPS_GRANT, HIDDEN_GRANT),
    *(DOMAINS_GRANT, FEDERATION_GRANT, REGISTRATION_GRANT, INSIGHTS_GRANT, NAMES_GRANT),
    ELIGIBILITIES_GRANT,
)

_CONDITIONAL_ACCESS = "/identity/conditionalAccess"
_DEFAULTS = "/policies/identitySecurityDefaultsEnforcementPolicy"
_ROLES = "/roleManagement/directory"
_REGISTRATIONS = "/reports/authenticationMethods/userRegistrationDetails"
_FEDERATED = "federated"


def read_directory_from_graph(
    graph: PostingTransport,
    *,
    limits: Limits | None = None,
    budget: Budget | None = None,
    has_customers: bool = True,
) -> PulledDirectory:
    """
    The directory of the tenant that *graph* is signed in to.

    `limits`: give the pacer that sign-ins are read with for the reports. `has_customers`: whether
    the cloud has the partner security score, which only the global one has.
    """
    given: dict[str, Any] = {"limits": limits, "budget": budget}
    access = Access(graph, **{name: value for name, value in given.items() if value is not None})
    return GraphDirectory(access, has_customers=has_customers).read()


class GraphDirectory:
    """One tenant's directory, read one request after the other."""

    def __init__(self, access: Access, *, has_customers: bool = True) -> None:
        self._access = access
        self._has_customers = has_customers

    def read(self) -> PulledDirectory:
        """
        Read everything; what is asked account by account comes last, lest no time be left.

        Raises `SourceDeniedError` or `SourceIncompleteError` where the accounts cannot be read.
        """
        users = read_users(self._access)
        parts = Parts()
        self._add_organization(parts)
        policies = self._add_policies(parts)
        given = self._add_roles(parts)
        self._add_domains(parts)
        self._add_registrations(parts)
        self._add_customers(parts)
        self._add_groups(parts, policies, _groups_with_roles(given, users))
        self._add_users(parts, users)
        return parts.whole()

    def _add_organization(self, parts: Parts) -> None:
        path = "/organization?$select=id,displayName"
        found = parts.attempt("organization", lambda: self._objects(path, ORGANIZATION_GRANT))
        parts.keep("organization", found[0] if found else None)

    def _add_policies(self, parts: Parts) -> tuple[ConditionalAccessPolicy, ...] | None:
        pacer = self._access.limits.policies
        for key, path in (
            ("conditionalAccessPolicies", f"{_CONDITIONAL_ACCESS}/policies"),
            ("namedLocations", f"{_CONDITIONAL_ACCESS}/namedLocations"),
            ("authenticationStrengthPolicies", "/policies/authenticationStrengthPolicies"),
        ):
            self._add_list(parts, key, path, POLICIES_GRANT, pacer)
        reader, url = self._access.reader(POLICIES_GRANT), self._access.url(_DEFAULTS)
        defaults = parts.attempt("securityDefaults", lambda: reader.read(url, msgspec.json.decode))
        parts.keep("securityDefaults", defaults)
        policies: tuple[ConditionalAccessPolicy, ...] | None
        policies = parts.typed("conditionalAccessPolicies")
        return policies

    def _add_roles(self, parts: Parts) -> list[RoleAssignment]:
        """Roles, and to whom they are given: active ones, and apart from them eligible ones."""
        definitions = f"{_ROLES}/roleDefinitions?$select=id,templateId,displayName"
        self._add_list(parts, "roleDefinitions", definitions, ROLES_GRANT)
        return [
            *self._given(parts, "roleAssignments", "roleAssignments", ROLES_GRANT),
            *self._given(
                parts, "roleEligibilities", "roleEligibilityScheduleInstances", ELIGIBILITIES_GRANT
            ),
        ]

    def _given(self, parts: Parts, key: str, name: str, grant: str) -> list[RoleAssignment]:
        """Each with what its principal is: no group is to be sought in vain."""
        url = self._access.url(f"{_ROLES}/{name}?$expand=principal")
        reader = self._access.reader(grant)
        given = parts.attempt(key, lambda: read_list(reader, url, RoleAssignment))
        parts.keep_typed(key, given)
        return given or []

    def _add_domains(self, parts: Parts) -> None:
        path = "/domains?$select=id,authenticationType"
        domains = parts.attempt("domains", lambda: self._objects(path, DOMAINS_GRANT))
        federated = [domain for domain in domains or () if _is_federated(domain)]
        if federated:
            parts.attempt("federationConfiguration", lambda: self._add_federation(parts, federated))
        parts.keep("domains", domains)

    def _add_federation(self, parts: Parts, domains: Sequence[dict[str, Any]]) -> None:
        """Write its federation settings into each domain; one whose are not read gets none."""
        paths = {_federation_path(domain): domain for domain in domains}
        for answers in self._access.batch(FEDERATION_GRANT).read(paths):
            for path, inner in answers.items():
                read = partial(self._settings, inner)
                settings = parts.attempt("federationConfiguration", read)
                if settings is not None:
                    paths[path]["federationConfiguration"] = settings

    def _settings(self, inner: Inner) -> list[dict[str, Any]]:
        if inner.error:
            raise inner.error
        if inner.body is None:
            return []
        return finish_list(self._access.reader(FEDERATION_GRANT), inner.body, dict[str, Any])

    def _add_registrations(self, parts: Parts) -> None:
        reader = self._access.reader(REGISTRATION_GRANT, self._access.limits.reports)
        url = self._access.url(_REGISTRATIONS)
        details = parts.attempt(
            "userRegistrationDetails", lambda: read_list(reader, url, UserRegistration)
        )
        parts.keep_typed("userRegistrationDetails", details)

    def _add_customers(self, parts: Parts) -> None:
        if not self._has_customers:
            elsewhere = SourceDeniedError("Graph has them in the global cloud only.")
            parts.note("customerInsights", elsewhere)
            return
        insights = parts.attempt("customerInsights", lambda: read_insights(self._access))
        names = parts.attempt("delegatedAdminCustomers", lambda: read_customer_names(self._access))
        parts.keep("customers", join(insights, names))

    def _add_groups(
        self,
        parts: Parts,
        policies: Sequence[ConditionalAccessPolicy] | None,
        with_roles: Sequence[str],
    ) -> None:
        """Those that policies or roles name, and by which Partner Center gives rights."""
        for_partners = parts.attempt("partnerGroups", lambda: partner_group_ids(self._access))
        wanted = [*groups_named(policies or ()), *with_roles, *(for_partners or ())]
        unique = list({group_id.lower(): group_id for group_id in wanted}.values())
        found = parts.attempt("groups", lambda: read_groups(self._access, unique))
        if found is None:
            return
        if found.errors:
            first = next(iter(found.errors.values()))
            parts.note("groups", first, f"The members of {_count(len(found.errors), 'group')}")
        if found.groups or (policies is not None and not found.errors):
            parts.keep_typed("groups", found.groups)

    def _add_users(self, parts: Parts, users: list[ListedUser]) -> None:
        states = read_states(self._access, users)
        if states.error:
            missing = f"The per-user MFA states of {_count(states.unread, 'account')}"
            parts.note("perUserMfaState", states.error, missing)
        parts.keep_typed("users", with_states(users, states))

    def _add_list(
        self, parts: Parts, key: str, path: str, grant: str, pacer: Pacer | None = None
    ) -> None:
        parts.keep(key, parts.attempt(key, lambda: self._objects(path, grant, pacer)))

    def _objects(self, path: str, grant: str, pacer: Pacer | None = None) -> list[dict[str, Any]]:
        reader = self._access.reader(grant, pacer)
        return read_list(reader, self._access.url(path), dict[str, Any])


def _groups_with_roles(given: Sequence[RoleAssignment], users: Sequence[ListedUser]) -> list[str]:
    """Those that roles are given to and that are groups, or may be."""
    accounts = {user.id.lower() for user in users}
    return [
        assignment.principal_id
        for assignment in given
        if assignment.principal_id.lower() not in accounts
        and (
            assignment.principal is None
            or assignment.principal.kind in (None, MemberKind.GROUP, MemberKind.UNKNOWN)
        )
    ]


def _is_federated(domain: dict[str, Any]) -> bool:
    return str(domain.get("authenticationType")).lower() == _FEDERATED


def _federation_path(domain: dict[str, Any]) -> str:
    return f"/domains/{quote(str(domain.get('id')), safe='')}/federationConfiguration"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
