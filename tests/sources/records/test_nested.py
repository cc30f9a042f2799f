"""Status, steps and policies, written by tools that do not write JSON as Azure does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.mfa.circumstances import NO_TRACES
from shared.mfa.sign_in import Evidence, SignIn, SignInEventType
from shared.mfa.verdict import Verdict, judge
from shared.sources.records.parsing import UnplacedError, parse_sign_in, parse_values
from tests.records import (
    ABSENT,
    API,
    BY_CLAIM,
    REMEMBERED,
    VENDOR,
    diagnostic_record,
    graph_record,
    line,
    log_analytics_row,
    policy,
    step,
)

PASSWORD = step("Correct password")
BY_MFA = step(BY_CLAIM, "Previously satisfied")


def parse(record: dict[str, Any]) -> SignIn:
    """The sign-in in a record, which is the same in JSON and in the cells of a table."""
    sign_in = parse_sign_in(line(record), 0)
    assert parse_values(record, 0) == sign_in
    return sign_in


class TestColumnsWithAType:
    """Kusto's ``union`` of tables that give a column different types; custom tables."""

    @pytest.mark.parametrize("kind", ["dynamic", "string", "s"])
    def test_they_are_the_columns_they_are_named_after(self, kind: str) -> None:
        row = log_analytics_row(
            Id="x",
            Status={"errorCode": 0, "additionalDetails": BY_CLAIM},
            ConditionalAccessPolicies=[policy("success", "Mfa")],
            AuthenticationDetails=json.dumps([BY_MFA]),
        )
        typed = row | {f"{name}_{kind}": json.dumps(row[name]) for name in ("Status",)}
        typed |= {f"AuthenticationDetails_{kind}": row["AuthenticationDetails"]}
        policies = json.dumps(row["ConditionalAccessPolicies"])
        typed |= {f"ConditionalAccessPolicies_{kind}": policies}
        for name in ("Status", "AuthenticationDetails", "ConditionalAccessPolicies"):
            del typed[name]

        assert parse(typed) == parse(row)

    def test_of_two_the_one_that_is_filled_counts(self) -> None:
        row = log_analytics_row(
            Status=ABSENT,
            Status_dynamic="",
            Status_string=json.dumps({"errorCode": 0, "additionalDetails": BY_CLAIM}),
        )

        assert parse(row).details is Evidence.SATISFIED

    def test_ids_of_a_custom_table_are_guids_in_columns_of_their_own(self) -> None:
        row = log_analytics_row()
        custom = {
            "TimeGenerated": "2026-11-20T09:05:00Z",
            "createdDateTime_t": row["CreatedDateTime"],
            "appId_g": VENDOR,
            "resourceId_g": API,
            "userId_g": row["UserId"],
            "isInteractive_b": False,
            "status_s": json.dumps({"errorCode": 0}),
            "Type": "SigninLogs_CL",
        }

        sign_in = parse(custom)

        assert (sign_in.app_id, sign_in.resource_id) == (VENDOR, API)
        assert sign_in.user_id == row["UserId"]
        assert sign_in.error_code == 0


class TestWindowsPowerShell:
    def test_a_wrapped_list_is_the_list(self) -> None:
        steps = [{"value": [each], "Count": 1} for each in (PASSWORD, BY_MFA)]
        without, with_mfa = (parse(graph_record(authenticationDetails=each)) for each in steps)

        assert judge(without) is Verdict.NOT_VERIFIED
        assert judge(with_mfa) is Verdict.VERIFIED

    def test_wrapped_policies_controls_and_event_types_are_lists_too(self) -> None:
        met = policy("success") | {"enforcedGrantControls": {"value": ["Mfa"], "Count": 1}}
        record = graph_record(
            appliedConditionalAccessPolicies={"value": [met], "Count": 1},
            signInEventTypes={"value": ["nonInteractiveUser"], "Count": 1},
        )

        assert parse(record).policies is Evidence.SATISFIED
        assert parse(record).event is SignInEventType.NON_INTERACTIVE

    @pytest.mark.parametrize("controls", ["Mfa", "mfa", ["Mfa"]])
    def test_a_lone_text_is_a_list_of_one(self, controls: object) -> None:
        met = policy("success") | {"enforcedGrantControls": controls}

        assert parse(graph_record(appliedConditionalAccessPolicies=met)).policies is (
            Evidence.SATISFIED
        )

    def test_an_object_below_its_depth_is_read_from_its_text(self) -> None:
        status = f"@{{errorCode=0; failureReason=Other.; additionalDetails={BY_CLAIM}}}"
        steps = [
            "@{authenticationMethod=Password; authenticationStepResultDetail=Correct password}"
        ]

        record = graph_record(status=status, authenticationDetails=steps)

        assert parse(record).details is Evidence.SATISFIED
        assert parse(record).error_code == 0
        assert parse(record).steps is Evidence.SILENT

    @pytest.mark.parametrize(
        "text",
        [
            "/Date(1795165200000)/",
            "/Date(1795165200000+0100)/",
            {"value": "/Date(1795165200000)/", "DisplayHint": 2, "DateTime": "Friday"},
        ],
    )
    def test_its_dates_are_milliseconds_since_1970(self, text: object) -> None:
        record = graph_record(createdDateTime=text)

        assert parse(record).created_at == "2026-11-20T09:00:00.0000000Z"

    def test_its_dates_may_have_escaped_slashes(self) -> None:
        record = line(graph_record(createdDateTime="WHEN"))

        sign_in = parse_sign_in(record.replace(b"WHEN", rb"\/Date(1795165200123)\/"), 0)

        assert sign_in.created_at == "2026-11-20T09:00:00.1230000Z"

    def test_names_inside_the_parts_may_be_capitalised(self) -> None:
        def capitalised(part: dict[str, Any]) -> dict[str, Any]:
            return {key[:1].upper() + key[1:]: value for key, value in part.items()}

        met = capitalised(policy("success", "Mfa"))
        status = {"ErrorCode": 0, "AdditionalDetails": REMEMBERED}

        sign_in = parse(
            graph_record(
                status=status,
                authenticationDetails=[capitalised(BY_MFA)],
                appliedConditionalAccessPolicies=[met],
            )
        )

        assert sign_in.error_code == 0
        assert sign_in.details is Evidence.SKIPPED
        assert sign_in.steps is sign_in.policies is Evidence.SATISFIED


class TestPandas:
    def test_what_python_prints_is_read(self) -> None:
        row = log_analytics_row(
            Status=str({"errorCode": 0, "additionalDetails": BY_CLAIM}),
            AuthenticationDetails=str([PASSWORD]),
            ConditionalAccessPolicies=str([policy("success", "Mfa")]),
        )

        assert parse(row).details is parse(row).policies is Evidence.SATISFIED
        assert parse(row).error_code == 0

    def test_steps_that_it_prints_prove_mfa_but_not_its_absence(self) -> None:
        without, with_mfa = (
            parse(log_analytics_row(AuthenticationDetails=str([each])))
            for each in (PASSWORD, BY_MFA)
        )

        assert without.steps is Evidence.NOT_GIVEN
        assert without.not_understood
        assert with_mfa.steps is Evidence.SATISFIED

    @pytest.mark.parametrize("separator", [".", "_"])
    def test_a_flattened_status_is_one_again(self, separator: str) -> None:
        record = graph_record(status=ABSENT) | {
            f"status{separator}errorCode": "50140",
            f"status{separator}additionalDetails": BY_CLAIM,
        }

        assert parse(record).error_code == 50140
        assert parse(record).details is Evidence.SATISFIED

    def test_flattened_properties_are_too(self) -> None:
        record = diagnostic_record(id="x")
        inner = record.pop("properties")
        status = inner.pop("status")
        flat = record | {f"properties.{key}": value for key, value in inner.items()}
        flat |= {f"properties.status.{key}": value for key, value in status.items()}

        assert parse(flat) == parse(diagnostic_record(id="x"))

    @pytest.mark.parametrize("nothing", ["nan", "NaN", "None", "<NA>"])
    def test_its_words_for_nothing_are_nothing(self, nothing: str) -> None:
        table = graph_record(
            sessionId=nothing, status={"errorCode": 0}, authenticationDetails=nothing
        )

        sign_in = parse_values(table, 0)

        assert sign_in.session_id == ""
        assert sign_in.steps is Evidence.NOT_GIVEN
        assert not sign_in.not_understood

    def test_a_column_of_numbers_with_gaps_has_fractions(self) -> None:
        success = log_analytics_row(Status=ABSENT, ResultType="0.0", IsInteractive="1.0")

        assert parse(success).error_code == 0
        assert parse(log_analytics_row(Status=ABSENT, ResultType="50140.0")).error_code == 50140


NO_STEPS: list[object] = [
    {},
    [{}],
    [None],
    [""],
    [[]],
    "{}",
    "[{}]",
    "[null]",
    {"value": [], "Count": 0},
    {"value": None, "Count": 0},
    [{"authenticationMethod": None, "authenticationStepResultDetail": None}],
    [{"authenticationMethod": "", "succeeded": True, "authenticationStepResultDetail": ""}],
]


@pytest.mark.parametrize("steps", NO_STEPS, ids=json.dumps)
def test_a_list_without_a_filled_step_is_not_evidence(steps: object) -> None:
    sign_in = parse(graph_record(authenticationDetails=steps))

    assert sign_in.steps is Evidence.NOT_GIVEN
    assert judge(sign_in) is None
    assert not sign_in.not_understood


GARBLED: dict[str, list[object]] = {
    "status": ["Microsoft.Graph.SignInStatus", 7, ["x"], {"code": 5}, {"errorCode": [1]}],
    "authenticationDetails": [
        "System.Object[]",
        ["System.Collections.Hashtable"],
        [{"was": "renamed"}],
        [PASSWORD, "System.Collections.Hashtable"],
        [{"authenticationStepResultDetail": ["x"]}],
        5,
        "[{'authenticationMethod': Timestamp('2026')}]",
    ],
    "appliedConditionalAccessPolicies": [
        "System.Object[]",
        [{"was": "renamed"}],
        [{"result": "success", "enforcedGrantControls": [["Mfa"]]}],
    ],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, vs in GARBLED.items() for v in vs])
def test_what_is_filled_but_not_understood_is_not_evidence_and_says_so(
    key: str, value: object
) -> None:
    sign_in = parse(graph_record(**{key: value}))

    assert sign_in.not_understood
    assert judge(sign_in) is not Verdict.VERIFIED
    if key == "authenticationDetails":
        assert judge(sign_in) is None


def test_a_text_that_proves_mfa_counts_whatever_is_around_it() -> None:
    row = log_analytics_row(AuthenticationDetails=f"array([{{'x': '{BY_CLAIM}'}}], dtype=object)")
    cut = log_analytics_row(Status=f'{{"errorCode":0,"additionalDetails":"{BY_CLAIM}')

    assert parse(row).steps is parse(cut).details is Evidence.SATISFIED


@pytest.mark.parametrize(
    "record",
    [
        graph_record(authenticationDetails=ABSENT, authenticationRequirement=ABSENT),
        graph_record(authenticationDetails=None, authenticationRequirement=None),
        log_analytics_row(AuthenticationDetails=ABSENT, AuthenticationRequirement=ABSENT),
    ],
    ids=["v1.0", "null", "projection"],
)
def test_a_shape_without_requirement_and_steps_can_not_tell_of_a_sign_in_without_mfa(
    record: dict[str, Any],
) -> None:
    assert not parse(record).can_show_single_factor


@pytest.mark.parametrize("key", ["authenticationDetails", "authenticationRequirement"])
def test_one_of_the_two_is_enough_to_tell(key: str) -> None:
    assert parse(graph_record(**{key: ABSENT})).can_show_single_factor
    assert parse(graph_record(**{key: ""})).can_show_single_factor


@pytest.mark.parametrize("where", ["status", "authenticationDetails"])
def test_a_prompt_to_register_for_mfa_decides_nothing(where: str) -> None:
    text = "MFA required; registration prompted"
    value = {"errorCode": 0, "additionalDetails": text} if where == "status" else [step(text)]
    multi = graph_record(**{"authenticationRequirement": "multiFactorAuthentication", where: value})

    assert judge(parse(multi)) is None
    done = multi | {"authenticationDetails": [step(text), BY_MFA]}
    assert judge(parse(done)) is Verdict.VERIFIED


def test_ids_of_zeros_are_empty() -> None:
    zeros = "00000000-0000-0000-0000-000000000000"
    keys = ("userId", "resourceId", "correlationId", "sessionId")

    sign_in = parse(graph_record(**dict.fromkeys(keys, zeros)))

    assert {sign_in.user_id, sign_in.resource_id} == {""}
    assert {sign_in.correlation_id, sign_in.session_id} == {""}
    assert not parse(graph_record(id=zeros)).has_own_id
    with pytest.raises(UnplacedError):
        parse(graph_record(appId=zeros))


def test_a_policy_that_blocks_leaves_nothing_to_show_however_its_record_is_spelled() -> None:
    assert (
        parse(graph_record(appliedConditionalAccessPolicies=[policy("failure", "Block")])).traces
        == NO_TRACES
    )
