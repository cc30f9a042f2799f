"""Where a record says something else about a policy than follows from the directory."""

from __future__ import annotations

import pytest

from shared.mfa.findings.of_requests import disagreement_findings
from shared.mfa.findings.request_summary import RequestSummary
from shared.mfa.reasons.disagreement import disagreements
from shared.sources.records.parsing import parse_sign_in
from tests.directories import assess, group, policy, user
from tests.policy_records import POLICY, SHAPES, applied, kept_by, record
from tests.records import ANN

EXCLUDED = {"includeUsers": ["All"], "excludeGroups": ["sales"]}


def judged(users=None, **changes):
    """Ann's account, and one policy."""
    return assess(
        {**policy("Require MFA", users=users), "id": POLICY, **changes},
        users=[user(ANN)],
        groups=[group("sales", ANN, displayName="Field sales"), group("nobody")],
    )


def found(accounts, *records):
    """What the records' requests disagree about, in words."""
    sign_ins = [parse_sign_in(each, number) for number, each in enumerate(records)]
    return disagreements(sign_ins, accounts)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("users", "trace", "words"),
    [
        (EXCLUDED, applied("success"), "judged excluded, the record says applied"),
        (EXCLUDED, applied("failure"), "judged excluded, the record says applied"),
        (
            {"includeGroups": ["nobody"]},
            applied("success"),
            "judged not included, the record says applied",
        ),
        (
            None,
            kept_by("users", "groupId"),
            "judged subject to it, the record says excluded",
        ),
        (None, kept_by("users"), "judged subject to it, the record says not included"),
    ],
)
def test_a_contradiction_is_said_in_words(shape, users, trace, words) -> None:
    [disagreement] = found(judged(users), record(shape, trace))

    assert disagreement.words == words
    assert disagreement.policy == "Require MFA"


@pytest.mark.parametrize(
    ("users", "trace"),
    [
        (EXCLUDED, kept_by("users", "groupId")),
        (None, applied("success")),
        (None, kept_by("clientType")),
        (None, kept_by("location", "allTrustedLocations")),
        (EXCLUDED, applied("reportOnlySuccess")),
        (EXCLUDED, applied("success", id="another policy")),
        (EXCLUDED, applied("somethingNew")),
    ],
)
def test_what_both_can_be_right_about_does_not_contradict(users, trace) -> None:
    assert found(judged(users), record("graph", trace)) == []


def test_what_the_directory_leaves_unknown_is_not_compared() -> None:
    unread = assess(
        {**policy(users={"includeUsers": ["All"], "excludeGroups": ["unread"]}), "id": POLICY},
        users=[user(ANN)],
    )

    assert found(unread, record("graph", applied("success"))) == []
    assert found(unread, record("graph", kept_by("users", "groupId"))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "disabled"},
        {"modifiedDateTime": "2026-11-20T10:00:00Z"},  # the request is of 09:00
        {"grantControls": {"operator": "OR", "builtInControls": ["compliantDevice"]}},
    ],
)
def test_a_policy_that_was_different_then_or_is_not_about_mfa_is_not_compared(changes) -> None:
    assert found(judged(EXCLUDED, **changes), record("graph", applied("success"))) == []


def test_only_the_newest_record_of_an_account_counts() -> None:
    older = record("graph", applied("success"))
    newer = record("graph", kept_by("users", "groupId"), createdDateTime="2026-11-20T11:00:00Z")

    assert found(judged(EXCLUDED), older, newer) == []
    assert len(found(judged(), older, newer)) == 1


def test_the_finding_names_account_policy_and_record() -> None:
    accounts = judged(EXCLUDED)
    disagreeing = found(accounts, record("graph", applied("success"), id="r-1"))

    [finding] = disagreement_findings(accounts, RequestSummary(), disagreeing)

    assert finding.id == "record-and-directory-disagree"
    [subject] = finding.subjects
    assert subject.startswith(f"{ANN}@contoso.example (policy “Require MFA”: judged excluded, ")
    assert subject.endswith("the record says applied; record r-1)")
    assert finding.cause.startswith("For 1 account, the newest sign-in's record says")
    assert list(disagreement_findings(accounts, RequestSummary(), [])) == []
