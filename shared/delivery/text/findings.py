"""A finding as the page and the mail show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.delivery.text.formatting import name_of, unbroken
from shared.mfa.common_issues import issue_of

if TYPE_CHECKING:
    from shared.mfa.common_issues import CommonIssue
    from shared.mfa.findings.finding import Finding

SUBJECTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding with its texts as they are printed."""

    id: str
    severity: str
    title: str
    cause: str
    remedy: str
    gain: str  #: what the figure would read once it is fixed; may be empty
    href: str  #: where to fix it; empty if the link is not safe to follow
    issue: CommonIssue | None  #: why Microsoft grants no exception for it
    subjects: list[str]
    more: int  #: further subjects that are not shown


def finding_card(finding: Finding) -> FindingCard:
    """Prepare a finding for printing."""
    shown = [name_of(subject) for subject in finding.subjects[:SUBJECTS_SHOWN]]
    return FindingCard(
        id=finding.id,
        severity=finding.severity.value,
        title=finding.title,
        cause=finding.cause,
        remedy=finding.remedy,
        gain=unbroken(finding.gain),
        href=safe_link(finding.href),
        issue=issue_of(finding.id),
        subjects=shown,
        more=finding.subjects_total - len(shown),
    )


def safe_link(href: str) -> str:
    """The link if it is relative or leads to a site over TLS; else an empty text."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    relative = not parts.scheme and not parts.netloc
    return href.strip() if relative or parts.scheme == "https" else ""
