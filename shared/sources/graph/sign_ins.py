"""Sign-ins from Microsoft Graph, ``GET /beta/auditLogs/signIns``."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from shared.errors import OutOfOrderError, OutOfReachError, SourceIncompleteError
from shared.mfa.coverage import LogKinds
from shared.mfa.parts import Part, reached
from shared.mfa.sign_in import SignInEventType
from shared.sources.graph.answers import BrokenCrawlError
from shared.sources.graph.pages import read_pages
from shared.sources.graph.query import TimeRange, next_second, reach_url, sign_ins_url
from shared.sources.records.pages import parse_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources.graph.reader import GraphReader
    from shared.sources.records.pages import SignInPage

PERMISSION = "AuditLog.Read.All"  #: least privileged, delegated and application alike
#: How many closed days are whole. Entra keeps sign-ins for 30 days with P1 or P2, else for 7, which
#: is also what a new licence starts with (data retention page); of the oldest day, the hours before
#: this time of day are gone.
PREMIUM_REACH_DAYS = 29
SHORT_REACH_DAYS = 6

#: Event types other than interactive come back only if the filter names them.
_EVENT_TYPES = (
    SignInEventType.INTERACTIVE,
    SignInEventType.NON_INTERACTIVE,
    SignInEventType.SERVICE_PRINCIPAL,
    SignInEventType.MANAGED_IDENTITY,
)

_log = logging.getLogger(__name__)


class LogReach:
    """How many closed days back one tenant's log is whole, as found out today."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: tuple[date, int] | None = None

    def on(self, today: date, find: Callable[[date], int]) -> int:
        """What `find` returns; of many threads only one has it look."""
        with self._lock:
            if self._found is None or self._found[0] != today:
                self._found = today, find(today)
            return self._found[1]


class GraphSignIns:
    """
    One tenant's sign-ins at Partner Center, from Graph's beta sign-in log.

    A slice takes one request for each of the four event types and one more per further 1,000 rows.
    Requests are sent one after the other. Slices may be read in parallel; they share the pacer of
    their app and tenant.
    """

    def __init__(
        self,
        reader: GraphReader,
        scope: Scope,
        *,
        now: Callable[[], datetime],
        name: str = "graph",
        reach: LogReach | None = None,
    ) -> None:
        """`reach`: what all sources of one tenant know about its log."""
        self.name = name
        self._reader = reader
        self._scope = scope
        self._now = now
        self._reach = reach or LogReach()

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """Yield every sign-in of the slice, event type by event type; or raise."""
        self._check_reach(slice_.day)
        began = self._now()
        for event_type in _EVENT_TYPES:
            yield from self._read(TimeRange(slice_.start, slice_.end), event_type)
        self._check_over(slice_, began)

    def parts(self, slice_: Slice, kept: Sequence[Part]) -> Iterator[Part]:
        """Yield what is missing of the slice, a page at a time, newest first within each type."""
        self._check_reach(slice_.day)
        began = self._now()
        for event_type in _EVENT_TYPES:
            found = reached(kept, event_type, slice_.end)
            if found.since > slice_.start:
                rest = TimeRange(slice_.start, found.since)
                for part in self._newest_first(rest, event_type, found.rows):
                    self._check_over(slice_, began)
                    yield part

    def logs(self, slice_: Slice) -> LogKinds:
        """All: each is a request of its own, and a refused one raises."""
        del slice_
        return LogKinds()

    def reach_days(self, today: date) -> int:
        """
        How many closed days back the log is known to be whole, by one to six requests for one row.

        It is whole after any interactive sign-in of the tenant, at Partner Center or not. Where
        there are none, the log may have been purged, or be that of a new licence, so only what
        Entra keeps for everybody is believed to be whole. Found out once a day and tenant.
        """
        return self._reach.on(today, self._find_reach)

    def _find_reach(self, today: date) -> int:
        if self._has_sign_ins(today - timedelta(days=PREMIUM_REACH_DAYS)):
            return PREMIUM_REACH_DAYS
        whole, too_far = SHORT_REACH_DAYS, PREMIUM_REACH_DAYS
        while whole + 1 < too_far:
            days = (whole + too_far) // 2
            if self._has_sign_ins(today - timedelta(days=days)):
                whole = days
            else:
                too_far = days
        return whole

    def _check_over(self, slice_: Slice, began: datetime) -> None:
        """Raise if the slice was not over by Graph's clock when it began to be read."""
        clock = self._reader.clock
        if clock and not clock.had_passed(slice_.end, began):
            raise SourceIncompleteError(f"{slice_.name} was not over yet by Graph's clock.")

    def _check_reach(self, day: date) -> None:
        """Raise `OutOfReachError` if the log may have lost sign-ins of a day by their age."""
        today = self._now().date()
        age = (today - day).days
        if age <= SHORT_REACH_DAYS or (age <= PREMIUM_REACH_DAYS and age <= self.reach_days(today)):
            return
        raise OutOfReachError(
            f"Graph's log does not reach back to {day}: Entra keeps sign-ins for 30 days, for 7 "
            "without a premium licence, and the log has none from before that day."
        )

    def _has_sign_ins(self, before: date) -> bool:
        return bool(self._reader.read(reach_url(self._reader.url, before), parse_page).sign_ins)

    def _read(self, time_range: TimeRange, event_type: SignInEventType) -> Iterator[SignIn]:
        """
        Yield every sign-in of a time range.

        If the crawl breaks off, the pages it brought are dropped and each half is read instead.
        """
        url = sign_ins_url(self._reader.url, time_range, event_type, self._scope)
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
            _log.warning("graph: %s %s is read in halves: %s", event_type, time_range, error)
            for half in halves:
                yield from self._read(half, event_type)
        else:
            yield from sign_ins

    def _newest_first(
        self, time_range: TimeRange, event_type: SignInEventType, rows: int
    ) -> Iterator[Part]:
        """
        Yield the pages of a time range, each with the stretch of it that is then complete.

        Newer than the range, `rows` have been read. If the crawl breaks off, what is older than the
        last page is asked for again; if there is no page at all, each half.
        """
        url = sign_ins_url(self._reader.url, time_range, event_type, self._scope)
        # Graph may compare whole seconds, so the first rows may be of the second after the range.
        rest, newest, read = time_range, next_second(time_range.end), rows
        try:
            for page in self._pages(url, rows):
                since = _complete_since(page, rest, newest)
                rows = read + sum(sign_in.created_at > since for sign_in in page.sign_ins)
                own = tuple(filter(time_range.owns, page.sign_ins))
                yield Part(event_type, since, rest.end, rows, own)
                rest, newest, read = rest.before(since), since, read + len(page.sign_ins)
        except BrokenCrawlError as error:
            ranges = [rest] if rest != time_range else time_range.halves()
            if not ranges:
                raise
            _log.warning("graph: %s %s is asked for again: %s", event_type, rest, error)
            for part in ranges:
                yield from self._newest_first(part, event_type, rows)

    def _pages(self, url: str, rows_read: int = 0) -> Iterator[SignInPage]:
        """Yield every page of a query, its sign-ins numbered in the order of the pages."""

        def decode(body: bytes) -> SignInPage:
            return parse_page(body, sequence=rows_read)

        for page in read_pages(self._reader, url, decode):
            if page.unreadable:
                raise SourceIncompleteError(
                    f"{len(page.unreadable)} sign-ins on a page from Graph have no usable time."
                )
            rows_read += len(page.sign_ins)
            yield page


def _complete_since(page: SignInPage, rest: TimeRange, newest: str) -> str:
    """
    The instant since which a range is complete with the next page of it: a whole second.

    More rows of the oldest row's own second may be on the page after, so that second is not. No row
    may be newer than the one before it, nor the first one than `newest`.
    """
    oldest = newest
    for sign_in in page.sign_ins:
        if sign_in.created_at > oldest:
            raise OutOfOrderError("Graph's sign-in log does not come newest first.")
        oldest = sign_in.created_at
    if page.next_link is None:
        return rest.start
    if not page.sign_ins:
        return rest.end
    return max(rest.start, min(rest.end, next_second(oldest)))
