"""The addresses of everything that the function app shows, with names that are there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import function_app
from shared.cli.functions import read_functions
from shared.cli.routes import ROOT
from shared.service.http.report_api import FILES, SCRIPT_FILES
from shared.settings import Settings
from simulator.tenants.partner import TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from shared.stores.store import Store

NO_RUN = f"runs/{'0' * 32}"  #: nobody started it: the answer is 404


def addresses(store: Store, ending: date) -> dict[str, list[str]]:
    """By route, addresses of what the report of a day has, below ``/api/``."""

    def first(name: str, items: str, key: str) -> str:
        file = store.report_file(TENANT_ID, ending, name)
        assert file
        return str(json.loads(file.content)[items][0][key])

    days = ("latest", str(ending))
    return {
        ROOT: [""],
        "report": ["report"],
        "reports": ["reports", "reports?page=1"],
        "reports/{tenant_id}/{ending}": [f"reports/{TENANT_ID}/{day}" for day in days],
        "reports/{tenant_id}/{ending}/{file}": [
            f"reports/{TENANT_ID}/{day}/{name}" for day in days for name in FILES
        ],
        "customers": ["customers", "customers?search=a"],
        "customers.json": ["customers.json"],
        "customers.csv": ["customers.csv"],
        "customers/{tenant_id}": [f"customers/{first('customers.json', 'customers', 'tenant_id')}"],
        "accounts": ["accounts", "accounts?search=a"],
        "accounts.json": ["accounts.json"],
        "accounts.csv": ["accounts.csv"],
        "accounts/{object_id}": [f"accounts/{first('accounts.json', 'accounts', 'object_id')}"],
        "applications": ["applications", "applications?search=a"],
        "applications/{app_id}": [
            f"applications/{first('applications.json', 'applications', 'id')}"
        ],
        "permissions": ["permissions"],
        "runs/{run_id}": [NO_RUN],
        "health": ["health"],
        "probe": ["probe"],
        "openapi.json": ["openapi.json"],
        "favicon.ico": ["favicon.ico"],
        "robots.txt": ["robots.txt"],
        "v1/nonMfaCompliantPartnerPrincipals": ["v1/nonMfaCompliantPartnerPrincipals"],
        "v1/applicationmfaadoptionstatus": ["v1/applicationmfaadoptionstatus"],
        "v1/partnerRequests": ["v1/partnerRequests"],
        "scripts/{name}": [f"scripts/{name}" for name in SCRIPT_FILES],
    }


def assert_all_routes_are_asked(by_route: Mapping[str, object]) -> None:
    functions = read_functions(function_app.app, Settings({}))
    assert by_route.keys() == {each.route for each in functions if "GET" in each.methods}
