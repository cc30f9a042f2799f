"""Whom a policy reaches, and what hangs on what was not read."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mfa.accounts.enforcement import Enforcement
from tests.directories import ROLES_AND_GROUPS, ann, assess, by_id, group, policy, user

ENFORCED, CONDITIONAL = Enforcement.ENFORCED, Enforcement.CONDITIONAL
UNPROTECTED, UNKNOWN = Enforcement.UNPROTECTED, Enforcement.UNKNOWN

NOBODYS = "11111111-2222-4333-8444-555555555555"  #: a role
OUTSIDE = policy(
    "Outside", locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
)

TARGETS: dict[str, tuple[dict[str, Any], Enforcement, str]] = {
    "nobody": ({"includeUsers": ["None"]}, UNPROTECTED, "Nothing requires MFA"),
    "by name": ({"includeUsers": ["ANN"]}, ENFORCED, ""),
    "by a group in a group": ({"includeGroups": ["staff"]}, ENFORCED, ""),
    "by a role": ({"includeRoles": ["ga"]}, ENFORCED, ""),
    "by a role held through a group": ({"includeRoles": ["reader"]}, ENFORCED, ""),
    "by a role held for an administrative unit only": (
        {"includeRoles": ["helpdesk"]},
        UNPROTECTED,
        "Nothing",
    ),
    "by a role that nobody holds": ({"includeRoles": [NOBODYS]}, UNPROTECTED, "Nothing"),
    "excluded by name": (
        {"includeUsers": ["All"], "excludeUsers": ["ann"]},
        UNPROTECTED,
        "Excluded from policy “MFA” by name.",
    ),
    "excluded through nested groups": (
        {"includeUsers": ["All"], "excludeGroups": ["staff"]},
        UNPROTECTED,
        "Excluded from policy “MFA” through the group Staff > Contractors.",
    ),
    "excluded through a role": (
        {"includeUsers": ["All"], "excludeRoles": ["ga"]},
        UNPROTECTED,
        "Excluded from policy “MFA” through the role Global Administrator.",
    ),
    "excluded through all users": (
        {"includeUsers": ["All"], "excludeUsers": ["All"]},
        UNPROTECTED,
        "Excluded from policy “MFA” through “All users”.",
    ),
    "excluded and included by name": (
        {"includeUsers": ["ann"], "excludeUsers": ["ann"]},
        UNPROTECTED,
        "Excluded",
    ),
    "included through a group that was not read": ({"includeGroups": ["gone"]}, UNKNOWN, "“gone”"),
    "excluded through a group that was not read": (
        {"includeUsers": ["All"], "excludeGroups": ["gone"]},
        UNKNOWN,
        "Not read: the members of the group “gone”, which policy “MFA” excludes.",
    ),
    "excluded by name and through a group that was not read": (
        {"includeUsers": ["All"], "excludeUsers": ["ann"], "excludeGroups": ["gone"]},
        UNPROTECTED,
        "by name",
    ),
    "included by name and through a group that was not read": (
        {"includeUsers": ["ann"], "includeGroups": ["gone"]},
        ENFORCED,
        "",
    ),
}


@pytest.mark.parametrize(("users", "expected", "cause"), TARGETS.values(), ids=TARGETS)
def test_whom_a_policy_reaches_decides_and_the_way_is_named(
    users: dict[str, Any], expected: Enforcement, cause: str
) -> None:
    account = ann(policy(users=users), **ROLES_AND_GROUPS)

    assert account.enforcement is expected
    assert cause in account.cause
    assert bool(account.remedy) == (expected is not ENFORCED)


@pytest.mark.parametrize("key", ["roleDefinitions", "roleAssignments"])
@pytest.mark.parametrize("list_", ["includeRoles", "excludeRoles"])
def test_if_roles_were_not_read_nothing_that_depends_on_a_role_is_known(key, list_) -> None:
    users = {"includeUsers": [] if list_ == "includeRoles" else ["All"], list_: ["ga"]}

    account = ann(policy(users=users), **{**ROLES_AND_GROUPS, key: None})

    assert account.enforcement is UNKNOWN
    assert "who holds the role “" in account.cause


def test_an_unread_group_does_not_matter_if_another_policy_covers() -> None:
    third = policy("Third", users={"includeUsers": ["All"], "excludeGroups": ["gone"]})

    account = ann(third, policy("Second"))

    assert account.enforcement is ENFORCED
    assert account.enforced_by == "policy “Second”"


def test_an_unread_group_does_not_matter_if_the_policy_would_not_help() -> None:
    reporting = policy(
        "Reporting", users={"includeGroups": ["gone"]}, state="enabledForReportingButNotEnforced"
    )

    assert ann(reporting).enforcement is UNPROTECTED


@pytest.mark.parametrize(
    "harmless",
    [
        {"state": "disabled"},
        {"grantControls": {"builtInControls": ["compliantDevice"]}},
        {"grantControls": None},
    ],
)
def test_an_unread_group_of_an_irrelevant_policy_does_not_matter(harmless) -> None:
    account = ann({**policy(users={"includeGroups": ["gone"]}), **harmless})

    assert account.enforcement is UNPROTECTED


def test_an_unread_group_matters_only_to_those_whose_answer_depends_on_it() -> None:
    found = by_id(
        policy("A", users={"includeUsers": ["ann"]}),
        policy("B", users={"includeUsers": ["ann", "bob"], "excludeGroups": ["gone"]}),
        users=[user("ann"), user("bob"), user("cyd")],
    )

    assert {name: account.enforcement for name, account in found.items()} == {
        "ann": ENFORCED,
        "bob": UNKNOWN,
        "cyd": UNPROTECTED,
    }


def test_between_conditional_and_unprotected_an_unread_group_matters_too() -> None:
    browsers = policy("B", users={"includeGroups": ["gone"]}, clientAppTypes=["browser"])

    assert ann(browsers).enforcement is UNKNOWN
    assert ann(browsers, OUTSIDE).enforcement is CONDITIONAL


def test_only_what_matters_is_reported_as_missing() -> None:
    harmless = policy("Harmless", users={"includeGroups": ["other"]}, clientAppTypes=["browser"])
    decisive = policy("Decisive", users={"includeGroups": ["gone"]})

    account = ann(OUTSIDE, harmless, decisive)

    assert account.enforcement is UNKNOWN
    assert "Decisive" in account.cause
    assert "Harmless" not in account.cause


def test_three_unread_policies_any_two_of_which_suffice_are_all_named() -> None:
    gone = {"includeGroups": ["gone"]}
    spans = [["android"], ["iOS"], ["windows"]]
    policies = [
        policy(
            f"P{n}", users=gone, platforms={"includePlatforms": ["all"], "excludePlatforms": span}
        )
        for n, span in enumerate(spans)
    ]

    account = ann(policy("Always", clientAppTypes=["browser"]), *policies)

    assert account.enforcement is UNKNOWN
    assert "P0" in account.cause


GUESTS: dict[str, tuple[dict[str, Any], dict[str, Any], Enforcement]] = {
    "a member, every guest excluded": ({}, {}, ENFORCED),
    "a guest, every guest excluded": ({"userType": "Guest"}, {}, UNPROTECTED),
    "an external member, every guest excluded": (
        {"userPrincipalName": "ann_fabrikam.example#EXT#@contoso.example"},
        {},
        UNPROTECTED,
    ),
    "an account of no known type": ({"userType": None}, {}, UNKNOWN),
    "an account of a new type": ({"userType": "Robot"}, {}, UNKNOWN),
    "an invited guest, invited guests excluded": (
        {"userType": "Guest", "userPrincipalName": "ann_f#EXT#@contoso.example"},
        {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
        UNPROTECTED,
    ),
    "an invited guest, internal guests excluded": (
        {"userType": "Guest", "userPrincipalName": "ann_f#EXT#@contoso.example"},
        {"guestOrExternalUserTypes": "internalGuest,serviceProvider"},
        ENFORCED,
    ),
    "a guest who may be either, internal guests excluded": (
        {"userType": "Guest"},
        {"guestOrExternalUserTypes": "internalGuest"},
        UNKNOWN,
    ),
    "an external member, invited guests excluded": (
        {"userPrincipalName": "ann_f#EXT#@contoso.example"},
        {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
        ENFORCED,
    ),
    "an invited guest, those of some tenants excluded": (
        {"userType": "Guest", "userPrincipalName": "ann_f#EXT#@contoso.example"},
        {
            "guestOrExternalUserTypes": "b2bCollaborationGuest",
            "externalTenants": {"membershipKind": "enumerated", "members": ["t"]},
        },
        UNKNOWN,
    ),
    "an invited guest, those of all tenants excluded": (
        {"userType": "Guest", "userPrincipalName": "ann_f#EXT#@contoso.example"},
        {
            "guestOrExternalUserTypes": "b2bCollaborationGuest",
            "externalTenants": {"membershipKind": "all"},
        },
        UNPROTECTED,
    ),
    "a guest, an unknown kind excluded": (
        {"userType": "Guest"},
        {"guestOrExternalUserTypes": "unknownFutureValue"},
        UNKNOWN,
    ),
    "a member, an unknown kind excluded": (
        {},
        {"guestOrExternalUserTypes": "unknownFutureValue"},
        ENFORCED,
    ),
    "a guest, no kind excluded": (
        {"userType": "Guest"},
        {"guestOrExternalUserTypes": "none"},
        ENFORCED,
    ),
}


EVERY_KIND = (
    "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,"
    "b2bDirectConnectUser,otherExternalUser,serviceProvider"
)


def test_the_guest_types_that_exclude_an_account_are_named() -> None:
    gil = user("gil", userType="Guest", userPrincipalName="gil#EXT#@contoso.example")

    causes = [
        ann(
            policy(
                users={
                    "includeUsers": ["All"],
                    "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": kinds},
                }
            ),
            users=[gil],
        ).cause
        for kinds in ("b2bCollaborationGuest,serviceProvider", EVERY_KIND)
    ]

    assert causes == [
        "Excluded from policy “MFA” through the guest types B2B guests, service providers.",
        "Excluded from policy “MFA” through the guest types guests and external users.",
    ]


@pytest.mark.parametrize(("account", "kinds", "expected"), GUESTS.values(), ids=GUESTS)
def test_guests_are_distinguished_by_kind_and_unknown_if_the_kind_is(
    account: dict[str, Any], kinds: dict[str, Any], expected: Enforcement
) -> None:
    excluded = (
        {"excludeGuestsOrExternalUsers": kinds}
        if kinds
        else {"excludeUsers": ["GuestsOrExternalUsers"]}
    )

    judged = ann(policy(users={"includeUsers": ["All"], **excluded}), users=[user(**account)])

    assert judged.enforcement is expected


NEEDED: dict[str, dict[str, Any]] = {
    "perUserMfaState": {"users": [user(perUserMfaState=None)]},
    "securityDefaults": {"securityDefaults": None},
    "conditionalAccessPolicies": {"conditionalAccessPolicies": None},
    "groups": {"groups": None},
    "a group": {"groups": []},
    "members of a group": {"groups": [group("staff", members=None)]},
    "a nested group": {"groups": [group("staff", groups=("gone",))]},
    "accountEnabled": {"users": [user(accountEnabled=None)]},
}


@pytest.mark.parametrize("changes", NEEDED.values(), ids=NEEDED)
def test_nothing_is_judged_enforced_or_unprotected_when_a_needed_read_is_missing(changes) -> None:
    only = policy("Only", users={"includeUsers": ["All"], "excludeGroups": ["staff"]})
    document = {"groups": [group("staff")], "conditionalAccessPolicies": [only], **changes}

    accounts = assess(**document)

    (account,) = accounts
    missing_but_harmless = changes.keys() & {"users", "securityDefaults"} and (
        account.enabled is not None
    )
    assert account.enforcement is (ENFORCED if missing_but_harmless else UNKNOWN)
    if account.enforcement is UNKNOWN:
        assert account.cause.startswith("Not read: ")
        assert (accounts.metrics.share, accounts.metrics.share_upper) == (0.0, 1.0)
