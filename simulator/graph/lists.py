"""The rules that Graph's lists have in common: pages, properties, query options."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from simulator.graph.api import GraphRefusalError, json_response, next_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.graph.api import GraphRequest, GraphResponse

Row = dict[str, Any]  #: an object as Graph returns it


@dataclass(frozen=True, slots=True)
class ListRules:
    """What one list allows; each list has its own page in the documentation."""

    options: frozenset[str] = frozenset()  #: besides ``$skiptoken``, which only a link may hold
    default_rows: int = 100
    most_rows: int = 999  #: maximum of ``$top``
    hidden: frozenset[str] = frozenset()  #: properties that are returned only if selected by name
    never: frozenset[str] = frozenset()  #: properties of the row that this API does not have


def answer_list(
    request: GraphRequest, rows: Sequence[Row], rules: ListRules, page_rows: int
) -> GraphResponse:
    """The requested page, of at most `page_rows` rows."""
    options = request.query
    unknown = set(options) - rules.options - {"$skiptoken"}
    if unknown:
        raise bad_request(f"Query option '{min(unknown)}' is not allowed.")
    size = min(_top(options, rules), page_rows)
    offset = _offset(options)
    shown = [select(row, options, rules) for row in rows[offset : offset + size]]
    page: Row = {"value": shown}
    if offset + size < len(rows):
        page["@odata.nextLink"] = next_link(request, _skip_token(offset + size))
    return json_response(page)


def select(row: Row, options: dict[str, str], rules: ListRules) -> Row:
    """The selected properties; the type's name is always among them."""
    names = [name for name in options.get("$select", "").split(",") if name]
    known = set(row) - rules.never
    if unknown := set(names) - known:
        raise bad_request(f"Could not find a property named '{min(unknown)}'.")
    wanted = set(names) or known - rules.hidden
    return {name: row[name] for name in row if name in wanted or name == "@odata.type"}


def bad_request(message: str) -> GraphRefusalError:
    """The refusal of a request that is not allowed."""
    return GraphRefusalError(HTTPStatus.BAD_REQUEST, "Request_BadRequest", message)


def _top(options: dict[str, str], rules: ListRules) -> int:
    text = options.get("$top", str(rules.default_rows))
    if not text.isdecimal() or not 0 < int(text) <= rules.most_rows:
        raise bad_request(f"Invalid page size specified: '{text}'.")
    return int(text)


def _skip_token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"{offset:06}".encode()).decode()


def _offset(options: dict[str, str]) -> int:
    token = options.get("$skiptoken")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error):
        raise bad_request("Invalid Skip Token, skip token is null or expired.") from None
