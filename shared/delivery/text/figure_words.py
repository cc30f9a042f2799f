"""One figure in words: its share, its numerator and denominator, its forecast and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.figures import State
from shared.delivery.text.formatting import (
    count,
    harmless,
    long_day,
    name_of,
    percent,
    shorten,
    thousands,
)
from shared.mfa.breakdown import CauseContribution
from shared.mfa.reasons.reason import ReasonBasis, ReasonKind
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.delivery.text.figures import AccountFigure, RequestFigure
    from shared.mfa.breakdown import Contribution
    from shared.mfa.report import Report


def share_words(figure: RequestFigure) -> str:
    """The figure in a few words, its bounds first: ``at least 39 %, at most 100 %``."""
    if figure.state is State.EMPTY:
        return "no requests"
    if figure.is_bounded:
        return f"at least {percent(figure.lower)}, at most {percent(figure.upper)}"
    if figure.state is State.PARTLY:
        return f"{percent(figure.share)} of what was read"
    return percent(figure.share)


def provisional_words(figure: RequestFigure) -> str:
    """What the available days and logs say of a figure without a share; empty if nothing."""
    if figure.state is not State.INCOMPLETE or not figure.decided:
        return ""
    if figure.counts.unknown:
        lower, upper = figure.counts.bounds(figure.rule)
        return f"at least {percent(lower)}, at most {percent(upper)}"
    return "" if figure.provisional is None else percent(figure.provisional)


def account_share_words(accounts: AccountFigure) -> str:
    """The accounts' figure in a few words."""
    if accounts.state in _NO_SHARE:
        return _NO_SHARE[accounts.state]
    if not accounts.unknown:
        return percent(accounts.share)
    return f"at least {percent(accounts.share)}, at most {percent(accounts.share_upper)}"


_NO_SHARE = {
    State.UNREAD: "not read",
    State.EMPTY: "no accounts",
    State.UNDECIDED: "unknown",
}


def made_with(figure: RequestFigure) -> str:
    """The figure's numerator and denominator in words."""
    counts = figure.counts
    if not counts.requests:
        return f"No request was {'made' if figure.state is State.EMPTY else 'read'}."
    if not figure.decided:
        return f"Whether MFA was used is unknown for {count(counts.unknown, 'request')}."
    if not counts.unknown:
        of = f"{thousands(figure.with_mfa)} of {count(figure.decided, 'request')}"
        verb = "was" if 1 in (figure.with_mfa, figure.decided) else "were"
        return f"{of} {verb} made with MFA.{_cannot_show(figure)}"
    of = f"{thousands(figure.with_mfa)} of {count(counts.requests, 'request')}"
    at_most = percent(counts.bounds(figure.rule)[1])
    because = f"{thousands(counts.unknown)} {'is' if counts.unknown == 1 else 'are'} unknown"
    verb = "was" if figure.with_mfa == 1 else "were"
    bounds = f"At least {of} {verb} made with MFA; at most {at_most}, because {because}."
    return bounds + _cannot_show(figure)


def _cannot_show(figure: RequestFigure) -> str:
    """Why there is no share although requests were decided; empty if there is one."""
    if figure.provisional is not None or not figure.decided:
        return ""
    return " The records lack the fields that would show a sign-in without MFA."


def enforced_of(accounts: AccountFigure) -> str:
    """The accounts' numerator and denominator in words."""
    enabled = count(accounts.enabled, "enabled account")
    if accounts.state is State.EMPTY:
        return "The directory has no enabled account."
    if accounts.state is State.UNDECIDED:
        return f"Whether MFA is enforced is unknown for {enabled}."
    of = f"{thousands(accounts.enforced)} of {enabled}"
    verb = "has" if 1 in (accounts.enforced, accounts.enabled) else "have"
    if not accounts.unknown:
        return f"{of} {verb} MFA enforced."
    at_most = percent(accounts.share_upper)
    unjudged = f"{thousands(accounts.unknown)} could not be judged"
    return f"At least {of} {verb} MFA enforced; at most {at_most}, because {unjudged}."


def forecast(report: Report, figure: RequestFigure) -> str:
    """The day on which the figure reads 100 %; empty if nothing counts against it."""
    forecasts = report.forecast
    channel = forecasts.portal if figure.channel is Channel.PORTAL else forecasts.api
    if channel.reads_100_on is None:
        return ""
    if figure.state is State.INCOMPLETE:
        when = f"no earlier than {long_day(channel.reads_100_on)}"
        return f"Reads 100\u00a0% {when}: what is missing may contain later requests without MFA."
    when = long_day(channel.reads_100_on)
    if figure.counts.unknown:
        because = "the unknown requests may have been made without MFA"
        return f"Reads 100\u00a0% no earlier than {when}: {because}."
    return f"Reads 100\u00a0% on {when} if no further request without MFA is made."


_CAUSE_LIMIT = 240  #: characters of a cause that are shown: a sentence with two names


def part_name(part: Contribution) -> str:
    """The best name of a user or an application in a breakdown, or the sentence of a cause."""
    if part.others:
        return "all others"
    if isinstance(part, CauseContribution):
        return shorten(harmless(part.name), _CAUSE_LIMIT)
    return name_of(part.name, part.detail, part.id)


_UNTOLD = (ReasonKind.NO_EVIDENCE, ReasonKind.NOT_TOLD)
_BASES = {
    ReasonBasis.RECORD: "As the records say",
    ReasonBasis.DIRECTORY: "As the directory says, since the records do not",
}


def basis_of(part: Contribution) -> str:
    """What a cause is based on; empty for a user or an application, and where nothing tells it."""
    if not isinstance(part, CauseContribution) or part.kind in _UNTOLD:
        return ""
    return _BASES[part.basis] if part.basis else ""
