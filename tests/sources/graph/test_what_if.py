"""Entra's What If, asked by the source: order, pace, and what is made of refusals."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.second_opinion import AskedSignIn, ClientType
from shared.mfa.accounts.verification import questions
from shared.mfa.scope import Channel, Scope
from shared.sources.graph.what_if import ask_what_if
from simulator.graph.directory import DirectoryBehaviour
from simulator.graph.faults import refuse
from tests.directories import API, PORTAL
from tests.faults.graph_faults import LASTING, ONCE
from tests.sources.graph.directory_doubles import DirectoryWorld, directory_world, whole
from tests.sources.graph.graph_doubles import partner

MEMBER = partner().people[40].id
PATH = "/v1.0/identity/conditionalAccess/evaluate"
SIGN_INS = [
    AskedSignIn(MEMBER, channel, id_, client)
    for channel, id_ in ((Channel.PORTAL, PORTAL), (Channel.API, API))
    for client in ClientType
]


def statuses(world: DirectoryWorld) -> list[int]:
    return [int(logged.status) for logged in world.site.requests]


def test_the_whole_tenant_is_judged_the_same_by_entras_rules() -> None:
    """The simulator's What If is written by the documentation, apart from our evaluation."""
    world, directory = directory_world(), whole().directory
    before = assess_accounts(directory)
    asked = questions(before, Scope())

    given = ask_what_if(world.session, asked.sign_ins)

    assert len(given.answers) == len(asked.sign_ins) == 84
    assert given.notes == ()
    after = assess_accounts(directory, answers=given.answers)
    assert after.metrics == before.metrics
    assert not any(found.facts.disagreements for found in after.classes)


def test_a_group_that_graphs_list_shows_too_late_is_a_difference() -> None:
    world, directory = directory_world(), whole().directory
    before = assess_accounts(directory)
    asked = questions(before, Scope())
    example = asked.sign_ins[0].user_id
    world.directory.what_if.groups = [
        {**each, "members": [*each["members"], {"id": example}]}
        if each["displayName"] == "MFA exceptions"
        else each
        for each in world.directory.groups
    ]

    given = ask_what_if(world.session, asked.sign_ins)

    after = assess_accounts(directory, answers=given.answers)
    judged = next(row for row in after if row.object_id == example)
    assert judged.enforcement == "unknown"
    assert "“Require MFA for all users” does not apply (portal in browsers: users)" in judged.cause
    assert after.metrics.unknown == max(found.size for found in before.classes)
    assert (after.metrics.share or 0) < (before.metrics.share or 0)


def test_requests_are_as_documented_and_one_a_second() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(is_throttled=True))

    progress: list[tuple[int, int]] = []

    ask_what_if(
        world.session,
        [replace_kind(SIGN_INS[0]), *SIGN_INS[1:]],
        lambda done, of: progress.append((done, of)),
    )

    assert progress == [(done, 6) for done in range(6)]

    assert set(world.paths) == {PATH}
    assert statuses(world) == [200] * 6
    assert world.arrivals(PATH) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert json.loads(world.site.requests[0].request.body) == {
        "signInIdentity": {
            "@odata.type": "#microsoft.graph.userSignIn",
            "userId": MEMBER,
            "externalUserType": "b2bCollaborationGuest",
        },
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [PORTAL],
        },
        "signInConditions": {"clientAppType": "browser", "devicePlatform": "windows"},
        "appliedPoliciesOnly": False,
    }
    assert "externalUserType" not in json.loads(world.site.requests[1].request.body)


def replace_kind(sign_in: AskedSignIn) -> AskedSignIn:
    return replace(sign_in, external_user_type="b2bCollaborationGuest")


@pytest.mark.parametrize("fault", ONCE.values(), ids=ONCE)
def test_a_passing_fault_costs_no_more_than_a_note(fault) -> None:
    world = directory_world({2: fault})

    given = ask_what_if(world.session, SIGN_INS)

    answers = ask_what_if(directory_world().session, SIGN_INS).answers
    assert given.answers == answers[: len(given.answers)]
    assert bool(given.notes) is (len(given.answers) < len(answers))


def test_a_missing_permission_ends_the_questions_and_is_named() -> None:
    world = directory_world()
    world.directory.deny_for_consent("evaluate")

    given = ask_what_if(world.session, SIGN_INS)

    assert given.answers == ()
    (note,) = given.notes
    assert note.startswith("Entra's What If answered about 0 of 6 sign-ins only: Graph refuses")
    assert "Policy.Read.All" in note
    assert statuses(world) == [403]


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)
def test_a_lasting_fault_keeps_the_answers_before_it_and_no_figure_changes(fault) -> None:
    world, directory = directory_world(dict.fromkeys(range(3, 100), fault)), whole().directory

    given = ask_what_if(world.session, SIGN_INS)

    assert [answer.sign_in for answer in given.answers] == SIGN_INS[:2]
    (note,) = given.notes
    assert note.startswith("Entra's What If ")
    assert "northwindcloud" not in note  # Graph's messages may name people
    judged = assess_accounts(directory, answers=given.answers)
    assert judged.metrics == assess_accounts(directory).metrics


def test_a_fault_is_given_up_after_four_tries_for_the_report_waits() -> None:
    world = directory_world(dict.fromkeys(range(1, 100), refuse(503, "serviceNotAvailable")))

    given = ask_what_if(world.session, SIGN_INS)

    assert statuses(world) == [503] * 4
    assert "503 serviceNotAvailable" in given.notes[0]


def test_when_the_time_is_up_what_was_answered_is_kept() -> None:
    world = directory_world(deadline=2.5)

    given = ask_what_if(world.session, SIGN_INS)

    assert len(given.answers) == 3
    assert given.notes[0].startswith("Entra's What If answered about 3 of 6 sign-ins only: ")


def test_an_application_that_entra_does_not_know_is_asked_about_once() -> None:
    world = directory_world({1: refuse(400, "BadRequest")})

    given = ask_what_if(world.session, SIGN_INS)

    assert [answer.sign_in for answer in given.answers] == SIGN_INS[3:]
    assert statuses(world) == [400, 200, 200, 200]
    (note,) = given.notes
    assert note == (
        "Entra's What If did not answer everything about the portal: Graph does not accept the "
        "request (400 BadRequest)."
    )


def test_an_account_that_is_gone_is_passed_over() -> None:
    world = directory_world({2: refuse(400, "BadRequest")})

    given = ask_what_if(world.session, SIGN_INS)

    assert [answer.sign_in for answer in given.answers] == [SIGN_INS[0], *SIGN_INS[2:]]
