"""What the files of a report are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from shared.delivery.files.csv_files import CsvFile, csv_files, file_entries, report_tables
from shared.delivery.files.directory_rows import account_rows, customer_rows
from shared.mfa.accounts.customer_counts import customer_counts
from shared.mfa.accounts.partner_roles import partner_roles
from shared.mfa.assessment import ReportExtras, make_report
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_requests import request_findings
from shared.mfa.findings.request_summary import summary_of
from shared.mfa.reasons.of_accounts import account_causes
from shared.service.directory_snapshot import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.delivery.files.csv_files import ReportTables
    from shared.delivery.files.directory_rows import AccountStatusRow
    from shared.mfa.assessment import Assessment, ReportMeta
    from shared.mfa.report import HistoryPoint, InputSummary, Report
    from shared.service.directory_snapshot import DirectorySnapshot


@dataclass(frozen=True, slots=True)
class Contents:
    """An assessment with its tables, its CSV files, and why its figures are below 100 %."""

    assessment: Assessment
    meta: ReportMeta
    snapshot: DirectorySnapshot | None
    tables: ReportTables
    csv: list[CsvFile]
    found: Found

    @classmethod
    def of(
        cls, assessment: Assessment, meta: ReportMeta, snapshot: DirectorySnapshot | None
    ) -> Self:
        """What every report begins with, wherever its files go."""
        tables = _tables(assessment, meta, snapshot)
        found = _found(assessment, snapshot)
        return cls(assessment, meta, snapshot, tables, csv_files(tables), found)

    def report(
        self, history: Sequence[HistoryPoint], reading: InputSummary | None = None
    ) -> Report:
        """The report, without what changed since earlier ones."""
        extras = self._extras()
        extras["reading"] = reading
        return make_report(self.assessment, self.meta, file_entries(self.csv), history, **extras)

    def _extras(self) -> ReportExtras:
        """Findings and notes."""
        snapshot = self.snapshot
        if snapshot is None:
            return ReportExtras(findings=self.found.findings)
        customers = snapshot.directory.customers
        return ReportExtras(
            findings=self.found.findings,
            customers=None if customers is None else customer_counts(customers),
            directory_notes=snapshot.notes,
            exceptions=snapshot.exceptions(self.assessment.window.ending),
            account_causes=account_causes(snapshot.accounts),
            partner_roles=partner_roles(snapshot.directory, snapshot.accounts),
        )


@dataclass(frozen=True, slots=True)
class _AccountRows:
    """One row an account, made each time they are read: there may be many."""

    snapshot: DirectorySnapshot
    assessment: Assessment
    tenant_id: str | None

    def __iter__(self) -> Iterator[AccountStatusRow]:
        accounts = self.snapshot.accounts.rows(self.assessment.window.days[0])
        return account_rows(accounts, self.assessment, self.tenant_id)


def _tables(
    assessment: Assessment, meta: ReportMeta, snapshot: DirectorySnapshot | None
) -> ReportTables:
    if snapshot is None:
        return report_tables(assessment, meta.tenant_id)
    customers = snapshot.directory.customers
    return report_tables(
        assessment,
        meta.tenant_id,
        accounts=_AccountRows(snapshot, assessment, meta.tenant_id),
        customers=None if customers is None else customer_rows(customers, snapshot.read_at),
    )


def _found(assessment: Assessment, snapshot: DirectorySnapshot | None) -> Found:
    """The findings; without a directory only those that the log alone supports."""
    if snapshot:
        return snapshot.find(assessment)
    requests = summary_of(assessment.requests, assessment.metrics, assessment.rule)
    return Found(by_gain(request_findings(None, requests), None, requests), lambda _: [])
