"""
The directory's APIs by the documented rules: users, groups, policies, roles, customers.

Only those of the documented query options are simulated that the product uses; any other is refused
rather than ignored.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from simulator.graph.api import GraphRefusalError, Route, Throttle, json_response
from simulator.graph.batches import Batches
from simulator.graph.lists import ListRules, Row, answer_list, bad_request, select
from simulator.graph.sign_ins import SERVICE as REPORTS
from simulator.graph.what_if import SimulatedWhatIf
from simulator.tenants import organization, policies, users

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator.graph.api import GraphRequest, GraphResponse
    from simulator.tenants.partner import SimulatedPartner

CONDITIONAL_ACCESS = "identity protection and conditional access"
ONE_A_SECOND = Throttle(limit=1, period_seconds=1.0, says_when=False)

_SELECT = frozenset({"$select"})
_PAGED = _SELECT | {"$top"}
_STATE = "perUserMfaState"
_USERS = ListRules(
    _PAGED,
    hidden=frozenset(
        {
            *("accountEnabled", "userType", "creationType", "externalUserState", _STATE),
            *("onPremisesSyncEnabled", "createdDateTime"),
        }
    ),
)
_MEMBERS = ListRules(_PAGED)
_GROUPS = ListRules(_PAGED | {"$filter"}, never=frozenset({"members"}))
_POLICIES = ListRules(_PAGED)
_ROLES = ListRules(_SELECT | {"$expand"})
_DOMAINS = ListRules(_SELECT, never=frozenset({"federationConfiguration"}))
_CUSTOMER_NAMES = ListRules(_PAGED, most_rows=300)
_WITHOUT_OPTIONS = ListRules()
_PREVIEW_CONDITIONS = ("agentIdRiskLevels", "deviceStates")  #: of policies, in beta only


class StatesInBulk(StrEnum):
    """How v1.0 ``/users`` treats ``perUserMfaState``, which its documentation does not mention."""

    GIVEN = "given"
    LEFT_OUT = "left out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DirectoryBehaviour:
    """How the directory behaves where the documentation leaves it open."""

    is_throttled: bool = False
    page_rows: int = 999  #: a page may hold fewer rows than requested
    states_in_bulk: StatesInBulk = StatesInBulk.GIVEN


@dataclass(frozen=True, slots=True)
class _Api:
    """One address; `name` is its key in `SimulatedDirectory.denials`."""

    name: str
    pattern: str
    answer: Callable[[GraphRequest, re.Match[str]], GraphResponse]
    throttle: Throttle | None = None
    service: str = ""
    method: str = "GET"


class SimulatedDirectory:
    """The tenant's directory. Tests change its rows, and deny APIs."""

    def __init__(
        self,
        partner: SimulatedPartner,
        behaviour: DirectoryBehaviour | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        staff = users.Staff(partner.people)
        self.behaviour = behaviour or DirectoryBehaviour()
        self.denials: dict[str, GraphRefusalError] = {}  #: by the name of an API, or by path
        self.users = users.make_users(staff)
        self.groups = users.make_groups(staff)
        self.registrations = users.make_registrations(staff)
        self.policies = policies.make_policies(partner, staff)
        self.assignments = organization.make_assignments(staff)
        self.eligibilities = organization.make_eligibilities(staff)
        self.domains = organization.make_domains()
        self.customers = organization.make_customers()
        self.refreshed_at = f"{partner.ending}T21:07:00Z"  #: the customers' figures
        self.what_if = SimulatedWhatIf(self)
        self._organization = organization.make_organization(partner)
        self.batches = Batches(self._routes(), clock=clock)

    def routes(self) -> list[Route]:
        """The routes for a `SimulatedGraph`."""
        return [*self._routes(), *self.batches.routes()]

    def deny_for_licence(self, *names: str) -> None:
        """Act as a tenant without a licence for these APIs from now on."""
        self._deny("Authentication_RequestFromNonPremiumTenantOrB2CTenant", names)

    def deny_for_consent(self, *names: str) -> None:
        """Act as if the app lacked the permission for these APIs from now on."""
        self._deny("Authorization_RequestDenied", names)

    def _deny(self, code: str, names: Sequence[str]) -> None:
        message = "Insufficient privileges to complete the operation."
        self.denials |= dict.fromkeys(names, GraphRefusalError(HTTPStatus.FORBIDDEN, code, message))

    def _routes(self) -> list[Route]:
        apis = (*self._user_apis(), *self._policy_apis(), *self._organization_apis())
        return [
            Route(
                api.method,
                re.compile(api.pattern),
                self._guarded(api),
                api.throttle if self.behaviour.is_throttled else None,
                api.service,
            )
            for api in apis
        ]

    def _guarded(self, api: _Api) -> Callable[[GraphRequest, re.Match[str]], GraphResponse]:
        def answer(request: GraphRequest, match: re.Match[str]) -> GraphResponse:
            if denial := self.denials.get(api.name) or self.denials.get(request.path):
                raise denial
            return api.answer(request, match)

        return answer

    def _user_apis(self) -> list[_Api]:
        reports, v = "/reports/authenticationMethods/userRegistrationDetails", r"/(?:v1\.0|beta)"
        return [
            _Api("users", f"{v}/users", self._users),
            _Api("requirements", r"/beta/users/([^/]+)/authentication/requirements", self._state),
            _Api("groups", f"{v}/groups", self._groups),
            _Api("groups", f"{v}/groups/([^/]+)", self._group),
            _Api("members", f"{v}/groups/([^/]+)/(members|transitiveMembers)", self._members),
            _Api(
                "userRegistrationDetails",
                v + reports,
                lambda request, _: self._list(request, self.registrations, _WITHOUT_OPTIONS),
                Throttle(),
                REPORTS,
            ),
        ]

    def _policy_apis(self) -> list[_Api]:
        v, base = r"/(?:v1\.0|beta)", "identity/conditionalAccess"
        limit = (ONE_A_SECOND, CONDITIONAL_ACCESS)
        locations, strengths = policies.make_locations(), policies.make_strengths()
        return [
            _Api(
                "policies",
                f"{v}/{base}/policies",
                self._conditional_access_policies,
                *limit,
            ),
            _Api(
                "namedLocations",
                f"{v}/{base}/namedLocations",
                lambda request, _: self._list(request, locations, _POLICIES),
                *limit,
            ),
            _Api(
                "evaluate",
                f"{v}/{base}/evaluate",
                lambda request, _: self.what_if.evaluate(request),
                *limit,
                method="POST",
            ),
            _Api(
                "authenticationStrengthPolicies",
                f"{v}/policies/authenticationStrengthPolicies",
                lambda request, _: self._list(request, strengths, _POLICIES),
            ),
            _Api(
                "identitySecurityDefaultsEnforcementPolicy",
                f"{v}/policies/identitySecurityDefaultsEnforcementPolicy",
                lambda *_: json_response(policies.make_defaults()),
            ),
        ]

    def _conditional_access_policies(
        self, request: GraphRequest, _: re.Match[str]
    ) -> GraphResponse:
        """v1.0 leaves out policies that use preview conditions, without a word."""
        shown = [
            policy
            for policy in self.policies
            if request.path.startswith("/beta/")
            or not any(policy["conditions"].get(name) for name in _PREVIEW_CONDITIONS)
        ]
        return self._list(request, shown, _POLICIES)

    def _organization_apis(self) -> list[_Api]:
        v, roles = r"/(?:v1\.0|beta)", "roleManagement/directory"
        insights = "/beta/security/partner/securityScore/customerInsights"
        names = "tenantRelationships/delegatedAdminCustomers"
        return [
            _Api("organization", f"{v}/organization", self._tenant),
            _Api("roleDefinitions", f"{v}/{roles}/roleDefinitions", self._definitions),
            _Api(
                "roleAssignments",
                f"{v}/{roles}/roleAssignments",
                lambda request, _: self._role_rows(request, self.assignments),
            ),
            _Api(
                "roleEligibilityScheduleInstances",
                f"{v}/{roles}/roleEligibilityScheduleInstances",
                lambda request, _: self._role_rows(request, self.eligibilities),
            ),
            _Api("domains", f"{v}/domains", self._domains),
            _Api(
                "federationConfiguration",
                f"{v}/domains/([^/]+)/federationConfiguration",
                self._federation,
            ),
            _Api("customerInsights", insights, self._insights),
            _Api("partnerSecurityScore", "/beta/security/partner/securityScore", self._score),
            _Api("delegatedAdminCustomers", f"{v}/{names}", self._customer_names),
        ]

    def _list(self, request: GraphRequest, rows: Sequence[Row], rules: ListRules) -> GraphResponse:
        return answer_list(request, rows, rules, self.behaviour.page_rows)

    def _users(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        if self.behaviour.states_in_bulk is StatesInBulk.GIVEN:
            return self._list(request, self.users, _USERS)
        names = request.query.get("$select", "").split(",")
        if _STATE in names and self.behaviour.states_in_bulk is StatesInBulk.REFUSED:
            raise bad_request(f"Could not find a property named '{_STATE}' on type 'user'.")
        rows = [{**user, _STATE: None} for user in self.users]
        return self._list(request, rows, _USERS)

    def _state(self, _: GraphRequest, match: re.Match[str]) -> GraphResponse:
        user = _find(self.users, unquote(match[1]))
        return json_response({_STATE: user[_STATE]})

    def _groups(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        named = re.fullmatch(r"displayName in \((.*)\)", request.query.get("$filter", ""))
        if named is None:
            raise bad_request("Only a filter by names is simulated.")
        names = [name.strip().strip("'") for name in named[1].split(",")]
        rows = [group for group in self.groups if group["displayName"] in names]
        return self._list(request, rows, _GROUPS)

    def _group(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        group = _find(self.groups, unquote(match[1]))
        return json_response(select(group, request.query, _GROUPS))

    def _members(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        group = _find(self.groups, unquote(match[1]))
        rows = group["members"] if match[2] == "members" else self._all_members(group)
        return self._list(request, rows, _MEMBERS)

    def _all_members(self, group: Row) -> list[Row]:
        """All direct and indirect members of a group, once each."""
        known: dict[str, Row] = {}
        queue = [group]
        for current in queue:  # grows while it is iterated
            for member in current["members"]:
                if member["id"] not in known:
                    known[member["id"]] = member
                    queue += [row for row in self.groups if row["id"] == member["id"]]
        return list(known.values())

    def _tenant(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        return self._list(request, [self._organization], ListRules(_SELECT))

    def _definitions(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        return self._list(request, organization.make_definitions(), _ROLES)

    def _role_rows(self, request: GraphRequest, rows: Sequence[Row]) -> GraphResponse:
        expand = request.query.get("$expand")
        if expand not in (None, "principal"):
            raise bad_request(f"Could not find a property named '{expand}'.")
        hidden = frozenset[str]() if expand else frozenset({"principal"})
        return self._list(request, rows, ListRules(_ROLES.options, never=hidden))

    def _domains(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        return self._list(request, self.domains, _DOMAINS)

    def _federation(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        domain = _find(self.domains, unquote(match[1]))
        return self._list(request, domain.get("federationConfiguration", []), _WITHOUT_OPTIONS)

    def _insights(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        kept = ("tenantId", "mfa")
        rows = [{name: row[name] for name in kept} for row in self.customers if row["mfa"]]
        return self._list(request, rows, _WITHOUT_OPTIONS)

    def _score(self, _: GraphRequest, _match: re.Match[str]) -> GraphResponse:
        return json_response({"lastRefreshDateTime": self.refreshed_at})

    def _customer_names(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        kept = ("id", "tenantId", "displayName")
        rows = [{name: row[name] for name in kept} for row in self.customers if row["displayName"]]
        return self._list(request, rows, _CUSTOMER_NAMES)


def _find(rows: Sequence[Row], id_: str) -> Row:
    for row in rows:
        if row["id"] == id_:
            return row
    raise GraphRefusalError(
        HTTPStatus.NOT_FOUND, "Request_ResourceNotFound", f"Resource '{id_}' does not exist."
    )
