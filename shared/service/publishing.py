"""From an assessment to every file of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.files.csv_files import csv_files, file_entries
from shared.delivery.files.customers import Customers, customer_notes
from shared.delivery.files.directory_rows import account_rows, customer_rows
from shared.delivery.files.partner_center_json import partner_center_files
from shared.mfa.assessment import ReportExtras, ReportMeta, make_report
from shared.mfa.findings.of_requests import request_findings
from shared.service.addresses import API, CUSTOMERS, PERMISSIONS
from shared.service.directory_snapshot import DIRECTORY_FILE, requests_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.delivery.files.csv_files import Row
    from shared.mfa.assessment import Assessment
    from shared.mfa.report import HistoryPoint, InputSummary, Report
    from shared.service.directory_snapshot import DirectorySnapshot


@dataclass(frozen=True, slots=True)
class Publication:
    """A report and the bytes of its files by name, in the order in which they are to be written."""

    report: Report
    files: dict[str, bytes]


def publish(
    assessment: Assessment,
    heading: ReportMeta,
    history: Sequence[HistoryPoint] = (),
    reading: InputSummary | None = None,
    people: DirectorySnapshot | None = None,
) -> Publication:
    """Render every file of the contract; ``report.json`` is last, so that it never comes alone."""
    from shared.delivery.page.report_page import render_page

    tables = csv_files(assessment, heading.tenant_id, *_directory_rows(assessment, heading, people))
    beside = _beside(assessment, people)
    beside["reading"] = reading
    report = make_report(assessment, heading, file_entries(tables), history, **beside)
    files = {table.name: table.content for table in tables}
    files["report.html"] = render_page(report).encode()
    files["report.json"] = report.to_json()
    return Publication(report, files)


def _beside(assessment: Assessment, people: DirectorySnapshot | None) -> ReportExtras:
    """What is told beside the figures; without a directory, what the log alone supports."""
    if people is None:
        return ReportExtras(findings=request_findings(None, requests_of(assessment)))
    return ReportExtras(
        findings=people.findings(assessment),
        directory_notes=people.notes,
        exceptions=people.exceptions(assessment.window.ending),
    )


def _directory_rows(
    assessment: Assessment, heading: ReportMeta, people: DirectorySnapshot | None
) -> tuple[Iterable[Row] | None, Iterable[Row] | None]:
    """The rows of the accounts and the customers file, `None` for what was not read."""
    if people is None:
        return None, None
    customers = people.directory.customers
    return (
        account_rows(people.accounts, assessment, heading.tenant_id),
        None if customers is None else customer_rows(customers, people.read_at),
    )


def publish_for_serving(
    assessment: Assessment,
    heading: ReportMeta,
    history: Sequence[HistoryPoint],
    address: str,
    people: DirectorySnapshot | None = None,
) -> Publication:
    """
    The same for the store, with what the HTTP functions serve besides: they compute nothing.

    ``page.html`` is the page with links that begin with `address`, the path below which the files
    are served: the page itself is served at addresses from where relative links lead elsewhere.
    """
    from shared.delivery.page.report_page import OtherPages, render_page

    plain = publish(assessment, heading, history, people=people)
    entries = {
        name: msgspec.structs.replace(entry, href=f"{address}/{entry.href}")
        for name, entry in plain.report.files.items()
    }
    beside = partner_center_files(assessment, heading.tenant_id)
    if people:
        beside[DIRECTORY_FILE] = people.to_bytes()
        beside.update(_customer_files(people, heading))
        beside["permissions.html"] = _permissions_page(people, heading)
    others = OtherPages(
        customers=CUSTOMERS if "customers.html" in beside else "",
        permissions=PERMISSIONS if people else "",
    )
    page = render_page(msgspec.structs.replace(plain.report, files=entries), others)
    return Publication(plain.report, {**beside, "page.html": page.encode(), **plain.files})


def _customer_files(people: DirectorySnapshot, heading: ReportMeta) -> dict[str, bytes]:
    """The customers' page and JSON; nothing where they were not read."""
    from shared.delivery.page.customers_page import Frame, render_customers

    if people.directory.customers is None:
        return {}
    rows = customer_rows(people.directory.customers, people.read_at)
    customers = Customers.of(heading.tenant_id, people.read_at, rows)
    page = render_customers(customers, heading, Frame(API, customer_notes(people.notes)))
    return {"customers.html": page.encode(), "customers.json": customers.to_json()}


def _permissions_page(people: DirectorySnapshot, heading: ReportMeta) -> bytes:
    """What the directory was read with, and what the figures need."""
    from shared.delivery.page.permissions_page import Granted, render_permissions

    granted = Granted(people.granted, people.read_at, people.notes)
    return render_permissions(granted, heading, API).encode()
