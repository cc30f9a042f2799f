"""What a report says, in sentences: the page and the mail use the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.figures import State, account_figure, overall_state, request_figures
from shared.delivery.text.formatting import (
    capitalised,
    count,
    harmless,
    listed,
    long_day,
    name_of,
    percent,
    thousands,
)
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.delivery.text.figures import AccountFigure, RequestFigure
    from shared.mfa.breakdown import Contribution
    from shared.mfa.report import Report

_LABELS = {
    State.MET: "At 100\u00a0%",
    State.BELOW: "Below 100\u00a0%",
    State.INCOMPLETE: "Incomplete",
    State.UNDECIDED: "Not known",
    State.EMPTY: "Nothing to measure",
    State.UNREAD: "Not read",
}

_SOURCES = {
    "graph": "Microsoft Graph sign-in log",
    "diagnostics": "Microsoft Entra diagnostic settings (sign-in logs)",
    "exports": "exported sign-in records",
    "partner_center": "Partner Center request records",
    "simulated": "simulated sign-in records",
}


def label(state: State) -> str:
    """A state in two or three words."""
    return _LABELS[state]


def source_name(source: str) -> str:
    """The name of a source for readers."""
    return _SOURCES.get(source, source)


def headline(report: Report) -> str:
    """The verdict in one sentence."""
    figures, accounts = request_figures(report), account_figure(report)
    if overall_state(report) is State.INCOMPLETE:
        missing = len(report.window.missing)
        verb = "is" if missing == 1 else "are"
        clauses = [f"the request shares are unknown, because {missing} of 7 days {verb} missing"]
    elif all(figure.state is State.EMPTY for figure in figures):
        clauses = ["no request to Partner Center was recorded in these seven days"]
    else:
        clauses = _request_clauses(figures)
    return _sentence([*_account_clauses(accounts), *clauses, *_unreadable_clauses(report)])


def so_far(report: Report) -> str:
    """The verdict over the complete days if others are missing; empty otherwise."""
    figures = [figure for figure in request_figures(report) if figure.counts.requests]
    if not report.window.missing or not figures:
        return ""
    first, *more = _request_clauses(figures)
    days = count(report.window.complete_days, "complete day")
    return _sentence([f"provisionally, over the {days}, {first}", *more])


@dataclass(frozen=True, slots=True)
class SentenceWithName:
    """A sentence that ends in a name from a log, which a page isolates from its own text."""

    before: str
    name: str

    def __str__(self) -> str:
        return f"{self.before} {self.name}."


def worst(report: Report) -> list[SentenceWithName]:
    """For each channel below 100 %, the user or application with the most requests without MFA."""
    return [
        _worst_of(figure)
        for figure in request_figures(report)
        if figure.against and (figure.breakdown.by_user or figure.breakdown.by_application)
    ]


def _worst_of(figure: RequestFigure) -> SentenceWithName:
    by_user = figure.channel is Channel.PORTAL
    part = (figure.breakdown.by_user if by_user else figure.breakdown.by_application)[0]
    without = f"{count(figure.against, figure.noun)} without MFA"
    if figure.against == 1:
        made = f"The {without} was made by"
    elif part.against == figure.against:
        made = f"All {without} were made by"
    else:
        verb = "was" if part.against == 1 else "were"
        made = f"Of the {without}, {thousands(part.against)} {verb} made by"
    return SentenceWithName(made if by_user else f"{made} the application", part_name(part))


def asides(report: Report) -> list[str]:
    """How exempted and unknown requests are counted in the headline, if there are any."""
    figures = request_figures(report)
    exempted = [
        count(figure.counts.exempted, f"exempted {figure.noun}")
        for figure in figures
        if figure.counts.exempted
    ]
    unknown = [
        count(figure.counts.unknown, figure.noun) for figure in figures if figure.counts.unknown
    ]
    counted = "with" if report.rule.exempted_counts_as_mfa else "without"
    return [
        *([f"Counted as {counted} MFA: {listed(exempted)}."] if exempted else []),
        *([f"Left out, because unknown: {listed(unknown)}."] if unknown else []),
    ]


def part_name(part: Contribution) -> str:
    """The best name of a user or an application in a breakdown."""
    return "all others" if part.others else name_of(part.name, part.detail, part.id)


def _request_clauses(figures: list[RequestFigure]) -> list[str]:
    """The channels below 100 % come first, in one clause."""
    lacking = [figure for figure in figures if figure.against]
    clauses = []
    if lacking:
        single = len(lacking) == 1 and lacking[0].against == 1
        verb = "was" if single else "were"
        requests = listed([_lacking(figure) for figure in lacking])
        clauses.append(f"{requests} {verb} made without MFA")
    met = [f"every {figure.noun}{_known(figure)}" for figure in figures if _is_met(figure)]
    if met:
        clauses.append(f"{listed(met)} was made with MFA")
    return clauses + [_nothing_known(figure) for figure in figures if not figure.decided]


def _is_met(figure: RequestFigure) -> bool:
    return bool(figure.decided and not figure.against)


def _lacking(figure: RequestFigure) -> str:
    if figure.against < figure.decided:
        return f"{thousands(figure.against)} of {count(figure.decided, figure.noun)}"
    which = {1: "the only", 2: "both"}.get(figure.decided, f"all {thousands(figure.decided)}")
    plural = "" if figure.decided == 1 else "s"
    return f"{which} {figure.noun}{plural}{_known(figure)}"


def _known(figure: RequestFigure) -> str:
    return " whose MFA status is known" if figure.counts.unknown else ""


def _nothing_known(figure: RequestFigure) -> str:
    if not figure.counts.requests:
        return f"no {figure.noun} was made"
    return f"whether MFA was used is unknown for {count(figure.counts.unknown, figure.noun)}"


def _account_clauses(accounts: AccountFigure) -> list[str]:
    if accounts.state is State.MET:
        return [f"MFA is enforced for {_all_of(accounts.enabled)}"]
    if accounts.state is State.UNDECIDED:
        return [f"whether MFA is enforced is unknown for {_all_of(accounts.enabled)}"]
    if accounts.state is not State.BELOW:
        return []
    enabled = count(accounts.enabled, "enabled account")
    if not accounts.not_enforced:
        return [
            f"whether MFA is enforced is unknown for {thousands(accounts.unknown)} of {enabled}"
        ]
    verb = "does" if accounts.not_enforced == 1 else "do"
    unknown = f" ({thousands(accounts.unknown)} unknown)" if accounts.unknown else ""
    of = f"{thousands(accounts.not_enforced)} of {enabled}"
    return [f"{of} {verb} not have MFA enforced{unknown}"]


def _all_of(enabled: int) -> str:
    if enabled == 1:
        return "the only enabled account"
    return f"all {thousands(enabled)} enabled accounts"


def made_with(figure: RequestFigure) -> str:
    """The figure's numerator and denominator in words."""
    if not figure.counts.requests:
        return "No request was made."
    if not figure.decided:
        return f"Whether MFA was used is unknown for {count(figure.counts.unknown, 'request')}."
    of = f"{thousands(figure.with_mfa)} of {count(figure.decided, 'request')}"
    verb = "was" if 1 in (figure.with_mfa, figure.decided) else "were"
    return f"{of}{_known(figure)} {verb} made with MFA."


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


def completeness(report: Report) -> str:
    """How many days of the window are complete, and which are missing."""
    complete = report.window.complete_days
    days = f"{complete} of {len(report.days)} days {'is' if complete == 1 else 'are'} complete."
    if not report.window.missing:
        return days
    names = listed([long_day(gap.day) for gap in report.window.missing])
    unknown = "The shares stay unknown until every day is read."
    return f"{days} Missing: {names}. {unknown}"


def missing_days(report: Report) -> list[str]:
    """Each missing day with its reason."""
    return [f"{long_day(gap.day)}: {harmless(gap.reason)}" for gap in report.window.missing]


def _unreadable_clauses(report: Report) -> list[str]:
    unread = report.reading.unreadable if report.reading else 0
    return [f"{count(unread, 'record')} could not be read"] if unread else []


def unreadable(report: Report) -> str:
    """How many records could not be read; empty if there are none, or if the number is unknown."""
    unread = report.reading.unreadable if report.reading else 0
    if not unread:
        return ""
    verb = "is" if unread == 1 else "are"
    return f"{count(unread, 'record')} could not be read and {verb} not included in any figure."


def forecast(report: Report, figure: RequestFigure) -> str:
    """The day on which the figure reads 100 %; empty if nothing counts against it."""
    forecasts = report.forecast
    channel = forecasts.portal if figure.channel is Channel.PORTAL else forecasts.api
    if channel.reads_100_on is None:
        return ""
    if figure.state is State.INCOMPLETE:
        when = f"no earlier than {long_day(channel.reads_100_on)}"
        return f"Reads 100\u00a0% {when}: the missing days may contain later requests without MFA."
    when = long_day(channel.reads_100_on)
    return f"Reads 100\u00a0% on {when} if no further request without MFA is made."


def _sentence(clauses: list[str]) -> str:
    return f"{capitalised('; '.join(clauses))}."
