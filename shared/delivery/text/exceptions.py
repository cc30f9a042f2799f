"""Accepted exceptions on the page and in the mail: next to the accounts figure, never in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.formatting import (
    count,
    harmless,
    long_day,
    name_of,
    percent,
    shorten,
    thousands,
)
from shared.mfa.accounts.exceptions import ExceptionStatus

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.accounts.exceptions import ExceptionsMetrics, JudgedException
    from shared.mfa.metrics import AccountMetrics
    from shared.mfa.report import Report

ROWS_SHOWN = 50
_REASON_LIMIT = 300  #: characters of a reason

_STATUS_TEXTS = {
    ExceptionStatus.ACCEPTED: "in force",
    ExceptionStatus.UNDECIDED: "in force, but whether MFA is enforced is unknown",
    ExceptionStatus.EXPIRED: "expired: no longer accepted",
    ExceptionStatus.NEEDLESS: "not needed: MFA is enforced",
    ExceptionStatus.UNMATCHED: "no such enabled account",
}


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """One exception as it is shown."""

    account: str
    owner: str
    reason: str
    ticket: str
    expires: date
    status: str


def accepted_of(report: Report) -> str:
    """How many accounts are accepted exceptions, and the share without them; empty if none."""
    summary = report.exceptions
    if not (summary and summary.listed):
        return ""
    if not summary.metrics.accepted:
        return f"No account is an accepted exception on {long_day(report.window.ending)}."
    if summary.metrics.share_without_accepted is None:
        return "Every account is an accepted exception; the figure above counts them all."
    return _second_share(summary.metrics, report.metrics.accounts)


def _second_share(metrics: ExceptionsMetrics, accounts: AccountMetrics) -> str:
    """The share without the accepted accounts, and that the figure above includes them."""
    of = f"{thousands(metrics.accepted)} of the {count(accounts.enabled or 0, 'account')}"
    verb, them, figure = "are accepted exceptions", "them", "it"
    if metrics.accepted == 1:
        verb, them, figure = "is an accepted exception", "it", "this"
    at_least = "at least " if accounts.unknown else ""
    share = f"{at_least}{percent(metrics.share_without_accepted)}"
    second = f"without {them} {figure} would read {share}"
    return f"{of} {verb}; {second}: the figure above counts {them}."


def exception_rows(report: Report) -> list[ExceptionRow]:
    """The first exceptions; those that expire first come first."""
    listed = report.exceptions.listed if report.exceptions else []
    return [_row(one) for one in listed[:ROWS_SHOWN]]


def rows_left_out(report: Report) -> int:
    """The number of exceptions without a row."""
    listed = report.exceptions.listed if report.exceptions else []
    return max(0, len(listed) - ROWS_SHOWN)


def _row(one: JudgedException) -> ExceptionRow:
    return ExceptionRow(
        account=name_of(one.upn, one.account),
        owner=name_of(one.owner),
        reason=shorten(harmless(one.reason), _REASON_LIMIT),
        ticket=name_of(one.ticket),
        expires=one.expires,
        status=_STATUS_TEXTS[one.standing],
    )
