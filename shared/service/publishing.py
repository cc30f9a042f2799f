"""From an assessment to every file of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.delivery.files import workbook
from shared.delivery.files.partner_center_json import partner_center_files
from shared.mfa.changes.account_states import AccountStates
from shared.mfa.changes.of_report import with_changes
from shared.mfa.changes.past import EarlierDays
from shared.service.addresses import ACCOUNTS, API, APPLICATIONS, CUSTOMERS, PERMISSIONS, REPORTS
from shared.service.contents import Contents
from shared.service.directory_snapshot import DIRECTORY_FILE
from shared.service.figure_rows import report_figures
from shared.service.lists import lists_for_folder, lists_for_serving
from shared.stores.models import ACCOUNT_STATES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shared.delivery.page.report_page import PageLinks
    from shared.mfa.assessment import Assessment, ReportMeta
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

    contents = Contents.of(assessment, meta, snapshot)
    report = with_changes(contents.report(earlier.history, reading), earlier.days)
    files = lists_for_folder(contents)
    accounts, customers = (
        name if name in files else "" for name in ("accounts.html", "customers.html")
    )
    about = _about_findings(report)
    links = PageLinks(
        accounts=accounts,
        customers=customers,
        workbook=workbook.NAME,
        about=next(iter(about), ""),
    )
    files |= about | _workbook(report, contents)
    return Publication(report, files | _report_files(report, contents, render_page(report, links)))


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

    contents = Contents.of(assessment, meta, snapshot)
    report = contents.report(earlier.history)
    files = partner_center_files(contents.tables) | lists_for_serving(contents)
    if snapshot:
        states = AccountStates.of(snapshot.accounts, report.window.ending, earlier.days.states)
        report = with_changes(report, earlier.days, states, snapshot.accounts)
        files |= _directory_files(snapshot, meta)
        files[ACCOUNT_STATES] = states.to_bytes()
    else:
        report = with_changes(report, earlier.days)
    about = _about_findings(report)
    files |= about | _workbook(report, contents)
    links = _served_links(files, address, about=next(iter(about), ""))
    page = render_page(report, links)
    files["page.html"] = page.encode()
    return Publication(
        report,
        files | _report_files(report, contents, page_for_folder(page, links)),
        report_figures(assessment, report, contents.tables.customers),
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


def _about_findings(report: Report) -> dict[str, bytes]:
    """The page about the report's findings, if it has any."""
    from shared.delivery.page.about_findings import ABOUT_FINDINGS, render_about_findings

    return {ABOUT_FINDINGS: render_about_findings(report).encode()} if report.findings else {}


def _workbook(report: Report, contents: Contents) -> dict[str, bytes]:
    return {workbook.NAME: workbook.workbook(report, workbook.sheets(contents.tables))}


def _report_files(report: Report, contents: Contents, page: str) -> dict[str, bytes]:
    """The files of the contract; ``report.json`` is last, so it is never there without them."""
    return {
        **{file.name: file.content for file in contents.csv},
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
