"""A finding as plain text, to be copied into a ticket for the person who can fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.findings import finding_card
from shared.delivery.text.formatting import NBSP, capitalised, count, harmless, name_of, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.findings.finding import Finding
    from shared.mfa.report import Report


def ticket(found: Finding, report: Report) -> list[str]:
    """The lines; no name from a log or a directory can begin a line of its own."""
    return [harmless(line.replace(NBSP, " ")) for line in _lines(found, report)]


def _lines(found: Finding, report: Report) -> Iterator[str]:
    card = finding_card(found)
    tenant = name_of(report.tenant_name or "", report.tenant_id or "", "Unnamed tenant")
    yield f"MFA for Partner Center: {card.title}"
    yield f"Tenant: {tenant} ({report.tenant_id})" if report.tenant_id else f"Tenant: {tenant}"
    yield f"Days: {span(report.window.start, report.window.ending)} (UTC)"
    yield f"Severity: {card.severity}"
    yield f"Why: {card.cause}"
    yield f"What to do: {card.remedy}"
    yield from (f"Then: {line}" for line in (card.gain, *card.request_gains) if line)
    if card.role:
        yield f"Who: {capitalised(card.role)}"
    if card.href:
        yield f"Where: {card.href}"
    yield f"Finding: {card.id}"
    if card.subjects:
        yield f"Who or what ({count(found.subjects_total, 'name')}):"
        yield from (f"- {name}" for name in card.subjects)
        if card.more:
            yield f"- and {card.more:,} more"
