"""A report in a few lines of plain text, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.account_shares import account_share_lines
from shared.delivery.text.changes import change_lines
from shared.delivery.text.completeness import SETTLING, logs_known, worth_of_fresh_days
from shared.delivery.text.customers import customers_line
from shared.delivery.text.figure_words import provisional_words
from shared.delivery.text.figures import State, account_figure, request_figures
from shared.delivery.text.first_step import first_step_words
from shared.delivery.text.formatting import (
    NBSP,
    count,
    days_by_reason,
    days_in_words,
    harmless,
    listed,
    percent,
    shorten,
    span,
    thousands,
)
from shared.delivery.text.sentences import ONE_IN, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.delivery.text.figures import AccountFigure, RequestFigure
    from shared.mfa.breakdown import Contribution
    from shared.mfa.metrics import Tally
    from shared.mfa.report import Report

SUBJECTS_SHOWN = 3
_NAME_WIDTH = 44
_LEAST_SHARE_WIDTH = 8  #: of a plain percentage, and of "not read"


def summarise(report: Report) -> str:
    """The figures with numerator and denominator, and the worst applications and users."""
    return "\n".join(_lines(report)).replace(NBSP, " ") + "\n"


def _lines(report: Report) -> Iterator[str]:
    window = report.window
    name = harmless(report.tenant_name or report.tenant_id or "Unnamed tenant")
    yield f"{name}: {span(window.start, window.ending)}, {_days_known(report)}"
    missing = days_by_reason((gap.day, gap.reason) for gap in window.missing)
    yield from (f"  missing: {days}, {reason}" for reason, days in missing.items())
    if window.provisional_days:
        yield f"  may still change: {days_in_words(window.provisional_days)} ({SETTLING})"
    yield from (
        f"  {sentence[0].lower()}{sentence[1:-1]}" for sentence in worth_of_fresh_days(report)
    )
    yield ""
    yield from _figures(report)
    yield from _changes(report)
    yield from _first_step(report)
    yield from _worst(report)
    yield from _unread(report)


def _days_known(report: Report) -> str:
    if logs := logs_known(report):
        return f"days known: {', '.join(logs)}"
    return f"{report.window.complete_days} of 7 days known"


def _figures(report: Report) -> Iterator[str]:
    """A line for each figure; shares and counts are columns, however long the bounds are."""
    lines = [("Accounts with MFA enforced", *_accounts(account_figure(report)))]
    for figure in request_figures(report):
        share, counts = _requests(figure)
        others = "; ".join([counts, *_other_counts(figure.counts)])
        lines.append((f"{figure.title} requests with MFA", share, others.removeprefix("; ")))
    lines += [(line.title, line.share, line.counts) for line in account_share_lines(report)]
    label_width = max(30, *(len(label) + 2 for label, _, _ in lines))
    width = max(_LEAST_SHARE_WIDTH, *(len(share) for _, share, _ in lines))
    for label, share, counts in lines:
        value = f"{share:>{width}}   {counts}" if share else counts
        yield f"  {label:<{label_width}}{value}".rstrip()


def _changes(report: Report) -> Iterator[str]:
    lines = change_lines(report)
    if report.customers:
        lines.append(customers_line(report.customers))
    if lines:
        yield ""
        yield from (f"  {line}" for line in lines)


def _first_step(report: Report) -> Iterator[str]:
    step = first_step_words(report)
    if step and step.title:
        yield ""
        yield f"  {step.heading}: {step.title}"
        yield f"    {step.remedy} Who: {step.role}."
        yield f"    {step.gain}"


def _accounts(accounts: AccountFigure) -> tuple[str, str]:
    """The share and the counts."""
    enabled = count(accounts.enabled, "enabled account")
    match accounts.state:
        case State.UNREAD:
            return "not read", ""
        case State.EMPTY:
            return "", "no enabled accounts"
        case State.UNDECIDED:
            return "unknown", f"0 of {enabled} could be judged"
    of = f"{thousands(accounts.enforced)} of {enabled}"
    if not accounts.unknown:
        return percent(accounts.share), of
    return f"at least {percent(accounts.share)}, at most {percent(accounts.share_upper)}", of


def _requests(figure: RequestFigure) -> tuple[str, str]:
    """The share and its counts."""
    counts = figure.counts
    if figure.state is State.EMPTY:
        return "", "no requests"
    if figure.is_bounded:
        bounds = f"at least {percent(figure.lower)}, at most {percent(figure.upper)}"
        return bounds, f"{thousands(figure.with_mfa)} of {thousands(counts.requests)}"
    of = f"{thousands(figure.with_mfa)} of {thousands(figure.decided)} decided"
    if not counts.requests:
        of = "no requests read"
    if provisional := provisional_words(figure):
        of += f" (provisional: {provisional})"
    partly = " of what was read" if figure.state is State.PARTLY else ""
    return f"{percent(figure.share)}{partly}", of


def _other_counts(counts: Tally) -> Iterator[str]:
    """Sign-ins that need a number of their own, so that the counts add up."""
    for name in ("exempted", "unknown", "not_completed", "app_only"):
        sign_ins = getattr(counts, name)
        if sign_ins:
            yield f"{thousands(sign_ins)} {name.replace('_', ' ')}"


def _worst(report: Report) -> Iterator[str]:
    portal, api = request_figures(report)
    for figure, by, parts in (
        (api, "application", api.breakdown.by_application),
        (portal, "user", portal.breakdown.by_user),
    ):
        worst = [part for part in parts if part.against and not part.others]
        if not worst:
            continue
        yield ""
        if worst[0].against * ONE_IN >= figure.against:
            yield f"  Most {figure.noun}s without MFA, by {by}:"
            yield from map(_subject, worst[:SUBJECTS_SHOWN])
        else:
            yield f"  {spread(figure, parts, by)}"


def _subject(part: Contribution) -> str:
    name = shorten(harmless(part.name or part.id or "(no name)"), _NAME_WIDTH)
    return (
        f"    {name:<{_NAME_WIDTH}} {thousands(part.against)} of {thousands(part.counts.requests)}"
    )


def _unread(report: Report) -> Iterator[str]:
    reading = report.reading
    if reading is None:
        return
    yield ""
    parts = [count(reading.records, "record") + " read"]
    if reading.unreadable:
        parts.append(f"{thousands(reading.unreadable)} could not be read")
    if reading.other_tenants:
        parts.append(f"{thousands(reading.other_tenants)} of other tenants left out")
    if reading.not_understood:
        parts.append(f"{thousands(reading.not_understood)} with fields that were not understood")
    parts += (
        f"{count(n, 'record')} of {harmless(log)} left aside"
        for log, n in reading.other_logs.items()
    )
    yield f"  {listed(parts)}."
    for record in reading.unreadable_records[:SUBJECTS_SHOWN]:
        yield f"    {harmless(record.file)}, line {record.line}: {harmless(record.reason)}"
