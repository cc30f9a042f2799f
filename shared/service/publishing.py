"""From an assessment to every file of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.delivery.files import workbook
from shared.delivery.files.csv_files import csv_files, file_entries, report_tables
from shared.delivery.files.directory_rows import account_rows, customer_rows
from shared.delivery.files.partner_center_json import partner_center_files
from shared.mfa.accounts.customer_counts import customer_counts
from shared.mfa.accounts.partner_roles import partner_roles
from shared.mfa.assessment import ReportExtras, ReportMeta, make_report
from shared.mfa.changes.account_states import AccountStates
from shared.mfa.changes.of_report import with_changes
from shared.mfa.changes.past import EarlierDays
from shared.mfa.findings.finding import by_gain
from shared.mfa.findings.of_requests import request_findings
from shared.mfa.findings.request_summary import summary_of
from shared.mfa.reasons.of_accounts import account_causes
from shared.service.addresses import ACCOUNTS, API, APPLICATIONS, CUSTOMERS, PERMISSIONS, REPORTS
from shared.service.directory_snapshot import DIRECTORY_FILE, Found
from shared.service.figure_rows import report_figures
from shared.service.lists import lists_for_folder, lists_for_serving
from shared.stores.models import ACCOUNT_STATES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shared.delivery.files.csv_files import CsvFile, ReportTables
    from shared.delivery.files.directory_rows import AccountStatusRow
    from shared.delivery.page.report_page import PageLinks
    from shared.mfa.assessment import Assessment
    from shared.mfa.report import HistoryPoint, InputSummary, Report
    from shared.service.directory_snapshot import DirectorySnapshot
    from shared.stores.tables import Figures


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a report shows of the days before."""

    history: Sequence[HistoryPoint] = ()
    days: EarlierDays = field(default_factory=EarlierDays)


@dataclass(frozen=True, slots=True)
class Publication:
    """A report and the bytes of its files by name, in the order in which they are to be written."""

    report: Report
    files: dict[str, bytes]
    figures: Figures = field(default_factory=dict)  #: for the tables; none in a folder


def publish(
    assessment: Assessment,
    meta: ReportMeta,
    earlier: Earlier,
    reading: InputSummary | None = None,
    snapshot: DirectorySnapshot | None = None,
) -> Publication:
    """Render the files of a report for a folder."""
    from shared.delivery.page.report_page import PageLinks, render_page

    tables = _tables(assessment, meta, snapshot)
    files = csv_files(tables)
    found = _found(assessment, snapshot)
    extras = _extras(assessment, snapshot, found)
    extras["reading"] = reading
    report = make_report(assessment, meta, file_entries(files), earlier.history, **extras)
    report = with_changes(report, earlier.days)
    pages = lists_for_folder(assessment, snapshot, found, tables, meta) if snapshot else {}
    accounts, customers = (
        name if name in pages else "" for name in ("accounts.html", "customers.html")
    )
    about = _about_findings(report)
    links = PageLinks(
        accounts=accounts,
        customers=customers,
        workbook=workbook.NAME,
        about=next(iter(about), ""),
    )
    page = render_page(report, links)
    others = pages | about | _workbook(report, tables)
    return Publication(report, others | _report_files(report, files, page))


def publish_for_serving(
    assessment: Assessment,
    meta: ReportMeta,
    earlier: Earlier,
    address: str,
    snapshot: DirectorySnapshot | None = None,
) -> Publication:
    """
    Render the same files for the store, and everything else that the HTTP functions serve.

    ``page.html`` is the report's page with links that begin with `address`, the path below which
    the files are served: at the addresses where that page is served, relative links would break.
    """
    from shared.delivery.page.report_page import page_for_folder, render_page

    tables = _tables(assessment, meta, snapshot)
    files = csv_files(tables)
    found = _found(assessment, snapshot)
    extras = _extras(assessment, snapshot, found)
    report = make_report(assessment, meta, file_entries(files), earlier.history, **extras)
    states = (
        AccountStates.of(snapshot.accounts, report.window.ending, earlier.days.states)
        if snapshot
        else None
    )
    report = with_changes(report, earlier.days, states, snapshot.accounts if snapshot else None)
    served = partner_center_files(tables)
    served.update(lists_for_serving(assessment, snapshot, found, tables, meta))
    served.update(_workbook(report, tables))
    if snapshot:
        served.update(_directory_files(snapshot, meta))
    if states:
        served[ACCOUNT_STATES] = states.to_bytes()
    about = _about_findings(report)
    served.update(about)
    links = _served_links(served, address, about=next(iter(about), ""))
    page = render_page(report, links)
    served["page.html"] = page.encode()
    in_folder = page_for_folder(page, links)
    return Publication(
        report,
        served | _report_files(report, files, in_folder),
        report_figures(assessment, report, tables.customers),
    )


def _served_links(served: Collection[str], address: str, about: str) -> PageLinks:
    from shared.delivery.page.report_page import PageLinks

    return PageLinks(
        files=f"{address}/",
        accounts=ACCOUNTS if "accounts.html" in served else "",
        applications=APPLICATIONS,
        customers=CUSTOMERS if "customers.html" in served else "",
        workbook=workbook.NAME,
        reports=REPORTS,
        permissions=PERMISSIONS if "permissions.html" in served else "",
        about=about,
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


def _extras(
    assessment: Assessment, snapshot: DirectorySnapshot | None, found: Found
) -> ReportExtras:
    """Findings and notes."""
    if snapshot is None:
        return ReportExtras(findings=found.findings)
    customers = snapshot.directory.customers
    return ReportExtras(
        findings=found.findings,
        customers=None if customers is None else customer_counts(customers),
        directory_notes=snapshot.notes,
        exceptions=snapshot.exceptions(assessment.window.ending),
        account_causes=account_causes(snapshot.accounts),
        partner_roles=partner_roles(snapshot.directory, snapshot.accounts),
    )


def _about_findings(report: Report) -> dict[str, bytes]:
    """The page about the report's findings, if it has any."""
    from shared.delivery.page.about_findings import ABOUT_FINDINGS, render_about_findings

    return {ABOUT_FINDINGS: render_about_findings(report).encode()} if report.findings else {}


def _workbook(report: Report, tables: ReportTables) -> dict[str, bytes]:
    return {workbook.NAME: workbook.workbook(report, workbook.sheets(tables))}


def _report_files(report: Report, files: Sequence[CsvFile], page: str) -> dict[str, bytes]:
    """The files of the contract; ``report.json`` is last, so it is never there without them."""
    return {
        **{file.name: file.content for file in files},
        "report.html": page.encode(),
        "report.json": report.to_json(),
    }


def _directory_files(snapshot: DirectorySnapshot, meta: ReportMeta) -> dict[str, bytes]:
    """The directory, and the permissions that Graph was read with."""
    from shared.delivery.page.permissions_page import Granted, render_permissions

    files = {DIRECTORY_FILE: snapshot.to_bytes()}
    if not snapshot.read_at:  # from a file, for which no permission was needed
        return files
    granted = Granted(snapshot.granted, snapshot.read_at, snapshot.notes)
    files["permissions.html"] = render_permissions(granted, meta, API).encode()
    return files
