"""The description of the HTTP functions (OpenAPI 3.1); a test holds it to the app's routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.delivery.files.accounts import Accounts
from shared.delivery.files.customers import Customers
from shared.delivery.files.details import Applications
from shared.delivery.page.accounts_table import accounts_table
from shared.delivery.page.applications_table import applications_table
from shared.delivery.page.customers_table import customers_table
from shared.delivery.page.reports_table import reports_table
from shared.mfa.metrics import AccountMetrics, ShareRule
from shared.service.addresses import API
from shared.service.http.answers import PROBLEM, json_answer
from shared.service.http.callers import Role
from shared.service.http.days import NEIGHBOURS
from shared.service.http.health import VERSION
from shared.service.http.report_api import FILES, SCRIPT_FILES
from shared.service.http.search import LAST_PAGE, LONGEST_SEARCH

if TYPE_CHECKING:
    from shared.delivery.page.table import Table
    from shared.service.http.answers import Answer

Node = dict[str, Any]

_PAGE, _JSON, _CSV = "text/html", "application/json", "text/csv"
_TEXT: Node = {"type": "string"}
_ID_OF_RUN: Node = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_PLACES: dict[str, Node] = {
    "tenant_id": {"type": "string", "format": "uuid"},
    "ending": {"anyOf": [{"type": "string", "format": "date"}, {"const": "latest"}]},
    "run_id": _ID_OF_RUN,
    "object_id": _TEXT,
    "app_id": _TEXT,
    "file": {"enum": [*FILES, *NEIGHBOURS]},
    "name": {"enum": [*SCRIPT_FILES]},
}


class Route(NamedTuple):
    """What one address answers."""

    summary: str
    role: Role | None  #: what a caller needs; `None` if signing in is enough
    types: tuple[str, ...]  #: media types of its answer
    table: Table[Any] | None = None  #: whose words the address may have
    body: Node | None = None  #: properties of the JSON that may be sent
    more: tuple[HTTPStatus, ...] = ()  #: statuses that other addresses do not have


def _tables() -> dict[str, Table[Any]]:
    """The tables that people ask, without rows."""
    return {
        "reports": reports_table([]),
        "accounts": accounts_table(Accounts(None, None, AccountMetrics(), [])),
        "applications": applications_table(Applications(None, ShareRule(), [])),
        "customers": customers_table(Customers(None, None, [])),
    }


def routes() -> dict[str, Route]:
    """Every address below the route prefix; those of ``POST`` have a body."""
    tables, read, customers = _tables(), Role.READ, Role.CUSTOMERS
    found = {
        "": Route("All reports by day", read, (_PAGE,), tables["reports"]),
        "reports": Route("All reports by day", read, (_PAGE,), tables["reports"]),
        "report": Route("The newest report's page", read, (_PAGE,)),
        "reports/{tenant_id}/{ending}": Route("A report's page", read, (_PAGE,)),
        "reports/{tenant_id}/{ending}/{file}": Route(
            "A report's file, or the way to the day before or after",
            *(read, (_JSON, _CSV, _PAGE), None, None, (HTTPStatus.FOUND,)),
        ),
        "accounts/{object_id}": Route("An account's page", read, (_PAGE,)),
        "applications": Route("Applications", read, (_PAGE,), tables["applications"]),
        "applications/{app_id}": Route("An application's page", read, (_PAGE,)),
        "customers/{tenant_id}": Route("A customer's page", customers, (_PAGE,)),
        "permissions": Route("What the app may read", read, (_PAGE,)),
        "runs": Route(
            "Start a run",
            *(Role.RUN, (_JSON,), None, {"day": {"type": "string", "format": "date"}}),
        ),
        "mails": Route("Mail the newest report", Role.RUN, (_JSON,), None, {"id": _ID_OF_RUN}),
        "runs/{run_id}": Route("The state of a run", Role.RUN, (_JSON,)),
        "health": Route("How the app is", None, (_JSON,)),
        "probe": Route("How the app is, in one word", None, (_JSON,)),
        "scripts/{name}": Route("A newest file, with a key", None, (_JSON, _CSV, _PAGE)),
        "openapi.json": Route("This description", None, (_JSON,)),
        "favicon.ico": Route("The icon", None, ("image/svg+xml",)),
        "robots.txt": Route("What search engines may do", None, ("text/plain",)),
    }
    for name, role in (("accounts", read), ("customers", customers)):
        for suffix, kind in (("", _PAGE), (".json", _JSON), (".csv", _CSV)):
            found[name + suffix] = Route(name.capitalize(), role, (kind,), tables[name])
    for name in ("nonMfaCompliantPartnerPrincipals", "applicationmfaadoptionstatus"):
        found[f"v1/{name}"] = Route("As Partner Center has it", read, (_JSON,))
    found["v1/partnerRequests"] = Route("As Partner Center has it", read, (_JSON,))
    return found


def description() -> Answer:
    """The description as JSON."""
    return json_answer(HTTPStatus.OK, described())


def described() -> Node:
    """The description as a value."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Partner Center MFA status",
            "version": VERSION,
            "description": "Stored reports. Callers sign in with Entra, and with MFA.",
        },
        "servers": [{"url": API}],
        "paths": {f"/{path}": _operations(path, route) for path, route in routes().items()},
        "components": {
            "schemas": {
                "Problem": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        **dict.fromkeys(("type", "title", "detail"), _TEXT),
                        "status": {"type": "integer"},
                    },
                }
            }
        },
    }


def _operations(path: str, route: Route) -> Node:
    places = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [
        {"name": place, "in": "path", "required": True, "schema": _PLACES[place]}
        for place in places
    ]
    operation: Node = {
        "summary": route.summary,
        "description": f"Role {route.role}." if route.role else "No role.",
        "parameters": parameters + (_words(route.table) if route.table else []),
        "responses": _responses(route),
    }
    if route.body is None:
        return {"get": operation}
    schema = {"type": "object", "properties": route.body, "additionalProperties": False}
    operation["requestBody"] = {"required": False, "content": {_JSON: {"schema": schema}}}
    return {"post": operation}


def _words(table: Table[Any]) -> list[Node]:
    """What an address may ask of a table."""
    sorts = [direction + column for column in table.columns for direction in ("", "-")]
    schemas: dict[str, Node] = {
        "search": {"type": "string", "maxLength": LONGEST_SEARCH},
        "sort": {"enum": sorts},
        "page": {"type": "integer", "minimum": 1, "maximum": LAST_PAGE},
        # Some words are those of the report's own findings.
        **{
            name: {"enum": [*filter_.words]} if filter_.words else _TEXT
            for name, filter_ in table.filters.items()
        },
    }
    return [{"name": name, "in": "query", "schema": schema} for name, schema in schemas.items()]


def _responses(route: Route) -> Node:
    """One answer as it should be, and problems; those are pages where a browser asks."""
    good = HTTPStatus.OK if route.body is None else HTTPStatus.ACCEPTED
    answers: Node = {str(int(good)): _answer(good, {kind: {} for kind in route.types})}
    if route.body is None:
        answers["304"] = _answer(HTTPStatus.NOT_MODIFIED, {})
    for status in route.more:
        answers[str(int(status))] = _answer(status, {})
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}, _PAGE: {}}
    answers["default"] = {"description": "A problem, in one sentence", "content": problem}
    return answers


def _answer(status: HTTPStatus, content: Node) -> Node:
    answer: Node = {"description": status.phrase}
    return answer | {"content": content} if content else answer
