from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.graph.api import GraphRequest, GraphResponse, SimulatedGraph
from simulator.graph.directory import (
    DirectoryBehaviour,
    SimulatedDirectory,
    StatesInBulk,
)
from simulator.graph.faults import refuse
from simulator.simulation import TOKEN
from simulator.tenants.people import PersonKind
from simulator.tenants.users import named_guid
from tests.sources.graph.graph_doubles import FakeTime, partner

POLICIES = "/v1.0/identity/conditionalAccess/policies"
REGISTRATIONS = "/v1.0/reports/authenticationMethods/userRegistrationDetails"
INSIGHTS = "/beta/security/partner/securityScore/customerInsights"
NAMES = "/v1.0/tenantRelationships/delegatedAdminCustomers"
HEADERS = {"host": "graph.example", "authorization": f"Bearer {TOKEN}"}


class Tenant:
    """A simulated directory, and what requests to it return."""

    def __init__(self, behaviour: DirectoryBehaviour | None = None) -> None:
        self.time = FakeTime()
        self.directory = SimulatedDirectory(partner(), behaviour, clock=self.time.clock)
        self.graph = SimulatedGraph(self.directory.routes(), tokens=[TOKEN], clock=self.time.clock)

    def get(self, target: str) -> GraphResponse:
        return self.graph.answer(GraphRequest("GET", target, HEADERS))

    def value(self, target: str) -> list[dict[str, Any]]:
        response = self.get(target)
        assert response.status == 200, response.body
        return json.loads(response.body)["value"]

    def batch(self, *urls: str, version: str = "v1.0") -> tuple[int, dict[str, dict[str, Any]]]:
        requests = [{"id": str(n), "method": "GET", "url": url} for n, url in enumerate(urls)]
        body = json.dumps({"requests": requests}).encode()
        response = self.graph.answer(GraphRequest("POST", f"/{version}/$batch", HEADERS, body))
        responses = json.loads(response.body).get("responses", [])
        return int(response.status), {urls[int(one["id"])]: one for one in responses}


# Users


def test_users_are_the_people_of_the_sign_ins() -> None:
    users = Tenant().value("/v1.0/users?$select=id,userPrincipalName,accountEnabled&$top=999")

    by_id = {row["id"]: row for row in users}
    assert list(by_id) == [person.id for person in partner().people]
    for person in partner().people:
        assert by_id[person.id]["accountEnabled"] is person.is_enabled
        is_guest = person.kind is PersonKind.GUEST
        assert ("#EXT#" in by_id[person.id]["userPrincipalName"]) is is_guest


def test_what_is_not_named_is_not_given() -> None:
    user = Tenant().value("/v1.0/users")[0]

    assert {"id", "displayName", "userPrincipalName"} <= set(user)
    assert not {"accountEnabled", "userType", "perUserMfaState"} & set(user)


@pytest.mark.parametrize(
    "target",
    [
        "/v1.0/users?$top=1000",
        "/v1.0/users?$top=0",
        "/v1.0/users?$select=id,shoeSize",
        "/v1.0/users?$skip=10",
        "/v1.0/users?$skiptoken=never-given",
        f"{REGISTRATIONS}?$top=999",
        f"{NAMES}?$top=301",
        f"{INSIGHTS}?$top=10",
        "/v1.0/groups?$filter=startswith(displayName,'A')",
        "/v1.0/roleManagement/directory/roleAssignments?$expand=nonsense",
        "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$expand=nonsense",
    ],
)
def test_what_is_not_allowed_is_refused(target: str) -> None:
    assert Tenant().get(target).status == 400


@pytest.mark.parametrize(
    ("bulk", "status"),
    [(StatesInBulk.GIVEN, 200), (StatesInBulk.LEFT_OUT, 200), (StatesInBulk.REFUSED, 400)],
)
def test_states_in_bulk_are_given_or_left_out_or_refused(bulk, status) -> None:
    tenant = Tenant(DirectoryBehaviour(states_in_bulk=bulk))

    response = tenant.get("/v1.0/users?$select=id,perUserMfaState")

    assert response.status == status
    if bulk is StatesInBulk.LEFT_OUT:
        assert {row["perUserMfaState"] for row in json.loads(response.body)["value"]} == {None}


def test_a_users_own_state_is_in_beta_only() -> None:
    tenant, person = Tenant(), partner().people[0]
    path = f"/users/{person.id}/authentication/requirements"

    assert json.loads(tenant.get(f"/beta{path}").body) == {"perUserMfaState": "disabled"}
    assert tenant.get(f"/v1.0{path}").status == 404
    assert tenant.get("/beta/users/nobody/authentication/requirements").status == 404


def test_pages_follow_one_another_until_there_is_no_link() -> None:
    tenant, rows, target = Tenant(), [], "/v1.0/users?$select=id&$top=20"

    while target:
        page = json.loads(tenant.get(target).body)
        rows += page["value"]
        target = page.get("@odata.nextLink", "").removeprefix("http://graph.example")

    assert [row["id"] for row in rows] == [person.id for person in partner().people]
    assert len(tenant.graph.requests) == 4


# Groups


def test_transitive_members_are_everybody_below_and_members_are_the_direct_ones() -> None:
    tenant, id_ = Tenant(), named_guid("MFA exceptions")
    direct = tenant.value(f"/v1.0/groups/{id_}/members?$select=id")
    everybody = tenant.value(f"/v1.0/groups/{id_}/transitiveMembers?$select=id")

    def users(members: list[dict[str, Any]]) -> int:
        return sum(member["@odata.type"] == "#microsoft.graph.user" for member in members)

    assert (users(direct), len(direct)) == (1, 3)
    assert (users(everybody), len(everybody)) == (7, 10)


def test_a_group_that_policies_still_name_may_be_gone() -> None:
    tenant, id_ = Tenant(), named_guid("A group that was deleted")

    named = {
        group
        for policy in tenant.value(POLICIES)
        for group in policy["conditions"]["users"]["includeGroups"]
    }
    assert id_ in named
    assert tenant.get(f"/v1.0/groups/{id_}").status == 404


def test_partner_groups_are_found_by_name() -> None:
    groups = Tenant().value("/v1.0/groups?$filter=displayName+in+('AdminAgents','SalesAgents')")

    assert [group["displayName"] for group in groups] == ["AdminAgents", "SalesAgents"]
    assert "members" not in groups[0]


# Policies and customers


def test_the_sign_ins_name_a_policy_that_there_is() -> None:
    ids = {policy["id"]: policy["displayName"] for policy in Tenant().value(POLICIES)}

    applied = {
        (applied["id"], applied["displayName"])
        for sign_in in partner().expected
        for applied in sign_in.row["appliedConditionalAccessPolicies"]
    }
    assert applied <= set(ids.items())


def test_the_policies_have_every_kind_that_makes_mfa_less_than_it_looks() -> None:
    policies = Tenant().value(POLICIES)
    conditions = [policy["conditions"] for policy in policies]
    grants = [policy["grantControls"] for policy in policies]

    assert {policy["state"] for policy in policies} == {
        "enabled",
        "disabled",
        "enabledForReportingButNotEnforced",
    }
    assert ["mfa", "compliantDevice"] in [grant["builtInControls"] for grant in grants]
    assert any(grant["customAuthenticationFactors"] for grant in grants)
    assert any(grant["authenticationStrength"] for grant in grants)
    assert any(one["locations"] for one in conditions)
    assert ["browser"] in [one["clientAppTypes"] for one in conditions]
    assert ["exchangeActiveSync", "other"] in [one["clientAppTypes"] for one in conditions]
    assert any(one["signInRiskLevels"] for one in conditions)
    assert any("excludeGuestsOrExternalUsers" in one["users"] for one in conditions)


def test_customers_have_figures_or_a_name_and_mostly_both() -> None:
    tenant = Tenant()
    figures = {row["tenantId"]: row["mfa"] for row in tenant.value(INSIGHTS)}
    names = {row["tenantId"] for row in tenant.value(NAMES)}

    assert len(figures | dict.fromkeys(names)) == 42
    assert (len(names - set(figures)), len(set(figures) - names)) == (3, 1)
    whole = [
        mfa
        for mfa in figures.values()
        if mfa["compliantAdminsCount"] + mfa["compliantNonAdminsCount"] == mfa["totalUsersCount"]
    ]
    assert len(whole) == 13


def test_federation_settings_are_given_apart_from_the_domains() -> None:
    tenant = Tenant()
    domains = {row["id"]: row for row in tenant.value("/v1.0/domains")}
    federated = [id_ for id_, row in domains.items() if row["authenticationType"] == "Federated"]

    settings = tenant.value(f"/v1.0/domains/{federated[0]}/federationConfiguration")

    assert len(federated) == 1
    assert not any("federationConfiguration" in row for row in domains.values())
    assert settings[0]["federatedIdpMfaBehavior"] == "acceptIfMfaDoneByFederatedIdp"


# Refusals and limits


def test_an_api_can_be_refused_for_licence_or_consent_and_the_others_are_not() -> None:
    tenant = Tenant()
    tenant.directory.deny_for_licence("userRegistrationDetails")
    tenant.directory.deny_for_consent("policies")

    codes = {
        target: json.loads(tenant.get(target).body)["error"]["code"]
        for target in (REGISTRATIONS, POLICIES)
    }

    assert codes == {
        REGISTRATIONS: "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        POLICIES: "Authorization_RequestDenied",
    }
    assert tenant.get("/v1.0/users").status == 200


def test_policies_and_locations_share_one_request_a_second_and_a_429_says_not_how_long() -> None:
    tenant = Tenant(DirectoryBehaviour(is_throttled=True))
    first = tenant.get(POLICIES)
    refused = tenant.get("/v1.0/identity/conditionalAccess/namedLocations")
    tenant.time.now = 1.0

    assert (first.status, refused.status) == (200, 429)
    assert "Retry-After" not in refused.headers
    assert tenant.get(POLICIES).status == 200


def test_registration_details_allow_five_requests_in_ten_seconds() -> None:
    tenant = Tenant(DirectoryBehaviour(is_throttled=True))

    statuses = [tenant.get(REGISTRATIONS).status for _ in range(6)]

    assert statuses == [200] * 5 + [429]


# Batches


def test_each_request_of_a_batch_is_answered_by_itself() -> None:
    tenant = Tenant()
    tenant.directory.batches.inner.faults = {2: refuse(429, "TooManyRequests", retry_after="9")}

    status, responses = tenant.batch("/users?$top=1", "/domains", "/groups/nobody")

    assert status == 200
    assert {url: one["status"] for url, one in responses.items()} == {
        "/users?$top=1": 200,
        "/domains": 429,
        "/groups/nobody": 404,
    }
    assert responses["/domains"]["headers"]["Retry-After"] == "9"
    assert len(responses["/users?$top=1"]["body"]["value"]) == 1


def test_a_batch_is_of_the_version_it_is_posted_to() -> None:
    path = f"/users/{partner().people[0].id}/authentication/requirements"

    assert Tenant().batch(path, version="beta")[1][path]["status"] == 200
    assert Tenant().batch(path)[1][path]["status"] == 404


def test_a_batch_holds_twenty_requests_at_most() -> None:
    paths = [f"/groups/{number}" for number in range(21)]

    assert Tenant().batch(*paths[:20])[0] == 200
    assert Tenant().batch(*paths)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"requests": [{"id": "1"}]}',
        json.dumps({"requests": [{"id": "1", "method": "GET", "url": "/users"}] * 2}).encode(),
    ],
    ids=["nothing", "a list", "no address", "an id twice"],
)
def test_an_invalid_batch_is_refused(body) -> None:
    response = Tenant().graph.answer(GraphRequest("POST", "/v1.0/$batch", HEADERS, body))

    assert response.status == 400
