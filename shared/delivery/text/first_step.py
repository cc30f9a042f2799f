"""The first step in words: page, mail and card use the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.changes import open_for
from shared.delivery.text.comparison import points
from shared.delivery.text.figures import State, account_figure, overall_state, request_figures
from shared.delivery.text.findings import safe_link
from shared.delivery.text.formatting import capitalised, count, percent
from shared.mfa.findings.first_step import StepKind
from shared.mfa.findings.gains import ACCOUNTS
from shared.mfa.percent import tenths

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding
    from shared.mfa.findings.first_step import FirstStep
    from shared.mfa.report import Report

_FIGURES = {
    ACCOUNTS: "accounts with MFA enforced",
    "portal": "portal requests with MFA",
    "api": "API or SDK requests with MFA",
}
_SHORT = {ACCOUNTS: "accounts", "portal": "portal", "api": "API or SDK"}
_NEXT = 3  #: steps in the head after the first
_UNITS = {ACCOUNTS: "account", "portal": "portal request", "api": "API or SDK request"}


@dataclass(frozen=True, slots=True)
class StepWords:
    """The first step as it stands in the head of page, mail and card."""

    heading: str
    title: str  #: of the finding; empty if no step is known
    remedy: str  #: its first sentence; the finding has the rest
    gain: str  #: what it does to the figure, or why no step is known
    role: str  #: who can take it
    href: str  #: where; empty if it is not in Entra, or the link is not safe to follow
    number: int  #: the finding's place in the report; 0 without one
    age: str = ""  #: how long it is open; empty if that is not recorded


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that is worth taking after the first, in one line."""

    number: int  #: the finding's place in the report
    title: str
    gain: str  #: by figure, in points
    age: str


def next_steps(report: Report) -> list[NextStep]:
    """The findings that raise a figure and come after the first step."""
    first = report.first_step
    if first is None or first.kind is StepKind.NONE:
        return []
    others = [
        (number, found)
        for number, found in enumerate(report.findings, start=1)
        if found.gains and number != first.number
    ]
    return [NextStep(n, found.title, _points(found), _age(found)) for n, found in others[:_NEXT]]


def _points(found: Finding) -> str:
    rises = [
        f"{_SHORT[name]} {points(max(round(gain.points * 1000), 1))}"
        for name, gain in found.gains.items()
        if gain.points
    ]
    return ", ".join(rises)


def _age(found: Finding) -> str:
    return open_for(found.open_since, found.open_days, is_exact=found.is_since_exact)


def first_step_words(report: Report) -> StepWords | None:
    """The first step; `None` for a report of a release that did not look for one."""
    step = report.first_step
    if step is None:
        return None
    if step.kind is StepKind.NONE:
        return StepWords("", "", "", _why_none(report), "", "", 0)
    return StepWords(
        heading="Fix this first" if step.kind is StepKind.GAIN else "Clear this up first",
        title=step.title,
        remedy=re.split(r"(?<=\.)\s", step.remedy, maxsplit=1)[0],
        gain=_step_gain(report, step),
        role=step.role,
        href=safe_link(step.href),
        number=step.number,
        age=_age(report.findings[step.number - 1]),
    )


def _why_none(report: Report) -> str:
    state = overall_state(report)
    if state is State.MET:
        return "There is nothing to do: all three figures are at 100\u00a0%."
    if state is State.EMPTY:
        return "There is nothing to do: there was nothing to measure."
    if state is State.INCOMPLETE:
        return "No step is known yet: days or logs are missing, and they come first."
    if account_figure(report).state is State.UNREAD:
        return "No step is known: the directory was not read, and causes and remedies are in it."
    return "No step is known that would raise a figure."


def _step_gain(report: Report, step: FirstStep) -> str:
    if step.kind is StepKind.READ:
        found = report.findings[step.number - 1]
        return found.gain or "It raises no figure by itself, but more of it will be known."
    gained = count(step.gained, _UNITS[step.figure])
    if step.share is None or step.share_after is None:
        return f"Of those read, {gained} would have MFA; the figure itself is unknown."
    least = "at least " if _has_unknown(report, step.figure) else ""
    rise = points(tenths(step.share_after) - tenths(step.share))
    return (
        f"{capitalised(_FIGURES[step.figure])}: from {least}{percent(step.share)} to "
        f"{least}{percent(step.share_after)} ({rise}, {gained})."
    )


def _has_unknown(report: Report, figure: str) -> bool:
    if figure == ACCOUNTS:
        return bool(account_figure(report).unknown)
    return any(each.counts.unknown for each in request_figures(report) if each.channel == figure)
