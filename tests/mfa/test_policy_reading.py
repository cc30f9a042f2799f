"""Policies as Graph and PowerShell write them, and what is new in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.policy_reading import read_policy
from tests.directories import ann, by_id, group, policy, user

ENFORCED, UNPROTECTED, UNKNOWN = (
    Enforcement.ENFORCED,
    Enforcement.UNPROTECTED,
    Enforcement.UNKNOWN,
)

#: How ``Get-MgIdentityConditionalAccessPolicy`` writes objects that are not set.
UNSET_GUESTS = {"ExternalTenants": {"MembershipKind": None}, "GuestOrExternalUserTypes": None}
UNSET_CONDITIONS = {
    "Platforms": {"ExcludePlatforms": None, "IncludePlatforms": None},
    "Devices": {"DeviceFilter": {"Mode": None, "Rule": None}},
    "AuthenticationFlows": {"TransferMethods": None},
    "ClientApplications": {"ExcludeServicePrincipals": None, "IncludeServicePrincipals": None},
    "SignInRiskLevels": [],
    "AdditionalProperties": {"@odata.type": "#microsoft.graph.conditionalAccessConditionSet"},
}
UNSET_GRANT = {"AuthenticationStrength": {"AllowedCombinations": None, "Id": None}}


def pascal(value: Any) -> Any:
    """The same with PowerShell's names."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def of_powershell(**changes: Any) -> dict[str, Any]:
    """A policy for everybody, as PowerShell writes it."""
    written: dict[str, Any] = pascal(policy(**changes))
    users = written["Conditions"]["Users"]
    users.setdefault("ExcludeGuestsOrExternalUsers", UNSET_GUESTS)
    users.setdefault("IncludeGuestsOrExternalUsers", UNSET_GUESTS)
    written["Conditions"] = UNSET_CONDITIONS | written["Conditions"]
    written["GrantControls"] = UNSET_GRANT | written["GrantControls"]
    return written


def test_a_policy_of_powershell_is_read_like_the_same_policy_of_graph() -> None:
    plain = policy(
        users={"includeUsers": ["All"], "excludeGroups": ["g"]},
        locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]},
    )

    assert read_policy(pascal(plain)) == read_policy(plain)


@pytest.mark.parametrize("type_", ["Member", "Guest"])
def test_what_powershell_writes_for_unset_conditions_is_not_a_condition(type_: str) -> None:
    assert ann(of_powershell(), users=[user(userType=type_)]).enforcement is ENFORCED


def test_a_policy_of_powershell_with_session_controls_only_requires_nothing() -> None:
    grant = {"builtInControls": None, "operator": None}

    assert ann(of_powershell(grant=grant)).enforcement is UNPROTECTED


def test_controls_without_an_operator_leave_open_whether_mfa_is_required_and_say_so() -> None:
    grant = {"builtInControls": ["mfa", "compliantDevice"], "operator": None}

    found = ann(policy(grant=grant))

    assert found.enforcement is UNKNOWN
    assert "whether policy “MFA” requires MFA by an operator that is not given" in found.cause


def test_a_list_of_one_may_be_written_as_its_only_item() -> None:
    lone = policy(users={"includeUsers": "All", "excludeGroups": "crew"})
    wrapped = policy(users={"includeUsers": {"value": ["All"], "Count": 1}})

    found = by_id(lone, users=[user(), user("bob")], groups=[group("crew", "bob")])

    assert found["ann"].enforcement is ENFORCED
    assert found["bob"].enforcement is UNPROTECTED
    assert ann(wrapped).enforcement is ENFORCED


NOT_UNDERSTOOD: dict[str, tuple[dict[str, Any], str]] = {
    "a new list": (
        {"includeUsers": ["All"], "excludeRobots": ["r"]},
        "what “conditions.users.excludeRobots” means",
    ),
    "a new list instead of those that are known": (
        {"includeRobots": ["r"]},
        "what “conditions.users.includeRobots” means",
    ),
    "a new word that includes": ({"includeUsers": ["AllStaff"]}, "whom “allstaff” means"),
    "a new word that excludes": (
        {"includeUsers": ["All"], "excludeUsers": ["AllBots"]},
        "whom “allbots” means",
    ),
    "a new word for roles": (
        {"includeUsers": ["All"], "excludeRoles": ["AllAdmins"]},
        "who holds the role “AllAdmins”",
    ),
    "nobody": ({"includeUsers": []}, "whom it includes"),
}


@pytest.mark.parametrize(("users", "what"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_an_account_that_a_policy_may_leave_out_is_unknown(
    users: dict[str, Any], what: str
) -> None:
    account = ann(policy(users=users))

    assert account.enforcement is UNKNOWN
    assert account.cause.startswith(f"Not read: {what}, which policy “MFA” ")


@pytest.mark.parametrize(
    "guests",
    [
        {},
        {"guestOrExternalUserTypes": ""},
        {"guestOrExternalUserTypes": None},
        {"externalTenants": {"membershipKind": "enumerated", "members": ["t"]}},
        {"guestOrExternalUserTypes": "internalGuest", "homeTenants": ["t"]},
    ],
)
def test_an_exclusion_of_guests_without_a_kind_may_mean_any_guest(guests: dict[str, Any]) -> None:
    users = {"includeUsers": ["All"], "excludeGuestsOrExternalUsers": guests}

    found = by_id(policy(users=users), users=[user(), user("gil", userType="Guest")])

    assert found["gil"].enforcement is UNKNOWN


def test_a_policy_for_workload_identities_reaches_no_account() -> None:
    agents = {"includeAgentIdServicePrincipals": ["All"]}
    for_agents = policy(users={}, clientApplications=agents)

    assert ann(for_agents).enforcement is UNPROTECTED


def test_a_policy_that_is_only_partly_switched_on_is_unknown() -> None:
    account = ann({**policy(), "partialEnablementStrategy": "half"})

    assert account.cause == ("Not read: what “partialEnablementStrategy” means in policy “MFA”.")


def test_a_key_that_occurs_in_two_spellings_is_not_understood() -> None:
    double = {**policy(), "State": "disabled"}

    assert read_policy(double).not_understood == ("State",)
    assert ann(double).enforcement is UNKNOWN


def test_a_policy_that_is_switched_off_may_lack_anything() -> None:
    assert ann({"state": "disabled"}).enforcement is UNPROTECTED


POLICY_CASES = {
    "14-words-of-the-published-schema/control.json": 4,
    "14-words-of-the-published-schema/agent-risk.json": 0,
    "14-words-of-the-published-schema/device-states-included.json": 0,
    "14-words-of-the-published-schema/exclude-roles-word.json": 0,
    "14-words-of-the-published-schema/exclude-users-word.json": 0,
    "14-words-of-the-published-schema/users-new-key.json": 0,
    "08-directory-policy-not-understood/pascal-policy.json": 1,
    "08-directory-policy-not-understood/no-conditions.json": 0,
    "08-directory-policy-not-understood/empty-policy.json": 0,
}


@pytest.mark.parametrize(("name", "enforced"), POLICY_CASES.items())
def test_policies_that_once_read_too_well(cases, name: str, enforced: int) -> None:
    directory = msgspec.json.decode((cases / name).read_bytes(), type=Directory)

    metrics = assess_accounts(directory).metrics

    assert (metrics.enforced, metrics.unprotected) == (enforced, 0)


def test_what_is_new_in_a_policy_for_legacy_clients_makes_nobody_conditional() -> None:
    legacy = policy(clientAppTypes=["other"], signInRiskLevels=["high"])
    new = policy(clientAppTypes=["other"], signInRiskLevels=["high"], newCondition=["some"])

    assert ann(legacy).enforcement is UNPROTECTED
    assert ann(new).enforcement is UNKNOWN


def test_a_policy_without_client_types_may_have_been_for_browsers_only() -> None:
    """Graph always gives them."""
    conditions = {**policy()["conditions"]}
    del conditions["clientAppTypes"]

    assert ann({**policy(), "conditions": conditions}).enforcement is UNKNOWN
    assert ann(policy(clientAppTypes=None)).enforcement is ENFORCED  # not configured
    assert ann(policy(clientAppTypes=[])).enforcement is ENFORCED


def test_a_deleted_policy_protects_nobody() -> None:
    deleted = {**policy(), "deletedDateTime": "2026-11-01T08:00:00Z"}

    assert ann(deleted).enforcement is UNPROTECTED
    assert ann({**policy(), "deletedDateTime": None}).enforcement is ENFORCED
