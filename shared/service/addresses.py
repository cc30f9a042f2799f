"""Where HTTP functions are, as paths on their host; a test holds them to the app's own routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

API = "/api"  #: the route prefix in ``host.json``
CUSTOMERS = f"{API}/customers"  #: how they stand, as of the newest report
PERMISSIONS = f"{API}/permissions"  #: the scope receipt, as of the newest report


def report_address(tenant_id: str, ending: date) -> str:
    """The page of a report; its files are below."""
    return f"{API}/reports/{tenant_id}/{ending}"


def run_address(run_id: str) -> str:
    """What has come of a run."""
    return f"{API}/runs/{run_id}"
