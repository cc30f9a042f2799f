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
    from shared.service.contents import Contents
    from shared.service.directory_snapshot import DirectorySnapshot


def lists_for_serving(contents: Contents) -> dict[str, bytes]:
    """The files that lists and their rows' own pages are served from."""
    from shared.delivery.page.detail_pages import render_applications

    meta, assessment, snapshot = contents.meta, contents.assessment, contents.snapshot
    applications = Applications.of(meta.tenant_id, assessment)
    files = {
        "applications.html": render_applications(applications, meta, PageContext(API)).encode(),
        "applications.json": applications.to_json(),
    }
    if snapshot is None:
        return files
    accounts = _accounts(contents, snapshot)
    files["accounts.json"] = accounts.to_json()
    files |= account_files(ACCOUNT_DETAILS, accounts.accounts, snapshot.accounts, assessment)
    customers = _customers(contents, snapshot)
    if customers:
        files["customers.json"] = customers.to_json()
    return files | _pages(contents, snapshot, accounts, customers, API)


def lists_for_folder(contents: Contents) -> dict[str, bytes]:
    """The pages that stand next to ``report.html``: without a server, so without a search."""
    snapshot = contents.snapshot
    if snapshot is None:
        return {}
    accounts, customers = _accounts(contents, snapshot), _customers(contents, snapshot)
    return _pages(contents, snapshot, accounts, customers, "")


def _pages(
    contents: Contents,
    snapshot: DirectorySnapshot,
    accounts: Accounts,
    customers: Customers | None,
    base: str,
) -> dict[str, bytes]:
    from shared.delivery.page.accounts_page import render_accounts
    from shared.delivery.page.customers_page import render_customers

    meta, notes = contents.meta, snapshot.notes
    page = render_accounts(accounts, meta, PageContext(base, account_notes(notes)))
    files = {"accounts.html": page.encode()}
    if customers:
        page = render_customers(customers, meta, PageContext(base, customer_notes(notes)))
        files["customers.html"] = page.encode()
    return files


def _accounts(contents: Contents, snapshot: DirectorySnapshot) -> Accounts:
    assessment = contents.assessment
    entries = account_entries(
        contents.tables.accounts or (),
        snapshot.exceptions(assessment.window.ending),
        lambda object_id: cause_kind(snapshot.accounts, object_id),
        contents.found.of_account,
    )
    metrics = assessment.metrics.accounts
    return Accounts.of(contents.meta.tenant_id, snapshot.read_at, entries, metrics)


def _customers(contents: Contents, snapshot: DirectorySnapshot) -> Customers | None:
    rows = contents.tables.customers
    if rows is None:
        return None
    score = snapshot.directory.partner_security_score
    refreshed_at = score.last_refresh_date_time if score else None
    return Customers.of(contents.meta.tenant_id, snapshot.read_at, rows, refreshed_at)
