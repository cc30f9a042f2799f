from __future__ import annotations

import json
from dataclasses import replace

import pytest

from simulator.graph.directory import DirectoryBehaviour, StatesInBulk
from simulator.graph.faults import (
    forge_next_link,
    garble,
    refuse,
)
from simulator.tenants.users import named_guid
from tests.sources.graph.directory_doubles import (
    answers,
    directory_world,
    groups_by_name,
    only_administrators,
    plain_paths,
    whole,
)
from tests.sources.graph.graph_doubles import URL, partner

# Per-user MFA states


@pytest.mark.parametrize("bulk", [StatesInBulk.REFUSED, StatesInBulk.LEFT_OUT])
def test_states_that_do_not_come_with_the_users_are_read_in_batches(bulk) -> None:
    world = directory_world(behaviour=DirectoryBehaviour(states_in_bulk=bulk))

    pulled = world.source.read()

    assert pulled.notes == {}
    assert answers(pulled.directory) == answers(whole().directory)
    assert world.paths.count("/beta/$batch") == 3  # sixty enabled accounts


def test_states_of_disabled_accounts_are_not_read() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(states_in_bulk=StatesInBulk.LEFT_OUT))

    pulled = world.source.read()

    asked = [path for path in world.inner_paths if path.endswith("/requirements")]
    assert len(asked) == 60
    unread = [user for user in pulled.directory.users if user.per_user_mfa_state is None]
    assert [user.account_enabled for user in unread] == [False] * 6


def test_states_that_are_refused_are_not_read_and_not_requested_again() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(states_in_bulk=StatesInBulk.REFUSED))
    world.directory.deny_for_consent("requirements")

    pulled = world.source.read()

    assert world.paths.count("/beta/$batch") == 1
    assert {user.per_user_mfa_state for user in pulled.directory.users} == {None}
    note = pulled.notes["perUserMfaState"]
    assert note.startswith("The per-user MFA states of 60 accounts were not read: ")
    assert "Policy.Read.All" in note
    assert "unprotected" not in answers(pulled.directory).values()


def test_one_state_that_is_throttled_to_the_end_is_unknown_and_the_others_are_read() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(states_in_bulk=StatesInBulk.LEFT_OUT))
    person = partner().people[0]

    def fault(request, respond):
        is_hers = person.id in request.path
        return refuse(429, "TooManyRequests")(request, respond) if is_hers else respond(request)

    world.inner.faults = dict.fromkeys(range(1, 200), fault)

    pulled = world.source.read()

    unread = [user.id for user in pulled.directory.users if user.per_user_mfa_state is None]
    assert person.id in unread
    assert len(unread) == 7  # the six disabled accounts were not requested
    assert "of 1 account were not read" in pulled.notes["perUserMfaState"]


# Batches


def test_requests_within_a_batch_ask_for_all_words_as_the_others_do() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(states_in_bulk=StatesInBulk.LEFT_OUT))

    world.source.read()

    requests = [*world.site.requests, *world.inner.requests]
    assert len(world.inner.requests) > 60
    assert {it.request.headers.get("prefer") for it in requests} == {"include-unknown-enum-members"}


def test_only_the_throttled_request_of_a_batch_is_sent_again() -> None:
    world = directory_world()
    world.inner.faults = {5: refuse(429, "TooManyRequests", retry_after="7")}

    pulled = world.source.read()

    assert pulled.notes == {}
    assert 7.0 in world.time.pauses
    assert len(world.paths) == len(plain_paths()) + 1
    assert answers(pulled.directory) == answers(whole().directory)


def test_a_group_that_is_throttled_to_the_end_is_not_a_group_without_members() -> None:
    world = directory_world()
    id_ = named_guid("MFA exceptions")

    def fault(request, respond):
        is_it = request.path.endswith(f"{id_}/transitiveMembers")
        return refuse(429, "TooManyRequests")(request, respond) if is_it else respond(request)

    world.inner.faults = dict.fromkeys(range(1, 200), fault)

    pulled = world.source.read()

    assert id_ not in {group.id for group in pulled.directory.groups or ()}
    assert "The members of 1 group were not read: Graph failed 8 times" in pulled.notes["groups"]
    assert only_administrators(pulled.directory)


def test_a_request_whose_answer_is_missing_from_a_batch_is_sent_again() -> None:
    def shorten(request, respond):
        response = respond(request)
        kept = {"responses": json.loads(response.body)["responses"][:-3]}
        return replace(response, body=json.dumps(kept).encode())

    numbers = [n for n, path in enumerate(plain_paths(), 1) if path.endswith("$batch")]
    world = directory_world({numbers[1]: shorten})

    pulled = world.source.read()

    assert pulled.notes == {}
    assert len(world.paths) == len(plain_paths()) + 1


@pytest.mark.parametrize(
    "fault", [refuse(429, retry_after="3"), garble, refuse(500)], ids=["429", "garbled", "500"]
)
def test_a_batch_that_fails_as_a_whole_is_posted_again(fault) -> None:
    numbers = [n for n, path in enumerate(plain_paths(), 1) if path.endswith("$batch")]
    world = directory_world(dict.fromkeys(numbers[:1], fault))

    pulled = world.source.read()

    assert pulled.notes == {}
    assert len(world.paths) == len(plain_paths()) + 1


def test_members_beyond_the_first_page_of_a_batch_are_fetched() -> None:
    world = directory_world(behaviour=DirectoryBehaviour(page_rows=5))

    groups = groups_by_name(world.source.read().directory)

    assert len(groups["AdminAgents"].members or ()) == 20


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://graph.evil.example/v1.0/groups", "leads to another host"),
        (f"{URL}.evil.example/v1.0/groups", "leads to another host"),
        (
            f"{URL}/v1.0/groups/{named_guid('AdminAgents')}/transitiveMembers?$select=id",
            "in a circle",
        ),
    ],
)
def test_a_link_that_came_within_a_batch_is_checked_like_any_other(address, reason) -> None:
    world = directory_world()
    name = f"{named_guid('AdminAgents')}/transitiveMembers"

    def fault(request, respond):
        is_it = name in request.path
        return forge_next_link(address)(request, respond) if is_it else respond(request)

    world.inner.faults = dict.fromkeys(range(1, 200), fault)
    world.site.faults = dict.fromkeys(range(1, 200), fault)

    pulled = world.source.read()

    assert "AdminAgents" not in groups_by_name(pulled.directory)
    assert reason in pulled.notes["groups"]


def test_a_token_that_expires_on_the_way_is_renewed() -> None:
    numbers = [n for n, path in enumerate(plain_paths(), 1) if path.endswith("$batch")]
    world = directory_world(
        {number: refuse(401, "InvalidAuthenticationToken") for number in numbers[:1]}
    )

    assert world.source.read().notes == {}
