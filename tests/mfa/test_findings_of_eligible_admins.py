"""Accounts that can activate a directory role: named only if this is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_accounts import account_findings
from tests.directories import assess, directory, group, policy, user

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding

FOR_ADMINS = policy("Administrators", users={"includeRoles": ["ga"]})
FOR_BOB = policy("Bob", users={"includeUsers": ["bob"]})


def eligible(*principals: str, scope: str = "/") -> list[dict[str, Any]]:
    return [
        {"principalId": one, "roleDefinitionId": "ga", "directoryScopeId": scope}
        for one in principals
    ]


def tenant(**changes: Any) -> dict[str, Any]:
    return {
        "users": [user("ann"), user("bob"), user("cyd"), user("dan", accountEnabled=False)],
        "roleDefinitions": [
            {"id": "ga", "templateId": "ga", "displayName": "Global Administrator"}
        ],
        **changes,
    }


def find(*policies: dict[str, Any], **changes: Any) -> Finding | None:
    """The finding about eligible accounts of a small tenant, or `None`."""
    given = tenant(**changes)
    accounts = assess(*policies, **given)
    found = by_gain(account_findings(directory(*policies, **given), accounts), accounts)
    return next((one for one in found if one.id == "eligible-admins"), None)


def test_accounts_that_can_activate_a_role_are_named_although_a_policy_targets_the_role() -> None:
    found = find(FOR_ADMINS, roleEligibilities=eligible("ann"))

    assert found
    assert found.subjects == ["ann@contoso.example"]
    assert (found.gained, found.share_after) == (1, 1 / 3)
    assert found.cause.startswith("1 account can activate a directory role")
    assert found.cause.endswith("reach only their current holders.")
    assert "all users" in found.remedy
    assert "MFA on activation" in found.remedy


def test_a_role_that_can_be_activated_makes_no_administrator_and_enforces_nothing() -> None:
    rows = {
        row.object_id: row
        for row in assess(FOR_ADMINS, **tenant(roleEligibilities=eligible("ann")))
    }

    assert rows["ann"].is_admin is False
    assert rows["ann"].enforcement == "unprotected"


def test_once_the_role_is_active_the_policy_reaches_him_and_the_finding_is_gone() -> None:
    both = {"roleAssignments": eligible("ann"), "roleEligibilities": eligible("ann")}

    assert find(FOR_ADMINS, **both) is None


def test_accounts_with_enforced_mfa_and_disabled_ones_are_not_named() -> None:
    assert find(FOR_BOB, roleEligibilities=eligible("bob", "dan")) is None


@pytest.mark.parametrize("scope", ["/", "/administrativeUnits/1"])
def test_accounts_eligible_through_nested_groups_are_named_for_any_scope(scope) -> None:
    groups = [group("tier 0", "bob", groups=("interns",)), group("interns", "ann", "dan")]

    found = find(FOR_BOB, groups=groups, roleEligibilities=eligible("tier 0", scope=scope))

    assert found
    assert found.subjects == ["ann@contoso.example"]


def test_conditional_and_unknown_accounts_are_reported_as_not_certainly_enforced() -> None:
    in_browsers = policy("Browsers", users={"includeUsers": ["ann"]}, clientAppTypes=["browser"])
    for_unread = policy("Unread", users={"includeGroups": ["unread"]})

    found = find(FOR_BOB, in_browsers, for_unread, roleEligibilities=eligible("ann", "bob", "cyd"))

    assert found
    assert found.subjects == ["ann@contoso.example", "cyd@contoso.example"]
    assert "not certain that MFA is enforced" in found.cause


@pytest.mark.parametrize("groups", [None, [], [group("tier 0", members=None)]])
def test_a_group_that_was_not_read_accuses_nobody_and_clears_nobody(groups) -> None:
    some = find(groups=groups, roleEligibilities=eligible("ann", "tier 0"))
    none = find(groups=groups, roleEligibilities=eligible("tier 0"))

    assert some
    assert some.subjects == ["ann@contoso.example"]
    assert "There may be more" in some.cause
    assert none
    assert (none.subjects, none.subjects_total, none.gained) == ([], 0, 0)
    assert none.cause.startswith(
        "An unknown number of accounts, members of a group that was not read, can"
    )


def test_a_group_that_was_not_read_does_not_matter_if_everybody_is_covered() -> None:
    assert find(policy(), groups=None, roleEligibilities=eligible("tier 0")) is None


@pytest.mark.parametrize("given", [{}, {"roleEligibilities": None}, {"roleEligibilities": []}])
def test_if_eligibilities_were_not_read_or_there_are_none_there_is_no_finding(given) -> None:
    assert find(**given) is None
