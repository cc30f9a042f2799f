"""Queries of Graph's sign-in log: time ranges, and the addresses that ask for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn, SignInEventType

PAGE_ROWS = 1000  #: default and maximum of ``$top``
SHORTEST_RANGE = timedelta(minutes=1)  #: halving it would hardly save rows
_PATH = "/beta/auditLogs/signIns"  #: v1.0 has no event types, no steps, no sessions


class TimeRange(msgspec.Struct, frozen=True):
    """
    A half-open range of UTC time, in whole seconds.

    Its ends are written like `SignIn.created_at`: ``2026-11-23T08:15:00.0000000Z``.
    """

    start: str
    end: str

    def __str__(self) -> str:
        return f"{_brief(self.start)}/{_brief(self.end)}"

    def owns(self, sign_in: SignIn) -> bool:
        """Whether a sign-in falls into the range."""
        return self.start <= sign_in.created_at < self.end

    def before(self, end: str) -> TimeRange:
        """What of the range is older than `end`."""
        return TimeRange(self.start, end)

    def halves(self) -> list[TimeRange]:
        """The later half, then the earlier one; empty if the range is too short to be halved."""
        start, end = _instant(self.start), _instant(self.end)
        if end - start <= SHORTEST_RANGE:
            return []
        middle = start + timedelta(seconds=(end - start) // timedelta(seconds=2))
        text = _written(middle)
        return [TimeRange(text, self.end), TimeRange(self.start, text)]


def sign_ins_url(
    graph_url: str, time_range: TimeRange, event_type: SignInEventType, scope: Scope
) -> str:
    """
    The address of a time range's first page: one event type, of Partner Center's applications only.

    The documented operators on ``createdDateTime`` are ``eq``, ``le`` and ``ge``. So the upper
    bound includes the instant after the range, whose rows `TimeRange.owns` excludes: a bound one
    tick earlier would lose the last second if Graph ignores fractions.
    """
    clauses = [
        f"createdDateTime ge {_brief(time_range.start)}",
        f"createdDateTime le {_brief(time_range.end)}",
        f"signInEventTypes/any(t: t eq '{event_type}')",
        f"({_scope_clause(scope)})",
    ]
    return _address(graph_url, " and ".join(clauses), PAGE_ROWS)


def reach_url(graph_url: str, before: date) -> str:
    """The address of the newest interactive sign-in of the whole tenant before a day: one row."""
    return _address(graph_url, f"createdDateTime le {before}T00:00:00Z", 1)


def _scope_clause(scope: Scope) -> str:
    clauses = [
        *(f"resourceId eq '{id_}'" for id_ in sorted(scope.resource_ids)),
        *(f"appId eq '{id_}'" for id_ in sorted(scope.portal_app_ids)),
    ]
    return " or ".join(clauses)


def _address(graph_url: str, filter_: str, rows: int) -> str:
    encoded = quote(filter_, safe="'()/:,")
    return f"{graph_url}{_PATH}?$filter={encoded}&$top={rows}"


def next_second(text: str) -> str:
    """The first whole second after an instant."""
    return _written(_instant(text) + timedelta(seconds=1))


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}.0000000Z"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text[:19]}+00:00")


def _brief(text: str) -> str:
    """The time without its fraction of a second, which is zero."""
    return f"{text[:19]}Z"
