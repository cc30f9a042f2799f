"""What the page and the mail show of a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.delivery.text.formatting import name_of, unbroken

if TYPE_CHECKING:
    from shared.mfa.findings.finding import Finding

SUBJECTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding, all its texts in the form they are printed in."""

    id: str
    severity: str
    title: str
    cause: str
    remedy: str
    gain: str  #: what the figure would read once it is mended; may be empty
    href: str  #: where it is mended; empty where that is no link to follow
    subjects: list[str]
    more: int  #: subjects beyond those that are shown


def finding_card(finding: Finding) -> FindingCard:
    """A finding as it is shown."""
    shown = [name_of(subject) for subject in finding.subjects[:SUBJECTS_SHOWN]]
    return FindingCard(
        id=finding.id,
        severity=finding.severity.value,
        title=finding.title,
        cause=finding.cause,
        remedy=finding.remedy,
        gain=unbroken(finding.gain),
        href=safe_link(finding.href),
        subjects=shown,
        more=finding.subjects_total - len(shown),
    )


def safe_link(href: str) -> str:
    """A link that leads to a page beside the report or to a site over TLS; else empty."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    relative = not parts.scheme and not parts.netloc
    return href.strip() if relative or parts.scheme == "https" else ""
