"""Pages of one account and of one application, from what is stored of them."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from shared.delivery.files.customers import CustomerPoint, Customers
from shared.delivery.files.details import Applications, place_of, read_account_file
from shared.service.addresses import API
from shared.service.http.answers import RefusedError
from shared.stores.models import ACCOUNT_DETAILS, ACCOUNT_STATES, StoredFile
from shared.stores.names import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import date

    from shared.mfa.assessment import ReportMeta
    from shared.mfa.changes.account_history import AccountHistory
    from shared.stores.models import CustomerDay, ReportRow

MOST_DAYS = 400  #: of one account's history

_NO_ACCOUNT = "The newest report has no account with this object id."
_NO_CUSTOMER = "The newest report has no customer with this tenant id."
_NO_APPLICATION = "No application with this id used Partner Center in the newest report's days."


def account_page(
    object_id: str,
    names: Collection[str],
    read: Callable[[str], bytes],
    meta: ReportMeta,
    history: Callable[[str], AccountHistory],
) -> StoredFile:
    """Return the page of one account; raises `RefusedError` (404) if it is not in the report."""
    from shared.delivery.page.detail_pages import render_account  # loads Jinja

    present = [name for name in ACCOUNT_DETAILS if name in names]
    if not present:
        raise RefusedError(HTTPStatus.NOT_FOUND, _NO_ACCOUNT)
    stored = read_account_file(read(present[place_of(object_id, len(present))]))
    found = stored.account(object_id)
    if found is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, _NO_ACCOUNT)
    policies, past = stored.policies[found.policies], history(object_id)
    return tagged(render_account(found, policies, past, meta, API).encode())


def stored_history(
    object_id: str, reports: Sequence[ReportRow], read: Callable[[date, str], StoredFile | None]
) -> AccountHistory:
    """Return one account's states on the days of which they are stored."""
    from shared.mfa.changes.account_history import account_history
    from shared.service.earlier_days import read_states  # loads much code

    days = [report.metrics.ending for report in reports if ACCOUNT_STATES in report.files]
    return account_history(object_id, days[:MOST_DAYS], partial(read_states, read))


def application_page(app_id: str, read: Callable[[str], bytes], meta: ReportMeta) -> StoredFile:
    """Return the page of one application; raises `RefusedError` (404) if it made no request."""
    from shared.delivery.page.detail_pages import render_application  # loads Jinja

    stored = Applications.from_json(read("applications.json"))
    for found in stored.applications:
        if found.id == app_id.lower():
            return tagged(render_application(found, stored.rule, meta, API).encode())
    raise RefusedError(HTTPStatus.NOT_FOUND, _NO_APPLICATION)


def customer_page(
    tenant_id: str,
    read: Callable[[str], bytes],
    meta: ReportMeta,
    history: Callable[[str], Sequence[CustomerDay]],
) -> StoredFile:
    """Return the page of one customer; raises `RefusedError` (404) if it is not in the report."""
    from shared.delivery.page.customers_page import render_customer  # loads Jinja

    stored = Customers.from_json(read("customers.json"))
    for found in stored.customers:
        if found.tenant_id.lower() == tenant_id.lower():
            days = [CustomerPoint(*astuple(day)) for day in history(found.tenant_id)]
            return tagged(render_customer(found, stored, days, meta, API).encode())
    raise RefusedError(HTTPStatus.NOT_FOUND, _NO_CUSTOMER)


def tagged(content: bytes) -> StoredFile:
    """Return bytes that are not stored, with the ETag that they would have if they were."""
    return StoredFile(content, f'"{digest(content)}"')
