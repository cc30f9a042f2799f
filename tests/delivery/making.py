"""Assessments and reports from a few sign-ins, made by the real core."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from shared.delivery.files.csv_files import csv_files, file_entries, report_tables
from shared.mfa.assessment import Assessment, ReportMeta, assess, make_report
from shared.mfa.findings.catalogue import Severity
from shared.mfa.findings.finding import Finding
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.mfa.rollup import Rollup
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS, Scope
from shared.mfa.sign_in import Evidence, Requirement, SignIn, SignInEventType
from shared.mfa.window import make_window, window_days

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.mfa.coverage import LogKinds
    from shared.mfa.report import HistoryPoint, InputSummary, Report

ENDING = date(2026, 11, 23)
DAYS = list(window_days(ENDING))
TENANT = "6e6aef4a-4ca9-40a8-b5bf-b53a1923c540"
PORTAL_APP = min(PORTAL_APP_IDS)
PARTNER_CENTER = min(PARTNER_CENTER_RESOURCE_IDS)

_ids = count(1)

VERIFIED: dict[str, Any] = {
    "error_code": 0,
    "requirement": Requirement.MULTI,
    "details": Evidence.SATISFIED,
}
NOT_VERIFIED: dict[str, Any] = {
    "error_code": 0,
    "event": SignInEventType.INTERACTIVE,
    "requirement": Requirement.SINGLE,
    "steps": Evidence.SILENT,
}
EXEMPTED: dict[str, Any] = {"error_code": 0, "details": Evidence.SKIPPED}
UNKNOWN: dict[str, Any] = {
    "error_code": 0,
    "event": SignInEventType.NON_INTERACTIVE,
    "requirement": Requirement.SINGLE,
}
NOT_COMPLETED: dict[str, Any] = {"error_code": 50074}
APP_ONLY: dict[str, Any] = {"error_code": 0, "event": SignInEventType.SERVICE_PRINCIPAL}


def portal(day: date = ENDING, time: str = "08:15:00", **fields) -> SignIn:
    """One sign-in to the portal, by default by agent A and without any evidence of MFA."""
    return _sign_in(
        day,
        time,
        {"app_id": PORTAL_APP, "app_name": "Microsoft Partner Center", **fields},
    )


def api(day: date = ENDING, time: str = "08:15:00", **fields) -> SignIn:
    """One sign-in to the API, by default through a control panel."""
    app = {"app_id": "14f38d7d-c4fc-448a-b2df-0fc60e75465a", "app_name": "Control Panel"}
    return _sign_in(day, time, {**app, **fields})


def _sign_in(day: date, time: str, fields: dict[str, Any]) -> SignIn:
    number = next(_ids)
    known = {
        "id": f"{number:08}-cccc-4cc4-8c4c-000000000000",
        "correlation_id": f"{number:08}-dddd-4dd4-8d4d-000000000000",
        "user_id": "adc77aa5-7968-4c57-9f48-361018265c1a",
        "upn": "agent.a@fabrikam.example",
        "user_name": "Agent A",
        "resource_id": PARTNER_CENTER,
        "resource_name": "Microsoft Partner Center",
        "ip_address": "203.0.113.7",
        "tenant_id": TENANT,
    }
    fraction = "" if "." in time else ".0000000"
    return SignIn(created_at=f"{day}T{time}{fraction}Z", **{**known, **fields})


def user(letter: str) -> dict[str, Any]:
    """The fields of another user."""
    return {
        "user_id": f"{letter.lower() * 8}-7968-4c57-9f48-361018265c1a",
        "upn": f"agent.{letter.lower()}@fabrikam.example",
        "user_name": f"Agent {letter.upper()}",
    }


def assessment(
    *sign_ins: SignIn,
    missing: dict[date, str] | None = None,
    logs: dict[date, LogKinds] | None = None,
    provisional: Collection[date] = (),
    rule: ShareRule | None = None,
    accounts: AccountMetrics | None = None,
) -> Assessment:
    """The sign-ins, judged; every day of the window is known unless it is in `missing`."""
    rollups = {day: Rollup() for day in DAYS if day not in (missing or {})}
    for sign_in in sign_ins:
        day = date.fromisoformat(sign_in.day)
        if day in rollups:
            rollups[day].add(sign_in)
    window = make_window(ENDING, rollups, missing, logs=logs, provisional=provisional)
    assessed = assess(window, Scope(), rule or ShareRule())
    metrics = msgspec.structs.replace(assessed.metrics, accounts=accounts or AccountMetrics())
    return msgspec.structs.replace(assessed, metrics=metrics)


def report(
    *sign_ins: SignIn,
    history: list[HistoryPoint] | None = None,
    reading: InputSummary | None = None,
    meta: dict[str, Any] | None = None,
    **of_assessment,
) -> Report:
    """The report on these sign-ins."""
    fields: dict[str, Any] = {
        "tenant_id": TENANT,
        "tenant_name": "Fabrikam Cloud Services",
        "source": "exports",
        "generated_at": "2026-11-24T06:02:11Z",
        **(meta or {}),
    }
    judged = assessment(*sign_ins, **of_assessment)
    files = file_entries(csv_files(report_tables(judged, fields["tenant_id"])))
    return make_report(judged, ReportMeta(**fields), files, history or [], reading=reading)


def worked_portal() -> list[SignIn]:
    """Partner Center's example: A without MFA 3 times, B without 5 times, A with twice: 20 %."""
    return [
        *(portal(DAYS[0], f"09:0{minute}:00", **NOT_VERIFIED) for minute in range(3)),
        *(portal(DAYS[1], f"09:0{minute}:00", **user("B"), **NOT_VERIFIED) for minute in range(5)),
        *(portal(DAYS[2], f"09:0{minute}:00", **VERIFIED) for minute in range(2)),
    ]


def worked_api() -> list[SignIn]:
    """Partner Center's example: 3 App+User without MFA, 5 app-only, 2 App+User with: 40 %."""
    return [
        *(api(DAYS[0], f"10:0{minute}:00", **NOT_VERIFIED) for minute in range(3)),
        *(api(DAYS[1], f"10:0{minute}:00", **APP_ONLY) for minute in range(5)),
        *(api(DAYS[2], f"10:0{minute}:00", **VERIFIED) for minute in range(2)),
    ]


def finding(**changes: Any) -> Finding:
    """A minimal finding, with changes."""
    plain: dict[str, Any] = {
        "id": "accounts-excluded",
        "severity": Severity.HIGH,
        "title": "A title",
        "cause": "A cause.",
        "remedy": "A remedy.",
        "subjects": [],
        "subjects_total": 0,
        "doc": "docs/findings/accounts-excluded.md",
        "href": "https://entra.microsoft.com/",
    }
    return Finding(**(plain | changes))
