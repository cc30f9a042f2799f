"""Which users, applications and causes make up the missing share: splits that add up exactly."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import asdict

from shared.mfa.metrics import ShareRule, Tally, tally
from shared.mfa.reasons.reason import ReasonBasis, ReasonKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.mfa.reasons.reason import Reason
    from shared.mfa.requests import Request

    _Subject = Callable[[Request], tuple[str, str, str]]

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


def break_down(
    requests: Iterable[Request], rule: ShareRule, reasons: Mapping[str, Reason]
) -> Breakdown:
    """
    Split a channel's requests, given newest first, by user, application and cause; worst first.

    `reasons`, by sign-in id, has those of all requests that count against the share or are unknown.
    """
    made = [request for request in requests if request.verdict.is_request]
    total = tally(made)
    decided = total.verified + total.not_verified + total.exempted
    return Breakdown(
        by_user=_split(made, rule, decided, _user),
        by_application=_split(made, rule, decided, _application),
        by_cause=_by_cause(made, rule, decided, reasons),
    )


def _user(request: Request) -> tuple[str, str, str]:
    sign_in = request.sign_in
    return sign_in.user_key, sign_in.upn, sign_in.user_name


def _application(request: Request) -> tuple[str, str, str]:
    return request.sign_in.app_id, request.sign_in.app_name, ""


def _by_cause(
    requests: list[Request], rule: ShareRule, decided: int, reasons: Mapping[str, Reason]
) -> list[CauseContribution]:
    groups: defaultdict[Reason, list[Request]] = defaultdict(list)
    for request in requests:
        if reason := reasons.get(request.sign_in.id):
            groups[reason].append(request)
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
    requests: list[Request], rule: ShareRule, decided: int, subject: _Subject
) -> list[Contribution]:
    groups: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        groups[subject(request)[0]].append(request)
    contributions = [
        _contribution(key, group, rule, subject, decided) for key, group in groups.items()
    ]
    contributions.sort(key=lambda found: (-found.against, -found.counts.requests, found.id))
    return _with_others(contributions, Contribution)


def _contribution(
    key: str,
    group: list[Request],
    rule: ShareRule,
    subject: _Subject,
    decided: int,
) -> Contribution:
    counts = tally(group)
    known = [subject(request) for request in group]
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
