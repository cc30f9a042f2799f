"""How much of a report's window is known: days, kinds of log, records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.figures import State, has_unreadable, request_figures
from shared.delivery.text.formatting import (
    count,
    days_in_words,
    harmless,
    listed,
    long_day,
    thousands,
)

if TYPE_CHECKING:
    from shared.mfa.report import Report

#: The kinds of log, by their names in `Coverage`.
LOG_NAMES = {
    "interactive": "interactive sign-ins",
    "non_interactive": "non-interactive sign-ins",
    "service_principal": "service principals' sign-ins",
}

SETTLING = "Entra completes records for up to two days"
#: The counts of `VerdictChanges`, in words.
_CHANGES = {
    "verified_to_without": "changed from verified to without MFA",
    "without_to_verified": "changed from without MFA to verified",
    "unknown_to_known": "changed from unknown to known",
    "known_to_unknown": "changed from known to unknown",
    "new": "new",
    "gone": "gone",
}
_UNKNOWN_UNTIL = "The shares stay unknown until everything that they need is read."


def completeness(report: Report) -> str:
    """How much of the window is known, and what of it may still change."""
    return " ".join([_days_known(report), *_provisional(report), *worth_of_fresh_days(report)])


def known_and_readable(report: Report) -> str:
    """The same, and how many records could not be read."""
    return f"{completeness(report)} {unreadable(report)}".strip()


def has_gaps(report: Report) -> bool:
    """Whether a day, or a kind of log that a figure needs, is missing."""
    return any(figure.state is State.INCOMPLETE for figure in request_figures(report))


def _days_known(report: Report) -> str:
    complete = report.window.complete_days
    verb = "is" if complete == 1 else "are"
    known = f"{complete} of {len(report.days)} days {verb} complete."
    if logs := logs_known(report):
        known = f"Days known: {', '.join(logs)}."
    if report.window.missing:
        names = listed([long_day(gap.day) for gap in report.window.missing])
        known = f"{known} Missing: {names}."
    return f"{known} {_UNKNOWN_UNTIL}" if has_gaps(report) else known


def logs_known(report: Report) -> list[str]:
    """How many days are known of each kind of log, if a figure lacks any of them."""
    coverage = report.window.coverage
    if coverage is None or not any(figure.missing_logs for figure in request_figures(report)):
        return []
    whole = len(report.days)
    return [f"{name} {len(getattr(coverage, kind))} of {whole}" for kind, name in LOG_NAMES.items()]


def lacks_app_only(report: Report) -> bool:
    """Whether the log of service principals is missing for a day, so app-only is not counted."""
    coverage = report.window.coverage
    return coverage is not None and len(coverage.service_principal) < len(report.days)


def _provisional(report: Report) -> list[str]:
    days = report.window.provisional_days
    if not days:
        return []
    return [f"{days_in_words(days)} may still change: {SETTLING}."]


def worth_of_fresh_days(report: Report) -> list[str]:
    """How many verdicts changed when days were read again; empty if none was read again yet."""
    changes = report.window.verdict_changes
    if changes is None:
        return []
    read = f"When days were read again, {count(changes.compared, 'request')} were compared"
    counts = {name: getattr(changes, name) for name in _CHANGES}
    words = [f"{thousands(counts[name])} {_CHANGES[name]}" for name in _CHANGES if counts[name]]
    return [f"{read}: {listed(words) if words else 'none changed'}."]


def missing_days(report: Report) -> list[str]:
    """Each missing day with its reason."""
    return [f"{long_day(gap.day)}: {harmless(gap.reason)}" for gap in report.window.missing]


def unreadable(report: Report) -> str:
    """How many records could not be read; empty if there are none, or if the number is unknown."""
    if report.reading is None or not has_unreadable(report):
        return ""
    unread = report.reading.unreadable
    verb = "is" if unread == 1 else "are"
    return f"{count(unread, 'record')} could not be read and {verb} not included in any figure."
