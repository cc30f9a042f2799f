"""The figure, what enforces MFA, and the rows."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mfa.accounts import assessment
from shared.mfa.accounts.assessment import metrics_of
from shared.mfa.accounts.enforcement import Enforcement
from tests.directories import ROLES_AND_GROUPS, ann, assess, by_id, directory, group, policy, user

ENFORCED, CONDITIONAL = Enforcement.ENFORCED, Enforcement.CONDITIONAL
UNPROTECTED, UNKNOWN = Enforcement.UNPROTECTED, Enforcement.UNKNOWN


def test_the_published_example_reads_90_percent() -> None:
    users = [
        user(
            f"u{n:03}",
            accountEnabled=n >= 10,
            perUserMfaState="enforced" if n >= 20 else "disabled",
        )
        for n in range(110)
    ]

    metrics = assess(users=users).metrics

    assert (metrics.enabled, metrics.disabled, metrics.enforced) == (100, 10, 90)
    assert metrics.unprotected == 10
    assert metrics.share == metrics.share_upper == 0.9


def test_without_an_enabled_account_there_is_no_share() -> None:
    metrics = assess(users=[user(accountEnabled=False)]).metrics

    assert (metrics.enabled, metrics.disabled) == (0, 1)
    assert metrics.share is metrics.share_upper is None


def test_without_any_account_there_is_no_share_and_no_row() -> None:
    accounts = assess(users=[])

    assert list(accounts) == []
    assert accounts.metrics.share is None


def test_unknown_accounts_count_against_the_share_and_for_the_upper_share() -> None:
    metrics = metrics_of({ENFORCED: 2, UNKNOWN: 1, CONDITIONAL: 1, None: 5})

    assert (metrics.enabled, metrics.disabled) == (4, 5)
    assert (metrics.share, metrics.share_upper) == (0.5, 0.75)


SOURCES: dict[str, tuple[dict[str, Any], Enforcement, str]] = {
    "per-user enforced": ({"users": [user(perUserMfaState="enforced")]}, ENFORCED, "per-user MFA"),
    "per-user enabled": ({"users": [user(perUserMfaState="enabled")]}, ENFORCED, "per-user MFA"),
    "per-user in any case": ({"users": [user(perUserMfaState="Enforced")]}, ENFORCED, "per-user"),
    "per-user disabled": ({}, UNPROTECTED, ""),
    "per-user not read": ({"users": [user(perUserMfaState=None)]}, UNKNOWN, ""),
    "per-user with a new word": ({"users": [user(perUserMfaState="paused")]}, UNKNOWN, ""),
    "security defaults on": (
        {"securityDefaults": {"isEnabled": True}},
        ENFORCED,
        "security defaults",
    ),
    "security defaults on, as PowerShell writes it": (
        {"securityDefaults": {"IsEnabled": True}},
        ENFORCED,
        "security defaults",
    ),
    "security defaults not read": ({"securityDefaults": None}, UNKNOWN, ""),
    "security defaults read without their answer": ({"securityDefaults": {}}, UNKNOWN, ""),
    "policies not read": ({"conditionalAccessPolicies": None}, UNKNOWN, ""),
    "per-user enforced, nothing else read": (
        {
            "users": [user(perUserMfaState="enforced")],
            "securityDefaults": None,
            "conditionalAccessPolicies": None,
            "groups": None,
        },
        ENFORCED,
        "per-user MFA",
    ),
    "security defaults on, nothing else read": (
        {
            "users": [user(perUserMfaState=None)],
            "securityDefaults": {"isEnabled": True},
            "conditionalAccessPolicies": None,
        },
        ENFORCED,
        "security defaults",
    ),
}


@pytest.mark.parametrize(("changes", "expected", "by"), SOURCES.values(), ids=SOURCES)
def test_any_source_of_mfa_is_enough_if_it_was_read(
    changes: dict[str, Any], expected: Enforcement, by: str
) -> None:
    account = ann(**changes)

    assert account.enforcement is expected
    assert account.enforced_by.startswith(by) if by else account.enforced_by == ""


def test_under_security_defaults_the_row_says_who_is_asked_when() -> None:
    account = ann(securityDefaults={"isEnabled": True})

    assert account.cause.startswith("Security defaults ask administrators for MFA at every sign-in")


def test_everything_that_enforces_mfa_is_named() -> None:
    account = ann(policy("One"), policy("Two"), users=[user(perUserMfaState="enforced")])

    assert account.enforced_by == "per-user MFA; policy “One”; policy “Two”"


def test_disabled_accounts_have_a_row_without_enforcement_and_come_last() -> None:
    rows = list(assess(users=[user("ann", accountEnabled=False), user("bob")]))

    assert [row.object_id for row in rows] == ["bob", "ann"]
    off = rows[1]
    assert (off.enabled, off.enforcement, off.enforced_by, off.cause, off.remedy) == (
        False,
        None,
        "",
        "",
        "",
    )


@pytest.mark.parametrize("length", [assessment.RUN_LENGTH, 2])
def test_rows_are_worst_first_then_by_name_then_by_id(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setattr(assessment, "RUN_LENGTH", length)

    def named(user_id: str, name: str, **changes: Any) -> dict[str, Any]:
        return user(user_id, userPrincipalName=name, **changes)

    rows = assess(
        policy(users={"includeUsers": ["7"]}, clientAppTypes=["browser"]),
        users=[
            named("1", "a@x", perUserMfaState="enforced"),
            named("2", "z@x", accountEnabled=False),
            named("3", "b@x"),
            named("4", "a@x"),
            named("5", "a@x", perUserMfaState=None),
            named("6", "a@x"),
            named("7", "a@x"),
        ],
    )

    assert [row.object_id for row in rows] == ["4", "6", "3", "5", "7", "1", "2"]


def test_a_row_says_who_is_an_admin_and_who_has_registered() -> None:
    details = [
        {"id": "ANN", "isMfaRegistered": True, "isAdmin": False},
        {"id": "bob", "isMfaRegistered": False},
        {"id": "somebody else", "isMfaRegistered": False},
    ]
    users = [user("ann"), user("bob"), user("cyd")]

    rows = by_id(users=users, userRegistrationDetails=details, **ROLES_AND_GROUPS)
    unread = by_id(
        users=users,
        userRegistrationDetails=details,
        **{**ROLES_AND_GROUPS, "roleAssignments": None},
    )

    assert [rows[name].is_admin for name in ("ann", "bob", "cyd")] == [True, False, False]
    assert [rows[name].mfa_registered for name in ("ann", "bob", "cyd")] == [True, False, None]
    assert [unread[name].is_admin for name in ("ann", "bob", "cyd")] == [False, None, None]


def test_an_account_that_occurs_twice_counts_once_by_its_later_copy() -> None:
    accounts = assess(users=[user(), user("bob"), user("ANN", perUserMfaState="enforced")])

    assert len(accounts) == 2
    assert {row.object_id: row.enforcement for row in accounts} == {
        "ANN": ENFORCED,
        "bob": UNPROTECTED,
    }


def test_at_most_two_policies_are_named_in_one_cause() -> None:
    left_out = {"includeUsers": ["All"], "excludeUsers": ["ann"]}

    account = ann(*[policy(f"P{n}", users=left_out) for n in range(4)])

    assert account.cause == (
        "Excluded from policy “P0” by name. Excluded from policy “P1” by name. And 2 more."
    )


def test_the_way_is_named_for_each_account() -> None:
    crew = policy(users={"includeUsers": ["All"], "excludeGroups": ["crew"]})

    found = by_id(
        crew,
        users=[user("ann"), user("bob")],
        groups=[group("crew", "ann", groups=("night",)), group("night", "bob")],
    )

    assert found["ann"].cause == "Excluded from policy “MFA” through the group Crew."
    assert found["bob"].cause == "Excluded from policy “MFA” through the group Crew > Night."


def test_report_only_policies_and_custom_controls_are_named_as_such() -> None:
    reporting = ann(policy("R", state="enabledForReportingButNotEnforced"))
    custom = ann(policy("D", grant={"builtInControls": [], "customAuthenticationFactors": ["duo"]}))

    assert reporting.cause == "Policy “R” would require MFA but is in report-only mode."
    assert reporting.remedy == "Switch policy “R” from report-only to on."
    assert custom.cause == (
        "Policy “D” requires a custom control, which never yields the MFA claim."
    )


def test_a_directory_with_only_accounts_can_be_read_but_leaves_them_unknown() -> None:
    bare = directory()

    assert bare.customers is None
    assert bare.users[0].per_user_mfa_state == "disabled"
