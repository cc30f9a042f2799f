"""``GET /{beta|v1.0}/auditLogs/signIns`` by the documented rules."""

from __future__ import annotations

import base64
import re
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from simulator.graph.api import (
    GraphRefusalError,
    GraphResponse,
    Route,
    Throttle,
    json_response,
    next_link,
)
from simulator.graph.odata import CREATED, EVENT_TYPES, FilterError, parse_filter
from simulator.tenants.rows import INTERACTIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from simulator.graph.api import GraphRequest
    from simulator.graph.odata import ODataFilter
    from simulator.tenants.partner import LogEntry

LARGEST_PAGE = 1000
SERVICE = "identity and access reports"

_OPTIONS = frozenset({"$filter", "$top", "$skiptoken", "$orderby", "$select"})
#: Whether each ``$orderby`` is ascending, which is OData's default.
_ORDERS = {CREATED.lower(): True, f"{CREATED} asc".lower(): True, f"{CREATED} desc".lower(): False}

#: All of v1.0's ``signIn``; beta has 48 properties more.
V1_PROPERTIES = frozenset(
    """
    id appDisplayName appId appliedConditionalAccessPolicies authenticationAppDeviceDetails
    clientAppUsed conditionalAccessStatus correlationId createdDateTime deviceDetail homeTenantId
    ipAddress isInteractive location resourceDisplayName resourceId resourceTenantId riskDetail
    riskEventTypes riskEventTypes_v2 riskLevelAggregated riskLevelDuringSignIn riskState
    servicePrincipalId servicePrincipalName status userAgent userDisplayName userId
    userPrincipalName
    """.split()  # noqa: SIM905 (thirty lines of quotation marks would add nothing)
)

#: All of v1.0's ``appliedConditionalAccessPolicy``; beta says which conditions were satisfied, too.
V1_POLICY_PROPERTIES = frozenset(
    ("id", "displayName", "enforcedGrantControls", "enforcedSessionControls", "result")
)


@dataclass(frozen=True, slots=True)
class LogBehaviour:
    """How the sign-in log behaves where the documentation leaves it open."""

    throttle: Throttle | None = None  #: `None` throttles nobody
    token_seconds: float = 3600.0  #: lifetime of a skip token; the real one is not documented
    page_rows: int = LARGEST_PAGE  #: a page may hold fewer rows than requested


@dataclass(frozen=True, slots=True)
class _SkipToken:
    """The position of a crawl, which a skip token stands for."""

    found: Sequence[int]  #: all matching positions in the log, in the requested order
    offset: int
    issued_at: float


class SignInLog:
    """The sign-in log of one tenant, as it is at some instant; `log` is sorted by time."""

    def __init__(
        self,
        log: Sequence[LogEntry],
        behaviour: LogBehaviour,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.denial: GraphRefusalError | None = None  #: the answer to every request, if set
        self._log = log
        self._instants = [logged.instant for logged in log]
        self._now = now
        self._clock = clock
        self._behaviour = behaviour
        self._cursors: dict[str, _SkipToken] = {}

    def routes(self) -> list[Route]:
        """The routes for a `SimulatedGraph`."""
        pattern = re.compile(r"/(beta|v1\.0)/auditLogs/signIns")
        return [Route("GET", pattern, self._answer, self._behaviour.throttle, SERVICE)]

    def deny_for_licence(self) -> None:
        """Act as a tenant without a premium licence from now on."""
        self.denial = GraphRefusalError(
            HTTPStatus.FORBIDDEN,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )

    def deny_for_consent(self) -> None:
        """Act as if the app lacked its permission from now on."""
        self.denial = GraphRefusalError(
            HTTPStatus.FORBIDDEN,
            "Authentication_MSGraphPermissionMissing",
            "Calling principal does not have required MSGraph permissions AuditLog.Read.All",
        )

    def _answer(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        if self.denial:
            raise self.denial
        is_beta = match[1] == "beta"
        options = request.query
        unknown = set(options) - _OPTIONS
        if unknown:
            raise _bad_request(f"Query option '{min(unknown)}' is not allowed.")
        top = min(_top(options.get("$top", str(LARGEST_PAGE))), self._behaviour.page_rows)
        cursor = self._cursor(options, is_beta=is_beta)
        page = cursor.found[cursor.offset : cursor.offset + top]
        offset = cursor.offset + len(page)
        link = self._link(request, cursor, offset) if offset < len(cursor.found) else None
        return _page(request, [self._log[position].row for position in page], link, is_beta=is_beta)

    def _cursor(self, options: dict[str, str], *, is_beta: bool) -> _SkipToken:
        token = options.get("$skiptoken")
        if token is None:
            return _SkipToken(self._find(options, is_beta=is_beta), 0, self._clock())
        cursor = self._cursors.get(token)
        if cursor is None or self._clock() - cursor.issued_at > self._behaviour.token_seconds:
            raise _bad_request("Invalid Skip Token, skip token is null or expired.")
        return cursor

    def _find(self, options: dict[str, str], *, is_beta: bool) -> list[int]:
        text, order = options.get("$filter"), options.get("$orderby", f"{CREATED} desc").lower()
        if order not in _ORDERS:
            raise _bad_request("Only createdDateTime can be ordered by.")
        try:
            filter_ = parse_filter(text, is_beta=is_beta) if text is not None else None
        except FilterError as error:
            raise _bad_request(f"Invalid filter clause: {error}.") from error
        found = self._matching(filter_)
        return found if _ORDERS[order] else found[::-1]

    def _matching(self, filter_: ODataFilter | None) -> list[int]:
        """Positions, oldest first, of the rows that are logged by now and pass the filter."""
        now = self._now()
        first, last = 0, len(self._log)
        if filter_ and filter_.oldest:
            first = bisect_left(self._instants, filter_.oldest)
        if filter_ and filter_.newest:
            last = bisect_right(self._instants, filter_.newest)
        is_interactive_only = filter_ is None or not filter_.names_events
        return [
            position
            for position in range(first, last)
            if self._log[position].logged_at <= now
            and (not is_interactive_only or INTERACTIVE in self._log[position].row[EVENT_TYPES])
            and (filter_ is None or filter_.test(self._log[position].row))
        ]

    def _link(self, request: GraphRequest, cursor: _SkipToken, offset: int) -> str:
        token = base64.b64encode(f"RFNwdAIAAQ {len(self._cursors)} {offset}".encode()).decode()
        self._cursors[token] = _SkipToken(cursor.found, offset, self._clock())
        return next_link(request, token.replace("=", "%3D").replace("+", "%2B"))


def _top(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LARGEST_PAGE:
        raise _bad_request(
            f"Invalid page size specified: '{text}'. Must be between 1 and 1000 inclusive."
        )
    return int(text)


def _page(
    request: GraphRequest, rows: list[dict[str, object]], link: str | None, *, is_beta: bool
) -> GraphResponse:
    if not is_beta:
        rows = [_as_v1(row) for row in rows]
    version = "beta" if is_beta else "v1.0"
    context = f"http://{request.headers['host']}/{version}/$metadata#auditLogs/signIns"
    page = {"@odata.context": context, "@odata.nextLink": link, "value": rows}
    if link is None:
        del page["@odata.nextLink"]
    return json_response(page)


def _as_v1(row: dict[str, Any]) -> dict[str, Any]:
    policies = [
        {name: policy[name] for name in policy if name in V1_POLICY_PROPERTIES}
        for policy in row["appliedConditionalAccessPolicies"]
    ]
    known = {name: row[name] for name in row if name in V1_PROPERTIES}
    return {**known, "appliedConditionalAccessPolicies": policies}


def _bad_request(message: str) -> GraphRefusalError:
    return GraphRefusalError(HTTPStatus.BAD_REQUEST, "BadRequest", message)
