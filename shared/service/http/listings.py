"""The stored lists that people search; what only a page needs is loaded for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.accounts import Accounts, account_notes
from shared.delivery.files.customers import Customers, customer_notes
from shared.delivery.files.details import Applications
from shared.delivery.page.accounts_table import accounts_table
from shared.delivery.page.applications_table import applications_table
from shared.delivery.page.customers_table import customers_table
from shared.delivery.page.table import PageContext
from shared.service.addresses import API
from shared.service.http.callers import Role
from shared.service.http.search import Listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.delivery.page.table import Query
    from shared.mfa.assessment import ReportMeta


def _customers_page(
    customers: Customers, meta: ReportMeta, notes: Sequence[str], query: Query
) -> str:
    from shared.delivery.page.customers_page import render_customers  # loads Jinja

    return render_customers(customers, meta, PageContext(API, notes, query))


def _accounts_page(accounts: Accounts, meta: ReportMeta, notes: Sequence[str], query: Query) -> str:
    from shared.delivery.page.accounts_page import render_accounts  # loads Jinja

    return render_accounts(accounts, meta, PageContext(API, notes, query))


def _applications_page(
    applications: Applications, meta: ReportMeta, notes: Sequence[str], query: Query
) -> str:
    from shared.delivery.page.detail_pages import render_applications  # loads Jinja

    return render_applications(applications, meta, PageContext(API, notes, query))


ACCOUNTS = Listing(
    name="accounts",
    id_column="ObjectId",
    id_of=lambda account: account.object_id,
    read=Accounts.from_json,
    table=accounts_table,
    page=_accounts_page,
    role=Role.READ,
    notes=account_notes,
    not_read="The accounts have not been read yet.",
    too_old="The newest report was made before accounts had a page; the next one has it.",
)
CUSTOMERS = Listing(
    name="customers",
    id_column="TenantId",
    id_of=lambda customer: customer.tenant_id,
    read=Customers.from_json,
    table=customers_table,
    page=_customers_page,
    role=Role.CUSTOMERS,
    notes=customer_notes,
    not_read="The customers have not been read yet.",
    too_old="The newest report was made before customers had a page; the next one has it.",
)
APPLICATIONS = Listing(
    name="applications",
    id_column="",
    id_of=lambda application: application.id,
    read=Applications.from_json,
    table=applications_table,
    page=_applications_page,
    role=Role.READ,
    notes=lambda _: (),
    not_read="",
    too_old="The newest report was made before applications had a page; the next one has it.",
)
