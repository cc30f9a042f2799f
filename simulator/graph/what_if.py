"""
Entra's What If over the simulated directory, by the documentation and not by the product's rules.

It looks at the rows of the directory one account and one policy at a time. Sources: Graph,
``conditionalAccessRoot: evaluate`` (07/08/2025), and Entra, "The Conditional Access What If tool"
(04/28/2025): only policies that are enabled or report-only are looked at; the reason is that of the
first condition that is not met; a condition of which the request gives no detail is not evaluated;
what is not given is "none"; groups of applications match no application id.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from simulator.graph.api import GraphRefusalError, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from simulator.graph.api import GraphRequest, GraphResponse
    from simulator.tenants.users import Row

_USER, _APPLICATION = "#microsoft.graph.userSignIn", "#microsoft.graph.applicationContext"
_REQUIRED = ("signInIdentity", "signInContext", "signInConditions")
_CONDITIONS = frozenset(
    {
        *("authenticationFlow", "clientAppType", "country", "deviceInfo", "devicePlatform"),
        *("insiderRiskLevel", "ipAddress", "servicePrincipalRiskLevel", "signInRiskLevel"),
        "userRiskLevel",
    }
)
_UNKNOWN = "notEnoughInformation"
#: What the old words for clients stand for.
_CLIENTS = {"easSupported": "exchangeActiveSync"}

Reason = str | None  #: the word for the condition that is not met; `None` if it is


class DirectoryRows(Protocol):
    """What Entra decides by: the directory's rows, which tests change."""

    users: list[Row]
    groups: list[Row]
    policies: list[Row]
    assignments: list[Row]


class SimulatedWhatIf:
    """
    Answers ``evaluate``.

    `groups` and `policies` are what Entra decides by. They are the directory's own, unless a test
    lets Graph's lists lag behind.
    """

    def __init__(self, directory: DirectoryRows) -> None:
        self._directory = directory
        self.groups: list[Row] | None = None
        self.policies: list[Row] | None = None

    def evaluate(self, request: GraphRequest) -> GraphResponse:
        """Each policy that is on or report-only, with whether it applies or the reason why not."""
        body = _checked(json.loads(request.body))
        user = self._user(body["signInIdentity"])
        (application,) = body["signInContext"]["includeApplications"]
        found = [
            {**policy, "policyApplies": reason is None, "analysisReasons": reason or "notSet"}
            for policy in self._policies()
            if policy["state"] != "disabled"
            for reason in [self._reason(policy, user, application, body["signInConditions"])]
        ]
        if body.get("appliedPoliciesOnly"):
            found = [policy for policy in found if policy["policyApplies"]]
        context = "https://graph.microsoft.com/v1.0/$metadata"
        kind = f"{context}#Collection(microsoft.graph.whatIfAnalysisResult)"
        return json_response({"@odata.context": kind, "value": found})

    def _policies(self) -> list[Row]:
        return self._directory.policies if self.policies is None else self.policies

    def _user(self, identity: Row) -> Row:
        for user in self._directory.users:
            if user["id"] == identity["userId"]:
                return {**user, "externalUserType": identity.get("externalUserType", "none")}
        raise _bad_request("The user does not exist.")

    def _reason(self, policy: Row, user: Row, application: str, given: Row) -> Reason:
        conditions = policy["conditions"]
        checks: tuple[Callable[[], Reason], ...] = (
            lambda: self._of_users(conditions["users"], user),
            lambda: _of_applications(conditions["applications"], application),
            lambda: _of_clients(conditions["clientAppTypes"], given),
            lambda: _of_platforms(conditions.get("platforms"), given),
            lambda: _of_locations(conditions.get("locations"), given),
            lambda: _of_risk(conditions, given),
            lambda: _of_the_rest(conditions),
        )
        return next(filter(None, (check() for check in checks)), None)

    def _of_users(self, users: Row, user: Row) -> Reason:
        is_included = self._names("include", users, user)
        return None if is_included and not self._names("exclude", users, user) else "users"

    def _names(self, side: str, users: Row, user: Row) -> bool:
        words = users.get(f"{side}Users") or []
        guests = users.get(f"{side}GuestsOrExternalUsers")
        return (
            "All" in words
            or user["id"] in words
            or ("GuestsOrExternalUsers" in words and _is_guest(user))
            or any(user["id"] in self._members(id_) for id_ in users.get(f"{side}Groups") or [])
            or any(self._holds(role, user["id"]) for role in users.get(f"{side}Roles") or [])
            or bool(
                guests and _kind_of_guest(user) in guests["guestOrExternalUserTypes"].split(",")
            )
        )

    def _members(self, group_id: str) -> set[str]:
        """Everybody below a group, at any depth."""
        groups = self._directory.groups if self.groups is None else self.groups
        by_id = {group["id"]: group for group in groups}
        found: set[str] = set()
        waiting = [group_id]
        while waiting:
            for member in by_id.get(waiting.pop(), {"members": []})["members"]:
                if member["id"] not in found:
                    found.add(member["id"])
                    waiting.append(member["id"])
        return found

    def _holds(self, role: str, user_id: str) -> bool:
        """Whether the user has the role for the whole directory, directly or through a group."""
        holders = [
            row["principalId"]
            for row in self._directory.assignments
            if row["roleDefinitionId"] == role and row["directoryScopeId"] == "/"
        ]
        return user_id in holders or any(user_id in self._members(id_) for id_ in holders)


def _checked(body: Any) -> Row:  # noqa: ANN401 (JSON)
    """The body of the request, if it is as documented."""
    if not isinstance(body, dict) or any(name not in body for name in _REQUIRED):
        raise _bad_request("A required parameter is missing.")
    identity, context, given = (body[name] for name in _REQUIRED)
    if identity.get("@odata.type") != _USER or context.get("@odata.type") != _APPLICATION:
        raise _bad_request("Only a user's sign-in to an application is simulated.")
    if len(context.get("includeApplications", ())) != 1 or not given.keys() <= _CONDITIONS:
        raise _bad_request("One application and the documented conditions are simulated.")
    return dict(body)


def _bad_request(message: str) -> GraphRefusalError:
    return GraphRefusalError(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def _is_guest(user: Row) -> bool:
    return _kind_of_guest(user) != "none"


def _is_one_of(kinds: str, user: Row) -> bool:
    return _kind_of_guest(user) in kinds.split(",")


def _kind_of_guest(user: Row) -> str:
    """As the request says; else from what the account shows."""
    if user["externalUserType"] != "none":
        return str(user["externalUserType"])
    if user["userType"] != "Guest":
        return "none"
    return "b2bCollaborationGuest" if "#EXT#" in user["userPrincipalName"] else "internalGuest"


def _of_applications(applications: Row, application: str) -> Reason:
    included = applications.get("includeApplications") or []
    if not included:
        return "userActions" if applications.get("includeUserActions") else "application"
    is_included = "All" in included or application in included
    is_excluded = application in (applications.get("excludeApplications") or [])
    return None if is_included and not is_excluded else "application"


def _of_clients(clients: Iterable[str], given: Mapping[str, Any]) -> Reason:
    wanted = {_CLIENTS.get(client, client) for client in clients}
    return None if "all" in wanted or given.get("clientAppType", "all") in wanted else "clientApps"


def _of_platforms(platforms: Row | None, given: Mapping[str, Any]) -> Reason:
    if not platforms:
        return None
    platform = given.get("devicePlatform", "all")
    included = platforms.get("includePlatforms") or ["all"]
    is_included = "all" in included or platform in included
    is_excluded = platform in (platforms.get("excludePlatforms") or [])
    return None if is_included and not is_excluded else "devicePlatform"


def _of_locations(locations: Row | None, given: Mapping[str, Any]) -> Reason:
    if not locations:
        return None
    return "location" if "ipAddress" in given or "country" in given else _UNKNOWN


def _of_risk(conditions: Row, given: Mapping[str, Any]) -> Reason:
    for levels, level, reason in (
        ("signInRiskLevels", "signInRiskLevel", "signInRisk"),
        ("userRiskLevels", "userRiskLevel", "userRisk"),
    ):
        if conditions.get(levels) and given.get(level, "none") not in conditions[levels]:
            return reason
    return None


def _of_the_rest(conditions: Row) -> Reason:
    return next(_not_given(conditions), None)


def _not_given(conditions: Row) -> Iterator[str]:
    """Conditions that no request here gives details for."""
    if (conditions.get("devices") or {}).get("deviceFilter"):
        yield _UNKNOWN
    if conditions.get("authenticationFlows"):
        yield "authenticationFlow"
    if conditions.get("insiderRiskLevels"):
        yield "insiderRisk"
