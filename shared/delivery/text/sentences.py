"""What a report says, in sentences: the page and the mail use the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.completeness import LOG_NAMES
from shared.delivery.text.figure_words import part_name
from shared.delivery.text.figures import (
    State,
    account_figure,
    has_unreadable,
    request_figures,
    states,
)
from shared.delivery.text.formatting import (
    capitalised,
    count,
    listed,
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
    State.PARTLY: "Not fully known",
    State.INCOMPLETE: "Incomplete",
    State.UNDECIDED: "Not known",
    State.EMPTY: "Nothing to measure",
    State.UNREAD: "Not read",
}

#: A state in the heading, after how many of the three figures have it.
_COUNTED = {
    State.MET: "at 100\u00a0%",
    State.BELOW: "below 100\u00a0%",
    State.PARTLY: "not fully known",
    State.INCOMPLETE: "incomplete",
    State.UNDECIDED: "not known",
    State.EMPTY: "with nothing to measure",
    State.UNREAD: "not read",
}

ONE_IN = 10  #: a user or application is named if one in so many requests is theirs

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


def verdict(report: Report) -> str:
    """All three figures in a few words: ``2 of 3 figures at 100 %, 1 not read``."""
    found = states(report)
    if set(found) == {State.MET}:
        return label(State.MET)
    counted = [(found.count(state), words) for state, words in _COUNTED.items() if state in found]
    (first, words), *others = counted
    more = [f"{number} {words}" for number, words in others]
    return ", ".join([f"{first} of {len(found)} figures {words}", *more])


def headline(report: Report) -> str:
    """The verdict in one sentence."""
    figures, accounts = request_figures(report), account_figure(report)
    if report.window.missing:
        missing = len(report.window.missing)
        verb = "is" if missing == 1 else "are"
        clauses = [f"the request shares are unknown, because {missing} of 7 days {verb} missing"]
    elif all(figure.state is State.EMPTY for figure in figures):
        clauses = ["no request to Partner Center was recorded in these seven days"]
    else:
        known = [figure for figure in figures if figure.state is not State.INCOMPLETE]
        clauses = [*_request_clauses(known), *_log_clauses(figures)]
    return _sentence([*_account_clauses(accounts), *clauses, *_unreadable_clauses(report)])


def _log_clauses(figures: list[RequestFigure]) -> list[str]:
    """Figures that are unknown for want of a kind of log, together if it is the same."""
    by_logs: dict[str, list[str]] = {}
    for figure in figures:
        if figure.missing_logs:
            by_logs.setdefault(_missing_logs(figure), []).append(f"{figure.noun}s")
    return [
        f"the share of {listed(nouns)} is unknown, because {logs} missing"
        for logs, nouns in by_logs.items()
    ]


def _missing_logs(figure: RequestFigure) -> str:
    names = listed([LOG_NAMES[kind] for kind in figure.missing_logs])
    verb = "are" if len(figure.missing_logs) > 1 else "is"
    logs = "logs" if len(figure.missing_logs) > 1 else "log"
    return f"the {logs} of {names} {verb}"


def so_far(report: Report) -> str:
    """What the available days and logs say if others are missing, as one sentence; else empty."""
    figures = [
        figure
        for figure in request_figures(report)
        if figure.state is State.INCOMPLETE and figure.counts.requests
    ]
    if not figures:
        return ""
    first, *more = _request_clauses(figures)
    return _sentence([f"provisionally, over {available(report)}, {first}", *more])


def available(report: Report) -> str:
    """What an incomplete window has."""
    if report.window.missing:
        return f"the {count(report.window.complete_days, 'complete day')}"
    return "the logs that were read"


@dataclass(frozen=True, slots=True)
class SentenceWithName:
    """A sentence that ends in a name from a log, which a page isolates from its own text."""

    before: str
    name: str  #: empty if nobody is named

    def __str__(self) -> str:
        return f"{self.before} {self.name}".rstrip() + "."


def worst(report: Report) -> list[SentenceWithName]:
    """
    For each channel below 100 %, the user or application with the most requests without MFA.

    If none has a tenth of them and more than the next, over how many they are spread.
    """
    return [
        _worst_of(figure)
        for figure in request_figures(report)
        if figure.against and (figure.breakdown.by_user or figure.breakdown.by_application)
    ]


def _worst_of(figure: RequestFigure) -> SentenceWithName:
    by_user = figure.channel is Channel.PORTAL
    parts = figure.breakdown.by_user if by_user else figure.breakdown.by_application
    part = parts[0]
    if not _stands_out(figure, parts):
        return spread(figure, parts, "user" if by_user else "application")
    without = f"{count(figure.against, figure.noun)} without MFA"
    if figure.against == 1:
        made = f"The {without} was made by"
    elif part.against == figure.against:
        made = f"All {without} were made by"
    else:
        verb = "was" if part.against == 1 else "were"
        made = f"Of the {without}, {thousands(part.against)} {verb} made by"
    return SentenceWithName(made if by_user else f"{made} the application", part_name(part))


def _stands_out(figure: RequestFigure, parts: list[Contribution]) -> bool:
    """Whether the first user or application has a tenth of the requests, and more than the next."""
    first, *others = (part for part in parts if part.against and not part.others)
    is_alone_at_the_top = not others or others[0].against < first.against
    return is_alone_at_the_top and first.against * ONE_IN >= figure.against


def spread(figure: RequestFigure, parts: list[Contribution], by: str) -> SentenceWithName:
    """Over how many users or applications requests are spread, if none of these stands out."""
    shown = [part for part in parts if part.against and not part.others]
    rest = sum(part.against for part in parts if part.others)
    most = shown[-1].against  # each of the others has at most as many
    least = len(shown) + -(-rest // most)
    at_least = "at least " if rest and most > 1 else ""
    without = count(figure.against, figure.noun)
    return SentenceWithName(
        f"The {without} without MFA are spread over {at_least}{count(least, by)}", ""
    )


def asides(report: Report) -> list[str]:
    """How exempted requests are counted, and what the shares are without the unknown ones."""
    figures = request_figures(report)
    exempted = [
        count(figure.counts.exempted, f"exempted {figure.noun}")
        for figure in figures
        if figure.counts.exempted
    ]
    counted = "with" if report.rule.exempted_counts_as_mfa else "without"
    return [
        *([f"Counted as {counted} MFA: {listed(exempted)}."] if exempted else []),
        *_unknown_asides(figures),
    ]


def _unknown_asides(figures: list[RequestFigure]) -> list[str]:
    unknown = [
        count(figure.counts.unknown, figure.noun) for figure in figures if figure.counts.unknown
    ]
    known = [
        f"{figure.title} {percent(figure.share)}"
        for figure in figures
        if figure.is_bounded and figure.share is not None
    ]
    without = f" The share of the others: {listed(known)}." if known else ""
    return [f"Unknown: {listed(unknown)}.{without}"] if unknown else []


def _request_clauses(figures: list[RequestFigure]) -> list[str]:
    """The channels below 100 % come first, in one clause; then those with unknown requests."""
    certain = [figure for figure in figures if figure.decided and not figure.counts.unknown]
    lacking = [figure for figure in certain if figure.against]
    clauses = []
    if lacking:
        single = len(lacking) == 1 and lacking[0].against == 1
        verb = "was" if single else "were"
        requests = listed([_lacking(figure) for figure in lacking])
        clauses.append(f"{requests} {verb} made without MFA")
    bounded = [_bounds(figure) for figure in figures if figure.decided and figure.counts.unknown]
    if bounded:
        clauses.append(f"{listed(bounded)} were made with MFA")
    met = [f"every {figure.noun}" for figure in certain if not figure.against]
    if met:
        clauses.append(f"{listed(met)} was made with MFA")
    return clauses + [_nothing_known(figure) for figure in figures if not figure.decided]


def _bounds(figure: RequestFigure) -> str:
    lower, upper = figure.counts.bounds(figure.rule)
    of = count(figure.counts.requests, figure.noun)
    return f"at least {percent(lower)} and at most {percent(upper)} of {of}"


def _lacking(figure: RequestFigure) -> str:
    if figure.against < figure.decided:
        return f"{thousands(figure.against)} of {count(figure.decided, figure.noun)}"
    which = {1: "the only", 2: "both"}.get(figure.decided, f"all {thousands(figure.decided)}")
    return f"{which} {figure.noun}{'' if figure.decided == 1 else 's'}"


def _nothing_known(figure: RequestFigure) -> str:
    if not figure.counts.requests:
        verb = "read" if figure.state in (State.INCOMPLETE, State.UNDECIDED) else "made"
        return f"no {figure.noun} was {verb}"
    return f"whether MFA was used is unknown for {count(figure.counts.unknown, figure.noun)}"


def _account_clauses(accounts: AccountFigure) -> list[str]:
    if accounts.state is State.MET:
        return [f"MFA is enforced for {_all_of(accounts.enabled)}"]
    if accounts.state is State.UNDECIDED:
        return [f"whether MFA is enforced is unknown for {_all_of(accounts.enabled)}"]
    if accounts.state not in (State.BELOW, State.PARTLY):
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


def _unreadable_clauses(report: Report) -> list[str]:
    if report.reading is None or not has_unreadable(report):
        return []
    return [f"{count(report.reading.unreadable, 'record')} could not be read"]


def _sentence(clauses: list[str]) -> str:
    return f"{capitalised('; '.join(clauses))}."
