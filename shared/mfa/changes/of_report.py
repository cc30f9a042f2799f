"""A report with what changed up to it, and since when its findings are open."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.changes.changes import report_changes
from shared.mfa.changes.past import Past, PastReport, PastWindow, finding_key, finds_the_same
from shared.mfa.window import WINDOW_DAYS

if TYPE_CHECKING:
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.changes.account_states import AccountStates
    from shared.mfa.changes.past import EarlierDays
    from shared.mfa.findings.finding import Finding
    from shared.mfa.metrics import Metrics, ShareRule
    from shared.mfa.report import Report
    from shared.mfa.scope import Scope
    from shared.mfa.window import Window


def with_changes(
    report: Report,
    earlier: EarlierDays,
    states: AccountStates | None = None,
    accounts: JudgedAccounts | None = None,
) -> Report:
    """The report compared with earlier days; `states` are those of its `accounts`."""
    now = Past(as_past(report), states)
    return msgspec.structs.replace(
        report,
        findings=_dated(report.findings, now.report, earlier.newest),
        changes=report_changes(now, earlier, accounts),
    )


def as_past(report: Report) -> PastReport:
    """What a later report compares itself with."""
    return msgspec.convert(report, PastReport, from_attributes=True)


def past_of(window: Window, metrics: Metrics, rule: ShareRule, source: str, scope: Scope) -> Past:
    """An earlier window of the same records, of which no report is made."""
    coverage = window.coverage
    summary = PastWindow(window.ending, WINDOW_DAYS - len(window.missing), coverage)
    ids = sorted(scope.ids)
    return Past(PastReport(summary, metrics, rule, source, partner_center_ids=ids))


def _dated(findings: list[Finding], now: PastReport, before: Past | None) -> list[Finding]:
    """The findings, since when each is found on every day that is known."""
    ending = now.window.ending
    earlier = {finding_key(each): each for each in before.report.findings} if before else {}
    is_next = before is not None and before.ending + timedelta(days=1) == ending
    is_exact = is_next and before is not None and finds_the_same(now, before.report)

    def dated(found: Finding) -> Finding:
        since, exact = ending, is_exact
        last = earlier.get(finding_key(found))
        if before and last:
            since, exact = last.open_since or before.ending, last.is_since_exact
        days = (ending - since).days + 1
        return msgspec.structs.replace(
            found, open_since=since, open_days=days, is_since_exact=exact
        )

    return [dated(found) for found in findings]
