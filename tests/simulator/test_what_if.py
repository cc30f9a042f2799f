"""Entra's What If as simulated: Microsoft's documented rules, one case each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.graph.api import GraphRequest, SimulatedGraph
from simulator.graph.directory import DirectoryBehaviour, SimulatedDirectory
from simulator.simulation import TOKEN
from simulator.tenants.users import Staff
from tests.directories import API, AZURE, PORTAL, policy
from tests.sources.graph.graph_doubles import FakeTime, partner

PATH = "/v1.0/identity/conditionalAccess/evaluate"
HEADERS = {"host": "graph.example", "authorization": f"Bearer {TOKEN}"}
STAFF = Staff(partner().people)
MEMBER, GUEST = STAFF.others[12].id, STAFF.guests[0].id


def tenant(*policies: dict[str, Any], **behaviour: Any) -> tuple[SimulatedDirectory, Any]:
    """A simulated directory with these policies, and how to ask its What If."""
    time = FakeTime()
    directory = SimulatedDirectory(partner(), DirectoryBehaviour(**behaviour), clock=time.clock)
    directory.policies = list(policies) or directory.policies
    graph = SimulatedGraph(directory.routes(), tokens=[TOKEN], clock=time.clock)

    def ask(body: dict[str, Any]) -> Any:
        sent = json.dumps(body).encode()
        response = graph.answer(GraphRequest("POST", PATH, HEADERS, sent))
        return json.loads(response.body).get("value", response.status)

    return directory, ask


def body(
    user_id: str = MEMBER, application: str = PORTAL, *, only: bool = False, **given: Any
) -> dict[str, Any]:
    kind = {"externalUserType": given.pop("kind")} if "kind" in given else {}
    return {
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn",
            "userId": user_id,
            **kind,
        },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [application],
        },
        "signInConditions": {"clientAppType": "browser", "devicePlatform": "windows", **given},
        "appliedPoliciesOnly": only,
    }


GUEST_POLICY = {
    "includeUsers": [],
    "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
}
OUTSIDE = {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}


@pytest.mark.parametrize(
    ("asked", "one", "reason"),
    [
        (body(), policy(), "notSet"),
        (body(), policy(state="enabledForReportingButNotEnforced"), "notSet"),
        (body(), policy(users={"includeUsers": ["All"], "excludeUsers": [MEMBER]}), "users"),
        (body(), policy(users={"includeUsers": ["None"]}), "users"),
        (body(), policy(users=GUEST_POLICY), "users"),
        (body(GUEST), policy(users=GUEST_POLICY), "notSet"),
        (body(kind="b2bCollaborationGuest"), policy(users=GUEST_POLICY), "notSet"),
        (body(GUEST), policy(users={"includeUsers": ["GuestsOrExternalUsers"]}), "notSet"),
        (body(), policy(applications={"includeApplications": ["Office365"]}), "application"),
        (body(), policy(applications={"includeApplications": [AZURE]}), "application"),
        (body(), policy(applications={"includeApplications": [PORTAL]}), "notSet"),
        (body(application=API), policy(applications={"excludeApplications": [API]}), "application"),
        (
            body(),
            policy(applications={"includeApplications": [], "includeUserActions": ["urn:x"]}),
            "userActions",
        ),
        (body(), policy(clientAppTypes=["other"]), "clientApps"),
        (body(clientAppType="other"), policy(clientAppTypes=["other"]), "notSet"),
        (body(), policy(platforms={"includePlatforms": ["iOS"]}), "devicePlatform"),
        (body(), policy(platforms={"includePlatforms": ["all"]}), "notSet"),
        (body(), policy(locations=OUTSIDE), "notEnoughInformation"),
        (body(), policy(signInRiskLevels=["high"]), "signInRisk"),
        (body(signInRiskLevel="high"), policy(signInRiskLevels=["high"]), "notSet"),
        (body(), policy(userRiskLevels=["high"]), "userRisk"),
        (
            body(),
            policy(devices={"deviceFilter": {"mode": "include", "rule": "x"}}),
            "notEnoughInformation",
        ),
        # The reason is the first condition that is not met.
        (body(), policy(clientAppTypes=["other"], signInRiskLevels=["high"]), "clientApps"),
    ],
)
def test_the_reason_is_the_condition_that_is_not_met(asked, one, reason) -> None:
    _, ask = tenant(one)

    (found,) = ask(asked)

    assert (found["analysisReasons"], found["policyApplies"]) == (reason, reason == "notSet")
    assert found["grantControls"] == one["grantControls"]  # the policy comes whole


def test_disabled_policies_are_not_looked_at() -> None:
    _, ask = tenant(policy("Old", state="disabled"), policy("New"))

    assert [each["displayName"] for each in ask(body())] == ["New"]


def test_only_policies_that_apply_are_given_if_that_is_asked() -> None:
    _, ask = tenant()
    every, applied = ask(body()), ask(body(only=True))

    assert len(every) > len(applied) > 0
    assert applied == [each for each in every if each["policyApplies"]]


def test_roles_count_if_they_are_held_for_the_whole_directory_even_through_a_group() -> None:
    _, ask = tenant()
    strong = "Administrators: phishing-resistant MFA"

    def applies(user_id: str) -> bool:
        return strong in [each["displayName"] for each in ask(body(user_id, only=True))]

    assert applies(STAFF.license_desk[0].id)  # directly
    assert applies(STAFF.others[7].id)  # through the group
    assert not applies(STAFF.others[10].id)  # eligible only


def test_nested_groups_count_at_any_depth() -> None:
    _, ask = tenant()
    service = next(each for each in ask(body(STAFF.services[2].id)) if "all users" in str(each))

    assert service["analysisReasons"] == "users"


def test_entra_may_know_a_newer_group_than_graphs_list_shows() -> None:
    directory, ask = tenant()
    assert any("all users" in each["displayName"] for each in ask(body(only=True)))

    directory.what_if.groups = [
        {**each, "members": [*each["members"], {"id": MEMBER}]} for each in directory.groups
    ]

    assert not any("all users" in each["displayName"] for each in ask(body(only=True)))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": "nobody"}},
        {"signInIdentity": {"userId": MEMBER}},
        {"signInContext": {"@odata.type": "#microsoft.graph.applicationContext"}},
        {"signInConditions": {"city": "Seattle"}},
    ],
)
def test_what_is_not_documented_is_refused(wrong) -> None:
    _, ask = tenant()

    assert ask({**body(), **wrong} if wrong else {}) == 400


def test_a_second_question_within_a_second_is_throttled() -> None:
    _, ask = tenant(is_throttled=True)

    ask(body())

    assert ask(body()) == 429
