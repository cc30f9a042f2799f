"""The paths of HTTP functions; a test compares them with the app's own routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

API = "/api"  #: the route prefix in ``host.json``
ACCOUNTS = f"{API}/accounts"  #: every account, as of the newest report
APPLICATIONS = f"{API}/applications"  #: those that used Partner Center, as of the newest report
CUSTOMERS = f"{API}/customers"  #: their status, as of the newest report
REPORTS = f"{API}/reports"  #: the index of the partner's reports
PERMISSIONS = f"{API}/permissions"  #: the scope receipt, as of the newest report


def report_address(tenant_id: str, ending: date) -> str:
    """The path of a report's page; the report's files are below it."""
    return f"{REPORTS}/{tenant_id}/{ending}"


def run_address(run_id: str) -> str:
    """The path of a run's state."""
    return f"{API}/runs/{run_id}"
