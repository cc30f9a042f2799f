"""Our evaluation compared with Entra's What If: what counts as a difference, and what follows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.delivery.text.verification import verification_text
from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.second_opinion import (
    Answer,
    AskedSignIn,
    ClientType,
    PolicyAnswer,
    Requirement,
    read_policy_answer,
)
from shared.mfa.accounts.verification import questions, verified_classes
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_accounts import account_findings
from shared.mfa.scope import Channel, Scope
from tests.directories import API, PORTAL, assess, directory, group, policy, user
from tests.mfa.test_accounts_properties import documents

MFA, OTHER = Requirement.MFA, Requirement.OTHER


def asked(
    client: ClientType = ClientType.BROWSER,
    user_id: str = "ann",
    application: str = PORTAL,
) -> AskedSignIn:
    channel = Channel.API if application == API else Channel.PORTAL
    return AskedSignIn(user_id, channel, application, client)


def yes(
    name: str = "MFA",
    requirement: Requirement = MFA,
    *,
    applies: bool | None = True,
    reasons: str = "",
) -> PolicyAnswer:
    return PolicyAnswer(f"id of {name}", name, applies, requirement, reasons)


def no(name: str = "MFA", requirement: Requirement = MFA, reasons: str = "") -> PolicyAnswer:
    return yes(name, requirement, applies=False, reasons=reasons)


def unsure() -> PolicyAnswer:
    return yes(applies=None)


def judged(*policies: dict[str, Any], answers: list[Answer], **changes: Any) -> Any:
    """Ann's row after Entra's answers."""
    accounts = assess_accounts(directory(*policies, **changes), answers=answers)
    return next(row for row in accounts if row.object_id == "ann")


# What Graph's answer means


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({"policyApplies": True, "analysisReasons": "notSet"}, True),
        ({"policyApplies": False, "analysisReasons": "users"}, False),
        ({"policyApplies": False, "analysisReasons": "users,location"}, False),
        ({"policyApplies": False, "analysisReasons": "notEnoughInformation"}, None),
        ({"policyApplies": False, "analysisReasons": "unknownFutureValue"}, None),
        ({"policyApplies": False}, False),
        ({"policyApplies": None}, None),
        ({"policyApplies": "yes"}, None),
        ({}, None),
        ({"policyApplies": True, "state": "enabledForReportingButNotEnforced"}, False),
        ({"policyApplies": True, "state": "disabled"}, False),
        ({"policyApplies": True, "state": "a new word"}, None),
        ({"policyApplies": False, "state": "a new word", "analysisReasons": "users"}, False),
    ],
)
def test_a_policy_applies_if_it_is_on_and_entra_says_so(changes, applies) -> None:
    assert read_policy_answer({**policy(), **changes}).applies is applies


@pytest.mark.parametrize(
    ("grant", "requirement"),
    [
        ({"builtInControls": ["mfa"]}, Requirement.MFA),
        ({"builtInControls": ["mfa", "compliantDevice"]}, Requirement.EITHER),
        ({"builtInControls": ["mfa", "compliantDevice"], "operator": "AND"}, Requirement.MFA),
        ({"builtInControls": ["compliantDevice"]}, Requirement.OTHER),
        ({"builtInControls": ["block"]}, Requirement.BLOCK),
        ({"builtInControls": ["a new control"]}, Requirement.UNKNOWN),
        (
            {
                "builtInControls": [],
                "authenticationStrength": {"id": "x", "requirementsSatisfied": "mfa"},
            },
            Requirement.MFA,
        ),
    ],
)
def test_what_a_policy_requires_is_read_from_the_answer(grant, requirement) -> None:
    assert read_policy_answer(policy(grant=grant)).requirement is requirement


# What is a difference


EVERYBODY = policy()
BROWSERS = policy(clientAppTypes=["browser"])
ELSEWHERE = policy(applications={"includeApplications": ["Office365"]})
AT_RISK = policy(signInRiskLevels=["high"])
OFFICES = policy(locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]})
PHONES = policy(platforms={"includePlatforms": ["iOS"]})
REHEARSAL = policy(state="enabledForReportingButNotEnforced")
NOT_ANN = policy(users={"includeUsers": ["All"], "excludeUsers": ["ann"]})
NEW_WORD = policy(users={"includeUsers": ["All"], "excludeUsers": ["Robots"]})
BLOCK_LEGACY = policy(clientAppTypes=["other"], grant={"builtInControls": ["block"]})
APPS = ClientType.APPS
LEGACY = ClientType.LEGACY
NEW = "Something new"

SAME, UNKNOWN = "as before", "unknown"


@pytest.mark.parametrize(
    ("ours", "sign_in", "theirs", "expected"),
    [
        (EVERYBODY, asked(), [yes()], SAME),
        (EVERYBODY, asked(), [no(reasons="users")], UNKNOWN),
        (EVERYBODY, asked(APPS, application=API), [no(reasons="application")], UNKNOWN),
        (EVERYBODY, asked(LEGACY), [no(reasons="clientApps")], UNKNOWN),
        (EVERYBODY, asked(), [unsure()], SAME),
        (EVERYBODY, asked(), [], UNKNOWN),
        (EVERYBODY, asked(), [yes(requirement=OTHER)], UNKNOWN),
        (EVERYBODY, asked(), [yes(requirement=Requirement.EITHER)], UNKNOWN),
        (EVERYBODY, asked(), [yes(requirement=Requirement.UNKNOWN)], SAME),
        (EVERYBODY, asked(user_id="somebody else"), [no()], SAME),
        (NOT_ANN, asked(), [no(reasons="users")], SAME),
        (NOT_ANN, asked(), [], SAME),
        (NOT_ANN, asked(), [yes()], UNKNOWN),
        (NOT_ANN, asked(), [yes(requirement=OTHER)], SAME),
        (BROWSERS, asked(), [yes()], SAME),
        (BROWSERS, asked(), [no()], UNKNOWN),
        (BROWSERS, asked(APPS), [no(reasons="clientApps")], SAME),
        (BROWSERS, asked(APPS), [yes()], UNKNOWN),
        (ELSEWHERE, asked(), [no(reasons="application")], SAME),
        (ELSEWHERE, asked(), [yes()], UNKNOWN),
        (AT_RISK, asked(), [no(reasons="signInRisk")], SAME),
        (AT_RISK, asked(), [yes()], SAME),
        (OFFICES, asked(), [unsure()], SAME),
        (OFFICES, asked(), [no(reasons="location")], SAME),
        (PHONES, asked(), [no(reasons="devicePlatform")], SAME),
        (PHONES, asked(), [yes()], UNKNOWN),
        (REHEARSAL, asked(), [no()], SAME),
        (REHEARSAL, asked(), [yes()], UNKNOWN),
        (BLOCK_LEGACY, asked(), [no(requirement=Requirement.BLOCK)], SAME),
        (BLOCK_LEGACY, asked(LEGACY), [yes(requirement=Requirement.BLOCK)], SAME),
        (EVERYBODY, asked(), [yes(), yes(name=NEW)], SAME),
        (NOT_ANN, asked(), [no(), yes(name=NEW)], UNKNOWN),
        (NOT_ANN, asked(), [no(), no(name=NEW)], SAME),
        (NOT_ANN, asked(), [no(), yes(name=NEW, requirement=OTHER)], SAME),
    ],
)
def test_only_what_both_say_for_certain_can_differ(ours, sign_in, theirs, expected) -> None:
    before = judged(ours, answers=[])

    after = judged(ours, answers=[Answer(sign_in, tuple(theirs))])

    assert before.enforcement is not Enforcement.UNKNOWN
    assert after.enforcement == (before.enforcement if expected == SAME else "unknown")


def test_the_cause_says_which_policy_where_and_why() -> None:
    row = judged(EVERYBODY, answers=[Answer(asked(), (no(reasons="users"),))])

    assert row.enforced_by == ""
    assert row.cause == (
        "Entra's What If says that policy “MFA” does not apply (portal in browsers: users), "
        "although it does by this report's evaluation."
    )
    assert "What If" in row.remedy


def test_a_policy_that_entra_alone_applies_is_named_too() -> None:
    row = judged(NOT_ANN, answers=[Answer(asked(), (no(), yes(name=NEW)))])

    assert row.cause == (
        "Entra's What If says that policy “Something new” applies (portal in browsers, requires "
        "MFA), although it does not by this report's evaluation."
    )


def test_a_difference_that_does_not_matter_leaves_the_answer_and_its_other_reason() -> None:
    two = [policy("One"), policy("Two")]
    theirs = (no("One", reasons="users"), yes(name="Two"))

    row = judged(*two, answers=[Answer(asked(), theirs)])

    assert (row.enforcement, row.enforced_by) == (Enforcement.ENFORCED, "policy “Two”")


@pytest.mark.parametrize(
    "changes",
    [
        {"users": [user(perUserMfaState="enforced")]},
        {"securityDefaults": {"isEnabled": True}},
    ],
)
def test_what_something_else_enforces_stays_enforced(changes) -> None:
    row = judged(EVERYBODY, answers=[Answer(asked(), (no(),))], **changes)

    assert row.enforcement is Enforcement.ENFORCED


def test_the_answer_about_one_account_counts_for_its_class_and_no_other() -> None:
    users = [user("ann"), user("bob"), user("cyd")]
    policies = [
        policy("MFA", users={"includeUsers": ["ann", "bob"]}),
        policy("For one", users={"includeUsers": ["cyd"]}),
    ]
    answer = Answer(asked(), (no(reasons="users"), no("For one")))

    accounts = assess_accounts(directory(*policies, users=users), answers=[answer])

    assert {row.object_id: str(row.enforcement) for row in accounts} == {
        "ann": "unknown",
        "bob": "unknown",
        "cyd": "enforced",
    }


# What follows


def test_a_difference_is_a_finding_of_its_own_and_gains_nothing() -> None:
    tenant = directory(EVERYBODY, policy("Later", state="enabledForReportingButNotEnforced"))
    theirs = (no(reasons="users"), no("Later"))
    accounts = assess_accounts(tenant, answers=[Answer(asked(), theirs)])

    findings = {found.id: found for found in by_gain(account_findings(tenant, accounts), accounts)}

    found = findings["what-if-disagrees"]
    assert found.subjects == ["ann@contoso.example"]
    assert "policy “MFA” does not apply (portal in browsers: users)" in found.cause
    assert found.gained == 0
    assert "not-read" not in findings
    assert findings["report-only"].gained == 1  # alone, it would enforce MFA


def test_lifting_an_exclusion_gains_nobody_of_whom_the_policy_is_disputed() -> None:
    users = [user("ann"), user("bob")]
    excluding = policy(users={"includeUsers": ["All"], "excludeUsers": ["bob"]})
    answer = Answer(asked(), (no(reasons="users"),))
    tenant = directory(excluding, users=users)

    accounts = assess_accounts(tenant, answers=[answer])
    findings = {found.id: found for found in by_gain(account_findings(tenant, accounts), accounts)}

    found = findings["accounts-excluded"]
    assert (found.subjects, found.gained) == (["bob@contoso.example"], 1)


@st.composite
def opinions(draw: st.DrawFn) -> tuple[dict[str, Any], list[Answer]]:
    found = draw(documents())
    names = [each["displayName"] for each in found["conditionalAccessPolicies"]]
    answers = [
        Answer(
            asked(
                draw(st.sampled_from(ClientType)),
                draw(st.sampled_from(["ann", "bob", "cyd", "dan", "nobody"])),
                draw(st.sampled_from([PORTAL, API])),
            ),
            tuple(
                yes(
                    name,
                    draw(st.sampled_from(Requirement)),
                    applies=draw(st.sampled_from([True, False, None])),
                )
                for name in draw(st.lists(st.sampled_from([*names, NEW]), unique=True))
            ),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    return found, answers


@settings(max_examples=20)
@given(opinions())
def test_what_entra_says_can_only_turn_an_answer_into_unknown(given_) -> None:
    found, answers = given_
    tenant = msgspec.convert(found, Directory)
    before = {row.object_id: row.enforcement for row in assess_accounts(tenant)}
    accounts = assess_accounts(tenant, answers=answers)
    after = {row.object_id: row.enforcement for row in accounts}

    assert all(
        answer in (before[account], Enforcement.UNKNOWN) for account, answer in after.items()
    )
    assert [account for account, answer in after.items() if answer is None] == [
        account for account, answer in before.items() if answer is None
    ]


# Whom Entra is asked about


def test_one_account_of_each_class_in_portal_and_api_by_every_kind_of_client() -> None:
    users = [user("dan"), user("bob"), user("cyd"), user("ann")]
    accounts = assess(policy(users={"includeUsers": ["bob"]}), users=users)

    found = questions(accounts, Scope())

    assert [each.user_id for each in found.sign_ins] == ["ann"] * 6 + ["bob"] * 6
    assert {(each.channel, each.application_id, each.client) for each in found.sign_ins} == {
        (channel, id_, client)
        for channel, id_ in ((Channel.PORTAL, PORTAL), (Channel.API, API))
        for client in ClientType
    }
    assert found.note == ""


def test_the_largest_classes_come_first_and_the_rest_is_yes() -> None:
    names = ["ann", "bob", "cyd", "dan", "eve", "fay"]
    policies = [policy("A", users={"includeUsers": ["ann"]})]
    policies += [policy("B", users={"includeUsers": ["bob", "cyd"]})]
    accounts = assess(*policies, users=[user(name) for name in names])

    found = questions(accounts, Scope(), most=13)

    assert [each.user_id for each in found.sign_ins] == ["dan"] * 6 + ["bob"] * 6
    assert found.note == (
        "Entra's What If is asked about the 2 largest classes of accounts only; not verified: 1 in "
        "1 smaller."
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"accountEnabled": False},
        {"perUserMfaState": "enforced"},
        {"perUserMfaState": None},
        {"@odata.type": "#microsoft.graph.agentUser"},
    ],
)
def test_nobody_is_asked_of_whom_no_answer_could_count(changes) -> None:
    accounts = assess(policy("none", users={"includeUsers": []}), users=[user(**changes)])

    assert questions(accounts, Scope()).sign_ins == ()


def test_nothing_is_asked_where_the_members_of_a_group_were_not_read() -> None:
    one = policy(users={"includeGroups": ["staff"]})

    accounts = assess(one, groups=[group("staff", members=None)])

    assert questions(accounts, Scope()).sign_ins == ()


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, ""),
        ({"userType": "Guest", "creationType": "Invitation"}, "b2bCollaborationGuest"),
        ({"userType": "Member", "creationType": "Invitation"}, "b2bCollaborationMember"),
        ({"userType": "Guest"}, ""),
    ],
)
def test_entra_is_told_the_kind_of_an_invited_account(changes, word) -> None:
    accounts = assess(policy(), users=[user(**changes)])

    assert {each.external_user_type for each in questions(accounts, Scope()).sign_ins} == {word}


# The table


def test_the_table_has_class_example_our_answer_and_entras() -> None:
    users = [user("ann"), user("bob"), user("cyd", perUserMfaState="enforced"), user("\x1bdan")]
    tenant = directory(policy(users={"includeUsers": ["ann", "bob", "cyd"]}), users=users)
    before = assess_accounts(tenant)
    answers = [
        Answer(asked(), (yes(),)),
        Answer(asked(APPS), (no(reasons="clientApps"),)),
        Answer(asked(LEGACY), (unsure(),)),
        Answer(asked(application=API), (yes(),)),
    ]
    after = assess_accounts(tenant, answers=answers)

    lines = verification_text(verified_classes(before, after, answers)).splitlines()

    assert lines[0].split("  ")[0] == "Accounts"
    assert lines[1].split(maxsplit=2)[:2] == ["2", "ann@contoso.example"]
    assert "enforced by policy “MFA”" in lines[1]
    assert lines[1].endswith(
        "MFA required (in browsers); MFA not required (portal in apps); not certain (portal by "
        "legacy protocols)"
    )
    assert lines[2].strip() == (
        "differs, so unknown: policy “MFA” does not apply (portal in apps: clientApps), although "
        "it does by this report's evaluation"
    )
    assert [line.strip() for line in lines[4::2]] == [
        "not asked: something other than policies enforces MFA",
        "not verified",
    ]
    assert "\x1b" not in "".join(lines)
