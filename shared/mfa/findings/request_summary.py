"""What findings need to know of a window's requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.metrics import ShareRule
from shared.mfa.request_counts import made
from shared.mfa.scope import Channel
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.metrics import ApiMetrics, Metrics, PortalMetrics
    from shared.mfa.request_counts import Moment, RequestKind, WindowRequests


class RequestGroup(msgspec.Struct, frozen=True, gc=False):
    """The requests of one user by one application that have the same decided verdict."""

    channel: Channel
    user: str  #: the user's key: object id, else name
    app_id: str
    verdict: Verdict
    count: int
    first: str  #: when the oldest was made, UTC
    last: str  #: when the newest was made, UTC


class ReadRequests(msgspec.Struct, frozen=True):
    """How many of a channel's requests count, of how many; unknown ones do not count."""

    counted: int = 0
    total: int = 0
    unknown: int = 0
    is_whole: bool = True  #: whether nothing of the window is missing, so that this is the share


class RequestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A window's requests, by user id (the account's object id), by application and in groups."""

    without_mfa: Mapping[str, str] = {}  #: id of the newest record that is not verified
    exempted: Mapping[str, str] = {}  #: id of the newest record with MFA skipped
    active: Collection[str] = ()  #: ids of all users who made a request
    app_only: Mapping[str, int] = {}  #: calls without a user, by application name
    names: Mapping[str, str] = {}  #: user principal names, from the log
    unknown_applications: Mapping[str, int] = {}  #: unknown API requests, by application name
    unknown_users: Mapping[str, int] = {}  #: unknown portal requests, by user id or name
    cannot_show: int = 0  #: requests whose records lack the fields that show a single factor
    groups: tuple[RequestGroup, ...] = ()  #: of users and applications with requests without MFA
    applications: Mapping[str, str] = {}  #: names, by application id
    read: Mapping[Channel, ReadRequests] = {}
    rule: ShareRule = ShareRule()

    def indexes_against(self) -> Iterable[int]:
        """The indexes of the groups that lower a share."""
        against = self.rule.counts_against
        return (index for index, group in enumerate(self.groups) if against(group.verdict))


def summary_of(requests: WindowRequests, metrics: Metrics, rule: ShareRule) -> RequestSummary:
    """A window's requests as findings need them."""
    kinds, api = requests.kinds, requests.of(Channel.API)
    of_users = [kind for kind in kinds if kind.user_id]
    return RequestSummary(
        without_mfa=_newest_records(of_users, Verdict.NOT_VERIFIED),
        exempted=_newest_records(of_users, Verdict.EXEMPTED),
        active={kind.user_id for kind in made(of_users)},
        app_only=_calls_by_application(api, Verdict.APP_ONLY),
        unknown_applications=_calls_by_application(api, Verdict.UNKNOWN),
        unknown_users=_unknown_users(requests.of(Channel.PORTAL)),
        cannot_show=sum(kind.count for kind in made(kinds) if not kind.can_show_single_factor),
        names={kind.user_id: kind.upn for kind in reversed(of_users) if kind.upn},
        groups=_groups(kinds),
        applications={
            kind.app_id: kind.app_name
            for channel in Channel
            for kind in sorted(requests.of(channel), key=_oldest, reverse=True)
            if kind.app_name
        },
        read={
            Channel.PORTAL: _read(metrics.portal, rule),
            Channel.API: _read(metrics.api, rule),
        },
        rule=rule,
    )


def _oldest(kind: RequestKind) -> Moment:
    return kind.oldest


def _newest_records(kinds: list[RequestKind], verdict: Verdict) -> dict[str, str]:
    """By user, in the order in which they began, the newest record with that verdict."""
    found = [kind for kind in kinds if kind.verdict is verdict]
    newest = {kind.user_id: kind.newest[1] for kind in reversed(found)}
    return {kind.user_id: newest[kind.user_id] for kind in sorted(found, key=_oldest)}


def _calls_by_application(kinds: list[RequestKind], verdict: Verdict) -> Counter[str]:
    calls: Counter[str] = Counter()
    for kind in kinds:
        if kind.verdict is verdict:
            calls[kind.app_name or kind.app_id or "(no name)"] += kind.count
    return calls


def _unknown_users(kinds: list[RequestKind]) -> Counter[str]:
    unknown: Counter[str] = Counter()
    for kind in kinds:
        if kind.verdict is Verdict.UNKNOWN:
            unknown[kind.user_key] += kind.count
    return unknown


def _groups(kinds: list[RequestKind]) -> tuple[RequestGroup, ...]:
    """
    The requests without MFA, or with MFA skipped, and the verified ones by who made any of these.

    A large tenant has very many verified requests, and nothing can be gained of the others.
    """
    short = [kind for kind in kinds if kind.verdict in (Verdict.EXEMPTED, Verdict.NOT_VERIFIED)]
    users = {kind.user_key for kind in short}
    applications = {kind.app_id for kind in short}
    verified = (
        kind
        for kind in kinds
        if kind.verdict is Verdict.VERIFIED
        and (kind.user_key in users or kind.app_id in applications)
    )
    groups: dict[tuple[Channel, str, str, Verdict], tuple[int, str, str]] = {}
    for kind in chain(short, verified):
        key = kind.channel, kind.user_key, kind.app_id, kind.verdict
        first, last = kind.oldest[0], kind.newest[0]
        count, *times = groups.get(key, (0, first, last))
        groups[key] = count + kind.count, min(first, times[0]), max(last, times[1])
    return tuple(RequestGroup(*key, *counted) for key, counted in sorted(groups.items()))


def _read(metrics: PortalMetrics | ApiMetrics, rule: ShareRule) -> ReadRequests:
    return ReadRequests(
        counted=metrics.verified + (metrics.exempted if rule.exempted_counts_as_mfa else 0),
        total=metrics.requests,
        unknown=metrics.unknown,
        is_whole=metrics.share_lower is not None,
    )
