"""Whole reports for different situations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from shared.mfa.accounts.customer_counts import CustomerCounts
from shared.mfa.changes.account_changes import AccountChanges
from shared.mfa.changes.changes import Changes, ReportChanges
from shared.mfa.changes.figure_changes import FigureChange, Incomparable
from shared.mfa.findings.catalogue import Severity
from shared.mfa.findings.first_step import FirstStep, StepKind
from shared.mfa.metrics import AccountMetrics
from shared.mfa.report import HistoryPoint, InputSummary, Report, UnreadableRecord
from tests.delivery.making import (
    APP_ONLY,
    DAYS,
    ENDING,
    EXEMPTED,
    NOT_COMPLETED,
    NOT_VERIFIED,
    PORTAL_APP,
    UNKNOWN,
    VERIFIED,
    api,
    finding,
    portal,
    report,
    user,
    worked_api,
    worked_portal,
)


def all_green() -> Report:
    """Every request with MFA, all accounts enforced, three weeks of it."""
    sign_ins = [
        request(
            day,
            f"{8 + number % 9:02}:{number % 60:02}:00",
            **user("abcdef"[number % 6]),
            **VERIFIED,
        )
        for offset, day in enumerate(DAYS)
        for request in (portal, api)
        for number in range(14 + 7 * offset % 23)
    ]
    accounts = AccountMetrics(
        enabled=100, disabled=10, enforced=100, conditional=0, unprotected=0, unknown=0,
        share=1.0, share_upper=1.0,
    )  # fmt: skip
    history = [
        _point(back, 1.0, min(1.0, 1.02 - back / 100), min(1.0, 1.01 - back / 60))
        for back in range(1, 22)
    ]
    return report(*sign_ins, accounts=accounts, history=history, reading=_reading(4812))


def _point(
    back: int, accounts: float | None, portal: float | None, api: float | None
) -> HistoryPoint:
    return HistoryPoint(ENDING - timedelta(days=back), accounts, portal, api)


def _reading(records: int, unreadable: int = 0) -> InputSummary:
    shown = [
        UnreadableRecord("signins-2026-11-20.ndjson.gz", 17 + 3 * line, "the record has no time")
        for line in range(min(unreadable, 5))
    ]
    return InputSummary(records, unreadable, shown, 31, DAYS[0] - timedelta(days=3), ENDING)


def worked_examples() -> Report:
    """20 % and 40 %, and the accounts' 90 %."""
    accounts = AccountMetrics(
        enabled=100, disabled=10, enforced=90, conditional=4, unprotected=6, unknown=0,
        share=0.9, share_upper=0.9,
    )  # fmt: skip
    return report(*worked_portal(), *worked_api(), accounts=accounts, reading=_reading(15))


def a_missing_day() -> Report:
    """The worked examples with one day that could not be read."""
    missing = {DAYS[4]: "Microsoft Graph was throttling; the slice is pulled again within the hour"}
    return report(*worked_portal(), *worked_api(), missing=missing, meta={"source": "graph"})


def nothing_at_all() -> Report:
    """A window without a single request."""
    return report(meta={"tenant_name": None}, reading=_reading(812, 9))


def many(users: int = 130, apps: int = 70) -> Report:
    """A large partner: many users and applications, every kind of verdict, a history."""
    kinds: list[dict[str, Any]] = [VERIFIED] * 11 + [NOT_VERIFIED, EXEMPTED, UNKNOWN, NOT_COMPLETED]
    sign_ins = []
    for number in range(9000):
        who = number * number % users
        which = number * 7 % 97 % apps
        weight = 60 if number % 7 in (4, 5) else 100
        if number % 100 >= weight:
            continue
        kind = kinds[(who * 31 + number // 9) % 15]
        time = f"{6 + number % 14:02}:{number % 60:02}:{number // 60 % 60:02}"
        person = {
            "user_id": f"{who:08x}-7968-4c57-9f48-361018265c1a",
            "upn": f"{_NAMES[who % 12].lower()}.{_NAMES[who // 12].lower()}@fabrikam.example",
            "user_name": f"{_NAMES[who % 12]} {_NAMES[who // 12]}",
        }
        if number % 3:
            app = {
                "app_id": f"{which:08x}-c4fc-448a-b2df-0fc60e75465a",
                "app_name": f"{_APPS[which % 7]} {which // 7 + 1}",
            }
            sign_ins.append(api(DAYS[number % 7], time, **person, **app, **kind))
        else:
            sign_ins.append(portal(DAYS[number % 7], time, **person, **kind))
    sign_ins += [api(day, f"0{hour}:00:00", **APP_ONLY) for day in DAYS for hour in range(8)]
    history = [
        _point(
            back, None if back > 20 else 0.93 - back / 500, _wave(back, 0.86), _wave(back + 9, 0.8)
        )
        for back in range(1, 61)
    ]
    accounts = AccountMetrics(
        enabled=1312, disabled=88, enforced=1226, conditional=31, unprotected=40, unknown=15,
        share=1226 / 1312, share_upper=1241 / 1312,
    )  # fmt: skip
    return report(
        *sign_ins, accounts=accounts, history=history, reading=_reading(2_481_117, 23),
        meta={"source": "simulated"},
    )  # fmt: skip


def _wave(back: int, base: float) -> float | None:
    return None if back % 23 in (4, 5) else base - (back % 11) / 130 - back / 400


_NAMES = (
    "Adele", "Megan", "Alex", "Joni", "Lidia", "Nestor", "Pradeep", "Grady", "Isaiah", "Johanna",
    "Miriam", "Patti",
)  # fmt: skip
_APPS = (
    "CloudBlue Connect", "Billing Sync", "Licence Provisioner", "Order Robot", "Usage Export",
    "Support Console", "PowerShell",
)  # fmt: skip

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title></style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "<!--",
    "]]>&lt;b&gt;&amp;",
    "\u202egpj.exe\u202c",
    "\u2066left\u2069\u200bhidden\ufeff",
    "line\r\nbreak\tand\x00null\x1b[31m",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324a\u0310\u0304\u0306\u030blgo",
    '=HYPERLINK("https://evil.example")',
    "W" * 5000,
    "עברית و العربية",
    "\U000e0041\U000e0042tagged",
]


def hostile(source: str = "exports") -> Report:
    """Every name that people who sign in can choose is an attack."""
    sign_ins = []
    for number, text in enumerate(HOSTILE):
        names: dict[str, Any] = {
            "user_id": text, "upn": text, "user_name": text[::-1], "app_id": text, "app_name": text,
            "resource_name": text, "ip_address": text, "correlation_id": text,
        }  # fmt: skip
        sign_ins.append(api(DAYS[number % 7], **{**names, **NOT_VERIFIED}))
        sign_ins.append(portal(DAYS[number % 7], **{**names, "app_id": PORTAL_APP, **NOT_VERIFIED}))
    unreadable = [UnreadableRecord(text, 1, text) for text in HOSTILE]
    return report(
        *sign_ins,
        meta={"tenant_name": HOSTILE[0], "tenant_id": HOSTILE[1], "source": source},
        reading=InputSummary(32, len(unreadable), unreadable, 0, None, None),
        missing={DAYS[6]: HOSTILE[3]},
    )


def with_findings() -> Report:
    """The worked examples with two findings."""
    findings = [
        finding(
            id="accounts-excluded",
            title="Two administrators are excluded from the MFA policy",
            cause="“Require MFA for all users” excludes the group “Break glass and friends”, "
            "of which both are members.",
            remedy="Remove them from the group, or require MFA of it by a policy of its own.",
            gain="Accounts would read 92 %, the portal 70 %.",
            subjects=["agent.a@fabrikam.example", "agent.b@fabrikam.example"],
            subjects_total=2,
        ),
        finding(
            id="legacy-authentication",
            severity=Severity.MEDIUM,
            title="Legacy authentication is not blocked",
            cause="No policy blocks it.",
            remedy="Block it.",
        ),
    ]
    step = FirstStep(
        kind=StepKind.GAIN,
        finding=findings[0].id,
        number=1,
        title=findings[0].title,
        remedy=findings[0].remedy,
        role="Conditional Access Administrator",
        href="https://entra.microsoft.com/",
        figure="portal",
        gained=8,
        share=0.2,
        share_after=1.0,
        points=0.8,
    )
    return msgspec.structs.replace(
        worked_examples(),
        findings=[
            msgspec.structs.replace(each, open_since=DAYS[0], open_days=7) for each in findings
        ],
        first_step=step,
        changes=_changed_accounts(),
        customers=CustomerCounts(42, 7, 3),
    )


def _changed_accounts() -> ReportChanges:
    """Compared with the day before; there is no report of the week before."""
    known = FigureChange(0.9, 0.858, 100, 98, 4.2)
    unknown = FigureChange(0.4, None, 5, None, None, Incomparable.PARTIAL)
    day = Changes(
        ENDING - timedelta(days=1),
        figures={"accounts": known, "portal": known, "api": unknown},
        accounts=AccountChanges(2, 1, 9, 0, 0, [], []),
    )
    return ReportChanges(day, Changes(ENDING - timedelta(days=7), Incomparable.NO_REPORT))


SCENARIOS = {
    "worked": worked_examples,
    "green": all_green,
    "missing": a_missing_day,
    "empty": nothing_at_all,
    "many": many,
    "hostile": hostile,
    "findings": with_findings,
}
