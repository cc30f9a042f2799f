"""What changed since earlier reports, in words: page, terminal, card and mail use the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.comparison import points
from shared.delivery.text.formatting import count, listed, short_day, thousands
from shared.mfa.changes.figure_changes import ACCOUNTS, Incomparable

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.changes.account_changes import AccountChanges
    from shared.mfa.changes.changes import Changes
    from shared.mfa.changes.figure_changes import FigureChange
    from shared.mfa.report import Report

_FIGURES = {
    ACCOUNTS: "accounts with MFA enforced",
    "portal": "portal requests with MFA",
    "api": "API or SDK requests with MFA",
}
_REASONS = {
    Incomparable.NO_REPORT: "there is no report of that day",
    Incomparable.NOT_READ: "the directory of one of the days was not read",
    Incomparable.PARTIAL: "days or logs are missing",
    Incomparable.UNCERTAIN: "not all of it is known",
    Incomparable.NOTHING: "there was nothing to measure on one of the days",
    Incomparable.RULE: "exempted requests count differently now",
    Incomparable.SCOPE: "other applications count as Partner Center now",
}
_TIMES = 2  #: a number of requests that is so many times another is said


def change_lines(report: Report) -> list[str]:
    """What changed since the day before and since the week before, a line each."""
    changes = report.changes
    return [_line(each) for each in (changes.day, changes.week)] if changes else []


def figure_change(report: Report, name: str) -> str:
    """One figure since the day before, ``+4.2 points since 26 Nov``; empty if it is not known."""
    found = report.changes.day.figures.get(name) if report.changes else None
    if report.changes is None or found is None or found.points is None:
        return ""
    return f"{_difference(found.points)} since {short_day(report.changes.day.since)}"


def open_for(since: date | None, days: int | None, *, is_exact: bool) -> str:
    """How long something is open, ``open for at least 23 days``; empty if that is not recorded."""
    if since is None or days is None:
        return ""
    if is_exact:
        return "new" if days == 1 else f"open for {count(days, 'day')}"
    return "" if days == 1 else f"open for at least {count(days, 'day')}"


def _line(changes: Changes) -> str:
    day = short_day(changes.since)
    if changes.reason:
        return f"Not compared with {day}: {_REASONS[changes.reason]}."
    accounts = [_accounts(changes.accounts)] if changes.accounts else []
    source = ["the two reports were made from different sources"] if changes.is_other_source else []
    return f"Since {day}: {'; '.join([*accounts, *_figures(changes), *source])}."


def _figures(changes: Changes) -> list[str]:
    """Each figure with its difference; those that have none for the same reason are together."""
    known = [
        f"{_FIGURES[name]} {_difference(found.points)}{_of(name, found)}"
        for name, found in changes.figures.items()
        if found.points is not None
    ]
    reasons: dict[Incomparable, list[str]] = {}
    for name, found in changes.figures.items():
        if found.reason:
            reasons.setdefault(found.reason, []).append(_FIGURES[name])
    others = [
        f"{listed(names)} not compared, because {_REASONS[reason]}"
        for reason, names in reasons.items()
    ]
    return [*known, *others]


def _difference(value: float) -> str:
    return points(round(value * 10)) if value else "unchanged"


def _of(name: str, found: FigureChange) -> str:
    """What the share is one of, if that changed: of accounts always, of requests if by much."""
    now, before = found.total or 0, found.total_before or 0
    low, high = sorted((now, before))
    if now == before or (name != ACCOUNTS and high < _TIMES * low):
        return ""
    return f" (of {thousands(now)} now, of {thousands(before)} before)"


def _accounts(found: AccountChanges) -> str:
    """``2 accounts fixed, 1 new, 23 still open``."""
    fixed = f"{count(found.fixed, 'account')} fixed"
    gone = [f"{thousands(found.gone)} disabled or deleted"] if found.gone else []
    unclear = [f"{thousands(found.unclear)} not known on one of the days"] if found.unclear else []
    numbers = [f"{thousands(found.new)} new", f"{thousands(found.still_open)} still open"]
    return ", ".join([fixed, *numbers, *gone, *unclear])
