"""Agents, directory synchronisation, invited members, and accounts that can activate a role."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.enforcement import Enforcement
from tests.directories import SYNCHRONISATION, ann, by_id, group, policy, user

ENFORCED, CONDITIONAL = Enforcement.ENFORCED, Enforcement.CONDITIONAL
UNPROTECTED, UNKNOWN = Enforcement.UNPROTECTED, Enforcement.UNKNOWN

AGENT = {"@odata.type": "#microsoft.graph.agentUser"}
DEFAULTS = {"securityDefaults": {"isEnabled": True}}
SYNC = "Sync_DC01_0123456789ab"


@pytest.mark.parametrize(
    "enforced_by", [{}, DEFAULTS, {"users": [user(perUserMfaState="enforced", **AGENT)]}]
)
def test_nothing_enforces_mfa_for_an_agents_account(enforced_by: dict[str, Any]) -> None:
    account = ann(policy(), **{"users": [user(**AGENT)], **enforced_by})

    assert account.enforcement is UNPROTECTED
    assert account.cause.startswith("This is an agent's user account, which can hold no MFA")


def test_an_agents_account_that_is_disabled_or_may_be_is_judged_like_any_other() -> None:
    assert ann(policy(), users=[user(accountEnabled=False, **AGENT)]).enforcement is None
    assert ann(policy(), users=[user(accountEnabled=None, **AGENT)]).enforcement is UNKNOWN


def test_an_account_of_a_new_kind_may_be_an_agents() -> None:
    new = [user(**{"@odata.type": "#microsoft.graph.robotUser"})]

    account = ann(policy(), users=new)

    assert account.enforcement is UNKNOWN
    assert account.cause == "Not read: whether this is an agent's user account."
    assert ann(users=new).enforcement is UNPROTECTED


def test_security_defaults_exempt_directory_synchronisation() -> None:
    found = by_id(users=[user(), user(SYNC)], **DEFAULTS, **SYNCHRONISATION)

    assert found["ann"].enforcement is ENFORCED
    assert found[SYNC].enforcement is UNPROTECTED
    assert found[SYNC].cause.startswith("Security defaults exempt directory synchronisation")


def test_a_policy_covers_directory_synchronisation_like_any_account() -> None:
    found = by_id(policy(), users=[user(), user(SYNC)], **DEFAULTS, **SYNCHRONISATION)

    assert found[SYNC].enforcement is ENFORCED
    assert found[SYNC].enforced_by == "policy “MFA”"


@pytest.mark.parametrize("key", ["roleAssignments", "roleDefinitions"])
def test_if_roles_were_not_read_a_name_of_synchronisation_is_a_doubt(key: str) -> None:
    unread = {**SYNCHRONISATION, key: None}

    found = by_id(users=[user(), user(SYNC)], **DEFAULTS, **unread)

    assert found["ann"].enforcement is ENFORCED
    assert found[SYNC].enforcement is UNKNOWN
    assert "directory synchronisation account" in found[SYNC].cause


INVITED = [
    {"userPrincipalName": "ann_f#EXT#@contoso.example"},
    {"creationType": "Invitation"},
    {"creationType": "SelfServiceSignUp"},
    {"externalUserState": "Accepted"},
    {"externalUserState": "PendingAcceptance"},
]


@pytest.mark.parametrize("hint", INVITED)
def test_an_invited_member_is_known_by_name_creation_or_invitation(hint: dict[str, Any]) -> None:
    users = {"includeUsers": ["All"], "excludeUsers": ["GuestsOrExternalUsers"]}

    assert ann(policy(users=users), users=[user(**hint)]).enforcement is UNPROTECTED


@pytest.mark.parametrize(
    ("creation", "expected"),
    [(None, ENFORCED), ("EmailVerified", ENFORCED), ("Teleportation", UNKNOWN)],
)
def test_a_member_created_otherwise_is_not_external(creation: Any, expected: Any) -> None:
    users = {"includeUsers": ["All"], "excludeUsers": ["GuestsOrExternalUsers"]}

    account = ann(policy(users=users), users=[user(creationType=creation)])

    assert account.enforcement is expected


BUT_ADMINS = policy(users={"includeUsers": ["All"], "excludeRoles": ["ga"]})
ROLES: dict[str, Any] = {"roleDefinitions": [{"id": "ga", "templateId": "ga"}]}


def eligible(principal: str = "ann", scope: str = "/") -> dict[str, Any]:
    return {
        **ROLES,
        "roleEligibilities": [
            {"principalId": principal, "roleDefinitionId": "ga", "directoryScopeId": scope}
        ],
    }


def test_an_account_that_can_activate_an_excluded_role_is_conditional() -> None:
    account = ann(BUT_ADMINS, **eligible())

    assert account.enforcement is CONDITIONAL
    assert account.cause == (
        "Policy “MFA” requires MFA until the account activates a role that it excludes."
    )
    assert account.remedy == "Remove the role from the exclusions of policy “MFA”."


ELIGIBLE: dict[str, tuple[list[dict[str, Any]], dict[str, Any], Enforcement]] = {
    "another policy covers it": ([BUT_ADMINS, policy("All")], eligible(), ENFORCED),
    "per-user MFA covers it": (
        [BUT_ADMINS],
        {**eligible(), "users": [user(perUserMfaState="enforced")]},
        ENFORCED,
    ),
    "somebody else is eligible": ([BUT_ADMINS], eligible("bob"), ENFORCED),
    "for an administrative unit only": (
        [BUT_ADMINS],
        eligible(scope="/administrativeUnits/1"),
        ENFORCED,
    ),
    "through a group": (
        [BUT_ADMINS],
        {**eligible("crew"), "groups": [group("crew", "ann")]},
        CONDITIONAL,
    ),
    "through a group that was not read": ([BUT_ADMINS], eligible("crew"), UNKNOWN),
    "nothing else is open": ([], eligible(), UNPROTECTED),
    "eligibilities were not read": ([BUT_ADMINS], ROLES, ENFORCED),
}


@pytest.mark.parametrize(("policies", "changes", "expected"), ELIGIBLE.values(), ids=ELIGIBLE)
def test_what_an_account_can_activate_matters_only_if_nothing_else_enforces_mfa(
    policies: list[dict[str, Any]], changes: dict[str, Any], expected: Enforcement
) -> None:
    given = {"users": [user()], **changes}
    if changes.get("roleEligibilities", [{}])[0].get("principalId") == "bob":
        given["users"] = [user(), user("bob")]

    assert by_id(*policies, **given)["ann"].enforcement is expected


MEMBER_CASES = {
    "agent-user": (3, 0),
    "excluded-group-with-agentIdentity": (4, 0),
    "excluded-group-with-application": (4, 0),
    "excluded-group-with-device": (4, 0),
    "excluded-group-with-servicePrincipal": (4, 0),
}


@pytest.mark.parametrize(("name", "counts"), MEMBER_CASES.items())
def test_accounts_and_members_of_kinds_that_are_new(cases, name: str, counts: Any) -> None:
    path = cases / "14-words-of-the-published-schema" / f"{name}.json"

    metrics = assess_accounts(msgspec.json.decode(path.read_bytes(), type=Directory)).metrics

    assert (metrics.enforced, metrics.unknown) == counts
