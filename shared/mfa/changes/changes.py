"""
What changed since the report of the day before, and since that of the week before.

A difference is never better than its evidence: where a figure is unknown or bounded on one of the
two days, where days or logs are missing, or where the two count by another rule, there is none, and
the reason says so. An account counts as fixed only if MFA is enforced for it now.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.changes.account_changes import (
    AccountChanges,
    OpenAccount,
    account_changes,
    longest_open,
)
from shared.mfa.changes.figure_changes import FigureChange, Incomparable, figure_changes
from shared.mfa.changes.past import finding_key, finds_the_same, is_other_scope

if TYPE_CHECKING:
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.changes.past import EarlierDays, Past, PastReport

DAY_BEFORE, WEEK_BEFORE = timedelta(days=1), timedelta(days=7)


class FindingChanges(msgspec.Struct, frozen=True):
    """Which findings are new or not found any more, by their titles."""

    new: list[str]
    gone: list[str]
    still_open: int


class Changes(msgspec.Struct, frozen=True):
    """What changed since one earlier day."""

    since: date  #: the last day of the earlier report
    reason: Incomparable | None = None  #: why nothing is compared
    figures: dict[str, FigureChange] = {}  #: by name; empty with a reason
    accounts: AccountChanges | None = None  #: `None`: one of the two directories was not read
    findings: FindingChanges | None = None
    is_other_source: bool = False  #: the two were made from different sources


class ReportChanges(msgspec.Struct, frozen=True):
    """What changed, and since when what is open has been so."""

    day: Changes
    week: Changes
    open_accounts: list[OpenAccount] = []  #: those without MFA the longest, up to `MOST_NAMED`


def report_changes(
    now: Past, earlier: EarlierDays, accounts: JudgedAccounts | None = None
) -> ReportChanges:
    """What changed up to a report; its accounts are those of `now.states`."""
    return ReportChanges(
        day=_compare(now, earlier.newest, now.ending - DAY_BEFORE, accounts),
        week=_compare(now, earlier.week, now.ending - WEEK_BEFORE, accounts),
        open_accounts=longest_open(now.states, accounts) if now.states and accounts else [],
    )


def _compare(
    now: Past, before: Past | None, since: date, accounts: JudgedAccounts | None
) -> Changes:
    if before is None or before.ending != since:
        return Changes(since, reason=Incomparable.NO_REPORT)
    return Changes(
        since,
        figures=figure_changes(now.report, before.report),
        accounts=_accounts(now, before, accounts),
        findings=_findings(now.report, before.report),
        is_other_source=now.report.source != before.report.source,
    )


def _accounts(now: Past, before: Past, accounts: JudgedAccounts | None) -> AccountChanges | None:
    if now.states is None or before.states is None or accounts is None:
        return None
    if is_other_scope(now.report, before.report):
        return None
    return account_changes(now.states, before.states, accounts)


def _findings(now: PastReport, before: PastReport) -> FindingChanges | None:
    """Which findings came and went; `None` unless both days had all that these are found in."""
    if not finds_the_same(now, before):
        return None
    current, earlier = (
        {finding_key(each): each.title for each in report.findings} for report in (now, before)
    )
    return FindingChanges(
        new=[title for key, title in current.items() if key not in earlier],
        gone=[title for key, title in earlier.items() if key not in current],
        still_open=len(current.keys() & earlier.keys()),
    )
