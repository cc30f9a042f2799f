"""Membership of groups and roles, as sets over all accounts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.accounts.account_set import AccountLookup, AccountSet, bits_of
from shared.mfa.accounts.membership import Membership
from tests.directories import directory, group, user

USERS = [user("ann"), user("bob"), user("cyd")]


def membership(**changes: Any) -> Membership:
    return Membership(directory(**{"users": USERS, **changes}))


def names(accounts: AccountSet) -> tuple[set[str], set[str]]:
    """The certain members, and the other possible ones."""
    ids = [user["id"] for user in USERS]
    lookup = AccountLookup(accounts, len(ids))
    truths = {name: lookup.truth(index) for index, name in enumerate(ids)}
    return (
        {name for name, truth in truths.items() if truth},
        {name for name, truth in truths.items() if truth is None},
    )


def test_a_list_of_members_that_goes_on_elsewhere_leaves_the_others_in_doubt() -> None:
    more = {"members@odata.nextLink": "https://graph.microsoft.com/v1.0/groups/a/members?$skip"}
    groups = membership(groups=[group("a", "ann") | more]).groups

    assert names(groups.members("a")) == ({"ann"}, {"bob", "cyd"})


def test_members_are_found_through_nested_groups_and_cycles_end() -> None:
    groups = membership(
        groups=[
            group("a", "ann", groups=("b",)),
            group("b", groups=("c",)),
            group("c", "cyd", groups=("a", "c")),
        ]
    ).groups

    assert names(groups.members("a")) == ({"ann", "cyd"}, set())
    assert names(groups.members("C")) == ({"ann", "cyd"}, set())


def test_a_group_that_was_not_read_may_hold_anyone() -> None:
    everyone = {"ann", "bob", "cyd"}

    assert names(membership(groups=None).groups.members("a")) == (set(), everyone)
    assert names(membership(groups=[]).groups.members("a")) == (set(), everyone)
    assert names(membership(groups=[group("a", members=None)]).groups.members("a")) == (
        set(),
        everyone,
    )


def test_a_nested_group_that_was_not_read_leaves_the_others_open() -> None:
    groups = membership(groups=[group("a", "ann", groups=("gone",))]).groups

    assert names(groups.members("a")) == ({"ann"}, {"bob", "cyd"})


def test_members_that_are_not_accounts_of_the_directory_change_nothing() -> None:
    members = [
        {"@odata.type": "#microsoft.graph.user", "id": "deleted"},
        {"@odata.type": "#microsoft.graph.device", "id": "laptop"},
        {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "app"},
        {"id": "bob"},
    ]

    groups = membership(groups=[group("a", members=members)]).groups

    assert names(groups.members("a")) == ({"bob"}, set())


@pytest.mark.parametrize("kind", [None, "#microsoft.graph.somethingNew"])
def test_a_member_of_no_known_kind_may_be_a_group_that_was_not_read(kind: str | None) -> None:
    members = [{"@odata.type": kind, "id": "x"}]

    groups = membership(groups=[group("a", members=members)]).groups

    assert names(groups.members("a")) == (set(), {"ann", "bob", "cyd"})


@pytest.mark.parametrize(
    "kind",
    [
        *("application", "agentIdentity", "agentIdentityBlueprint", "servicePrincipal"),
        *("agentIdentityBlueprintPrincipal", "device", "orgContact", "administrativeUnit"),
    ],
)
def test_a_member_that_is_neither_account_nor_group_causes_no_doubt(kind: str) -> None:
    members = [{"@odata.type": f"#microsoft.graph.{kind}", "id": "x"}]

    groups = membership(groups=[group("a", members=members)]).groups
    held = roles(assignment("x", "own id", principal=members[0]))

    assert names(groups.members("a")) == (set(), set())
    assert names(held.holders("ga")) == (set(), set())


def test_an_agents_user_account_is_a_member_like_any_other() -> None:
    members = [{"@odata.type": "#microsoft.graph.agentUser", "id": "ann"}]

    assert names(membership(groups=[group("a", members=members)]).groups.members("a"))[0] == {"ann"}


def test_the_path_to_a_member_is_a_shortest_one() -> None:
    groups = membership(
        groups=[
            group("a", "ann", groups=("b", "c")),
            group("b", groups=("d",)),
            group("c", "cyd", groups=("d",)),
            group("d", "bob", "cyd"),
        ]
    ).groups

    paths = [groups.path("a", index) for index in range(3)]

    assert paths == ["A", "A > B > D", "A > C"]


def test_a_group_without_a_name_goes_by_its_id() -> None:
    groups = membership(groups=[group("a", "ann", displayName=None)]).groups

    assert (groups.name("a"), groups.path("a", 0), groups.name("gone")) == ("a", "a", "gone")


def assignment(holder: str, role: str, scope: str | None = "/", **changes: Any) -> Any:
    return {
        "principalId": holder,
        "roleDefinitionId": role,
        "directoryScopeId": scope,
        **changes,
    }


OTHER_ROLE = "11111111-2222-4333-8444-555555555555"
ROLES = [{"id": "own id", "templateId": "ga", "displayName": "Global Administrator"}]


def roles(*assignments: Any, **changes: Any) -> Any:
    return membership(
        **{
            "groups": [group("staff", "bob")],
            "roleDefinitions": ROLES,
            "roleAssignments": list(assignments),
            **changes,
        }
    ).roles


def test_roles_are_held_by_template_directly_and_through_groups() -> None:
    held = roles(assignment("ann", "own id"), assignment("staff", "own id", None))

    assert names(held.holders("GA")) == ({"ann", "bob"}, set())
    assert names(held.holders(OTHER_ROLE)) == (set(), set())
    assert (held.name("ga"), held.name(OTHER_ROLE)) == ("Global Administrator", OTHER_ROLE)


def test_a_word_instead_of_a_roles_id_may_mean_any_role() -> None:
    held = roles(assignment("ann", "own id"))

    assert names(held.holders("AllAdministrators")) == (set(), {"ann", "bob", "cyd"})


def test_a_role_held_for_part_of_the_directory_makes_an_admin_but_moves_no_policy() -> None:
    held = roles(assignment("ann", "own id", "/administrativeUnits/1"))

    assert names(held.holders("ga")) == (set(), set())
    assert names(held.admins) == ({"ann"}, set())


def test_an_assignment_of_a_role_that_was_not_read_may_be_of_any() -> None:
    held = roles(assignment("ann", OTHER_ROLE))

    assert names(held.holders("ga")) == (set(), {"ann"})
    assert names(held.holders(OTHER_ROLE)) == ({"ann"}, set())


def test_a_principal_that_is_not_an_account_may_be_a_group_that_was_not_read() -> None:
    application = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "x"}

    assert names(roles(assignment("x", "own id")).holders("ga"))[1] == {"ann", "bob", "cyd"}
    ids = roles(assignment("x", "own id", principal=application))
    assert names(ids.holders("ga")) == (set(), set())


def test_without_assignments_or_definitions_anyone_may_hold_a_role() -> None:
    everyone: tuple[set[str], set[str]] = (set(), {"ann", "bob", "cyd"})

    assert names(roles(roleAssignments=None).holders("ga")) == everyone
    assert names(roles(roleDefinitions=None).holders("ga")) == everyone
    assert names(roles(roleAssignments=None).admins) == everyone


def test_an_account_that_can_activate_a_role_does_not_hold_it_until_then() -> None:
    ids = roles(roleEligibilities=[assignment("ann", "own id"), assignment("staff", "own id")])

    assert names(ids.eligible) == ({"ann", "bob"}, set())
    assert names(ids.holders("ga")) == names(ids.admins) == (set(), set())


def test_without_eligibilities_or_an_eligible_group_anyone_may_be_eligible() -> None:
    everyone: tuple[set[str], set[str]] = (set(), {"ann", "bob", "cyd"})

    assert names(roles().eligible) == everyone
    assert names(roles(roleEligibilities=[assignment("x", "own id")]).eligible) == everyone
    assert names(roles(roleEligibilities=[]).eligible) == (set(), set())


indexes = st.sets(st.integers(0, 40))


@given(indexes, indexes, indexes, indexes)
def test_sets_follow_kleenes_logic_for_every_account(a_sure, a_more, b_sure, b_more) -> None:
    a, b = accounts(a_sure, a_more), accounts(b_sure, b_more)

    for index in range(41):
        x, y = AccountLookup(a, 41).truth(index), AccountLookup(b, 41).truth(index)
        either = True if True in (x, y) else None if None in (x, y) else False
        without = False if x is False or y is True else True if x and y is False else None
        assert AccountLookup(a | b, 41).truth(index) is either
        assert AccountLookup(a - b, 41).truth(index) is without


def accounts(sure: set[int], more: set[int]) -> AccountSet:
    return AccountSet(bits_of(sure, 41), bits_of(sure | more, 41))


@given(st.lists(st.integers(0, 60)), st.lists(st.integers(0, 60)))
def test_every_account_is_found_by_its_id_whatever_the_others_are(present, asked) -> None:
    ids = [f"user-{n}" for n in dict.fromkeys(present)]
    roster = Membership(directory(users=[user(name) for name in ids])).roster

    for index in asked:
        name = f"user-{index}"
        assert roster.index_of(name.upper()) == (ids.index(name) if name in ids else None)
