"""A window's requests as counts: what all figures, lists and findings are added up from."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from shared.mfa.kinds import Row
from shared.mfa.reasons.reason import Reason
from shared.mfa.scope import Channel
from shared.mfa.sign_in import SignIn, moment
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    _Kind: TypeAlias = tuple[Channel, Verdict, bool, str, str, str, str, str, Reason | None]
    _Day: TypeAlias = tuple[Channel, Verdict, bool, str, str, str]

Moment: TypeAlias = tuple[str, str]  #: when a sign-in was made, UTC, and its id


class RequestKind(msgspec.Struct, frozen=True, gc=False):
    """
    Requests of a window that are equal in all that figures distinguish, except for their day.

    Sign-ins that were not completed, and those of applications as themselves, have kinds, too.
    """

    channel: Channel
    verdict: Verdict
    can_show_single_factor: bool
    user_id: str
    upn: str
    user_name: str
    app_id: str
    app_name: str
    reason: Reason | None  #: of those against the share, or unknown
    count: int
    oldest: Moment
    newest: Moment

    @property
    def user_key(self) -> str:
        """What identifies the user: the object id, else the name; empty if neither is given."""
        return self.user_id or self.upn


class DayRequests(msgspec.Struct, frozen=True, gc=False):
    """One application's requests of one day that are equal in what a day's figures distinguish."""

    channel: Channel
    verdict: Verdict
    can_show_single_factor: bool
    day: str  #: ``YYYY-MM-DD``
    app_id: str
    app_name: str
    count: int
    newest: Moment


class ShownRequest(msgspec.Struct, frozen=True, gc=False):
    """A request that a list shows."""

    sign_in: SignIn  #: without what only its copies have
    verdict: Verdict
    reason: Reason | None


class SignInTraits(msgspec.Struct, frozen=True, gc=False):
    """What many sign-ins of an account have in common."""

    channel: Channel
    verdict: Verdict
    app_id: str
    app_name: str
    reason: Reason | None


class AccountSignIn(msgspec.Struct, frozen=True, gc=False):
    """A sign-in that its account's page shows: no more than that, as there are many."""

    created_at: str
    id: str  #: empty for a record without an id
    ip_address: str
    traits: SignInTraits  #: one object for all sign-ins with the same


class WindowRequests(msgspec.Struct, frozen=True):
    """What a window's requests come to: counts, and the few that are shown one by one."""

    kinds: list[RequestKind]  #: newest first
    days: list[DayRequests]  #: newest first
    newest: dict[Channel, list[ShownRequest]]  #: the newest 10,000, newest first
    of_accounts: dict[str, list[AccountSignIn]]  #: the newest 100, by user id in lower case
    with_traces: list[SignIn]  #: the newest of each user with the same policy traces

    def of(self, channel: Channel) -> list[RequestKind]:
        """The kinds of one channel, newest first."""
        return [kind for kind in self.kinds if kind.channel is channel]

    def by_day(self, channel: Channel) -> dict[str, list[DayRequests]]:
        """A channel's requests by their day, as ``YYYY-MM-DD``; days without any are not in."""
        found: defaultdict[str, list[DayRequests]] = defaultdict(list)
        for each in self.days:
            if each.channel is channel:
                found[each.day].append(each)
        return found


class Counted(msgspec.Struct, gc=False, eq=False):
    """Requests of one kind, while they are counted, oldest first."""

    traits: SignInTraits
    is_request: bool
    oldest: Moment
    newest: Moment
    count: int = 0
    of_day: int = 0  #: how many more there are of the day that is being read
    last: Row | None = None  #: the newest of these


class RequestCounter:
    """Counts the requests of a window by kind and by day."""

    def __init__(self) -> None:
        self._kinds: dict[_Kind, Counted] = {}
        self._days: dict[_Day, tuple[int, Moment]] = {}
        self._traits: dict[SignInTraits, SignInTraits] = {}

    def of(self, row: Row, channel: Channel, verdict: Verdict, reason: Reason | None) -> Counted:
        """What such a sign-in is counted in."""
        sign_in = row.kind.common
        user, app = _user(sign_in), (sign_in.app_id, sign_in.app_name)
        kind = channel, verdict, sign_in.can_show_single_factor, *user, *app, reason
        found = self._kinds.get(kind)
        if found is None:
            traits = SignInTraits(channel, verdict, *app, reason)
            traits = self._traits.setdefault(traits, traits)
            made_at = moment(row)
            found = self._kinds[kind] = Counted(traits, verdict.is_request, made_at, made_at)
        return found

    def end_day(self) -> None:
        """Add up the day that has been read."""
        for kind, found in self._kinds.items():
            if found.last is not None:
                newest = moment(found.last)
                channel, verdict, can_show, *_, app_id, app_name, _ = kind
                day = channel, verdict, can_show, found.last.day, app_id, app_name
                count, known = self._days.get(day, (0, newest))
                self._days[day] = count + found.of_day, max(known, newest)
                found.count, found.newest = found.count + found.of_day, newest
                found.of_day, found.last = 0, None

    def kinds(self) -> list[RequestKind]:
        """Every kind of request of the days that have ended, newest first."""
        every = self._kinds.items()
        kinds = (RequestKind(*kind, it.count, it.oldest, it.newest) for kind, it in every)
        return sorted(kinds, key=_newest, reverse=True)

    def days(self) -> list[DayRequests]:
        """The same by day."""
        found = (DayRequests(*kind, *counted) for kind, counted in self._days.items())
        return sorted(found, key=_newest, reverse=True)


_user = attrgetter("user_id", "upn", "user_name")


def _newest(kind: RequestKind | DayRequests) -> Moment:
    return kind.newest


def made(kinds: Iterable[RequestKind]) -> Iterator[RequestKind]:
    """The kinds that are requests in the report's sense."""
    return (kind for kind in kinds if kind.verdict.is_request)


def first_known(names: Iterable[str]) -> str:
    """The first name that is not empty, as kinds come newest first: the newest one."""
    return next(filter(None, names), "")
