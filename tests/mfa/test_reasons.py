"""Why a request had no MFA: one test per reason, from records in all three shapes."""

from __future__ import annotations

import gzip
from datetime import date
from typing import Any

import msgspec
import pytest

from shared.errors import DamagedError
from shared.mfa.circumstances import NO_TRACES, SharedTexts
from shared.mfa.metrics import ShareRule
from shared.mfa.reasons.explaining import Explainer
from shared.mfa.reasons.reason import REMEDIES, ReasonBasis, ReasonKind
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.sources.records.parsing import parse_sign_in
from tests.directories import assess, group, policy, user
from tests.mfa.judging import judge_all
from tests.policy_records import POLICY, SHAPES, applied, kept_by, record
from tests.records import (
    ANN,
    API,
    REMEMBERED,
    VENDOR,
    step,
)

ENDING = date(2026, 11, 23)
BY_PROVIDER = "First factor requirement satisfied by claim provided by external provider"
PROMPTED = "MFA registration prompted"


def reasons(*records: bytes, accounts=None, rule=None):
    """The reasons of some records' requests, in the order of their time."""
    rollup = Rollup(parse_sign_in(each, number) for number, each in enumerate(records))
    requests = judge_all(Rollup.from_bytes(rollup.to_bytes()), Scope())
    explainer = Explainer(rule or ShareRule(), accounts, ENDING)
    return [each.reason(explainer) for each in reversed(requests)]


def reason(*records: bytes, accounts=None):
    """The reason of the last request, which has one."""
    found = reasons(*records, accounts=accounts)[-1]
    assert found
    return found


FIELD_SALES = assess(
    {
        **policy("Require MFA", users={"includeUsers": ["All"], "excludeGroups": ["sales"]}),
        "id": POLICY,
    },
    users=[user(ANN)],
    groups=[group("sales", ANN, displayName="Field sales")],
)
IN_BROWSERS = assess(
    {**policy("Require MFA", clientAppTypes=["browser"]), "id": POLICY}, users=[user(ANN)]
)
CUSTOM = assess(
    {
        **policy(
            "Require MFA", grant={"builtInControls": [], "customAuthenticationFactors": ["Duo"]}
        ),
        "id": POLICY,
    },
    users=[user(ANN)],
)
DEFAULTS = assess(users=[user(ANN)], securityDefaults={"isEnabled": True})

Kind = ReasonKind


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("policies", "changes", "accounts", "kind", "sentence"),
    [
        pytest.param(
            [kept_by("users", "groupId")],
            {},
            FIELD_SALES,
            Kind.EXCLUDED,
            "Excluded by group “Field sales” in policy “Require MFA”",
            id="excluded by a group that the directory names",
        ),
        pytest.param(
            [kept_by("users", "groupId")],
            {},
            None,
            Kind.EXCLUDED,
            "Excluded by a group in policy “Require MFA”",
            id="excluded by a group without a directory",
        ),
        pytest.param(
            [kept_by("users", "roleId")],
            {},
            None,
            Kind.EXCLUDED,
            "Excluded by a role in policy “Require MFA”",
            id="excluded by a role",
        ),
        pytest.param(
            [kept_by("users", "userId")],
            {},
            None,
            Kind.EXCLUDED,
            "Excluded by name in policy “Require MFA”",
            id="excluded by name",
        ),
        pytest.param(
            [kept_by("users", "b2bCollaborationGuest")],
            {},
            None,
            Kind.EXCLUDED,
            "Excluded by guest type in policy “Require MFA”",
            id="excluded as a guest",
        ),
        pytest.param(
            [kept_by("clientType")],
            {},
            IN_BROWSERS,
            Kind.CONDITION,
            "Policy “Require MFA” applies only in browsers",
            id="a condition that the directory names",
        ),
        pytest.param(
            [kept_by("location", "allTrustedLocations")],
            {},
            None,
            Kind.CONDITION,
            "Policy “Require MFA” does not apply at this location",
            id="a condition without a directory",
        ),
        pytest.param(
            [applied("success", enforcedGrantControls=["Mfa", "CompliantDevice"])],
            {},
            None,
            Kind.CONDITION,
            "Policy “Require MFA” accepts a compliant device instead of MFA",
            id="MFA or something else",
        ),
        pytest.param(
            [kept_by("application")],
            {},
            None,
            Kind.NOT_TARGETED,
            "Policy “Require MFA” does not target Partner Center",
            id="another application",
        ),
        pytest.param(
            [kept_by("users")],
            {},
            None,
            Kind.NOT_TARGETED,
            "Policy “Require MFA” does not include the account",
            id="another account",
        ),
        pytest.param(
            [applied("reportOnlyInterrupted"), kept_by("application")],
            {},
            None,
            Kind.REPORT_ONLY,
            "Policy “Require MFA” is report-only: it asks nobody for MFA",
            id="report-only",
        ),
        pytest.param(
            [],
            {"status": {"errorCode": 0, "additionalDetails": REMEMBERED}},
            None,
            Kind.REMEMBERED_DEVICE,
            "MFA was skipped on a remembered device",
            id="remembered device",
        ),
        pytest.param(
            [],
            {
                "authenticationDetails": [step(BY_PROVIDER, "Federated")],
                "userPrincipalName": "ann@EMEA.contoso.example",
            },
            None,
            Kind.FEDERATION_CLAIM,
            "The federated domain emea.contoso.example sent no multipleauthn claim",
            id="federated domain",
        ),
        pytest.param(
            [applied("success", enforcedGrantControls=["DuoMfa"])],
            {},
            CUSTOM,
            Kind.CUSTOM_CONTROL,
            "Policy “Require MFA” requires a custom control, which never yields the MFA claim",
            id="custom control",
        ),
        pytest.param(
            [],
            {"authenticationDetails": [step(PROMPTED)]},
            DEFAULTS,
            Kind.SECURITY_DEFAULTS,
            "Registration for MFA was prompted and put off, as security defaults let users do "
            "for 14 days",
            id="registration put off under security defaults",
        ),
        pytest.param(
            [],
            {"authenticationDetails": [step(PROMPTED)]},
            None,
            Kind.CONDITION,
            "Registration for MFA was prompted and put off",
            id="registration put off",
        ),
        pytest.param(
            [applied("notEnabled")],
            {},
            None,
            Kind.NO_POLICY,
            "Policy “Require MFA” is switched off",
            id="policy switched off",
        ),
    ],
)
def test_a_record_in_every_shape_tells_its_reason(  # noqa: PLR0913, PLR0917
    shape, policies, changes, accounts, kind, sentence
) -> None:
    found = reason(record(shape, *policies, **changes), accounts=accounts)

    assert (found.kind, found.sentence) == (kind, sentence)
    assert found.basis is ReasonBasis.RECORD


def test_an_agents_user_is_told_by_graphs_record() -> None:
    agent = {"agentType": "agenticAppInstance", "agentSubjectType": "agentIDuser"}

    found = reason(record("graph", agent=agent))

    assert (found.kind, found.basis) == (Kind.AGENT, ReasonBasis.RECORD)
    assert found.sentence == "An agent's user account can hold no MFA factor"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_record_without_evidence_says_only_that(shape) -> None:
    silent = record(
        shape,
        kept_by("users", "groupId"),
        isInteractive=False,
        **({"signInEventTypes": ["nonInteractiveUser"]} if shape == "graph" else {}),
        authenticationDetails=[],
    )

    found = reason(silent, accounts=FIELD_SALES)

    assert (found.kind, found.basis) == (Kind.NO_EVIDENCE, ReasonBasis.RECORD)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_policy_whose_controls_are_not_recorded_counts_only_if_the_directory_knows_it(
    shape,
) -> None:
    silent = record(shape, kept_by("users", "groupId", enforcedGrantControls=[]))

    assert reason(silent).kind is Kind.NOT_TOLD
    assert reason(silent, accounts=FIELD_SALES).kind is Kind.EXCLUDED


def test_of_several_policies_the_nearest_one_tells() -> None:
    others = [
        kept_by("application", id="1", displayName="Azure"),
        kept_by("users", id="2", displayName="Administrators"),
        applied("notEnabled", id="3", displayName="Old"),
        applied("success", id="4", displayName="Block", enforcedGrantControls=["Block"]),
    ]

    found = reason(record("graph", *others, kept_by("users", "groupId")))

    assert found.sentence == "Excluded by a group in policy “Require MFA”"


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ("clientType", "Policy “Browsers” does not apply from this kind of client"),
        ("signInRisk", "Excluded by a group in policy “Require MFA”"),
    ],
)
def test_a_policy_for_the_account_is_nearer_than_one_that_excludes_it_unless_it_needs_a_risk(
    other, sentence
) -> None:
    ours = kept_by(other, id="1", displayName="Browsers")

    found = reason(record("graph", kept_by("users", "groupId"), ours))

    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("accounts", "kind", "sentence"),
    [
        pytest.param(
            FIELD_SALES,
            Kind.EXCLUDED,
            "Excluded by group “Field sales” in policy “Require MFA”",
            id="excluded",
        ),
        pytest.param(
            IN_BROWSERS, Kind.CONDITION, "Policy “Require MFA” applies only in browsers", id="when"
        ),
        pytest.param(
            assess(
                policy("Either", grant={"builtInControls": ["mfa", "compliantDevice"]}),
                users=[user(ANN)],
            ),
            Kind.CONDITION,
            "Policy “Either” accepts a compliant device instead of MFA",
            id="or",
        ),
        pytest.param(
            assess(policy("B", grant={"builtInControls": ["block"]}), users=[user(ANN)]),
            Kind.CONDITION,
            "Policy “B” blocks some sign-ins, and requires MFA for none",
            id="block",
        ),
        pytest.param(
            assess(
                policy("Azure", applications={"includeApplications": [API[::-1]]}),
                users=[user(ANN)],
            ),
            Kind.NOT_TARGETED,
            f"Policy “Azure” applies only for {API[::-1]} (Partner Center not among them)",
            id="other applications",
        ),
        pytest.param(
            assess(
                policy("Rehearsal", state="enabledForReportingButNotEnforced"), users=[user(ANN)]
            ),
            Kind.REPORT_ONLY,
            "Policy “Rehearsal” is report-only: it asks nobody for MFA",
            id="report-only",
        ),
        pytest.param(
            CUSTOM,
            Kind.CUSTOM_CONTROL,
            "Policy “Require MFA” requires a custom control, which never yields the MFA claim",
            id="custom control",
        ),
        pytest.param(
            DEFAULTS,
            Kind.SECURITY_DEFAULTS,
            "Security defaults ask for MFA only when Microsoft considers it necessary",
            id="security defaults",
        ),
        pytest.param(
            assess(
                users=[user(ANN)],
                domains=[{"id": "contoso.example", "authenticationType": "Federated"}],
            ),
            Kind.FEDERATION_CLAIM,
            "The federated domain contoso.example sent no multipleauthn claim",
            id="federated domain",
            marks=(),
        ),
        pytest.param(
            assess(users=[user(ANN)]),
            Kind.NO_POLICY,
            "No policy requires MFA of anybody",
            id="none",
        ),
        pytest.param(
            assess(policy(users={"includeUsers": ["bob"]}), users=[user(ANN), user("bob")]),
            Kind.NO_POLICY,
            "No policy that requires MFA includes the account",
            id="not included",
        ),
        pytest.param(
            assess(policy(), users=[user(ANN, **{"@odata.type": "#microsoft.graph.agentUser"})]),
            Kind.AGENT,
            "An agent's user account can hold no MFA factor",
            id="agent",
        ),
        pytest.param(
            assess(policy(), users=[user(ANN)]),
            Kind.NOT_TOLD,
            "MFA is enforced, and the record does not tell why it was not used",
            id="enforced",
        ),
        pytest.param(
            assess(policy(), users=[user("bob")]),
            Kind.NOT_TOLD,
            "The record does not tell why, and the account is not in the directory",
            id="unknown account",
        ),
        pytest.param(
            assess(policy(), users=[user(ANN, accountEnabled=False)]),
            Kind.NOT_TOLD,
            "The record does not tell why, and the account is disabled now",
            id="disabled account",
        ),
    ],
)
def test_the_directory_stands_in_for_a_record_that_does_not_tell(accounts, kind, sentence) -> None:
    found = reason(record("graph"), accounts=accounts)

    assert (found.kind, found.sentence, found.basis) == (kind, sentence, ReasonBasis.DIRECTORY)


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (
            {"createdDateTime": "2026-11-20T10:00:00Z", "modifiedDateTime": None},
            "Policy “MFA” is three days old: the window still holds requests from before",
        ),
        (
            {"createdDateTime": "2024-01-01T00:00:00Z", "modifiedDateTime": "2026-11-23T10:00:00Z"},
            (
                "Policy “MFA” was changed less than a day ago: the window still holds requests "
                "from before"
            ),
        ),
    ],
)
def test_a_policy_that_is_younger_than_the_request_is_the_reason(times, sentence) -> None:
    accounts = assess({**policy(), **times}, users=[user(ANN)])

    found = reason(record("graph", kept_by("users", "groupId")), accounts=accounts)

    assert (found.kind, found.sentence) == (Kind.POLICY_TOO_YOUNG, sentence)
    assert found.basis is ReasonBasis.DIRECTORY


@pytest.mark.parametrize(
    "times",
    [
        {"createdDateTime": "2026-11-20T08:59:59Z"},  # the request is of 09:00
        {"createdDateTime": "yesterday", "modifiedDateTime": {"value": "/Date(1)/"}},
        {},
    ],
)
def test_an_older_policy_is_not_the_reason(times) -> None:
    accounts = assess({**policy(), **times}, users=[user(ANN)])

    found = reason(record("graph", kept_by("users", "groupId")), accounts=accounts)

    assert found.kind is Kind.EXCLUDED


def test_a_silent_request_has_the_reason_of_the_one_whose_verdict_it_inherits() -> None:
    first = record("graph", kept_by("users", "groupId"))
    silent = record(
        "graph",
        createdDateTime="2026-11-20T10:00:00Z",
        signInEventTypes=["nonInteractiveUser"],
        authenticationDetails=[],
        appId=VENDOR,
        resourceId=API,
    )

    before, after = reasons(first, silent)

    assert before is after
    assert before.kind is Kind.EXCLUDED


def test_requests_with_mfa_have_no_reason() -> None:
    verified = record("graph", authenticationRequirement="multiFactorAuthentication")
    exempted = record("graph", status={"errorCode": 0, "additionalDetails": REMEMBERED})
    refused = record("graph", status={"errorCode": 50074})

    assert reasons(verified, exempted, refused, rule=ShareRule(exempted_counts_as_mfa=True)) == [
        None,
        None,
        None,
    ]


def repacked(rollup: Rollup, change) -> bytes:
    """The rollup as the first release wrote it, with each sign-in changed."""
    packed = msgspec.msgpack.encode(list(rollup.copies()), enc_hook=SharedTexts().write)
    values = [change(each) for each in msgspec.msgpack.decode(packed)]
    return gzip.compress(msgspec.msgpack.encode((1, values)))


def test_a_rollup_of_an_earlier_release_is_read_without_circumstances_and_policies() -> None:
    sign_in = parse_sign_in(record("graph", kept_by("users", "groupId")), 0)

    [old] = Rollup.from_bytes(repacked(Rollup([sign_in]), lambda values: values[:-2]))

    assert old == msgspec.structs.replace(sign_in, traces=NO_TRACES)
    assert old.traces.policies == ()


def test_sign_ins_that_say_the_same_share_one_object_and_one_stored_text() -> None:
    records = [record("graph", kept_by("users", "groupId")) for _ in range(3)]
    rollup = Rollup(parse_sign_in(each, number) for number, each in enumerate(records))

    first, *others = Rollup.from_bytes(rollup.to_bytes())

    assert first.traces.policies[0].excluded_by == "users:groupid"
    assert all(other.traces is first.traces for other in others)
    assert gzip.decompress(rollup.to_bytes()).count(b"groupid") == 1


@pytest.mark.parametrize("value", [7, -1, None, [], {}, True])
def test_a_stored_rollup_with_anything_else_for_policies_is_damaged(value) -> None:
    sign_in = parse_sign_in(record("graph", kept_by("users", "groupId")), 0)

    with pytest.raises(DamagedError):
        Rollup.from_bytes(repacked(Rollup([sign_in]), lambda values: [*values[:-1], value]))


def test_stored_policies_that_cannot_be_read_are_none() -> None:
    sign_in = parse_sign_in(record("graph", kept_by("users", "groupId")), 0)

    [read] = Rollup.from_bytes(
        repacked(Rollup([sign_in]), lambda values: [*values[:-1], "not a list"])
    )

    assert read.traces.policies == ()


HOSTILE: list[Any] = [
    None,
    7,
    "users",
    "[",
    "{}",
    [],
    [[]],
    [None],
    [{"ruleSatisfied": 5, "conditionalAccessCondition": {"a": 1}}],
    {"value": [{"ruleSatisfied": "x" * 5000}], "Count": 1},
    10**30,
    -1,
    True,
    1.5,
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "key",
    [
        *("conditionsNotSatisfied", "excludeRulesSatisfied", "includeRulesSatisfied"),
        *("displayName", "id", "result", "enforcedGrantControls", "authenticationStrength"),
    ],
)
def test_nothing_in_a_policy_of_a_record_makes_it_unreadable(key, value) -> None:
    read = parse_sign_in(record("graph", {**applied("notApplied"), key: value}), 0)

    for trace in read.traces.policies:
        assert len(trace.name) <= 256
        assert len(trace.excluded_by) <= 200
    assert list(Rollup.from_bytes(Rollup([read]).to_bytes())) == [read]


def test_every_kind_has_a_remedy() -> None:
    assert REMEDIES.keys() == set(ReasonKind)
