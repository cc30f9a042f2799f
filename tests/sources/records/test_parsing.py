"""From one record, in any shape and spelling, to a `SignIn`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.rollup import Rollup
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.mfa.verdict import Verdict, judge
from shared.sources.records.decoding import object_of
from shared.sources.records.pages import parse_page
from shared.sources.records.parsing import (
    FAILED,
    UnplacedError,
    UnreadableError,
    parse_sign_in,
    parse_values,
)
from tests.records import (
    ABSENT,
    ANN,
    API,
    AZURE,
    BY_CLAIM,
    OTHER,
    PORTAL,
    REMEMBERED,
    TENANT,
    VENDOR,
    diagnostic_record,
    graph_record,
    line,
    log_analytics_row,
    page,
    policy,
    step,
)

PHISHING_RESISTANT = "00000000-0000-0000-0000-000000000004"


def parse(record: Any, sequence: int = 0) -> SignIn:
    return parse_sign_in(line(record), sequence)


class TestShapes:
    def test_a_graph_record_gives_all_fields(self) -> None:
        record = graph_record(id="0B0B0B0B-0000-4000-8000-00000000000B")

        sign_in = parse(record, 7)

        assert sign_in == SignIn(
            created_at="2026-11-20T09:00:00.0000000Z",
            id="0b0b0b0b-0000-4000-8000-00000000000b",
            sequence=7,
            event=SignInEventType.INTERACTIVE,
            error_code=0,
            requirement=Requirement.SINGLE,
            steps=Evidence.SILENT,
            user_id=ANN,
            upn="ann@contoso.example",
            user_name="Ann Adams",
            app_id=PORTAL,
            app_name="Microsoft Partner",
            resource_id=AZURE,
            resource_name="Windows Azure Service Management API",
            ip_address="203.0.113.7",
            correlation_id="11111111-0000-4000-8000-000000000001",
            session_id="22222222-0000-4000-8000-000000000002",
        )

    def test_the_three_shapes_of_one_sign_in_differ_only_in_what_their_logs_add(self) -> None:
        graph = parse(graph_record(id="x"))
        diagnostic = parse(diagnostic_record(id="x"))
        row = parse(log_analytics_row(Id="x"))

        assert diagnostic == msgspec.structs.replace(graph, tenant_id=TENANT)
        assert row == msgspec.structs.replace(
            graph, tenant_id=TENANT, received_at="2026-11-20T09:05:00.1234567Z"
        )

    def test_the_tenant_of_a_row_is_not_its_workspace(self) -> None:
        row = log_analytics_row(AADTenantId=ABSENT, ResourceId=ABSENT)

        assert parse(row).tenant_id == ""

    def test_the_tenant_is_read_from_the_resource_path_if_no_field_names_it(self) -> None:
        path = f"/tenants/{TENANT.upper()}/providers/Microsoft.aadiam"

        envelope = diagnostic_record(envelope={"tenantId": ABSENT, "resourceId": path})
        row = log_analytics_row(AADTenantId=ABSENT, ResourceId=path)

        assert parse(envelope).tenant_id == parse(row).tenant_id == TENANT

    def test_the_resource_tenant_of_a_graph_record_is_not_taken_for_the_logs_tenant(self) -> None:
        assert parse(graph_record(resourceTenantId=OTHER)).tenant_id == ""

    def test_fields_that_only_the_envelope_has_are_taken_from_it(self) -> None:
        record = diagnostic_record(ipAddress=ABSENT, correlationId=ABSENT)

        sign_in = parse(record)

        assert sign_in.ip_address == "203.0.113.7"
        assert sign_in.correlation_id == "33333333-0000-4000-8000-000000000003"

    def test_an_application_without_a_display_name_has_the_name_of_its_service_principal(
        self,
    ) -> None:
        record = graph_record(appDisplayName=None, servicePrincipalName="nightly-sync")

        assert parse(record).app_name == "nightly-sync"

    def test_columns_of_a_row_may_hold_json_as_text_or_as_values(self) -> None:
        steps, policies = [step(BY_CLAIM)], [policy("success", "Mfa")]
        status = {"errorCode": 50140, "additionalDetails": REMEMBERED}

        as_values = log_analytics_row(
            Id="x", Status=status, AuthenticationDetails=steps, ConditionalAccessPolicies=policies
        )
        as_texts = log_analytics_row(
            Id="x",
            Status=json.dumps(status),
            AuthenticationDetails=json.dumps(steps),
            ConditionalAccessPolicies=json.dumps(policies),
        )

        assert parse(as_values) == parse(as_texts)
        assert parse(as_texts).details is Evidence.SKIPPED
        assert parse(as_texts).steps is parse(as_texts).policies is Evidence.SATISFIED

    def test_the_other_column_for_policies_counts_if_the_first_is_empty(self) -> None:
        row = log_analytics_row(
            ConditionalAccessPolicies=[],
            AppliedConditionalAccessPolicies=json.dumps([policy("success", "Mfa")]),
        )

        assert parse(row).policies is Evidence.SATISFIED

    def test_properties_may_come_as_text(self) -> None:
        record = diagnostic_record(id="x")
        as_text = record | {"properties": json.dumps(record["properties"])}

        assert parse(as_text) == parse(record)

    def test_a_graph_record_written_by_powershell_has_its_names_capitalised(self) -> None:
        record = graph_record(id="x")
        capitalised = {key[0].upper() + key[1:]: value for key, value in record.items()}

        assert parse(capitalised) == parse(record)


class TestTime:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-11-23T08:15:00Z", "2026-11-23T08:15:00.0000000Z"),
            ("2026-11-23T08:15:00.1Z", "2026-11-23T08:15:00.1000000Z"),
            ("2026-11-23T08:15:00.1234567Z", "2026-11-23T08:15:00.1234567Z"),
            ("2026-11-23T08:15:00.1234567+00:00", "2026-11-23T08:15:00.1234567Z"),
            ("2026-11-23 08:15:00.123456789", "2026-11-23T08:15:00.1234567Z"),
            ("2026-11-23T08:15:00.809", "2026-11-23T08:15:00.8090000Z"),
            ("2026-11-23T23:30:00.5-01:00", "2026-11-24T00:30:00.5000000Z"),
            ("2026-11-23T03:00:00+0530", "2026-11-22T21:30:00.0000000Z"),
            ("2026-11-23 08:15:00 +00:00", "2026-11-23T08:15:00.0000000Z"),
            ("11/23/2026, 8:15:00.000 AM", "2026-11-23T08:15:00.0000000Z"),
            ("11/3/2026, 12:05:09.25 PM", "2026-11-03T12:05:09.2500000Z"),
            ("1/3/2026, 12:05:09\u202fAM", "2026-01-03T00:05:09.0000000Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.9999999Z"),  # a leap second
            ("2017-01-01T05:29:60.25+05:30", "2016-12-31T23:59:59.9999999Z"),
            ("12/31/2016, 11:59:60.000 PM", "2016-12-31T23:59:59.9999999Z"),
        ],
    )
    def test_every_way_of_writing_a_time_becomes_one(self, text: str, expected: str) -> None:
        assert parse(graph_record(createdDateTime=text)).created_at == expected

    @pytest.mark.parametrize(
        "text",
        [
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T08:60:00Z",
            "2026-11-23T08:15:60Z",
            "2016-12-31T23:59:61Z",
            "2016-12-31T23:59:60+05:30",
            "0001-01-01T00:00:00+05:00",
            "23/11/2026, 08:15:00",  # which of two days would 5/11 be?
            "13/23/2026, 8:15:00.000 AM",
            "5/11/2026, 8:15:00 am",  # written so where the day comes first
        ],
    )
    def test_an_ambiguous_or_invalid_time_makes_the_record_unreadable(self, text: str) -> None:
        with pytest.raises(UnreadableError, match=r"its time .* is not a valid timestamp"):
            parse(graph_record(createdDateTime=text))

    def test_the_sign_ins_own_time_wins_over_the_time_it_was_logged(self) -> None:
        record = diagnostic_record(envelope={"time": "2026-11-21T00:10:00Z"})

        assert parse(record).day == "2026-11-20"

    def test_without_a_time_of_its_own_it_has_the_time_it_was_logged(self) -> None:
        record = diagnostic_record(
            createdDateTime=ABSENT, envelope={"time": "2026-11-21 00:10:00.123"}
        )
        row = log_analytics_row(CreatedDateTime="", TimeGenerated="2026-11-21T00:10:00.123Z")

        assert parse(record).created_at == parse(row).created_at == "2026-11-21T00:10:00.1230000Z"

    @pytest.mark.parametrize(
        "record",
        [
            {"id": "1", "userPrincipalName": "ann@contoso.example", "accountEnabled": True},
            {"id": "2", "displayName": "Require MFA", "state": "enabled"},
            {"id": "3", "appId": VENDOR, "displayName": "Control Panel"},
        ],
        ids=["user", "policy", "application"],
    )
    def test_other_objects_with_a_creation_time_are_not_sign_in_records(
        self, record: dict[str, object]
    ) -> None:
        with pytest.raises(UnreadableError, match="its only sign-in field is a time"):
            parse(record | {"createdDateTime": "2026-11-20T09:00:00Z"})

    def test_a_record_without_a_time_is_not_a_sign_in_record(self) -> None:
        with pytest.raises(UnreadableError, match="neither createdDateTime nor time"):
            parse({"id": "1", "displayName": "Ann"})


class TestEvent:
    @pytest.mark.parametrize(
        ("types", "expected"),
        [
            (["interactiveUser"], SignInEventType.INTERACTIVE),
            (["nonInteractiveUser"], SignInEventType.NON_INTERACTIVE),
            (["servicePrincipal"], SignInEventType.SERVICE_PRINCIPAL),
            (["managedIdentity"], SignInEventType.MANAGED_IDENTITY),
            (["interactiveUser", "servicePrincipal"], SignInEventType.SERVICE_PRINCIPAL),
        ],
    )
    def test_event_types_come_first(self, types: list[str], expected: SignInEventType) -> None:
        contradicted = diagnostic_record(signInEventTypes=types, isInteractive=None)

        assert parse(graph_record(signInEventTypes=types)).event is expected
        assert parse(contradicted).event is expected
        assert parse(log_analytics_row(SignInEventTypes=json.dumps(types))).event is expected

    @pytest.mark.parametrize(
        ("log", "expected"),
        [
            ("SignInLogs", SignInEventType.INTERACTIVE),
            ("NonInteractiveUserSignInLogs", SignInEventType.NON_INTERACTIVE),
            ("ServicePrincipalSignInLogs", SignInEventType.SERVICE_PRINCIPAL),
            ("ManagedIdentitySignInLogs", SignInEventType.MANAGED_IDENTITY),
            ("MicrosoftServicePrincipalSignInLogs", SignInEventType.SERVICE_PRINCIPAL),
            ("ADFSSignInLogs", SignInEventType.INTERACTIVE),
        ],
    )
    def test_then_the_log_it_was_in(self, log: str, expected: SignInEventType) -> None:
        contradiction = expected is not SignInEventType.INTERACTIVE
        envelope = diagnostic_record(envelope={"category": log}, isInteractive=contradiction)
        row = log_analytics_row(Category=ABSENT, Type=f"AAD{log}", IsInteractive=contradiction)

        assert parse(envelope).event is parse(row).event is expected

    def test_then_whether_it_is_interactive(self) -> None:
        plain = graph_record(signInEventTypes=["unknownFutureValue"])

        assert parse(plain).event is SignInEventType.INTERACTIVE
        assert parse(plain | {"isInteractive": False}).event is SignInEventType.NON_INTERACTIVE
        assert parse(plain | {"isInteractive": "False"}).event is SignInEventType.NON_INTERACTIVE
        assert parse(plain | {"isInteractive": None}).event is SignInEventType.NOT_GIVEN


class TestErrorCode:
    @pytest.mark.parametrize(
        ("result_type", "expected"),
        [
            ("0", 0),
            (0.0, 0),
            ("50140", 50140),
            (7000215, 7000215),
            ("Success", 0),
            ("Failure", FAILED),
            ("Interrupted", FAILED),
            ("", None),
            (None, None),
            (ABSENT, None),
        ],
    )
    def test_a_result_type_may_be_a_number_or_a_word(
        self, result_type: object, expected: int | None
    ) -> None:
        record = diagnostic_record(status=ABSENT, envelope={"resultType": result_type})

        assert parse(record).error_code == expected

    def test_the_status_wins_over_the_result_type(self) -> None:
        record = diagnostic_record(status={"errorCode": 50140}, envelope={"resultType": "Success"})

        assert parse(record).error_code == 50140

    def test_a_number_wins_over_a_word_in_either_field(self) -> None:
        record = diagnostic_record(status={"errorCode": ""}, envelope={"resultType": "50074"})

        assert parse(record).error_code == 50074

    @pytest.mark.parametrize("code", [10**30, "9" * 18])
    def test_a_number_that_is_not_an_error_code_is_a_failure(self, code: object) -> None:
        assert parse(graph_record(status={"errorCode": code})).error_code == FAILED

    @pytest.mark.parametrize("code", ["50140", 50140.0, " 50140 "])
    def test_an_error_code_may_be_written_in_other_ways(self, code: object) -> None:
        assert parse(graph_record(status={"errorCode": code})).error_code == 50140


#: Entra "howto-mfa-reporting" lists the texts; records prefix them with "MFA requirement" or "MFA".
#: "MFA completed in Azure AD" and "MFA successfully completed": SEKOIA-IO/intake-formats samples.
SATISFIED = [
    "MFA completed in Azure AD",
    "MFA completed in Entra ID",
    "MFA requirement satisfied by claim in the token",
    "MFA requirement satisfied by claim provided by external provider",
    "MFA requirement satisfied by strong authentication",
    "MFA successfully completed",
    "mfa REQUIREMENT Satisfied by multi-factor device",
]
#: The same page, under "satisfied", though a skip does not prove the claim.
SKIPPED = [
    "MFA requirement skipped due to remembered device",
    "MFA requirement skipped due to app password",
    "MFA requirement skipped due to location",
    "MFA requirement skipped due to registered device",
    "MFA requirement skipped as flow exercised was Windows broker logon flow",
]
SILENT = [
    "MFA requirement has expired due to the policies configured on tenant",  # the same page
    "First factor requirement satisfied by claim in the token",  # Entra's sample of the log schema
    "Correct password",  # panther-labs/panther-analysis fixtures
    "methodSucceeded",  # Graph beta signin-list example
    "MFA denied; user declined the authentication",  # the same page, "denied"
    "MFA required in Azure AD",
    "Authentication in progress",
]


class TestEvidence:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            *((text, Evidence.SATISFIED) for text in SATISFIED),
            *((text, Evidence.SKIPPED) for text in SKIPPED),
            *((text, Evidence.SILENT) for text in SILENT),
            ("MFA registration prompted", Evidence.PROMPTED),  # the same page
            ("", Evidence.NOT_GIVEN),
            (None, Evidence.NOT_GIVEN),
        ],
    )
    def test_a_text_is_the_evidence_of_its_class(
        self, text: str | None, expected: Evidence
    ) -> None:
        sign_in = parse(
            graph_record(
                status={"errorCode": 0, "additionalDetails": text}, authenticationDetails=[]
            )
        )

        assert sign_in.details is expected
        assert sign_in.steps is Evidence.NOT_GIVEN

    @pytest.mark.parametrize(
        ("texts", "expected"),
        [
            (["Correct password", "MFA completed in Azure AD"], Evidence.SATISFIED),
            ([REMEMBERED, BY_CLAIM], Evidence.SATISFIED),
            (["Correct password", REMEMBERED], Evidence.SKIPPED),
            (["Correct password"], Evidence.SILENT),
            ([None], Evidence.SILENT),
        ],
    )
    def test_any_step_may_give_the_evidence(
        self, texts: list[str | None], expected: Evidence
    ) -> None:
        assert parse(graph_record(authenticationDetails=[*map(step, texts)])).steps is expected

    @pytest.mark.parametrize("nothing", [[], None, ABSENT, "", "[]"])
    def test_a_missing_list_of_steps_is_not_evidence(self, nothing: object) -> None:
        assert parse(graph_record(authenticationDetails=nothing)).steps is Evidence.NOT_GIVEN

    def test_whether_a_step_succeeded_does_not_matter(self) -> None:
        failed = step("MFA completed in Azure AD") | {"succeeded": False}

        assert parse(graph_record(authenticationDetails=[failed])).steps is Evidence.SATISFIED

    def test_a_fragment_of_a_list_may_prove_mfa_but_never_its_absence(self) -> None:
        whole = json.dumps([step("Correct password"), step(BY_CLAIM)])

        cut = parse(log_analytics_row(AuthenticationDetails=whole[:-40]))
        rubble = parse(log_analytics_row(AuthenticationDetails="System.Object[]"))

        assert cut.steps is Evidence.SATISFIED
        assert rubble.steps is Evidence.NOT_GIVEN

    @pytest.mark.parametrize(
        ("policies", "expected"),
        [
            ([policy("success", "Mfa")], Evidence.SATISFIED),
            ([policy("success", "mfa")], Evidence.SATISFIED),
            ([policy("notApplied", "Mfa"), policy("success", "MFA")], Evidence.SATISFIED),
            ([policy("success", "Mfa", "RequireCompliantDevice")], Evidence.SILENT),
            ([policy("success", "RequireDomainJoinedDevice", "Mfa")], Evidence.SILENT),
            ([policy("success", "RequireAuthenticationStrength")], Evidence.SILENT),
            ([policy("success", "Authentication strength: MFA")], Evidence.SILENT),
            ([policy("success", "RequireCompliantDevice")], Evidence.SILENT),
            ([policy("success")], Evidence.SILENT),
            ([policy("failure", "Mfa")], Evidence.SILENT),
            ([policy("reportOnlySuccess", "Mfa")], Evidence.SILENT),
            ([], Evidence.NOT_GIVEN),
            (None, Evidence.NOT_GIVEN),
        ],
    )
    def test_a_policy_counts_if_its_requirement_of_mfa_was_satisfied(
        self, policies: object, expected: Evidence
    ) -> None:
        record = graph_record(appliedConditionalAccessPolicies=policies)

        assert parse(record).policies is expected

    @pytest.mark.parametrize(
        ("controls", "strength_id", "result", "expected"),
        [
            ([], PHISHING_RESISTANT, "satisfied", Evidence.SATISFIED),
            (["RequireAuthenticationStrength"], PHISHING_RESISTANT, None, Evidence.SATISFIED),
            (["Mfa"], PHISHING_RESISTANT, "satisfied", Evidence.SATISFIED),
            (["Mfa"], PHISHING_RESISTANT, "notSet", Evidence.SATISFIED),
            (["Mfa"], None, None, Evidence.SATISFIED),
            (["Mfa"], "00000000-0000-0000-0000-000000000000", None, Evidence.SATISFIED),
            ([], PHISHING_RESISTANT, "notSet", Evidence.SILENT),
            ([], PHISHING_RESISTANT, "singleRegistrationRequired", Evidence.SILENT),
            (["RequireCompliantDevice"], PHISHING_RESISTANT, "satisfied", Evidence.SILENT),
            ([], "a strength of the tenant's own", "satisfied", Evidence.SILENT),
            (["Mfa"], "a strength of the tenant's own", "satisfied", Evidence.SILENT),
        ],
    )
    def test_a_satisfied_strength_proves_mfa_if_it_is_built_in_and_alone(
        self, controls: list[str], strength_id: str | None, result: str | None, expected: Evidence
    ) -> None:
        strength = {
            "authenticationStrengthId": strength_id,
            "authenticationStrengthResult": result,
            "displayName": None,
        }
        applied = policy("success", *controls) | {"authenticationStrength": strength}

        record = graph_record(appliedConditionalAccessPolicies=[applied])
        row = log_analytics_row(ConditionalAccessPolicies=json.dumps([applied]))

        assert parse(record).policies is parse(row).policies is expected

    def test_a_policy_that_accepts_a_device_instead_of_mfa_proves_nothing(self) -> None:
        applied = {
            "appliedConditionalAccessPolicies": [policy("success", "Mfa", "CompliantDevice")]
        }
        silent = {"isInteractive": False, "signInEventTypes": ["nonInteractiveUser"]}
        demanded = {"authenticationRequirement": "multiFactorAuthentication"}

        assert judge(parse(graph_record(**applied))) is Verdict.NOT_VERIFIED
        assert judge(parse(graph_record(**applied, **silent))) is None
        assert judge(parse(graph_record(**applied, **demanded))) is Verdict.VERIFIED

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("multiFactorAuthentication", Requirement.MULTI),
            ("MultiFactorAuthentication", Requirement.MULTI),
            ("singleFactorAuthentication", Requirement.SINGLE),
            ("unknownFutureValue", Requirement.OTHER),
            ("", Requirement.NOT_GIVEN),
            (None, Requirement.NOT_GIVEN),
        ],
    )
    def test_required_controls_are_read_in_any_case(
        self, text: str | None, expected: Requirement
    ) -> None:
        assert parse(graph_record(authenticationRequirement=text)).requirement is expected


class TestIds:
    def test_only_guids_are_converted_to_lower_case(self) -> None:
        sign_in = parse(graph_record(appId=VENDOR.upper(), resourceId="Legacy-App", userId="ANN"))

        assert sign_in.app_id == VENDOR
        assert sign_in.resource_id == "Legacy-App"
        assert sign_in.user_id == "ANN"

    def test_a_record_without_an_id_is_identified_by_its_content(self) -> None:
        record = graph_record(id=ABSENT)
        reordered = dict(reversed(record.items()))
        other = record | {"ipAddress": "203.0.113.8"}

        assert not parse(record).has_own_id
        assert parse(record).id == parse(reordered).id
        assert parse(record).id != parse(other).id


class TestTolerance:
    @pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, str.title])
    @pytest.mark.parametrize("shape", [graph_record, diagnostic_record, log_analytics_row])
    def test_keys_may_be_in_any_case(self, shape: Any, change: Any) -> None:
        record = shape()

        assert parse(_with_keys(record, change)) == parse(record)

    def test_the_exact_spelling_of_a_key_wins_over_others(self) -> None:
        sign_in = parse(graph_record(APPID=OTHER, AppId=OTHER, sessionId=ABSENT, SESSIONID="s"))

        assert sign_in.app_id == PORTAL
        assert sign_in.session_id == "s"

    @given(st.data())
    def test_no_value_makes_a_record_unreadable(self, data: st.DataObject) -> None:
        shape = data.draw(st.sampled_from([graph_record, diagnostic_record, log_analytics_row]))
        record = shape()
        inner = record.get("properties", record)
        key = data.draw(st.sampled_from(sorted(inner)))
        inner[key] = data.draw(_any_json())

        try:
            sign_in = parse(record)
        except UnplacedError:
            assert key in ("appId", "AppId")
        except UnreadableError:
            assert key in ("createdDateTime", "CreatedDateTime", "TimeGenerated")
        else:
            assert list(Rollup.from_bytes(Rollup([sign_in]).to_bytes())) == [sign_in]

    @pytest.mark.parametrize("shape", [graph_record, diagnostic_record, log_analytics_row])
    def test_a_user_s_sign_in_without_an_application_may_concern_partner_center(
        self, shape
    ) -> None:
        key = "AppId" if shape is log_analytics_row else "appId"
        for nothing in (ABSENT, None, ""):
            with pytest.raises(UnplacedError, match="which application signed in"):
                parse(shape(**{key: nothing}))

    @pytest.mark.parametrize(
        ("shape", "key"), [(graph_record, "resourceId"), (log_analytics_row, "ResourceIdentity")]
    )
    def test_a_record_whose_query_left_out_the_resource_may_concern_partner_center(
        self, shape, key
    ) -> None:
        with pytest.raises(UnplacedError, match="for which resource") as lost:
            parse(shape(**{key: ABSENT}))

        assert lost.value.sign_in.app_id == PORTAL  # which is enough for the portal
        for nothing in (None, ""):  # as Entra writes it for some sign-ins
            assert parse(shape(**{key: nothing})).resource_id == ""
        assert parse(diagnostic_record(resourceId=ABSENT)).resource_id == ""

    @pytest.mark.parametrize("spelling", ["{{{}}}", " {} "])
    def test_an_application_is_recognised_however_its_id_is_spelled(self, spelling) -> None:
        for id_ in (PORTAL, PORTAL.upper()):
            assert parse(graph_record(appId=spelling.format(id_))).app_id == PORTAL

    def test_without_a_user_the_flag_does_not_tell_an_application_from_a_non_interactive_user(
        self,
    ) -> None:
        flag = {"signInEventTypes": ABSENT, "isInteractive": False}
        nobody = {"userId": "", "userPrincipalName": ""}

        assert parse(graph_record(**flag)).event is SignInEventType.NON_INTERACTIVE
        assert parse(graph_record(**flag, **nobody)).event is SignInEventType.NOT_GIVEN

    def test_a_sign_in_that_makes_no_request_needs_neither(self) -> None:
        failed = {"errorCode": 50126, "additionalDetails": None}
        neither = {"appId": ABSENT, "resourceId": ABSENT}

        assert parse(graph_record(status=failed, **neither)).error_code == 50126
        assert parse(graph_record(signInEventTypes=["servicePrincipal"], **neither)).app_id == ""

    def test_a_number_in_place_of_a_string_is_read_as_a_string(self) -> None:
        assert parse(graph_record(userDisplayName=42)).user_name == "42"

    def test_broken_characters_do_not_make_a_record_unreadable(self) -> None:
        record = line(graph_record(userDisplayName="ANN", id="x"))

        half_a_pair = parse_sign_in(record.replace(b"ANN", rb"\ud800 Ann"), 0)
        not_utf8 = parse_sign_in(record.replace(b"ANN", b"\xff Ann"), 0)
        control = parse_sign_in(record.replace(b"ANN", b"\x01 Ann"), 0)

        assert half_a_pair.user_name == "? Ann"
        assert not_utf8.user_name == "\ufffd Ann"
        assert control.user_name == "\x01 Ann"

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (b"", "not valid JSON"),
            (b'{"createdDateTime":"2026', "not valid JSON"),
            (b"hello", "not valid JSON"),
            (b"[]", "not a JSON object but a list"),
            (b"null", "not a JSON object but null"),
            (b"1", "not a JSON object but a number"),
            (b"true", "not a JSON object but true or false"),
            (b'"x"', "not a JSON object but a string"),
            (b'{"a":' * 100_000, "nested too deeply"),
        ],
    )
    def test_anything_but_an_object_is_refused_with_the_reason(
        self, record: bytes, reason: str
    ) -> None:
        with pytest.raises(UnreadableError, match=reason):
            parse_sign_in(record, 0)


@given(st.data())
def test_the_fast_and_the_tolerant_way_of_reading_agree(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([graph_record, diagnostic_record, log_analytics_row]))
    record = shape()
    inner = record.get("properties", record)
    for key in data.draw(st.sets(st.sampled_from(sorted(inner)), max_size=4)):
        change = data.draw(st.sampled_from(["absent", "null", "upper"]))
        value = inner.pop(key)
        if change != "absent":
            inner[key.upper() if change == "upper" else key] = None if change == "null" else value

    assert _outcome(lambda: parse(record)) == _outcome(
        lambda: parse_values(object_of(line(record)), 0)
    )


@given(st.data())
def test_a_page_is_read_like_its_records(data: st.DataObject) -> None:
    records = [_changed(data, graph_record(id=f"{n}")) for n in range(data.draw(st.integers(1, 3)))]
    if data.draw(st.integers(0, 9)) == 0:
        records.append(data.draw(st.sampled_from([log_analytics_row(), diagnostic_record(), {}])))

    read = parse_page(page(*records))
    each = [_outcome_on_a_page(line(record), n) for n, record in enumerate(records)]

    assert read.sign_ins == [one for one in each if not isinstance(one, str)]
    assert read.unreadable == [one for one in each if isinstance(one, str)]


def _outcome_on_a_page(record: bytes, sequence: int) -> SignIn | str:
    try:
        return parse_sign_in(record, sequence)
    except UnplacedError as error:  # the query has placed it
        return error.sign_in
    except UnreadableError as error:
        return str(error)


def _changed(data: st.DataObject, record: dict[str, Any]) -> dict[str, Any]:
    """The record with some keys or values as no schema has them."""
    for key in data.draw(st.sets(st.sampled_from(sorted(record)), max_size=2)):
        change = data.draw(st.sampled_from(["absent", "null", "upper", "any", "path"]))
        value = record.pop(key)
        if change == "any":
            record[key] = data.draw(_any_json())
        elif change != "absent":
            spelled = key.upper() if change == "upper" else key
            record[spelled] = {"null": None, "path": "/tenants/x"}.get(change, value)
    return record


class TestPage:
    def test_a_page_has_its_sign_ins_in_order_and_the_link_to_the_next(self) -> None:
        records = [graph_record(), graph_record()]
        link = "https://graph.microsoft.com/beta/auditLogs/signIns?$skiptoken=x"

        read = parse_page(page(*records, next_link=link), 5)

        assert [sign_in.id for sign_in in read.sign_ins] == [record["id"] for record in records]
        assert [sign_in.sequence for sign_in in read.sign_ins] == [5, 6]
        assert read.next_link == link

    def test_the_last_page_has_no_link(self) -> None:
        assert parse_page(page()).next_link is None

    def test_an_unreadable_record_does_not_fail_its_page(self) -> None:
        read = parse_page(page(graph_record(createdDateTime="never"), graph_record(appId=API)))

        assert [sign_in.app_id for sign_in in read.sign_ins] == [API]
        assert read.unreadable == ["its time 'never' is not a valid timestamp"]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"error":{}}', page(graph_record())[:-9]])
    def test_a_body_that_is_not_a_complete_page_is_an_error(self, body: bytes) -> None:
        with pytest.raises(msgspec.DecodeError):
            parse_page(body)


def _with_keys(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {change(key): _with_keys(item, change) for key, item in value.items()}
    return [_with_keys(item, change) for item in value] if isinstance(value, list) else value


def _any_json() -> st.SearchStrategy[Any]:
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)  # as JSON has them
    scalars = st.none() | st.booleans() | numbers | st.text()
    return st.recursive(
        scalars | st.just("[{") | st.just('{"errorCode": [1]}'),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    )


def _outcome(parsing: Any) -> SignIn | str:
    try:
        return parsing()
    except UnreadableError as error:
        return str(error)
