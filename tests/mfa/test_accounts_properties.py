"""The set algebra against the slow way, on random small tenants."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from tests.directories import PARTNER_CENTER, document, group, policy, user
from tests.mfa import naive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS = ["ann", "bob", "cyd", "dan"]
GROUPS = ["staff", "leads", "guests", "unread"]  # the last is in no document
ROLES = ["admin", "reader", "nobody has it"]
PLATFORMS = ["windows", "iOS"]
PLACES = ["HQ", "Lab"]


def some(values: list[str], most: int = 2, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


def rarely(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), st.none(), st.none(), strategy)


@st.composite
def accounts(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        user(
            name,
            accountEnabled=draw(st.sampled_from([True, True, True, False])),
            userType=draw(st.sampled_from(["Member", "Member", "Guest", None])),
            perUserMfaState=draw(
                st.sampled_from(["disabled", "disabled", "disabled", "enforced", None])
            ),
        )
        for name in USERS
    ]


@st.composite
def groups(draw: st.DrawFn) -> list[dict[str, Any]] | None:
    if draw(st.integers(0, 9)) == 0:
        return None
    return [
        group(
            name,
            *draw(some(USERS)),
            groups=tuple(draw(some(GROUPS, 1))),
            **({"members": None} if draw(st.integers(0, 9)) == 0 else {}),
        )
        for name in GROUPS[:-1]
    ]


@st.composite
def policy_users(draw: st.DrawFn) -> dict[str, list[str]]:
    words = [*USERS, "All", "All", "GuestsOrExternalUsers"]
    return {
        "includeUsers": draw(some(words)),
        "includeGroups": draw(some(GROUPS, 1)),
        "includeRoles": draw(some(ROLES, 1)),
        "excludeUsers": draw(some([*USERS, "GuestsOrExternalUsers"], 1)),
        "excludeGroups": draw(some(GROUPS, 1)),
        "excludeRoles": draw(some(ROLES, 1)),
    }


def span(values: list[str], word: str) -> st.SearchStrategy[tuple[list[str], list[str]]]:
    every = st.just([word])
    return st.tuples(
        st.one_of(every, every, some(values, least=1)),
        st.one_of(st.just([]), some(values, 1)),
    )


@st.composite
def policies(draw: st.DrawFn, name: str) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    if draw(st.booleans()):
        include, exclude = draw(span(PLATFORMS, "all"))
        conditions["platforms"] = {"includePlatforms": include, "excludePlatforms": exclude}
    if draw(st.booleans()):
        include, exclude = draw(span(PLACES, "All"))
        conditions["locations"] = {"includeLocations": include, "excludeLocations": exclude}
    if draw(st.integers(0, 7)) == 0:
        conditions["signInRiskLevels"] = ["high"]
    include, exclude = draw(span([*PARTNER_CENTER, "Office365"], "All"))
    strength = draw(rarely(st.sampled_from(["00000000-0000-0000-0000-000000000004", "custom"])))
    controls = some(["mfa", "compliantDevice"]) | st.just(["mfa"]) | st.just(["block"])
    return policy(
        name,
        users=draw(policy_users()),
        applications={"includeApplications": include, "excludeApplications": exclude},
        clientAppTypes=draw(
            st.sampled_from(
                [["all"], ["all"], ["browser"], ["mobileAppsAndDesktopClients", "other"], ["other"]]
            )
        ),
        state=draw(
            st.sampled_from(
                ["enabled"] * 6 + ["disabled", "enabledForReportingButNotEnforced", "new word"]
            )
        ),
        grant={
            "operator": draw(st.sampled_from(["AND", "OR"])),
            "builtInControls": draw(controls),
            "authenticationStrength": strength and {"id": strength},
        },
        **conditions,
    )


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    assignments = [
        {
            "principalId": draw(st.sampled_from([*USERS, *GROUPS])),
            "roleDefinitionId": draw(st.sampled_from(["of admin", "of reader", "not read"])),
            "directoryScopeId": draw(st.sampled_from(["/", "/", "/administrativeUnits/1"])),
        }
        for _ in range(draw(st.integers(0, 2)))
    ]
    definitions = [{"id": f"of {role}", "templateId": role} for role in ROLES[:2]]
    is_read = draw(st.integers(0, 9)) > 0
    return document(
        *[draw(policies(f"P{index}")) for index in range(draw(st.integers(0, 4)))],
        users=draw(accounts()),
        groups=draw(groups()),
        roleAssignments=assignments if is_read else None,
        roleDefinitions=definitions,
        securityDefaults=draw(
            st.sampled_from([{"isEnabled": False}] * 6 + [{"isEnabled": True}, None])
        ),
    )


@given(documents())
@settings(max_examples=300)
def test_accounts_are_judged_as_by_one_user_one_policy_one_sign_in_at_a_time(
    doc: dict[str, Any],
) -> None:
    every_sign_in = naive.sign_ins(PLATFORMS, PLACES)
    expected = {user["id"]: naive.enforcement(doc, user, every_sign_in) for user in doc["users"]}

    judged = assess_accounts(msgspec.convert(doc, Directory))

    assert {row.object_id: row.enforcement for row in judged} == expected


Path = tuple[str | int, ...]


def parts(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every key of a policy that is filled."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item:
                yield (*path, key)
                yield from parts(item, (*path, key))


def losses(doc: dict[str, Any]) -> list[Callable[[dict[str, Any]], None]]:
    """Every way to know less than a document says; each changes a copy of it."""

    def without(*path: str | int) -> Callable[[dict[str, Any]], None]:
        return lambda copy: at(copy, path[:-1]).update({path[-1]: None})

    def gone(*path: str | int) -> Callable[[dict[str, Any]], None]:
        return lambda copy: at(copy, path[:-1]).pop(path[-1])

    def renamed(*path: str | int) -> Callable[[dict[str, Any]], None]:
        def change(copy: dict[str, Any]) -> None:
            parent = at(copy, path[:-1])
            parent[f"new{path[-1]}"] = parent.pop(path[-1])

        return change

    keys = ("groups", "roleAssignments", "roleDefinitions", "securityDefaults")
    found = [without(key) for key in (*keys, "conditionalAccessPolicies")]
    found += [
        without("users", index, key)
        for index in range(len(doc["users"]))
        for key in ("perUserMfaState", "accountEnabled", "userType")
    ]
    found += [without("groups", index, "members") for index in range(len(doc["groups"] or ()))]
    found += [gone("groups", index) for index in range(len(doc["groups"] or ()))]
    for index, policy_ in enumerate(doc["conditionalAccessPolicies"]):
        where = ("conditionalAccessPolicies", index)
        needed = ("id", "state", "conditions", "grantControls")
        found += [gone(*where, part) for part in needed if part in policy_]
        conditions = policy_.get("conditions", {})
        found += [
            gone(*where, "conditions", part)
            for part in ("users", "applications", "clientAppTypes")
            if part in conditions
        ]
        found += [
            renamed(*where, *path)
            for path in parts(policy_)
            if path[0] in ("conditions", "grantControls") and path[-1] != "id"
        ]
    return found


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


@given(documents(), st.data())
@settings(max_examples=300)
def test_who_knows_less_judges_an_account_the_same_or_unknown(
    doc: dict[str, Any], data: st.DataObject
) -> None:
    less = deepcopy(doc)
    for _ in range(data.draw(st.integers(1, 2))):
        if less["conditionalAccessPolicies"] is not None:
            data.draw(st.sampled_from(losses(less)))(less)

    known, unsure = answers(doc), answers(less)

    assert {name for name in known if unsure[name] not in (known[name], "unknown")} == set()


def answers(doc: dict[str, Any]) -> dict[str, str | None]:
    judged = assess_accounts(msgspec.convert(doc, Directory))
    return {row.object_id: row.enforcement for row in judged}
