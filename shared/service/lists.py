"""The lists of a report: accounts, applications, customers, each with its page and its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.accounts import Accounts, account_entries, account_notes
from shared.delivery.files.customers import Customers, customer_notes
from shared.delivery.files.details import Applications, account_files
from shared.delivery.page.table import PageContext
from shared.mfa.reasons.of_directory import cause_kind
from shared.service.addresses import API
from shared.stores.models import ACCOUNT_DETAILS

if TYPE_CHECKING:
    from shared.delivery.files.csv_files import ReportTables
    from shared.mfa.assessment import Assessment, ReportMeta
    from shared.service.directory_snapshot import DirectorySnapshot, Found


def lists_for_serving(
    assessment: Assessment,
    snapshot: DirectorySnapshot | None,
    found: Found,
    tables: ReportTables,
    meta: ReportMeta,
) -> dict[str, bytes]:
    """The files that lists and their rows' own pages are served from."""
    from shared.delivery.page.detail_pages import render_applications

    applications = Applications.of(meta.tenant_id, assessment)
    files = {
        "applications.html": render_applications(applications, meta, PageContext(API)).encode(),
        "applications.json": applications.to_json(),
    }
    if snapshot:
        accounts = _accounts(assessment, snapshot, found, tables, meta)
        files |= _account_files(accounts, assessment, snapshot, meta)
        customers = _customers(snapshot, tables, meta)
        if customers:
            files["customers.html"] = _customers_page(customers, snapshot, meta, API)
            files["customers.json"] = customers.to_json()
    return files


def lists_for_folder(
    assessment: Assessment,
    snapshot: DirectorySnapshot,
    found: Found,
    tables: ReportTables,
    meta: ReportMeta,
) -> dict[str, bytes]:
    """The pages that stand next to ``report.html``: without a server, so without a search."""
    accounts = _accounts(assessment, snapshot, found, tables, meta)
    files = {"accounts.html": _accounts_page(accounts, snapshot, meta, "")}
    customers = _customers(snapshot, tables, meta)
    if customers:
        files["customers.html"] = _customers_page(customers, snapshot, meta, "")
    return files


def _account_files(
    accounts: Accounts, assessment: Assessment, snapshot: DirectorySnapshot, meta: ReportMeta
) -> dict[str, bytes]:
    return {
        "accounts.html": _accounts_page(accounts, snapshot, meta, API),
        "accounts.json": accounts.to_json(),
        **account_files(ACCOUNT_DETAILS, accounts.accounts, snapshot.accounts, assessment),
    }


def _accounts(
    assessment: Assessment,
    snapshot: DirectorySnapshot,
    found: Found,
    tables: ReportTables,
    meta: ReportMeta,
) -> Accounts:
    entries = account_entries(
        tables.accounts or (),
        snapshot.exceptions(assessment.window.ending),
        lambda object_id: cause_kind(snapshot.accounts, object_id),
        found.of_account,
    )
    metrics = assessment.metrics.accounts
    return Accounts.of(meta.tenant_id, snapshot.read_at, entries, metrics)


def _accounts_page(
    accounts: Accounts, snapshot: DirectorySnapshot, meta: ReportMeta, base: str
) -> bytes:
    from shared.delivery.page.accounts_page import render_accounts

    return render_accounts(
        accounts, meta, PageContext(base, account_notes(snapshot.notes))
    ).encode()


def _customers(
    snapshot: DirectorySnapshot, tables: ReportTables, meta: ReportMeta
) -> Customers | None:
    if tables.customers is None:
        return None
    score = snapshot.directory.partner_security_score
    refreshed_at = score.last_refresh_date_time if score else None
    return Customers.of(meta.tenant_id, snapshot.read_at, tables.customers, refreshed_at)


def _customers_page(
    customers: Customers, snapshot: DirectorySnapshot, meta: ReportMeta, base: str
) -> bytes:
    from shared.delivery.page.customers_page import render_customers

    context = PageContext(base, customer_notes(snapshot.notes))
    return render_customers(customers, meta, context).encode()
