"""
The directory's APIs by the documented rules: users, groups, policies, roles, customers.

Of the options that the documents list, those are simulated that somebody uses; any other is refused
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

from simulator.graph.batches import Batches
from simulator.graph.lists import Row, Rules, answer_list, bad, select
from simulator.graph.sign_ins import SERVICE as REPORTS
from simulator.graph.site import GraphRefusalError, Route, Throttle, json_response
from simulator.tenants import organization as rest
from simulator.tenants import policies
from simulator.tenants import users as people

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulator.graph.site import GraphRequest, GraphResponse
    from simulator.tenants.partner import SimulatedPartner

CONDITIONAL_ACCESS = "identity protection and conditional access"
ONE_A_SECOND = Throttle(limit=1, period_seconds=1.0, says_when=False)

_SELECT = frozenset({"$select"})
_PAGED = _SELECT | {"$top"}
_STATE = "perUserMfaState"
_USERS = Rules(
    _PAGED,
    hidden=frozenset(
        {
            *("accountEnabled", "userType", "creationType", "externalUserState", _STATE),
            *("onPremisesSyncEnabled", "createdDateTime"),
        }
    ),
)
_MEMBERS = Rules(_PAGED)
_GROUPS = Rules(_PAGED | {"$filter"}, never=frozenset({"members"}))
_POLICIES = Rules(_PAGED)
_ROLES = Rules(_SELECT | {"$expand"})
_DOMAINS = Rules(_SELECT, never=frozenset({"federationConfiguration"}))
_NAMES = Rules(_PAGED, most_rows=300)
_WITHOUT_OPTIONS = Rules()


class StatesInBulk(StrEnum):
    """What v1.0 ``/users`` makes of ``perUserMfaState``, which no page of its documents."""

    GIVEN = "given"
    LEFT_OUT = "left out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DirectoryConduct:
    """How the directory behaves where the documentation leaves room."""

    is_throttled: bool = False
    page_rows: int = 999  #: a page may hold fewer rows than were asked for
    states_in_bulk: StatesInBulk = StatesInBulk.GIVEN


@dataclass(frozen=True, slots=True)
class _Api:
    """One address; `name` is what it is denied by."""

    name: str
    pattern: str
    answer: Callable[[GraphRequest, re.Match[str]], GraphResponse]
    throttle: Throttle | None = None
    service: str = ""


class SimulatedDirectory:
    """The tenant's directory; tests change its lists of rows, and deny what they please."""

    def __init__(
        self,
        partner: SimulatedPartner,
        conduct: DirectoryConduct | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        cast = people.Cast(partner.people)
        self.conduct = conduct or DirectoryConduct()
        self.denials: dict[str, GraphRefusalError] = {}  #: by the name of an API, or ``$batch``
        self.users = people.make_users(cast)
        self.groups = people.make_groups(cast)
        self.registrations = people.make_registrations(cast)
        self.policies = policies.make_policies(partner, cast)
        self.assignments = rest.make_assignments(cast)
        self.eligibilities = rest.make_eligibilities(cast)
        self.domains = rest.make_domains()
        self.customers = rest.make_customers()
        self._organization = rest.make_organization(partner)
        self.batches = Batches(self._routes(), clock=clock)

    def routes(self) -> list[Route]:
        """For a `Site`."""
        return [*self._routes(), *self.batches.routes()]

    def deny_for_licence(self, *names: str) -> None:
        """From now on the tenant has no licence for these APIs."""
        self._deny("Authentication_RequestFromNonPremiumTenantOrB2CTenant", names)

    def deny_for_consent(self, *names: str) -> None:
        """From now on the app lacks the permission for these APIs."""
        self._deny("Authorization_RequestDenied", names)

    def _deny(self, code: str, names: Sequence[str]) -> None:
        message = "Insufficient privileges to complete the operation."
        self.denials |= dict.fromkeys(names, GraphRefusalError(HTTPStatus.FORBIDDEN, code, message))

    def _routes(self) -> list[Route]:
        apis = (*self._of_people(), *self._of_policies(), *self._of_the_rest())
        return [
            Route(
                "GET",
                re.compile(api.pattern),
                self._guarded(api),
                api.throttle if self.conduct.is_throttled else None,
                api.service,
            )
            for api in apis
        ]

    def _guarded(self, api: _Api) -> Callable[[GraphRequest, re.Match[str]], GraphResponse]:
        def answer(request: GraphRequest, match: re.Match[str]) -> GraphResponse:
            if denial := self.denials.get(api.name):
                raise denial
            return api.answer(request, match)

        return answer

    def _of_people(self) -> list[_Api]:
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

    def _of_policies(self) -> list[_Api]:
        v, kept = r"/(?:v1\.0|beta)", "identity/conditionalAccess"
        limit = (ONE_A_SECOND, CONDITIONAL_ACCESS)
        locations, strengths = policies.make_locations(), policies.make_strengths()
        return [
            _Api(
                "policies",
                f"{v}/{kept}/policies",
                lambda request, _: self._list(request, self.policies, _POLICIES),
                *limit,
            ),
            _Api(
                "namedLocations",
                f"{v}/{kept}/namedLocations",
                lambda request, _: self._list(request, locations, _POLICIES),
                *limit,
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

    def _of_the_rest(self) -> list[_Api]:
        v, roles = r"/(?:v1\.0|beta)", "roleManagement/directory"
        insights = "/beta/security/partner/securityScore/customerInsights"
        names = "tenantRelationships/delegatedAdminCustomers"
        return [
            _Api("organization", f"{v}/organization", self._tenant),
            _Api("roleDefinitions", f"{v}/{roles}/roleDefinitions", self._definitions),
            _Api(
                "roleAssignments",
                f"{v}/{roles}/roleAssignments",
                lambda request, _: self._given(request, self.assignments),
            ),
            _Api(
                "roleEligibilityScheduleInstances",
                f"{v}/{roles}/roleEligibilityScheduleInstances",
                lambda request, _: self._given(request, self.eligibilities),
            ),
            _Api("domains", f"{v}/domains", self._domains),
            _Api(
                "federationConfiguration",
                f"{v}/domains/([^/]+)/federationConfiguration",
                self._federation,
            ),
            _Api("customerInsights", insights, self._insights),
            _Api("delegatedAdminCustomers", f"{v}/{names}", self._names),
        ]

    def _list(self, request: GraphRequest, rows: Sequence[Row], rules: Rules) -> GraphResponse:
        return answer_list(request, rows, rules, self.conduct.page_rows)

    def _users(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        if self.conduct.states_in_bulk is StatesInBulk.GIVEN:
            return self._list(request, self.users, _USERS)
        names = request.query.get("$select", "").split(",")
        if _STATE in names and self.conduct.states_in_bulk is StatesInBulk.REFUSED:
            raise bad(f"Could not find a property named '{_STATE}' on type 'user'.")
        rows = [{**user, _STATE: None} for user in self.users]
        return self._list(request, rows, _USERS)

    def _state(self, _: GraphRequest, match: re.Match[str]) -> GraphResponse:
        user = _find(self.users, unquote(match[1]))
        return json_response({_STATE: user[_STATE]})

    def _groups(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        named = re.fullmatch(r"displayName in \((.*)\)", request.query.get("$filter", ""))
        if named is None:
            raise bad("Only a filter by names is simulated.")
        names = [name.strip().strip("'") for name in named[1].split(",")]
        rows = [group for group in self.groups if group["displayName"] in names]
        return self._list(request, rows, _GROUPS)

    def _group(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        group = _find(self.groups, unquote(match[1]))
        return json_response(select(group, request.query, _GROUPS))

    def _members(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        group = _find(self.groups, unquote(match[1]))
        rows = group["members"] if match[2] == "members" else self._closure(group)
        return self._list(request, rows, _MEMBERS)

    def _closure(self, group: Row) -> list[Row]:
        """Everybody and every group below a group, once each."""
        known: dict[str, Row] = {}
        queue = [group]
        for current in queue:  # grows while it is walked
            for member in current["members"]:
                if member["id"] not in known:
                    known[member["id"]] = member
                    queue += [row for row in self.groups if row["id"] == member["id"]]
        return list(known.values())

    def _tenant(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        return self._list(request, [self._organization], Rules(_SELECT))

    def _definitions(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        return self._list(request, rest.make_definitions(), _ROLES)

    def _given(self, request: GraphRequest, rows: Sequence[Row]) -> GraphResponse:
        expand = request.query.get("$expand")
        if expand not in (None, "principal"):
            raise bad(f"Could not find a property named '{expand}'.")
        hidden = frozenset[str]() if expand else frozenset({"principal"})
        return self._list(request, rows, Rules(_ROLES.options, never=hidden))

    def _domains(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        return self._list(request, self.domains, _DOMAINS)

    def _federation(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        domain = _find(self.domains, unquote(match[1]))
        return self._list(request, domain.get("federationConfiguration", []), _WITHOUT_OPTIONS)

    def _insights(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        kept = ("tenantId", "mfa")
        rows = [{name: row[name] for name in kept} for row in self.customers if row["mfa"]]
        return self._list(request, rows, _WITHOUT_OPTIONS)

    def _names(self, request: GraphRequest, _: re.Match[str]) -> GraphResponse:
        kept = ("id", "tenantId", "displayName")
        rows = [{name: row[name] for name in kept} for row in self.customers if row["displayName"]]
        return self._list(request, rows, _NAMES)


def _find(rows: Sequence[Row], id_: str) -> Row:
    for row in rows:
        if row["id"] == id_:
            return row
    raise GraphRefusalError(
        HTTPStatus.NOT_FOUND, "Request_ResourceNotFound", f"Resource '{id_}' does not exist."
    )
