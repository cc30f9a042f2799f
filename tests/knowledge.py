"""
Sign-ins of any tenant in every shape that is read, and everything that can be taken away from them.

Nothing here knows the product's rules: it makes records, and makes them say less.
"""

from __future__ import annotations

import csv
import io
import json
import os
from copy import deepcopy
from itertools import product
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from shared.delivery.text.figures import State, account_figure, overall_state, request_figures
from tests.records import (
    ANN,
    API,
    AZURE,
    BY_CLAIM,
    OTHER,
    PORTAL,
    REMEMBERED,
    TENANT,
    VENDOR,
    graph_record,
    ndjson,
    page,
    policy,
    step,
)

Json = dict[str, Any]

DAYS = [f"2026-11-{day}" for day in range(17, 24)]
BOB = "eeeeeeee-0000-4000-8000-00000000000b"
#: How many times as many examples of each property as the normal run tries.
TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))
EVENTS = ("interactiveUser", "nonInteractiveUser", "servicePrincipal")
_NO_STEPS: Json = {"authenticationDetails": []}
_MULTI: Json = {"authenticationRequirement": "multiFactorAuthentication"}

#: What the records of an application that signs in as itself have, or lack.
_APP_ONLY: Json = _NO_STEPS | {
    "userId": "",
    "userPrincipalName": "",
    "userDisplayName": "",
    "servicePrincipalName": "Price export",
    "authenticationRequirement": "",
}
#: What a record may say about MFA.
PROOFS: list[Json] = [
    {},
    _NO_STEPS,
    {"status": {"errorCode": 0, "additionalDetails": BY_CLAIM}},
    {"status": {"errorCode": 0, "additionalDetails": REMEMBERED}},
    {"status": {"errorCode": 50074, "additionalDetails": None}},
    {"authenticationDetails": [step("MFA successfully completed", "Phone")]},
    _MULTI | _NO_STEPS,
    _NO_STEPS | {"appliedConditionalAccessPolicies": [policy("success", "mfa")]},
    {"appliedConditionalAccessPolicies": [policy("success", "mfa", "compliantDevice")]},
]


def examples(number: int) -> settings:
    """So many examples of a property, or `TIMES` as many."""
    return settings(max_examples=number * TIMES)


@st.composite
def records(draw: st.DrawFn, *, most: int = 6, linked: bool = True) -> list[Json]:
    """Sign-ins of the week as Graph's beta returns them; `linked`: some share a session."""
    made = []
    for number in range(draw(st.integers(0, most))):
        app = draw(st.sampled_from([PORTAL, PORTAL, VENDOR, OTHER]))
        event = draw(st.sampled_from((*EVENTS[:2], *EVENTS) if app != PORTAL else EVENTS[:2]))
        is_app_only = event == EVENTS[2]
        sessions = st.sampled_from(["", "s1", "s2"]) if linked else st.just(f"s-{number}")
        changes = _APP_ONLY if is_app_only else draw(st.sampled_from(PROOFS))
        made.append(
            graph_record(
                id=f"{number:08x}-0000-4000-8000-00000000000a",
                createdDateTime=f"{draw(st.sampled_from(DAYS))}T{number:02}:30:00Z",
                appId=app,
                resourceId={PORTAL: AZURE, VENDOR: API}.get(app, OTHER),
                signInEventTypes=[event],
                isInteractive=event == EVENTS[0],
                sessionId=draw(sessions),
                correlationId=draw(sessions),
                **({"userId": draw(st.sampled_from([ANN, BOB]))} | changes),
            )
        )
    return made


class Records(list[Json]):
    """Records whose description is not longer than they deserve."""

    def __repr__(self) -> str:
        return f"<{len(self)} records: {[r for r in self if r['id'].endswith('a')]}>"


def in_order(made: list[Json]) -> Records:
    return Records(sorted(made, key=lambda record: str(record["createdDateTime"])))


def elsewhere(*days: str) -> list[Json]:
    """A sign-in at another application in every log of each day, first and last of that day."""
    return [
        graph_record(
            id=f"{number:08x}-0000-4000-8000-00000000000b",
            createdDateTime=f"{day}T{time}Z",
            signInEventTypes=[event],
            isInteractive=event == EVENTS[0],
            appId=OTHER,
            resourceId=OTHER,
            **(_APP_ONLY if event == EVENTS[2] else {}),
        )
        for number, (day, time, event) in enumerate(product(days, ("00:00:00", "23:59:00"), EVENTS))
    ]


# Shapes. Each turns Graph's record into its own, and its own records into a file.

_V1_LACKS = {
    *("authenticationDetails", "authenticationRequirement", "authenticationRequirementPolicies"),
    *("signInEventTypes", "sessionId"),
}
_CATEGORIES = dict(
    zip(
        EVENTS,
        ("SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs"),
        strict=True,
    )
)
_TABLES = dict(
    zip(
        EVENTS,
        ("SigninLogs", "AADNonInteractiveUserSignInLogs", "AADServicePrincipalSignInLogs"),
        strict=True,
    )
)
_COLUMNS = {
    "resourceId": "ResourceIdentity",
    "ipAddress": "IPAddress",
    "appliedConditionalAccessPolicies": "ConditionalAccessPolicies",
}


def beta(record: Json) -> Json:
    return record


def v1(record: Json) -> Json:
    """Graph v1.0, which has interactive sign-ins only."""
    return {name: value for name, value in record.items() if name not in _V1_LACKS}


def diagnostic(record: Json) -> Json:
    """What a diagnostic setting writes."""
    return {
        "time": record["createdDateTime"],
        "category": _CATEGORIES[record["signInEventTypes"][0]],
        "tenantId": TENANT,
        "resultType": str(record["status"]["errorCode"]),
        "properties": {k: v for k, v in record.items() if k != "signInEventTypes"},
    }


def row(record: Json) -> Json:
    """A row of Log Analytics."""
    return {
        **{
            _COLUMNS.get(name, name[:1].upper() + name[1:]): value
            for name, value in record.items()
            if name != "signInEventTypes"
        },
        "TimeGenerated": record["createdDateTime"],
        "AADTenantId": TENANT,
        "ResultType": str(record["status"]["errorCode"]),
        "Type": _TABLES[record["signInEventTypes"][0]],
    }


def as_csv(*rows: Json) -> bytes:
    names = list(dict.fromkeys(name for each in rows for name in each))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    for each in rows:
        writer.writerow({name: _cell(value) for name, value in each.items()})
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


#: By name: the shape of a record, and how records of it are written into a file.
SHAPES = {
    "Graph beta": (beta, page),
    "Graph v1.0": (v1, page),
    "diagnostic lines": (diagnostic, ndjson),
    "Log Analytics rows": (row, ndjson),
    "CSV": (row, as_csv),
}

# What can be taken away from a record of any shape.

#: Without an id, a record counts once for each distinct content; without a session or user it
#: inherits otherwise, so these decide more than what the record itself says (design rulings).
#: Entra writes some sign-ins without a resource, which concern none.
_LINKS = {
    *("id", "sessionid", "correlationid", "userid", "userprincipalname"),
    *("resourceid", "resourceidentity"),
}
_TIMES = ("createdDateTime", "CreatedDateTime", "time", "TimeGenerated")
NOTHINGS: list[Any] = [None, "", [], {}]


def part_of(record: Json) -> Json:
    """The object that holds the sign-in's own fields."""
    inner: Json = record.get("properties", record)
    return inner


def fields_of(record: Json) -> list[str]:
    """The fields whose loss is a loss of this record alone."""
    return sorted(
        name
        for name in {**record, **part_of(record)}
        if name.lower() not in _LINKS and name not in _TIMES
    )


def without(records: list[Json], index: int, field: str, value: Any = ...) -> list[Json]:
    """The records, one of them without a field, or with nothing in it."""
    less = deepcopy(records)
    for holder in (less[index], part_of(less[index])):
        if field in holder:
            del holder[field]
            if value is not ...:
                holder[field] = value
    return less


def without_column(records: list[Json], field: str) -> list[Json]:
    """All records without a field."""
    for index in range(len(records)):
        records = without(records, index, field)
    return records


def unreadable(records: list[Json], index: int) -> list[Json]:
    """The records, one of them without a valid time."""
    less = deepcopy(records)
    for holder in (less[index], part_of(less[index])):
        for name in _TIMES:
            if name in holder:
                holder[name] = "never"
    return less


# What a report says at most.


def at_least(report: Any) -> list[float]:
    """The least share of each figure that the report claims."""
    metrics = report.metrics
    lowers = (metrics.accounts.share, metrics.portal.share_lower, metrics.api.share_lower)
    return [share or 0.0 for share in lowers]


def certain(report: Any) -> list[bool]:
    """Whether a figure is said without a caveat, and whether the whole is said at its best."""
    is_read = not (report.reading and (report.reading.unreadable or report.reading.not_understood))
    settled = (State.MET, State.BELOW, State.EMPTY)
    accounts = account_figure(report)
    return [
        accounts.state in settled and not accounts.unknown,
        *(
            figure.state in settled and not figure.counts.unknown and is_read
            for figure in request_figures(report)
        ),
        overall_state(report) in (State.MET, State.EMPTY),
    ]


def met(report: Any) -> list[bool]:
    """Whether a figure is said to be at 100 %, and whether the whole is."""
    states = [account_figure(report).state, *(each.state for each in request_figures(report))]
    return [state is State.MET for state in (*states, overall_state(report))]


def gained(before: Any, after: Any) -> list[str]:
    """What the report says more of after something was taken away: nothing, if all is well."""
    names = ("accounts", "portal", "api", "the whole")
    found = [
        f"{name}: at least {had:.0%} became {has:.0%}"
        for name, had, has in zip(names, at_least(before), at_least(after), strict=False)
        if has > had
    ]
    for what, say in (("at 100 %", met), ("certain", certain)):
        pairs = zip(names, say(before), say(after), strict=True)
        found += [f"{name} became {what}" for name, had, has in pairs if has and not had]
    return found
