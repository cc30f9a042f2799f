"""A finding as the page and the mail show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.delivery.text.comparison import points
from shared.delivery.text.formatting import count, name_of, percent, thousands, unbroken
from shared.mfa.common_issues import issue_of

if TYPE_CHECKING:
    from shared.mfa.common_issues import CommonIssue
    from shared.mfa.findings.finding import Finding
    from shared.mfa.findings.gains import FigureGain

SUBJECTS_SHOWN = 20
_CHANNELS = {"portal": "Portal", "api": "API or SDK"}


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding with its texts as they are printed."""

    id: str
    severity: str
    title: str
    cause: str
    remedy: str
    gain: str  #: what the accounts figure would read once it is fixed; may be empty
    request_gains: list[str]  #: the same of portal and API
    role: str  #: who can fix it
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
        request_gains=request_gains(finding),
        role=finding.role,
        href=safe_link(finding.href),
        issue=issue_of(finding.id),
        subjects=shown,
        more=finding.subjects_total - len(shown),
    )


def request_gains(finding: Finding) -> list[str]:
    """What a finding's fix does to the portal's and the API's figure, a sentence each."""
    return [
        _request_gain(name, finding.gains[figure])
        for figure, name in _CHANNELS.items()
        if figure in finding.gains
    ]


def _request_gain(name: str, gain: FigureGain) -> str:
    gained = count(gain.gained, "request")
    if gain.share_after is None or gain.points is None:
        sentences = [f"{name}: {gained} of those read would be made with MFA."]
    else:
        after = f"{percent(gain.share_after)} of the requests would be made with MFA"
        least = "at least " if gain.is_least else ""
        rise = points(max(round(gain.points * 1000), 1))
        sentences = [f"{name}: {least}{after} ({rise}, {gained})."]
    if gain.gain_after_those_above < gain.gained:
        left = thousands(gain.gain_after_those_above)
        sentences.append(f"{left} of these are left after the findings above.")
    if gain.share_if_app_only is not None:
        others = f"{percent(gain.share_if_app_only)} of the others are made with MFA"
        sentences.append(f"Called app-only instead, they would leave the figure: {others}.")
    return " ".join(sentences)


def safe_link(href: str) -> str:
    """The link if it is relative or leads to a site over TLS; else an empty text."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    relative = not parts.scheme and not parts.netloc
    return href.strip() if relative or parts.scheme == "https" else ""
