"""What findings need to know of a window's requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.metrics import ShareRule
from shared.mfa.requests import newness
from shared.mfa.scope import Channel
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.metrics import ApiMetrics, Metrics, PortalMetrics
    from shared.mfa.requests import Request


class RequestGroup(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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

    def indexes_against(self, channel: Channel | None = None) -> Iterable[int]:
        """The indexes of the groups, of one channel or of both, that lower a share."""
        return (
            index
            for index, group in enumerate(self.groups)
            if self.rule.counts_against(group.verdict) and channel in (None, group.channel)
        )


def summary_of(
    requests: Mapping[Channel, list[Request]], metrics: Metrics, rule: ShareRule
) -> RequestSummary:
    """A window's requests as findings need them."""
    every = list(chain.from_iterable(requests.values()))
    oldest_first = sorted((item for item in every if item.sign_in.user_id), key=newness)
    return RequestSummary(
        without_mfa=_newest_records(oldest_first, Verdict.NOT_VERIFIED),
        exempted=_newest_records(oldest_first, Verdict.EXEMPTED),
        active={item.sign_in.user_id for item in oldest_first if item.verdict.is_request},
        app_only=_calls_by_application(requests[Channel.API], Verdict.APP_ONLY),
        unknown_applications=_calls_by_application(requests[Channel.API], Verdict.UNKNOWN),
        unknown_users=Counter(
            request.sign_in.user_key
            for request in requests[Channel.PORTAL]
            if request.verdict is Verdict.UNKNOWN
        ),
        cannot_show=sum(
            item.verdict.is_request and not item.sign_in.can_show_single_factor for item in every
        ),
        names={item.sign_in.user_id: item.sign_in.upn for item in oldest_first if item.sign_in.upn},
        groups=_groups(every),
        applications={
            item.sign_in.app_id: item.sign_in.app_name for item in every if item.sign_in.app_name
        },
        read={
            Channel.PORTAL: _read(metrics.portal, rule),
            Channel.API: _read(metrics.api, rule),
        },
        rule=rule,
    )


def _newest_records(oldest_first: list[Request], verdict: Verdict) -> dict[str, str]:
    return {
        request.sign_in.user_id: request.sign_in.id
        for request in oldest_first
        if request.verdict is verdict
    }


def _calls_by_application(requests: list[Request], verdict: Verdict) -> Counter[str]:
    return Counter(
        request.sign_in.app_name or request.sign_in.app_id or "(no name)"
        for request in requests
        if request.verdict is verdict
    )


def _groups(requests: list[Request]) -> tuple[RequestGroup, ...]:
    """
    The requests without MFA, or with MFA skipped, and the verified ones by who made any of these.

    A large tenant has very many verified requests, and nothing can be gained of the others.
    """
    short = [item for item in requests if item.verdict in (Verdict.EXEMPTED, Verdict.NOT_VERIFIED)]
    users = {item.sign_in.user_key for item in short}
    applications = {item.sign_in.app_id for item in short}
    verified = (
        item
        for item in requests
        if item.verdict is Verdict.VERIFIED
        and (item.sign_in.user_key in users or item.sign_in.app_id in applications)
    )
    times: defaultdict[tuple[Channel, str, str, Verdict], list[str]] = defaultdict(list)
    for item in chain(short, verified):
        key = item.channel, item.sign_in.user_key, item.sign_in.app_id, item.verdict
        times[key].append(item.sign_in.created_at)
    return tuple(
        RequestGroup(
            channel=channel,
            user=user,
            app_id=app_id,
            verdict=verdict,
            count=len(made),
            first=min(made),
            last=max(made),
        )
        for (channel, user, app_id, verdict), made in sorted(times.items())
    )


def _read(metrics: PortalMetrics | ApiMetrics, rule: ShareRule) -> ReadRequests:
    return ReadRequests(
        counted=metrics.verified + (metrics.exempted if rule.exempted_counts_as_mfa else 0),
        total=metrics.requests,
        unknown=metrics.unknown,
        is_whole=metrics.share_lower is not None,
    )
