"""The subject of the mail, short enough for a phone; the figures in words, for a correction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from shared.delivery.language import said
from shared.delivery.text.figure_words import account_share_words, share_words
from shared.delivery.text.figures import State, account_figure, request_figures
from shared.delivery.text.formatting import count, name_of, shorten
from shared.mfa.percent import percent as percent_of
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.delivery.text.figures import AccountFigure, RequestFigure
    from shared.mfa.report import Report

_TENANT_WIDTH = 40  #: characters of the tenant's name
SUBJECT_WIDTH = 42  #: characters that a phone shows of a subject in its list of mails
_LEAST_NAME = 12  #: characters of the tenant's name, however long the rest is
_SHORT_ID = 8  #: the first characters of an id tell the few tenants of one reader apart


def short_tenant_name(report: Report, width: int = _TENANT_WIDTH) -> str:
    """The tenant's name, else the beginning of its id."""
    if (report.tenant_name or "").strip() or not report.tenant_id:
        return shorten(name_of(report.tenant_name or "", "Unnamed tenant"), width)
    return f"Tenant {name_of(report.tenant_id)[:_SHORT_ID]}"


def subject(report: Report, ending: str = "") -> str:
    """
    The subject, which a phone shows whole: ``Fabrikam: MFA 90/20/40 %``.

    The figures are those of accounts, portal and API in the order of the report; ``≥`` is at least,
    ``?`` unknown, ``–`` nothing to measure. A list of mails shows the headline next.
    """
    if not ending and (missing := report.window.missing):
        days = count(len(missing), "day")
        ending = f", {said(f'{days} missing')}"
    rest = f": MFA {said(_short_figures(report))}{ending}"
    return short_tenant_name(report, max(SUBJECT_WIDTH - len(rest), _LEAST_NAME)) + rest


def _short_figures(report: Report) -> str:
    accounts = account_figure(report)
    shares = [_short_share(accounts.state, accounts.share, is_least=bool(accounts.unknown))]
    shares += [
        _short_share(
            each.state, each.lower if each.is_bounded else each.share, is_least=each.is_bounded
        )
        for each in request_figures(report)
    ]
    return f"{'/'.join(shares)} %"


def _short_share(state: State, share: float | None, *, is_least: bool) -> str:
    if state is State.EMPTY:
        return "–"
    if share is None or state in (State.INCOMPLETE, State.UNREAD, State.UNDECIDED):
        return "?"
    return f"{'≥' if is_least else ''}{percent_of(share).removesuffix(' %')}"


def verdicts(report: Report) -> list[str]:
    """The three figures in a few words each: ``accounts 90 %``, ``portal 20 %``."""
    if missing := report.window.missing:
        days = f"{len(missing)} of {len(report.days)} days missing"
        requests = [f"portal and API unknown ({days})"]
    else:
        requests = [_request(figure) for figure in request_figures(report)]
    return [_account(account_figure(report)), *requests]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a short second mail or card says: what the first one lacked, and the figures now."""

    before: str
    now: str
    figures: str

    @classmethod
    def of(cls, report: Report, lacked: str, said: str) -> Self:
        """`lacked` and `said`: what was missing, and the figures, in words, as first sent."""
        quoted = f" It said: {said}." if said else ""
        figures = ", ".join(verdicts(report))
        return cls(
            before=f"The first message of today lacked {lacked or 'some days'}.{quoted}",
            now=f"Everything is known now: {figures}.",
            figures=figures,
        )


def _request(figure: RequestFigure) -> str:
    name = "portal" if figure.channel is Channel.PORTAL else "API"
    if figure.state is State.EMPTY:
        return f"no {name} requests"
    if figure.missing_logs:
        return f"{name} unknown (log missing)"
    return f"{name} {share_words(figure)}"


def _account(accounts: AccountFigure) -> str:
    if accounts.state is State.UNREAD:
        return "accounts not read"
    if accounts.state is State.EMPTY:
        return "no enabled accounts"
    return f"accounts {account_share_words(accounts)}"
