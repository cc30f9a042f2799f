"""Why accounts have no MFA enforced: causes that add up exactly."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.reasons.of_accounts import account_causes
from tests.directories import assess, directory, group, policy, user

FEDERATED = {
    "domains": [
        {"id": "b.test", "authenticationType": "Federated", "federationConfiguration": []},
    ]
}
CONTROL = {"builtInControls": [], "customAuthenticationFactors": ["TrustKey"]}


def causes(*policies, **changes):
    """Each cause with its number of accounts."""
    found = account_causes(assess(*policies, **changes))
    return {(cause.kind, cause.name): cause.accounts for cause in found}


@pytest.mark.parametrize(
    ("policies", "changes", "kind", "name"),
    [
        ([], {}, "no_policy", "No policy requires MFA of anybody"),
        (
            [policy(users={"includeUsers": ["bob"]})],
            {"users": [user("ann"), user("bob")]},
            "no_policy",
            "No policy that requires MFA includes the account",
        ),
        (
            [policy(users={"includeUsers": ["All"], "excludeUsers": ["ann"]})],
            {},
            "excluded",
            "Policy “MFA” excludes the account",
        ),
        ([policy(clientAppTypes=["browser"])], {}, "condition", "Policy “MFA” applies"),
        (
            [policy(state="enabledForReportingButNotEnforced")],
            {},
            "report_only",
            "Policy “MFA” is report-only",
        ),
        ([policy(grant=CONTROL)], {}, "custom_control", "Policy “MFA” requires a custom control"),
        (
            [],
            {"users": [user("ann", **{"@odata.type": "#microsoft.graph.agentUser"})]},
            "agent",
            "An agent's user account",
        ),
        ([], {"conditionalAccessPolicies": None}, "not_told", "Not everything that decides"),
        (
            [],
            {"users": [user("ann", userPrincipalName="ann@b.test")], **FEDERATED},
            "federation_claim",
            "The domain b.test is federated",
        ),
    ],
)
def test_each_account_has_the_cause_that_keeps_it_from_being_enforced(
    policies, changes, kind, name
) -> None:
    ((found, count),) = causes(*policies, **changes).items()

    assert (found[0], count) == (kind, 1)
    assert found[1].startswith(name)


def test_accounts_of_one_class_differ_by_their_domain() -> None:
    users = [user("ann"), user("bob", userPrincipalName="bob@b.test"), user("cid")]

    found = causes(users=users, **FEDERATED)

    assert {kind.value: count for (kind, _), count in found.items()} == {
        "no_policy": 2,
        "federation_claim": 1,
    }


def test_with_mfa_enforced_for_everybody_there_is_no_cause() -> None:
    assert causes(policy()) == {}


def test_many_causes_are_cut_and_the_rest_is_one_more() -> None:
    names = [f"u{number}" for number in range(60)]
    policies = [
        policy(name, users={"includeUsers": [name], "excludeUsers": [name]}) for name in names
    ]

    found = account_causes(assess(*policies, users=[user(name) for name in names]))

    assert len(found) == 51
    assert (found[-1].kind, found[-1].name, found[-1].others) == (None, "", 10)
    assert sum(cause.accounts for cause in found) == 60


_KINDS = st.sampled_from(["all", "group", "named", "guests", "browser", "report", "control"])


def _made(kind: str):
    return {
        "all": policy("All", users={"includeUsers": ["All"], "excludeGroups": ["some"]}),
        "group": policy("Group", users={"includeGroups": ["some"]}),
        "named": policy("Named", users={"includeUsers": ["u1", "u2"]}),
        "guests": policy("Unread", users={"includeGroups": ["not read"]}),
        "browser": policy("Browser", clientAppTypes=["browser"]),
        "report": policy("Report", state="enabledForReportingButNotEnforced"),
        "control": policy("Control", grant=CONTROL),
    }[kind]


@given(st.lists(_KINDS, unique=True), st.integers(0, 6), st.booleans())
def test_the_causes_add_up_to_what_is_missing_for_any_tenant(kinds, size, is_federated) -> None:
    users = [
        user(f"u{n}", accountEnabled=n != 3, userPrincipalName=f"u{n}@{'b' if n % 2 else 'a'}.test")
        for n in range(size)
    ]
    read = directory(
        *map(_made, kinds),
        users=users,
        groups=[group("some", "u0", "u1")],
        **(FEDERATED if is_federated else {}),
    )
    accounts = assess_accounts(read)
    found = account_causes(accounts)

    metrics = accounts.metrics
    assert sum(cause.accounts for cause in found) == (metrics.enabled or 0) - (
        metrics.enforced or 0
    )
    if metrics.share is not None:
        assert isclose(sum(cause.points for cause in found), 1 - metrics.share, abs_tol=1e-9)
