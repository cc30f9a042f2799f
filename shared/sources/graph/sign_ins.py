"""Sign-ins from Microsoft Graph, ``GET /beta/auditLogs/signIns``."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.errors import SourceIncompleteError
from shared.mfa.sign_in import SignInEventType
from shared.sources.graph.answers import BrokenCrawlError
from shared.sources.graph.query import TimeRange, reach_url, sign_ins_url
from shared.sources.records.parsing import parse_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources.graph.reader import GraphReader
    from shared.sources.records.parsing import SignInPage

#: For a `GraphReader`.
PERMISSION = "AuditLog.Read.All"  #: least privileged, delegated and application alike
PREMIUM_REACH_DAYS = 30  #: Entra ID P1 and P2 keep sign-ins as long (data retention page)
SHORT_REACH_DAYS = 7  #: what a free tenant keeps, and a licence bought lately starts with

#: Without its name in the filter an event type other than interactive does not come back.
_EVENTS = (
    SignInEventType.INTERACTIVE,
    SignInEventType.NON_INTERACTIVE,
    SignInEventType.SERVICE_PRINCIPAL,
    SignInEventType.MANAGED_IDENTITY,
)

_log = logging.getLogger(__name__)


class GraphSignIns:
    """
    One tenant's sign-ins at Partner Center, from Graph's beta sign-in log.

    A slice takes one request for each of the four event types and one more per further 1,000 rows.
    Requests go one after the other: slices run side by side where that is worth it, and share the
    pacer of their app and tenant.
    """

    def __init__(
        self, reader: GraphReader, scope: Scope, *, today: date, name: str = "graph"
    ) -> None:
        self.name = name
        self._reader = reader
        self._scope = scope
        self._today = today

    def sign_ins(self, owed: Slice) -> Iterator[SignIn]:
        """Yield every sign-in of the slice, event type by event type; or raise."""
        for event in _EVENTS:
            yield from self._all_of(TimeRange(owed.start, owed.end), event)

    def reach_days(self) -> int:
        """
        How many closed days back the log goes, by one request for one row.

        Asks for any interactive sign-in of the tenant, at Partner Center or not, that is eight days
        old. Where there is one the log is kept for longer than seven days, which means thirty;
        where there is none, there is nothing to fill in beyond the seven either.
        """
        url = reach_url(self._reader.url, self._today - timedelta(days=SHORT_REACH_DAYS + 1))
        page = self._reader.read(url, parse_page)
        return PREMIUM_REACH_DAYS if page.sign_ins else SHORT_REACH_DAYS

    def _all_of(self, time_range: TimeRange, event: SignInEventType) -> Iterator[SignIn]:
        """All of a time range. What a broken try brought is dropped, and each half begun anew."""
        url = sign_ins_url(self._reader.url, time_range, event, self._scope)
        try:
            sign_ins = [
                sign_in
                for page in self._pages(url)
                for sign_in in page.sign_ins
                if time_range.owns(sign_in)
            ]
        except BrokenCrawlError as error:
            halves = time_range.halves()
            if not halves:
                raise
            _log.warning("graph: %s %s is read in halves: %s", event, time_range, error)
            for half in halves:
                yield from self._all_of(half, event)
        else:
            yield from sign_ins

    def _pages(self, first_url: str) -> Iterator[SignInPage]:
        """Every page of a query, each next link followed exactly as Graph gave it."""
        followed = {first_url}
        page = self._page(first_url, sequence=0)
        sequence = len(page.sign_ins)
        yield page
        while link := page.next_link:
            self._check_link(link, followed)
            followed.add(link)
            page = self._page(link, sequence, is_next_page=True)
            sequence += len(page.sign_ins)
            yield page

    def _page(self, url: str, sequence: int, *, is_next_page: bool = False) -> SignInPage:
        decode = partial(parse_page, sequence=sequence)
        page = self._reader.read(url, decode, is_next_page=is_next_page)
        if page.unreadable:
            raise SourceIncompleteError(
                f"{len(page.unreadable)} sign-ins on a page of Graph's have no usable time."
            )
        return page

    def _check_link(self, link: str, followed: set[str]) -> None:
        if not link.startswith(f"{self._reader.url}/"):
            raise SourceIncompleteError(
                "Graph's link to the next page leads to another host; it was not followed."
            )
        if link in followed:
            raise SourceIncompleteError("Graph's links to the next page lead in a circle.")
