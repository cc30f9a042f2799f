"""A report in a few lines of plain text: for a terminal, and for the text part of a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.words import (
    NBSP,
    count,
    harmless,
    listed,
    long_day,
    percent,
    shorten,
    span,
    thousands,
)
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.breakdown import Part
    from shared.mfa.metrics import AccountMetrics, ApiMetrics, PortalMetrics
    from shared.mfa.report import Report

SUBJECTS_SHOWN = 3
_NAME_WIDTH = 44


def summarise(report: Report) -> str:
    """The three figures with numerator and denominator, and the worst applications and users."""
    return "\n".join(_lines(report)).replace(NBSP, " ") + "\n"


def _lines(report: Report) -> Iterator[str]:
    window, metrics = report.window, report.metrics
    whose = harmless(report.tenant_name or report.tenant_id or "Unnamed tenant")
    yield f"{whose}: {span(window.start, window.ending)}, {window.complete_days} of 7 days known"
    yield from (f"  missing: {long_day(gap.day)}, {gap.reason}" for gap in window.missing)
    yield ""
    yield from _figure("Accounts with MFA enforced", _accounts(metrics.accounts))
    yield from _figure("Portal requests with MFA", _requests(metrics.portal, report))
    yield from _figure("API or SDK requests with MFA", _requests(metrics.api, report))
    yield from _worst(report)
    yield from _unread(report)


def _figure(label: str, told: str) -> Iterator[str]:
    yield f"  {label:<30}{told}"


def _accounts(accounts: AccountMetrics) -> str:
    if accounts.enabled is None:
        return "not read"
    enabled = count(accounts.enabled, "enabled account")
    told = f"{percent(accounts.share):>8}   {thousands(accounts.enforced or 0)} of {enabled}"
    return told + (f"; at most {percent(accounts.share_upper)}" if accounts.unknown else "")


def _requests(figure: PortalMetrics | ApiMetrics, report: Report) -> str:
    if not figure.requests:
        return f"{percent(figure.share):>8}   no requests"
    decided = figure.requests - figure.unknown
    compliant = figure.verified + (figure.exempted if report.rule.exempted_counts_as_mfa else 0)
    told = f"{percent(figure.share):>8}   {thousands(compliant)} of {thousands(decided)} decided"
    if figure.share is None and figure.provisional_share is not None:
        told += f" (provisional: {percent(figure.provisional_share)})"
    return "; ".join([told, *_beside(figure)])


def _beside(figure: PortalMetrics | ApiMetrics) -> Iterator[str]:
    """What is neither for nor against, so that nobody has to wonder where it went."""
    for name in ("exempted", "unknown", "not_completed", "app_only"):
        number = getattr(figure, name, 0)
        if number:
            yield f"{thousands(number)} {name.replace('_', ' ')}"


def _worst(report: Report) -> Iterator[str]:
    api, portal = report.breakdown[Channel.API], report.breakdown[Channel.PORTAL]
    for label, parts in (
        ("API or SDK requests without MFA, by application", api.by_application),
        ("portal requests without MFA, by user", portal.by_user),
    ):
        worst = [part for part in parts if part.against][:SUBJECTS_SHOWN]
        if worst:
            yield ""
            yield f"  Most {label}:"
            yield from map(_subject, worst)


def _subject(part: Part) -> str:
    name = shorten(harmless(part.name or part.id or "(no name)"), _NAME_WIDTH)
    return (
        f"    {name:<{_NAME_WIDTH}} {thousands(part.against)} of {thousands(part.counts.requests)}"
    )


def _unread(report: Report) -> Iterator[str]:
    reading = report.reading
    if reading is None:
        return
    yield ""
    told = [count(reading.records, "record") + " read"]
    if reading.unreadable:
        told.append(f"{thousands(reading.unreadable)} could not be read")
    if reading.other_tenants:
        told.append(f"{thousands(reading.other_tenants)} left out, being of another tenant")
    yield f"  {listed(told)}."
    for record in reading.unreadable_records[:SUBJECTS_SHOWN]:
        yield f"    {harmless(record.file)}, line {record.line}: {harmless(record.reason)}"
