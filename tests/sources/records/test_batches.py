"""Many records at once are read as one by one, or not at all."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given

from shared.mfa.sign_in import SignIn, SignInEventType
from shared.sources.records.batches import parse_array, parse_records
from shared.sources.records.glances import wanted_of
from shared.sources.records.parsing import UnreadableError, parse_sign_in
from tests.faults.mutations import mutated, restructured
from tests.records import (
    ABSENT,
    ANN,
    API,
    AZURE,
    BY_CLAIM,
    OTHER,
    PORTAL,
    REMEMBERED,
    VENDOR,
    diagnostic_record,
    graph_record,
    line,
    log_analytics_row,
    policy,
    step,
)

IDS = {PORTAL, API}
REGULAR = "2026-11-20T09:00:00.1234567Z"


def graph(**changes: Any) -> dict[str, Any]:
    return graph_record(**{"createdDateTime": REGULAR, "id": ANN, **changes})


#: What regular records differ in.
CHANGES: list[dict[str, Any]] = [
    {},
    {"createdDateTime": "2026-11-19T23:59:59.9999999Z", "appId": OTHER},
    {"createdDateTime": "2026-11-20T00:30:00+01:00", "appId": OTHER.upper()},
    {"appId": f"{{{PORTAL.upper()}}}", "resourceId": None},
    {"appId": OTHER, "resourceId": API.upper(), "agent": {"agentSubjectType": "agentIDuser"}},
    {"signInEventTypes": ["nonInteractiveUser"], "isInteractive": False, "userId": ""},
    {"signInEventTypes": ABSENT, "userPrincipalName": None, "sessionId": ABSENT},
    {"signInEventTypes": [], "isInteractive": False, "userId": None, "userPrincipalName": ""},
    {"status": {"errorCode": 50126, "additionalDetails": BY_CLAIM}, "ipAddress": None},
    {"status": None, "appDisplayName": None, "servicePrincipalName": "robot"},
    {"status": "MFA requirement satisfied by claim", "authenticationRequirement": None},
    {"authenticationDetails": [step(REMEMBERED), step(None)], "id": f"{{{ANN}}}"},
    {"authenticationDetails": None, "userDisplayName": "Änn\n", "isInteractive": None},
    {"appliedConditionalAccessPolicies": [policy("success", "Mfa"), policy("notApplied")]},
    {"appliedConditionalAccessPolicies": ABSENT, "correlationId": None},
    {"appliedConditionalAccessPolicies": "no list", "authenticationRequirement": "brandNew"},
]
SHAPES = (graph, diagnostic_record)


def one_by_one(array: bytes, sequence: int) -> list[SignIn]:
    records = msgspec.json.decode(array, type=list[msgspec.Raw])
    return [parse_sign_in(bytes(record), n) for n, record in enumerate(records, sequence)]


def are_like_one_by_one(array: bytes) -> bool:
    """Whether the records were read at once; if so, the result must be that of each."""
    together, wanted = parse_array(array, 7), wanted_of(array, IDS)
    records = msgspec.json.decode(array, type=list[msgspec.Raw])
    assert parse_records([bytes(record) for record in records], 7) == together
    if together is not None:
        assert together == one_by_one(array, 7)
    if wanted is not None:
        counted: list[Any] = [
            parse_sign_in(found, 0)
            if isinstance(found, bytes)
            else [(found[0], found[1])] * found[2]
            for found in wanted
        ]
        each = one_by_one(array, 0)
        kept = [sign_in for sign_in in each if {sign_in.app_id, sign_in.resource_id} & IDS]
        rest = [(sign_in.day, sign_in.event) for sign_in in each if sign_in not in kept]
        found = [one for one in counted if isinstance(one, SignIn)]
        assert [msgspec.structs.replace(one, sequence=0) for one in kept] == found
        assert sorted(rest) == sorted(
            pair for one in counted if isinstance(one, list) for pair in one
        )
    return together is not None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("change", CHANGES, ids=map(str, range(len(CHANGES))))
def test_regular_records_are_read_at_once_whatever_they_say(shape: Any, change: Any) -> None:
    assert are_like_one_by_one(line([shape(**change), shape(), shape(**change)]))


@pytest.mark.parametrize(
    "changes",
    [
        *({"createdDateTime": text} for text in ("never", None, "", f"{REGULAR}\n{REGULAR}", 1)),
        *({"createdDateTime": f"2026-{text}.1234567Z"} for text in ("02-30T00:00:00",)),
        *({"appId": nothing} for nothing in (ABSENT, None, "", 7)),
        *({"resourceId": ABSENT}, {"resourceId": "/tenants/x"}, {"id": ABSENT}, {"id": ""}),
        *({"USERID": ANN, "userId": ABSENT}, {"status": {"ErrorCode": 1}}, {"status": ABSENT}),
        *({"authenticationDetails": [{"x": 1}]}, {"authenticationDetails": "[]"}),
        *({"TimeGenerated": REGULAR}, {"CreatedDateTime": REGULAR}, {"properties": {}}),
    ],
)
def test_records_that_have_to_be_looked_at_are_left_to_be_read_one_by_one(changes: Any) -> None:
    array = line([graph(), graph(**changes), graph()])

    assert parse_array(array, 0) is None


def test_a_key_with_an_escape_does_not_hide_one_in_another_case() -> None:
    escaped = line(graph()).replace(b'"userId"', b'"user\\u0049d"')
    misspelled = line(graph()).replace(b'"userId"', b'"USERID"')
    array = b"[" + escaped + b"," + misspelled + b"]"

    assert [sign_in.user_id for sign_in in one_by_one(array, 0)] == [ANN, ANN]
    assert parse_array(array, 0) is None


def test_records_without_an_id_of_interest_are_counted_by_day_and_log() -> None:
    late = {"createdDateTime": "2026-11-21T00:00:00.0000000Z", "appId": OTHER}
    records = [graph(appId=OTHER)] * 3 + [graph(signInEventTypes=["managedIdentity"], **late)]
    interactive = ("2026-11-20", SignInEventType.INTERACTIVE)
    wanted = graph()

    assert wanted_of(line(records[:3]), IDS) == [(*interactive, 3)]
    assert wanted_of(line([*records[2:], wanted]), IDS) == [
        (*interactive, 1),
        ("2026-11-21", SignInEventType.MANAGED_IDENTITY, 1),
        line(wanted),
    ]


def row(**changes: Any) -> dict[str, Any]:
    time = {"CreatedDateTime": REGULAR, "Type": "SigninLogs", "Id": ANN}
    return log_analytics_row(**{**time, "AppId": changes.pop("appId", PORTAL), **changes})


def version_1(**changes: Any) -> dict[str, Any]:
    return graph(**{"signInEventTypes": ABSENT, **changes})


@pytest.mark.parametrize("shape", [graph, diagnostic_record, row, version_1])
def test_records_of_each_shape_are_looked_at_before_they_are_read(shape: Any) -> None:
    others, wanted = [shape(appId=OTHER), shape(appId=OTHER)], shape()
    expected = parse_sign_in(line(others[0]), 0)

    assert wanted_of(line(others), IDS) == [(expected.day, expected.event, 2)]
    assert (wanted_of(line([*others, wanted]), IDS) or [])[2:] == [line(wanted)]
    assert are_like_one_by_one(line([*others, wanted])) is (shape is not row)
    assert wanted_of(line([others[0], {}]), IDS) is None


def test_an_empty_list_has_no_sign_ins() -> None:
    assert parse_array(b"[]", 0) == []
    assert wanted_of(b"[]", IDS) == []


SEEDS = [
    *(line([shape(appId=OTHER), shape(appId=VENDOR)]) for shape in (row, version_1)),
    *(line([shape(**change), shape(appId=OTHER)]) for shape in SHAPES for change in CHANGES),
    line([graph(resourceId=AZURE), log_analytics_row(), diagnostic_record()]),
]


@given(mutated(SEEDS) | restructured(SEEDS))
@example(line([graph(), {}]))
@example(line([row(appId="null", AADTenantId=True), row(appId=OTHER)]))
def test_whatever_happened_to_records_they_are_read_as_one_by_one(array: bytes) -> None:
    try:
        one_by_one(array, 0)
    except (UnreadableError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        assert parse_array(array, 0) is None
        assert wanted_of(array, IDS) is None
    else:
        are_like_one_by_one(array)
