"""Who may open Partner Center's protected pages, and has no MFA enforced."""

from __future__ import annotations

import pytest

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.partner_roles import partner_roles
from shared.mfa.metrics import AccountShare
from tests.directories import directory, group, policy, user

MFA_FOR_ANN = policy(users={"includeUsers": ["ann"]})
USERS = [user(name) for name in ("ann", "bob", "cid")]
SECURITY, BILLING, GLOBAL = (
    "194ae4cb-b126-40b2-bd5b-6091b380977d",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe",
    "62e90394-69f5-4237-9190-012177145e10",
)


def agents(name, *members, groups=()):
    return group(name.lower(), *members, groups=groups, displayName=name)


def roles_of(*policies, **changes):
    read = directory(*policies, **{"users": USERS, **changes})
    return {role.name: role for role in partner_roles(read, assess_accounts(read))}


def holding(template, *names, scope="/"):
    return {
        "roleDefinitions": [{"id": template, "templateId": template}],
        "roleAssignments": [
            {"principalId": name, "roleDefinitionId": template, "directoryScopeId": scope}
            for name in names
        ],
    }


def test_agents_are_the_members_of_the_partner_groups() -> None:
    found = roles_of(MFA_FOR_ANN, groups=[agents("AdminAgents", "ann", "bob")])["Admin agents"]

    assert found.accounts == AccountShare(2, 1, 0, 0.5, 0.5)
    assert (found.not_enforced, found.not_enforced_total) == (["bob@contoso.example"], 1)
    assert found.pages == [
        *("Customers", "Support > Customer requests", "Billing", "Security workspace"),
    ]
    assert "Security workspace" not in found.pages_2023


def test_agents_may_be_so_through_a_nested_group() -> None:
    groups = [agents("SalesAgents", groups=("team",)), group("team", "cid")]

    assert roles_of(groups=groups)["Sales agents"].not_enforced == ["cid@contoso.example"]


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("Security administrator", SECURITY),
        ("Billing administrator", BILLING),
        ("Global administrator", GLOBAL),
    ],
)
def test_administrators_hold_the_directory_role_for_the_whole_tenant(name, template) -> None:
    assert roles_of(**holding(template, "bob"))[name].not_enforced == ["bob@contoso.example"]
    assert roles_of(**holding(template, "bob", scope="/administrativeUnits/1"))[name].accounts == (
        AccountShare(0, 0, 0, None, None)
    )


def test_a_disabled_agent_opens_nothing() -> None:
    users = [user("ann"), user("bob", accountEnabled=False)]

    found = roles_of(users=users, groups=[agents("HelpdeskAgents", "ann", "bob")])

    assert found["Helpdesk agents"].not_enforced == ["ann@contoso.example"]


def test_a_group_that_was_not_read_says_nothing_of_anybody() -> None:
    for groups in ([], None, [{**agents("AdminAgents"), "members": None}]):
        found = roles_of(groups=groups)["Admin agents"]

        assert (found.accounts, found.not_enforced_total) == (AccountShare(), 0)


def test_an_agent_who_cannot_be_judged_is_unknown_and_not_named() -> None:
    unread = policy("group", users={"includeGroups": ["not read"]})

    found = roles_of(unread, groups=[agents("AdminAgents", "ann")])["Admin agents"]

    assert found.accounts == AccountShare(1, 0, 1, 0.0, 1.0)
    assert found.not_enforced == []


def test_roles_that_were_not_read_are_unknown() -> None:
    assert roles_of(roleAssignments=None)["Billing administrator"].accounts == AccountShare()


def test_the_administrators_of_the_figure_are_named_too() -> None:
    found = roles_of(MFA_FOR_ANN, **holding(GLOBAL, "ann", "bob", scope="/administrativeUnits/1"))

    assert found["Administrators"].accounts == AccountShare(2, 1, 0, 0.5, 0.5)
    assert found["Administrators"].not_enforced == ["bob@contoso.example"]
    assert found["Administrators"].pages == []
