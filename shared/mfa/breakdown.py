"""Which users and applications make up the missing share: a split that adds up exactly."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.metrics import ShareRule, Tally, tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.mfa.requests import Request
    from shared.mfa.sign_in import SignIn

SUBJECTS_SHOWN = 50  #: any more are summed in a last contribution named "others"


class Contribution(msgspec.Struct, frozen=True):
    """What one user or one application contributes to a channel's figure."""

    id: str  #: object id or application id; empty for "others"
    name: str  #: user principal name or application name, as last seen
    detail: str  #: display name of the user; empty for applications
    counts: Tally
    against: int  #: its requests that keep the share below 100 %
    points: float  #: `against` / all decided requests; all contributions sum to 1 - share
    last_against: str  #: when the newest of these was made, UTC; empty if there is none
    others: int = 0  #: how many users or applications "others" stands for


class Breakdown(msgspec.Struct, frozen=True):
    """One channel's missing share, split in two independent ways; each adds up to the whole."""

    by_user: list[Contribution]
    by_application: list[Contribution]


def break_down(requests: Iterable[Request], rule: ShareRule) -> Breakdown:
    """Split a channel's requests, given newest first, by user and by application; worst first."""
    made = [request for request in requests if request.verdict.is_request]
    return Breakdown(
        by_user=_split(made, rule, _user), by_application=_split(made, rule, _application)
    )


def _user(sign_in: SignIn) -> tuple[str, str, str]:
    return sign_in.user_key, sign_in.upn, sign_in.user_name


def _application(sign_in: SignIn) -> tuple[str, str, str]:
    return sign_in.app_id, sign_in.app_name, ""


def _split(
    requests: list[Request], rule: ShareRule, subject: Callable[[SignIn], tuple[str, str, str]]
) -> list[Contribution]:
    groups: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        groups[subject(request.sign_in)[0]].append(request)
    total = tally(requests)
    decided = total.verified + total.not_verified + total.exempted
    contributions = [
        _contribution(key, group, rule, subject, decided) for key, group in groups.items()
    ]
    contributions.sort(key=lambda found: (-found.against, -found.counts.requests, found.id))
    return _with_others(contributions)


def _contribution(
    key: str,
    group: list[Request],
    rule: ShareRule,
    subject: Callable[[SignIn], tuple[str, str, str]],
    decided: int,
) -> Contribution:
    counts = tally(group)
    known = [subject(request.sign_in) for request in group]
    against = counts.against(rule)
    return Contribution(
        id=key,
        name=next((name for _, name, _ in known if name), ""),
        detail=next((detail for _, _, detail in known if detail), ""),
        counts=counts,
        against=against,
        points=against / decided if decided else 0.0,
        last_against=next(
            (
                request.sign_in.created_at
                for request in group
                if rule.counts_against(request.verdict)
            ),
            "",
        ),
    )


def _with_others(contributions: list[Contribution]) -> list[Contribution]:
    shown, rest = contributions[:SUBJECTS_SHOWN], contributions[SUBJECTS_SHOWN:]
    if not rest:
        return shown
    others = Contribution(
        id="",
        name="others",
        detail="",
        counts=_sum(contribution.counts for contribution in rest),
        against=sum(contribution.against for contribution in rest),
        points=sum(contribution.points for contribution in rest),
        last_against=max(contribution.last_against for contribution in rest),
        others=len(rest),
    )
    return [*shown, others]


def _sum(tallies: Iterable[Tally]) -> Tally:
    columns = zip(*map(msgspec.structs.astuple, tallies), strict=True)
    return Tally(*(sum(column) for column in columns))
