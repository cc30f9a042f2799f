"""
Real records written by others (``../shared/samples``), read as a person reads them.

The expectations were worked out by hand from the files, not printed by the code. `samples` skips
where the folder is not next to this clone.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from shared.errors import BadInputError
from shared.mfa.circumstances import NO_TRACES, PolicyTrace
from shared.mfa.rollup import Rollup
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.mfa.verdict import Verdict, judge
from shared.sources.files.exports import ReadingResult, discover, read_exports

if TYPE_CHECKING:
    from pathlib import Path


class Sample(NamedTuple):
    result: ReadingResult
    sign_ins: list[SignIn]


def read(file: Path) -> Sample:
    """Every sign-in of a file: all its applications are wanted."""
    ids = {pair.app_id for pair in discover([file])} | {
        pair.resource_id for pair in discover([file])
    }
    sign_ins: list[SignIn] = []
    return Sample(read_exports([file], ids, sign_ins.append), sign_ins)


def test_graphs_v1_example_is_a_success_without_evidence_of_mfa(samples: Path) -> None:
    """A 2021 answer: no requirement, no steps; two policies, both not applied or not enabled."""
    result, [sign_in] = read(samples / "graph-docs-signins-v1.0.json")

    assert (result.records, result.unreadable) == (1, 0)
    assert sign_in.created_at == "2020-03-13T19:15:41.6195833Z"
    assert sign_in.id == "66ea54eb-6301-4ee5-be62-ff5a759b0100"
    assert sign_in.app_id == "de8bc8b5-d9f9-48b1-a8ad-b748da725064"
    assert sign_in.resource_id == "00000003-0000-0000-c000-000000000000"
    assert sign_in.event is SignInEventType.INTERACTIVE  # isInteractive
    assert sign_in.error_code == 0
    assert sign_in.requirement is Requirement.NOT_GIVEN
    assert sign_in.details is sign_in.steps is Evidence.NOT_GIVEN
    assert sign_in.policies is Evidence.SILENT
    assert judge(sign_in) is None


def test_graphs_beta_example_was_asked_for_mfa_and_completed_it(samples: Path) -> None:
    """Its steps say "methodSucceeded", which is not an MFA text; its requirement decides."""
    _, [sign_in] = read(samples / "graph-docs-signins-beta-mfa.json")

    assert sign_in.id == "66ea54eb-blah-4ee5-be62-ff5a759b0100"
    assert sign_in.requirement is Requirement.MULTI
    assert sign_in.steps is Evidence.SILENT
    assert judge(sign_in) is Verdict.VERIFIED


def test_entras_diagnostic_example_was_interrupted(samples: Path) -> None:
    """Error 50140, "keep me signed in": no request followed, although MFA was satisfied."""
    result, [sign_in] = read(samples / "entra-docs-signin-diagnostic.json")

    assert result.first_day == result.last_day == date(2019, 3, 12)
    assert sign_in.created_at == "2019-03-12T16:02:15.5522137Z"
    assert sign_in.tenant_id == "<TENANT ID>"
    assert sign_in.error_code == 50140
    assert sign_in.steps is Evidence.SATISFIED
    assert sign_in.policies is Evidence.SILENT
    assert sign_in.correlation_id == "bbbb1111-cc22-3333-44dd-555555eeeeee"  # not the envelope's
    assert judge(sign_in) is Verdict.NOT_COMPLETED


#: User (else application), event, error code, verdict; in the order of the file. The first three
#: have no createdDateTime and no id; the next five have envelope keys in lower case.
PANTHER = [
    ("boromir@lotr.com", SignInEventType.INTERACTIVE, 50053, Verdict.NOT_COMPLETED),
    ("peregrin@lotr.com", SignInEventType.INTERACTIVE, 50126, Verdict.NOT_COMPLETED),
    ("user1@microsoft.com", SignInEventType.INTERACTIVE, 50053, Verdict.NOT_COMPLETED),
    ("some-service-principal", SignInEventType.SERVICE_PRINCIPAL, 7000215, Verdict.APP_ONLY),
    ("very-normal-service-principal", SignInEventType.SERVICE_PRINCIPAL, 0, Verdict.APP_ONLY),
    ("some-service-principal", SignInEventType.SERVICE_PRINCIPAL, 7000215, Verdict.APP_ONLY),
    (
        "eve@lexcorp.com",
        SignInEventType.INTERACTIVE,
        0,
        Verdict.VERIFIED,
    ),  # additionalDetails: by claim
    ("homer.simpson@springfield.org", SignInEventType.INTERACTIVE, 0, Verdict.VERIFIED),
    (
        "gandalf@lotr.com",
        SignInEventType.INTERACTIVE,
        0,
        Verdict.NOT_VERIFIED,
    ),  # a step without a detail
    ("attacker@company.com", SignInEventType.INTERACTIVE, 50126, Verdict.NOT_COMPLETED),
    ("sam@lotr.com", SignInEventType.NON_INTERACTIVE, 0, None),
    ("dyoung@lotr.com", SignInEventType.NON_INTERACTIVE, 0, None),
]


def test_fixtures_of_detection_rules_are_read_in_spite_of_their_spelling(samples: Path) -> None:
    result, sign_ins = read(samples / "signins-diagnostic-panther-a.ndjson")

    assert (result.records, result.unreadable) == (12, 0)
    assert (result.first_day, result.last_day) == (date(2023, 7, 21), date(2025, 1, 15))
    assert [
        (sign_in.upn or sign_in.app_name, sign_in.event, sign_in.error_code, judge(sign_in))
        for sign_in in sign_ins
    ] == PANTHER
    assert [sign_in.has_own_id for sign_in in sign_ins] == [False] * 3 + [True] * 5 + [False] * 4


def test_fixtures_of_detection_rules_keep_their_times_tenants_and_addresses(samples: Path) -> None:
    _, sign_ins = read(samples / "signins-diagnostic-panther-a.ndjson")
    boromir, application, eve = sign_ins[0], sign_ins[3], sign_ins[6]

    assert boromir.created_at == "2025-01-15T08:15:23.4560000Z"  # the envelope's, to milliseconds
    assert boromir.tenant_id == "tenant-123"
    assert boromir.correlation_id == "lockout-attack-001"
    assert application.created_at == "2023-07-26T22:58:30.9832019Z"  # nine digits in the file
    assert application.tenant_id == "a2aa49aa-2c0c-49d2-af87-f402c421df0b"  # from "tenantid"
    assert eve.ip_address == "12.12.12.12"  # properties, not the envelope's 1.2.3.4


def test_a_capture_of_2020_holds_45_rows_of_23_sign_ins(samples: Path) -> None:
    """
    22 of 23 are logged twice, once without a requirement; merged, all say single factor.

    14 sign-ins of one user have "MFA requirement satisfied by claim in the token": verified all the
    same. Two interactive ones have a step that says nothing: not verified. Seven have no steps.
    """
    result, sign_ins = read(samples / "signins-loganalytics-msticpy-a.ndjson")
    merged = list(Rollup(sign_ins))

    assert (result.records, result.unreadable) == (45, 0)
    assert result.first_day == result.last_day == date(2020, 5, 20)
    assert Counter(sign_in.requirement for sign_in in sign_ins) == {
        Requirement.SINGLE: 23,
        Requirement.NOT_GIVEN: 22,
    }
    assert Counter(sign_in.details for sign_in in sign_ins) == {
        Evidence.SATISFIED: 27,
        Evidence.NOT_GIVEN: 18,
    }
    assert len(merged) == 23
    assert {sign_in.requirement for sign_in in merged} == {Requirement.SINGLE}
    assert {sign_in.tenant_id for sign_in in merged} == {"4b2462a4-bbee-495a-a0e1-f23ae524cc9c"}
    assert Counter(map(judge, merged)) == {
        Verdict.VERIFIED: 14,
        Verdict.NOT_VERIFIED: 2,
        None: 7,
    }


def test_a_row_of_that_capture_is_read_in_full(samples: Path) -> None:
    _, sign_ins = read(samples / "signins-loganalytics-msticpy-a.ndjson")

    nearest = sign_ins[0].traces.policies
    assert nearest[0] == PolicyTrace(
        id="83a057fb-dbca-4ba8-bb5f-0ce6d6e7cff5",
        name="MeganB MCAS Step-up",
        result="notapplied",
        controls="mfa",
        unmet="application",
    )
    assert len(nearest) == 4
    assert msgspec.structs.replace(sign_ins[0], traces=NO_TRACES) == SignIn(
        created_at="2020-05-20T17:05:35.0000000Z",
        id="39f36cc7-ad3e-430c-bf78-bc96fbc33300",
        received_at="2020-05-20T17:05:35.8090000Z",
        tenant_id="4b2462a4-bbee-495a-a0e1-f23ae524cc9c",
        event=SignInEventType.INTERACTIVE,
        error_code=0,
        requirement=Requirement.SINGLE,
        policies=Evidence.SILENT,
        user_id="acc49186-e946-4f6c-85af-669807da0e0f",
        upn="ctfuser3@seccxp.ninja",
        user_name="CTFUser3",
        app_id="c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
        app_name="Azure Portal",
        resource_id="797f4846-ba00-4fd7-ba43-dac1f8f63013",
        resource_name="Windows Azure Service Management API",
        ip_address="73.226.223.252",
        correlation_id="bf124019-b325-4a4a-81ff-6c2823461620",
    )


def test_an_empty_shape_of_2026_is_read_without_an_error(samples: Path) -> None:
    """All 75 properties that beta returned, every value null or empty except the times of 1900."""
    result, [sign_in] = read(samples / "zerotrustassessment-signIn-beta-shape.json")

    assert (result.records, result.unreadable) == (1, 0)
    assert sign_in.created_at == "1900-01-01T00:00:00.0000000Z"
    assert sign_in.event is SignInEventType.NOT_GIVEN
    assert sign_in.error_code is None
    assert judge(sign_in) is None


def test_files_of_another_kind_are_not_taken_for_sign_ins(samples: Path) -> None:
    sign_in_files = {*samples.glob("*sign[iI]n*")}

    for file in sorted(set(samples.glob("*.json")) - sign_in_files):
        with pytest.raises(BadInputError, match="contains no readable sign-in record"):
            read_exports([file], {"x"}, lambda _: None)
