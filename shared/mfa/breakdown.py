"""Which users, applications and causes make up the missing share: splits that add up exactly."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import asdict

from shared.mfa.metrics import ShareRule, Tally, tally
from shared.mfa.reasons.reason import ReasonBasis, ReasonKind
from shared.mfa.request_counts import first_known, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.mfa.reasons.reason import Reason
    from shared.mfa.request_counts import RequestKind

    _Subject = Callable[[RequestKind], tuple[str, str, str]]

_Part = TypeVar("_Part", bound="Contribution")

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


class CauseContribution(Contribution, frozen=True):
    """
    What the requests with one reason contribute; those made with MFA have none.

    `id` is empty, and `name` is the reason's sentence.
    """

    kind: ReasonKind | None = None  #: `None` for "others", which may be of several kinds
    basis: ReasonBasis | None = None


class Breakdown(msgspec.Struct, frozen=True):
    """One channel's missing share, split in independent ways; each adds up to the whole."""

    by_user: list[Contribution]
    by_application: list[Contribution]
    by_cause: list[CauseContribution] = []  #: unknown requests have causes that count nothing


def break_down(kinds: Iterable[RequestKind], rule: ShareRule) -> Breakdown:
    """
    Split a channel's requests, given newest first, by user, application and cause; worst first.

    Every kind that counts against the share or is unknown has its reason.
    """
    requests = list(made(kinds))
    total = tally(requests)
    decided = total.verified + total.not_verified + total.exempted
    return Breakdown(
        by_user=_split(requests, rule, decided, _user),
        by_application=_split(requests, rule, decided, _application),
        by_cause=_by_cause(requests, rule, decided),
    )


def _user(kind: RequestKind) -> tuple[str, str, str]:
    return kind.user_key, kind.upn, kind.user_name


def _application(kind: RequestKind) -> tuple[str, str, str]:
    return kind.app_id, kind.app_name, ""


def _by_cause(
    requests: list[RequestKind], rule: ShareRule, decided: int
) -> list[CauseContribution]:
    groups: defaultdict[Reason, list[RequestKind]] = defaultdict(list)
    for request in requests:
        if request.reason:
            groups[request.reason].append(request)
    contributions = [
        CauseContribution(
            **{
                **asdict(_contribution("", group, rule, lambda _: ("", "", ""), decided)),
                "name": reason.sentence,
            },
            kind=reason.kind,
            basis=reason.basis,
        )
        for reason, group in groups.items()
    ]
    contributions.sort(
        key=lambda found: (-found.against, -found.counts.requests, found.name, found.basis or "")
    )
    return _with_others(contributions, CauseContribution)


def _split(
    requests: list[RequestKind], rule: ShareRule, decided: int, subject: _Subject
) -> list[Contribution]:
    groups: defaultdict[str, list[RequestKind]] = defaultdict(list)
    for request in requests:
        groups[subject(request)[0]].append(request)
    contributions = [
        _contribution(key, group, rule, subject, decided) for key, group in groups.items()
    ]
    contributions.sort(key=lambda found: (-found.against, -found.counts.requests, found.id))
    return _with_others(contributions, Contribution)


def _contribution(
    key: str,
    group: list[RequestKind],
    rule: ShareRule,
    subject: _Subject,
    decided: int,
) -> Contribution:
    counts = tally(group)
    known = [subject(kind) for kind in group]
    against = counts.against(rule)
    return Contribution(
        id=key,
        name=first_known(name for _, name, _ in known),
        detail=first_known(detail for _, _, detail in known),
        counts=counts,
        against=against,
        points=against / decided if decided else 0.0,
        last_against=next(
            (kind.newest[0] for kind in group if rule.counts_against(kind.verdict)), ""
        ),
    )


def _with_others(contributions: list[_Part], kind: type[_Part]) -> list[_Part]:
    shown, rest = contributions[:SUBJECTS_SHOWN], contributions[SUBJECTS_SHOWN:]
    if not rest:
        return shown
    others = kind(
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
