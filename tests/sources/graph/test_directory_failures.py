from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.sources.graph.directory import PERMISSIONS, DirectoryReader
from shared.sources.graph.reader import TRIES
from simulator.graph.api import GraphRefusalError, GraphResponse
from simulator.graph.directory import ONE_A_SECOND, DirectoryBehaviour
from simulator.graph.faults import (
    dead_skip_token,
    forge_next_link,
    refuse,
    repeat_link,
)
from tests.sources.graph.directory_doubles import (
    ALL_KEYS,
    answers,
    break_for_ever,
    directory_world,
    keys,
    never_per_user,
    only_administrators,
    plain_paths,
    whole,
)

#: What is lost with one refused API: its name here, the key that is then absent (if a whole key
#: is), the name of the note, and the permission that the note must give.
FAULTS = [
    ("organization", {"organization"}, "organization", "User.Read.All"),
    ("policies", {"conditionalAccessPolicies"}, "conditionalAccessPolicies", "Policy.Read.All"),
    ("namedLocations", {"namedLocations"}, "namedLocations", "Policy.Read.All"),
    (
        "authenticationStrengthPolicies",
        {"authenticationStrengthPolicies"},
        "authenticationStrengthPolicies",
        "Policy.Read.All",
    ),
    (
        "identitySecurityDefaultsEnforcementPolicy",
        {"securityDefaults"},
        "securityDefaults",
        "Policy.Read.All",
    ),
    ("roleDefinitions", {"roleDefinitions"}, "roleDefinitions", "RoleManagement.Read.Directory"),
    ("roleAssignments", {"roleAssignments"}, "roleAssignments", "RoleManagement.Read.Directory"),
    (
        "roleEligibilityScheduleInstances",
        {"roleEligibilities"},
        "roleEligibilities",
        "RoleEligibilitySchedule.Read.Directory",
    ),
    ("domains", {"domains"}, "domains", "Domain.Read.All"),
    (
        "federationConfiguration",
        set(),
        "federationConfiguration",
        "Domain-InternalFederation.Read.All",
    ),
    (
        "userRegistrationDetails",
        {"userRegistrationDetails"},
        "userRegistrationDetails",
        "AuditLog.Read.All",
    ),
    ("members", set(), "groups", "GroupMember.Read.All"),  # one group was deleted: it has none
    ("customerInsights", {"partnerSecurityScore"}, "customerInsights", "PartnerSecurity.Read.All"),
    (
        "delegatedAdminCustomers",
        set(),
        "delegatedAdminCustomers",
        "DelegatedAdminRelationship.Read.All",
    ),
]
NAMES = [fault[0] for fault in FAULTS]
BATCHED = ("federationConfiguration", "members")


# What cannot be read


@pytest.mark.parametrize(("name", "absent", "note", "permission"), FAULTS, ids=NAMES)
def test_what_is_refused_for_consent_is_not_read_and_the_note_names_the_permission(
    name, absent, note, permission
) -> None:
    world = directory_world()
    world.directory.deny_for_consent(name)

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == absent
    assert set(pulled.notes) == {note}
    assert re.fullmatch(
        rf"[A-Z].* (was|were) not read: Graph refuses for lack of consent \(403 [\w.]+\): "
        rf"grant the app the application permission {permission} and an administrator's "
        r"consent to it.",
        pulled.notes[note],
    )


BETA_POLICIES = "/beta/identity/conditionalAccess/policies"


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NotFound")])
def test_policies_come_from_v1_only_where_beta_is_refused_and_a_note_says_what_that_loses(
    status, code
) -> None:
    world = directory_world()
    preview = {**world.directory.policies[0], "id": "preview"}
    preview["conditions"] = {**preview["conditions"], "agentIdRiskLevels": "high"}
    others = world.directory.policies
    world.directory.policies = [*others, preview]

    assert json.loads(world.source.read().document())["conditionalAccessPolicies"][-1] == preview
    world.directory.denials[BETA_POLICIES] = GraphRefusalError(status, code, "No.")
    pulled = DirectoryReader(world.session).read()

    assert json.loads(pulled.document())["conditionalAccessPolicies"] == others
    assert pulled.notes == {
        "conditionalAccessPolicies": "Conditional access policies with preview conditions may be "
        f"missing: Graph gives them in its beta version only, which it refused ({status} {code})."
    }


def test_policies_that_beta_fails_to_give_are_not_read_from_v1() -> None:
    world = directory_world()
    world.directory.denials[BETA_POLICIES] = GraphRefusalError(503, "busy", "Not now.")

    assert "conditionalAccessPolicies" not in keys(world.source.read())
    assert "/v1.0/identity/conditionalAccess/policies" not in world.paths


@pytest.mark.parametrize("status", [400, 404])
def test_a_cloud_without_authentication_strengths_is_named_as_the_reason(status) -> None:
    world = directory_world()
    refusal = GraphRefusalError(status, "BadRequest", "Resource not found for the segment.")
    world.directory.denials["authenticationStrengthPolicies"] = refusal

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == {"authenticationStrengthPolicies"}
    assert pulled.notes == {
        "authenticationStrengthPolicies": "Authentication strengths were not read: Graph does not "
        "have them in every cloud (China lacks them), and does not know the request here "
        f"({status} BadRequest)."
    }


@pytest.mark.parametrize(("name", "absent", "note", "permission"), FAULTS, ids=NAMES)
def test_what_keeps_failing_is_not_read_and_the_note_says_so(
    name, absent, note, permission
) -> None:
    world = directory_world()
    break_for_ever(world, name)

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == absent
    assert set(pulled.notes) == {note}
    assert "Graph failed 8 times in a row, the last time with: 503" in pulled.notes[note]
    assert permission not in pulled.notes[note]


def test_a_missing_licence_is_named() -> None:
    world = directory_world()
    world.directory.deny_for_licence("userRegistrationDetails")

    assert world.source.read().notes == {
        "userRegistrationDetails": "Registration details were not read: Graph gives them only to "
        "tenants with an Entra ID P1 or P2 licence."
    }


@pytest.mark.parametrize("name", ["customerInsights", "federationConfiguration"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_token_without_mfa_is_not_a_lack_of_consent(name, status) -> None:
    world = directory_world()
    refusal = GraphRefusalError(status, "", "")
    body = {"Error": {"Code": "Unauthorized_MissingMFA", "Message": "MFA is required."}}
    refusal.response = GraphResponse(status, json.dumps(body).encode())
    world.directory.denials[name] = refusal

    note = world.source.read().notes[name]

    assert note.partition(" were not read: ")[2] == (
        f"Graph wants proof of MFA in the token ({status} Unauthorized_MissingMFA), which the "
        "token of an app never has; consent is not what is missing: it takes the token of a user "
        "who signed in with MFA, or a directory file that has the customers."
    )


@pytest.mark.parametrize("status", [400, 403, 500])
def test_an_app_that_partner_center_does_not_know_is_not_a_lack_of_consent(status) -> None:
    world = directory_world()
    world.directory.denials["customerInsights"] = GraphRefusalError(status, "PCFraudEvents", "No.")

    assert world.source.read().notes["customerInsights"].partition(" were not read: ")[2] == (
        f"Graph's partner API does not know the app ({status} PCFraudEvents); consent in Entra is "
        "not what is missing: add the app to Partner Center's user management and give it a role "
        "there, or use the token of a user who has the role and signed in with MFA."
    )


@pytest.mark.parametrize(("name", "absent", "note"), [fault[:3] for fault in FAULTS], ids=NAMES)
def test_a_denial_of_an_unknown_kind_is_quoted_wherever_it_comes_from(name, absent, note) -> None:
    world = directory_world()
    world.directory.denials[name] = GraphRefusalError(403, "Strange_NewReason", "No.")

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == absent
    assert "Graph refuses access (403 Strange_NewReason)" in pulled.notes[note]
    assert "lack of consent" not in pulled.notes[note]


def test_after_an_answer_that_takes_the_licence_no_note_says_that_it_is_missing() -> None:
    world = directory_world()
    world.session.licence.is_proven = True
    world.directory.deny_for_licence("userRegistrationDetails", "requirements", "members")

    notes = world.source.read().notes

    assert set(notes) == {"userRegistrationDetails", "groups"}
    assert not [note for note in notes.values() if "only to tenants with" in note]


def test_an_api_that_does_not_exist_is_not_an_object_that_does_not_exist() -> None:
    world = directory_world()
    refusal = GraphRefusalError(404, "ResourceNotFound", "Resource not found for the segment.")
    world.directory.denials |= {"groups": refusal, "federationConfiguration": refusal}

    pulled = world.source.read()

    assert "Graph does not accept the request (404 ResourceNotFound)" in pulled.notes["groups"]
    assert "404 ResourceNotFound" in pulled.notes["federationConfiguration"]
    assert "groups" not in keys(pulled)


@pytest.mark.parametrize("status", [400, 403])
def test_eligible_roles_take_a_licence_of_their_own_and_are_not_read_without_it(status) -> None:
    world = directory_world()
    world.directory.denials["roleEligibilityScheduleInstances"] = GraphRefusalError(
        status, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2."
    )

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == {"roleEligibilities"}
    assert pulled.notes == {
        "roleEligibilities": "Eligibilities for roles were not read: Graph gives them only to "
        "tenants with an Entra ID P2 or Entra ID Governance licence."
    }
    assert answers(pulled.directory) == answers(whole().directory)


def test_an_answer_of_another_shape_is_not_read() -> None:
    world = directory_world()
    world.directory.domains[0]["id"] = 7
    world.directory.registrations[0]["id"] = None

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == {"domains", "userRegistrationDetails"}
    assert {note.partition(": ")[2] for note in pulled.notes.values()} == {
        "Graph's answer does not have the shape it is documented with."
    }


def test_a_list_that_breaks_off_is_started_again_and_read_whole() -> None:
    world = directory_world({2: dead_skip_token}, behaviour=DirectoryBehaviour(page_rows=40))

    pulled = world.source.read()

    assert world.paths.count("/v1.0/users") == 4
    assert len(pulled.directory.users) == 66


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (refuse(410, "resyncRequired"), "no longer knows the link"),
        (forge_next_link("https://elsewhere.example/v1.0/next"), "another host"),
        (repeat_link, "in a circle"),
    ],
)
def test_half_a_list_never_counts_as_whole(fault, reason) -> None:
    world = directory_world(behaviour=DirectoryBehaviour(page_rows=10))
    before = directory_world(behaviour=DirectoryBehaviour(page_rows=10))
    before.source.read()
    pages = [n for n, path in enumerate(before.paths, 1) if path.endswith("/policies")]
    second = pages[1]
    world.site.faults = {second: fault, second + 2: fault}

    pulled = world.source.read()

    assert "conditionalAccessPolicies" not in keys(pulled)
    assert reason in pulled.notes["conditionalAccessPolicies"]
    assert "enforced" not in Counter(answers(pulled.directory)[u] for u in never_per_user())


def test_when_time_runs_out_what_was_read_is_kept_and_the_rest_noted() -> None:
    world = directory_world(deadline=1.5)

    pulled = world.source.read()

    assert {"users", "conditionalAccessPolicies"} <= keys(pulled)
    assert "authenticationStrengthPolicies" not in keys(pulled)
    assert "remaining time" in pulled.notes["authenticationStrengthPolicies"]


@given(st.sets(st.sampled_from([*NAMES, "groups", "requirements"])))
@settings(max_examples=40, deadline=None)
def test_whatever_cannot_be_read_an_account_is_judged_as_before_or_unknown(denied) -> None:
    world = directory_world()
    world.directory.deny_for_consent(*denied)

    judged = answers(world.source.read().directory)

    truth = answers(whole().directory)
    assert {
        id_: answer for id_, answer in judged.items() if answer not in (truth[id_], "unknown")
    } == {}


@pytest.mark.parametrize(
    "name", ["policies", "members", "identitySecurityDefaultsEnforcementPolicy"]
)
def test_nothing_is_shown_as_covered_when_what_decides_it_was_not_read(name) -> None:
    world = directory_world()
    world.directory.deny_for_consent(name)

    judged = answers(world.source.read().directory)

    covered = {id_ for id_, answer in judged.items() if answer == "enforced"}
    assert covered <= {
        id_ for id_, answer in answers(whole().directory).items() if answer == "enforced"
    }
    assert "unknown" in judged.values()


def test_every_permission_that_a_note_may_name_is_in_the_list_to_grant() -> None:
    assert {fault[3] for fault in FAULTS} | {"Member.Read.Hidden"} == set(PERMISSIONS)


def test_without_groups_only_policies_that_name_no_group_cover_anyone() -> None:
    world = directory_world()
    world.directory.deny_for_consent("groups", "members")

    pulled = world.source.read()

    assert ALL_KEYS - keys(pulled) == {"groups"}
    assert set(pulled.notes) == {"groups", "partnerGroups"}
    assert only_administrators(pulled.directory)


# Without users there is no directory


def test_users_that_are_refused_are_an_error_that_names_the_permission() -> None:
    world = directory_world()
    world.directory.deny_for_consent("users")

    with pytest.raises(SourceDeniedError, match=r"User\.Read\.All"):
        world.source.read()


def test_users_that_cannot_be_read_are_an_error() -> None:
    world = directory_world()
    break_for_ever(world, "users")

    with pytest.raises(SourceIncompleteError, match="8 times in a row"):
        world.source.read()
    assert len(world.paths) == TRIES


def test_users_that_there_is_no_time_for_are_an_error() -> None:
    with pytest.raises(SourceIncompleteError, match="time is used up"):
        directory_world(deadline=0.0).source.read()


# Pacing


def test_policies_are_read_at_most_once_a_second_and_nothing_is_refused() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(is_throttled=True, page_rows=4))

    pulled = world.source.read()

    assert pulled.notes == {}
    assert {int(served.status) for served in world.site.requests} == {200}
    arrivals = world.arrivals("/conditionalAccess/")
    assert all(b - a >= ONE_A_SECOND.period_seconds for a, b in pairwise(arrivals))


def test_another_app_that_uses_up_the_second_only_costs_time() -> None:
    numbers = [n for n, path in enumerate(plain_paths(), 1) if path.endswith("/policies")]
    world = directory_world(
        dict.fromkeys((numbers[0], numbers[0] + 1), refuse(429, "TooManyRequests"))
    )

    pulled = world.source.read()

    assert pulled.notes == {}
    assert world.time.pauses[:2] == [2.0, 4.0]
