"""
A tenant's directory from Graph: accounts, policies, and everything that decides whom they cover.

What cannot be read (no licence, no consent, throttled or failing to the end) counts as *not read*:
its key is absent, and a note gives the reason and the missing permission. A list that was read in
part is never passed on as whole. Without accounts there is no directory, so these must be read.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.endpoints import Cloud
from shared.errors import SourceDeniedError
from shared.mfa.accounts.directory import MemberKind, RoleAssignment, UserRegistration
from shared.mfa.accounts.policy_reading import read_policy
from shared.sources.graph.collected_directory import DirectoryBuilder
from shared.sources.graph.customers import (
    INSIGHTS_PERMISSION,
    NAMES_PERMISSION,
    join_customers,
    read_insights,
    read_names,
    read_score,
)
from shared.sources.graph.domains import (
    DOMAINS_PERMISSION,
    FEDERATION_PERMISSION,
    add_federation,
    is_federated,
    read_domains,
)
from shared.sources.graph.groups import (
    HIDDEN_PERMISSION,
    groups_named,
    partner_group_ids,
    read_groups,
)
from shared.sources.graph.groups import PERMISSION as GROUPS_PERMISSION
from shared.sources.graph.pages import read_list
from shared.sources.graph.policies import PERMISSION as POLICIES_PERMISSION
from shared.sources.graph.policies import (
    read_locations,
    read_policies,
    read_security_defaults,
    read_strengths,
)
from shared.sources.graph.reader import PremiumLicence
from shared.sources.graph.session import GraphSession, ThrottleLimits
from shared.sources.graph.users import (
    USERS_PERMISSION,
    ListedUser,
    read_states,
    read_users,
    with_states,
)
from shared.sources.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.mfa.accounts.policy import ConditionalAccessPolicy
    from shared.sources.graph.clock import GraphClock
    from shared.sources.graph.collected_directory import CollectedDirectory
    from shared.sources.graph.reader import GraphConnection

ROLES_PERMISSION = "RoleManagement.Read.Directory"
ELIGIBILITIES_PERMISSION = "RoleEligibilitySchedule.Read.Directory"
REGISTRATIONS_PERMISSION = "AuditLog.Read.All"

#: The application permissions that a complete directory takes, the least privileged for each part.
PERMISSIONS = (
    *(USERS_PERMISSION, POLICIES_PERMISSION, ROLES_PERMISSION),
    *(GROUPS_PERMISSION, HIDDEN_PERMISSION, DOMAINS_PERMISSION, FEDERATION_PERMISSION),
    *(REGISTRATIONS_PERMISSION, INSIGHTS_PERMISSION, NAMES_PERMISSION, ELIGIBILITIES_PERMISSION),
)

_ROLES = "/roleManagement/directory"
_REGISTRATIONS = "/reports/authenticationMethods/userRegistrationDetails"
#: What Graph lacks in a cloud, by its published metadata of August 2026. Customers are noted where
#: they are read, and strengths where China's Graph refuses them.
_AGENTS = (
    "Graph's sign-ins say only in the global cloud whether an agent signed in. Agents are "
    "recognised by the type of their account."
)
_RISK = (
    "Graph has neither risk conditions nor authentication strengths in China. A policy whose grant "
    "controls show nothing may require a strength, so its accounts are unknown."
)
_LACKS = {
    Cloud.GLOBAL: {},
    Cloud.USGOV: {"agents": _AGENTS},
    Cloud.DOD: {"agents": _AGENTS},
    Cloud.CHINA: {"agents": _AGENTS, "riskConditions": _RISK},
}


def read_directory_from_graph(  # noqa: PLR0913 (plain values, each named where it is called)
    graph: GraphConnection,
    *,
    limits: ThrottleLimits | None = None,
    budget: Budget | None = None,
    licence: PremiumLicence | None = None,
    clock: GraphClock | None = None,
    has_customers: bool = True,
    cloud: Cloud = Cloud.GLOBAL,
) -> CollectedDirectory:
    """
    The directory of the tenant that *graph* is signed in to.

    `limits`: its pacer for reports must be the one that sign-ins are read with. `licence`: what
    reading sign-ins has shown. `has_customers`: whether the tenant has any that Graph lists, which
    only the global cloud does. What `cloud` lacks is noted.
    """
    session = GraphSession(
        graph,
        limits or ThrottleLimits(),
        budget or Budget(),
        licence or PremiumLicence(),
        clock=clock,
    )
    return DirectoryReader(session, has_customers=has_customers, cloud=cloud).read()


class DirectoryReader:
    """Reads one tenant's directory, one request after the other."""

    def __init__(
        self, session: GraphSession, *, has_customers: bool = True, cloud: Cloud = Cloud.GLOBAL
    ) -> None:
        self._session = session
        self._has_customers = has_customers
        self._builder = DirectoryBuilder()
        for part, sentence in _LACKS[cloud].items():
            self._builder.remark(part, sentence)

    def read(self) -> CollectedDirectory:
        """
        Read everything; what takes a request for each account comes last, in case time runs out.

        Raises `SourceDeniedError` or `SourceIncompleteError` if the accounts cannot be read.
        """
        users = read_users(self._session)
        self._add_organization()
        policies = self._add_policies()
        assignments = self._add_roles()
        self._add_domains()
        self._add_registrations()
        self._add_customers()
        self._add_groups(policies, _groups_with_roles(assignments, users))
        self._add_users(users)
        return self._builder.build()

    def _add_organization(self) -> None:
        """What gives the accounts gives the tenant's name, too (list organizations page)."""
        path = "/organization?$select=id,displayName"
        read = partial(self._session.objects, path, USERS_PERMISSION)
        found = self._builder.attempt("organization", read)
        self._builder.keep("organization", found[0] if found else None)

    def _add_policies(self) -> tuple[ConditionalAccessPolicy, ...] | None:
        builder, session, key = self._builder, self._session, "conditionalAccessPolicies"
        remark = partial(builder.remark, key)
        builder.keep(key, builder.attempt(key, partial(read_policies, session, remark)))
        for name, read in (
            ("namedLocations", read_locations),
            ("authenticationStrengthPolicies", read_strengths),
            ("securityDefaults", read_security_defaults),
        ):
            builder.keep(name, builder.attempt(name, partial(read, session)))
        policies = builder.typed(key)
        return None if policies is None else tuple(map(read_policy, policies))

    def _add_roles(self) -> list[RoleAssignment]:
        """The roles, and who has them: active assignments, and separately eligible ones."""
        definitions = f"{_ROLES}/roleDefinitions?$select=id,templateId,displayName"
        read = partial(self._session.objects, definitions, ROLES_PERMISSION)
        self._builder.keep("roleDefinitions", self._builder.attempt("roleDefinitions", read))
        eligible = "roleEligibilityScheduleInstances"
        return [
            *self._assignments("roleAssignments", "roleAssignments", ROLES_PERMISSION),
            *self._assignments("roleEligibilities", eligible, ELIGIBILITIES_PERMISSION),
        ]

    def _assignments(self, key: str, name: str, permission: str) -> list[RoleAssignment]:
        """Each with its principal, whose kind says whether there is a group to read."""
        url = self._session.url(f"{_ROLES}/{name}?$expand=principal")
        reader = self._session.reader(permission)
        assignments = self._builder.attempt(key, lambda: read_list(reader, url, RoleAssignment))
        self._builder.keep_typed(key, assignments)
        return assignments or []

    def _add_domains(self) -> None:
        domains = self._builder.attempt("domains", partial(read_domains, self._session))
        if federated := list(filter(is_federated, domains or ())):
            add = partial(add_federation, self._session, federated, self._builder)
            self._builder.attempt("federationConfiguration", add)
        self._builder.keep("domains", domains)

    def _add_registrations(self) -> None:
        key, url = "userRegistrationDetails", self._session.url(_REGISTRATIONS)
        pacer = self._session.limits.reports
        reader = self._session.reader(REGISTRATIONS_PERMISSION, pacer, needs_licence=True)
        details = self._builder.attempt(key, lambda: read_list(reader, url, UserRegistration))
        self._builder.keep_typed(key, details)

    def _add_customers(self) -> None:
        builder = self._builder
        if not self._has_customers:
            elsewhere = SourceDeniedError("Graph has them in the global cloud only.")
            builder.note("customerInsights", elsewhere)
            return
        insights = builder.attempt("customerInsights", partial(read_insights, self._session))
        if insights is not None:
            score = builder.attempt("partnerSecurityScore", partial(read_score, self._session))
            builder.keep("partnerSecurityScore", score)
        names = builder.attempt("delegatedAdminCustomers", partial(read_names, self._session))
        builder.keep("customers", join_customers(insights, names))

    def _add_groups(
        self, policies: Sequence[ConditionalAccessPolicy] | None, with_roles: Sequence[str]
    ) -> None:
        """The groups that policies or roles name, and those that give rights in Partner Center."""
        builder = self._builder
        for_partners = builder.attempt("partnerGroups", partial(partner_group_ids, self._session))
        wanted = [*groups_named(policies or ()), *with_roles, *(for_partners or ())]
        unique = list({group_id.lower(): group_id for group_id in wanted}.values())
        found = builder.attempt("groups", lambda: read_groups(self._session, unique))
        if found is None:
            return
        if found.errors:
            first = next(iter(found.errors.values()))
            builder.note("groups", first, f"The members of {_count(len(found.errors), 'group')}")
        if found.groups or (policies is not None and not found.errors):
            builder.keep_typed("groups", found.groups)

    def _add_users(self, users: list[ListedUser]) -> None:
        states = read_states(self._session, users)
        if states.error:
            missing = f"The per-user MFA states of {_count(states.unread, 'account')}"
            self._builder.note("perUserMfaState", states.error, missing)
        self._builder.keep_typed("users", with_states(users, states))


def _groups_with_roles(
    assignments: Sequence[RoleAssignment], users: Sequence[ListedUser]
) -> list[str]:
    """The principals with roles that are groups, or may be."""
    accounts = {user.id.lower() for user in users}
    return [
        assignment.principal_id
        for assignment in assignments
        if assignment.principal_id.lower() not in accounts
        and (
            assignment.principal is None
            or assignment.principal.kind in (None, MemberKind.GROUP, MemberKind.UNKNOWN)
        )
    ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
