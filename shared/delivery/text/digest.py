"""What the mail says about a report; its text part and its HTML part both render this."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from shared.delivery.text import completeness, figure_words, sentences
from shared.delivery.text.account_shares import account_share_lines
from shared.delivery.text.bars import account_bar, request_bar
from shared.delivery.text.changes import change_lines, open_for
from shared.delivery.text.comparison import Comparison, change_words, compare
from shared.delivery.text.customers import customers_line
from shared.delivery.text.exceptions import accepted_of
from shared.delivery.text.figures import State, account_figure, overall_state, request_figures
from shared.delivery.text.findings import finding_card
from shared.delivery.text.first_step import first_step_words
from shared.delivery.text.formatting import (
    count,
    instant,
    name_of,
    short_day,
    shorten,
    span,
)
from shared.delivery.text.lists import caveats, changed_names, unlinked, worst_tables
from shared.delivery.text.turnover import open_accounts, turnover
from shared.endpoints import parse_url
from shared.errors import BadSettingError

if TYPE_CHECKING:
    from shared.delivery.text.account_shares import ShareLine
    from shared.delivery.text.bars import Segment
    from shared.delivery.text.figures import AccountFigure, RequestFigure
    from shared.delivery.text.first_step import StepWords
    from shared.delivery.text.lists import NameList, WorstTable
    from shared.delivery.text.turnover import AgedName
    from shared.mfa.findings import finding as found
    from shared.mfa.report import Report

FINDINGS_SHOWN = 5
SUBJECTS_SHOWN = 5  #: of one finding
_TEXT_LIMIT = 600  #: characters of a cause, a remedy, or the reason for a missing day


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One of the three figures."""

    title: str
    state: State
    share: str  #: in words if it is unknown
    change: str  #: since the earlier report; empty if nothing can be said
    sentences: list[str]  #: numerator and denominator, what is left out, the forecast
    bar: list[Segment]


@dataclass(frozen=True, slots=True)
class FindingSummary:
    """One finding: the cause and what to do."""

    title: str
    cause: str
    remedy: str
    gains: list[str]  #: what it does to the figures, a sentence each
    age: str  #: how long it is open; empty if that is not recorded
    role: str  #: who can fix it
    href: str  #: where; empty if it is not in Entra, or the link is not safe to follow
    subjects: list[str]
    more: int  #: further subjects that are not named


@dataclass(frozen=True, slots=True)
class Links:
    """Where to read on."""

    page: str
    requests: str
    customers: str  #: empty if they were not read


@dataclass(frozen=True, slots=True)
class ReportDigest:
    """A report as the mail shows it."""

    tenant_name: str
    period: str
    is_simulated: bool
    state: State
    verdict: str  #: all three figures in a few words
    headline: str
    change_lines: list[str]  #: since the day and the week before
    first_step: StepWords | None
    notes: list[str]  #: what the headline counts and leaves out
    figures: list[FigureLine]
    account_shares: list[ShareLine]  #: administrators, and accounts in use
    customers: str  #: in one line; empty if they were not read
    completeness: str
    missing: list[str]  #: each missing day with its reason
    since: str  #: the earlier report's day in words; empty if there is none to compare with
    turnover: list[NameList]  #: accounts and findings that came and went
    open_accounts: list[AgedName]  #: without MFA for the longest
    changes: list[NameList]
    caveats: list[str]
    tables: list[WorstTable]
    findings: list[FindingSummary]
    more_findings: int
    links: Links | None
    stored_at: str  #: where the report's files are in the store
    made_at: str
    source: str  #: of the figures


def report_digest(report: Report, earlier: Report | None, public_url: str | None) -> ReportDigest:
    """What both parts of the mail say. Raises `BadSettingError` for an invalid `public_url`."""
    comparison = compare(report, earlier)
    name = name_of(report.tenant_name or "", report.tenant_id or "", "Unnamed tenant")
    return ReportDigest(
        tenant_name=name,
        period=span(report.window.start, report.window.ending),
        is_simulated=report.source == "simulated",
        state=overall_state(report),
        verdict=sentences.verdict(report),
        headline=sentences.headline(report),
        change_lines=change_lines(report),
        first_step=_first_step(report),
        notes=[*filter(None, [sentences.so_far(report)]), *sentences.asides(report)],
        figures=_figures(report, comparison),
        account_shares=account_share_lines(report),
        customers=customers_line(report.customers) if report.customers else "",
        completeness=completeness.known_and_readable(report),
        missing=[shorten(line, _TEXT_LIMIT) for line in completeness.missing_days(report)],
        since=short_day(comparison.since) if comparison else "",
        turnover=turnover(report, comparison.since if comparison else None),
        open_accounts=open_accounts(report),
        changes=changed_names(comparison) if comparison else [],
        caveats=caveats(comparison) if comparison else [],
        tables=worst_tables(report),
        findings=[_finding(finding) for finding in report.findings[:FINDINGS_SHOWN]],
        more_findings=len(report.findings[FINDINGS_SHOWN:]),
        links=_links(report, public_url),
        stored_at=f"reports/{name_of(report.tenant_id or '')}/{report.window.ending}/",
        made_at=instant(report.generated_at),
        source=sentences.source_name(report.source),
    )


def _first_step(report: Report) -> StepWords | None:
    words = first_step_words(report)
    return words and replace(words, remedy=shorten(words.remedy, _TEXT_LIMIT))


def _figures(report: Report, comparison: Comparison | None) -> list[FigureLine]:
    requests = [_request_line(report, figure, comparison) for figure in request_figures(report)]
    accounts = _account_line(account_figure(report), comparison, accepted_of(report))
    return [accounts, *requests]


def _request_line(
    report: Report, figure: RequestFigure, comparison: Comparison | None
) -> FigureLine:
    lines = [_of_requests(report, figure), figure_words.forecast(report, figure)]
    return FigureLine(
        title=f"{figure.title} requests with MFA",
        state=figure.state,
        share=figure_words.share_words(figure),
        change=(
            change_words(comparison.change(figure.channel), comparison.since) if comparison else ""
        ),
        sentences=[line for line in lines if line],
        bar=request_bar(figure.counts),
    )


def _of_requests(report: Report, figure: RequestFigure) -> str:
    lines = [figure_words.made_with(figure)]
    if provisional := figure_words.provisional_words(figure):
        lines.insert(0, f"Provisionally {provisional}, over {sentences.available(report)}.")
    if figure.counts.app_only:
        lines.append(f"{count(figure.counts.app_only, 'app-only sign-in')} left out.")
    return " ".join(lines)


def _account_line(
    accounts: AccountFigure, comparison: Comparison | None, accepted: str
) -> FigureLine:
    title = "Enabled accounts with MFA enforced"
    if accounts.state is State.UNREAD:
        lines = ["The directory was not read, so there are no figures about accounts."]
        return FigureLine(title, State.UNREAD, "not read", "", lines, [])
    return FigureLine(
        title=title,
        state=accounts.state,
        share=figure_words.account_share_words(accounts),
        change=change_words(comparison.accounts, comparison.since) if comparison else "",
        sentences=[*filter(None, [figure_words.enforced_of(accounts), accepted])],
        bar=account_bar(accounts),
    )


def _finding(finding: found.Finding) -> FindingSummary:
    card = finding_card(finding)
    shown = [unlinked(name) for name in card.subjects[:SUBJECTS_SHOWN]]
    return FindingSummary(
        title=str(name_of(card.title)),  # a text of ours, which can be translated, not a `Name`
        cause=shorten(unlinked(card.cause), _TEXT_LIMIT),
        remedy=shorten(card.remedy, _TEXT_LIMIT),
        gains=[*filter(None, [card.gain]), *card.request_gains],
        age=open_for(finding.open_since, finding.open_days, is_exact=finding.is_since_exact),
        role=card.role,
        href=card.href if urlsplit(card.href).scheme else "",
        subjects=shown,
        more=len(card.subjects) - len(shown) + card.more,
    )


def _links(report: Report, public_url: str | None) -> Links | None:
    tenant_id, ending = report.tenant_id, report.window.ending
    if not (public_url and tenant_id):
        return None
    base = f"{link_base(public_url)}/api"
    page = f"{base}/reports/{quote(tenant_id, safe='')}/{ending}"
    customers = f"{base}/customers" if report.customers else ""
    return Links(page, f"{page}/all-api-requests.csv", customers)


def link_base(public_url: str) -> str:
    """
    The base of the links in mails and cards: `public_url` without a slash at the end.

    Raises `BadSettingError` unless it is over TLS or on this machine, and made only of characters
    that are allowed in an address, because mail programs guess at the rest.
    """
    url = parse_url(public_url)
    is_safe = url is not None and (url.scheme == "https" or url.is_loopback)
    if not (is_safe and public_url == quote(public_url, safe=":/[]%~")):
        raise BadSettingError(
            f"Setting PUBLIC_URL is {public_url!r}; expected https://HOST or https://HOST/PATH, "
            "as the report's readers reach it."
        )
    return public_url.rstrip("/")
