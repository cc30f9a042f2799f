"""What is read of an earlier report to compare a newer one with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.changes.account_states import AccountStates
from shared.mfa.coverage import Coverage
from shared.mfa.findings.places import Kind
from shared.mfa.metrics import Metrics, ShareRule
from shared.mfa.scope import Channel
from shared.mfa.window import WINDOW_DAYS

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding


class PastFinding(msgspec.Struct, frozen=True):
    """What is kept of an earlier report's finding; more fields are ignored."""

    id: str
    title: str
    kind: str | None = None
    ids: list[str] = []
    open_since: date | None = None
    is_since_exact: bool = False


class PastWindow(msgspec.Struct, frozen=True):
    """The seven days of an earlier report."""

    ending: date
    complete_days: int
    coverage: Coverage | None = None


class _PastReading(msgspec.Struct, frozen=True):
    unreadable: int


class PastReport(msgspec.Struct, frozen=True):
    """The parts of a ``report.json`` that are compared."""

    window: PastWindow
    metrics: Metrics
    rule: ShareRule
    source: str
    findings: list[PastFinding] = []
    directory_notes: dict[str, str] = {}
    reading: _PastReading | None = None
    partner_center_ids: list[str] = []  #: empty in reports of the first release

    def lacks(self, channel: Channel) -> bool:
        """Whether days, or logs that the channel needs, are missing."""
        window = self.window
        if window.complete_days < WINDOW_DAYS:
            return True
        days = (window.ending - timedelta(days=back) for back in range(WINDOW_DAYS))
        return bool(window.coverage and window.coverage.missing(channel, days))


class Past(msgspec.Struct, frozen=True):
    """A day as it is stored, or as it is about to be."""

    report: PastReport
    states: AccountStates | None = None

    @property
    def ending(self) -> date:
        """The report's last day."""
        return self.report.window.ending


class EarlierDays(msgspec.Struct, frozen=True):
    """The stored days that a report is compared with; `None` where there is none to read."""

    newest: Past | None = None  #: before the report's own day, however long ago
    week: Past | None = None  #: exactly seven days before
    states: AccountStates | None = None  #: the newest that are stored, however long ago


def is_other_scope(now: PastReport, before: PastReport) -> bool:
    """Whether other applications or resources count as Partner Center."""
    ours, theirs = now.partner_center_ids, before.partner_center_ids
    return bool(ours and theirs) and ours != theirs


def finds_the_same(now: PastReport, before: PastReport) -> bool:
    """Whether two days had all that findings are found in, so that one can come or go."""
    are_read = all(
        report.metrics.accounts.enabled is not None and not any(map(report.lacks, Channel))
        for report in (now, before)
    )
    is_alike = (
        now.rule == before.rule and now.directory_notes.keys() == before.directory_notes.keys()
    )
    return are_read and is_alike and not is_other_scope(now, before)


def finding_key(found: PastFinding | Finding) -> tuple[str, str]:
    """What a finding is known by from day to day: its kind, and its policy if it is about one."""
    return found.id, found.ids[0] if found.kind == Kind.POLICY and found.ids else ""
