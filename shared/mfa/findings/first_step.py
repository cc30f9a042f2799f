"""The one step to take first: the largest gain for the figure that is furthest behind."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.findings.gains import ACCOUNTS, FIGURES, FigureGain
from shared.mfa.findings.places import Kind
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.mfa.findings.finding import Finding
    from shared.mfa.metrics import ApiMetrics, Metrics, PortalMetrics


class StepKind(StrEnum):
    """Whether there is a first step, and what it is for."""

    GAIN = "gain"  #: it raises a figure
    READ = "read"  #: it lets more be known: nothing that is known would raise a figure
    NONE = "none"  #: no step is known; the figures say whether all is well or unknown


class FirstStep(msgspec.Struct, frozen=True, kw_only=True):
    """What to do first, by whom and where. What is said of its finding is said there, too."""

    kind: StepKind
    finding: str = ""  #: id of the finding that it fixes; empty if there is none
    number: int = 0  #: the finding's place in the report, from 1
    title: str = ""
    remedy: str = ""
    role: str = ""
    href: str = ""
    doc: str = ""
    figure: str = ""  #: the figure that it raises: "accounts", "portal" or "api"
    gained: int = 0  #: accounts or requests that no longer count against that figure
    share: float | None = None  #: that figure now, "at least"; `None` if it is unknown
    share_after: float | None = None
    points: float | None = None


def first_step(findings: Sequence[Finding], metrics: Metrics) -> FirstStep:
    """The step that these findings, in the order of their gain, make the first one."""
    numbered = list(enumerate(findings, start=1))
    for number, found in numbered:
        if found.gains:
            return _gaining(number, found, metrics)
    for number, found in numbered:
        if found.kind is Kind.READING:
            return _about(StepKind.READ, number, found)
    return FirstStep(kind=StepKind.NONE)


def _gaining(number: int, found: Finding, metrics: Metrics) -> FirstStep:
    shares = _least_shares(metrics)
    figure = min(found.gains, key=lambda name: (shares[name], FIGURES.index(name)))
    gain: FigureGain = found.gains[figure]
    return msgspec.structs.replace(
        _about(StepKind.GAIN, number, found),
        figure=figure,
        gained=gain.gained,
        share=None if gain.share_after is None else shares[figure],
        share_after=gain.share_after,
        points=gain.points,
    )


def _about(kind: StepKind, number: int, found: Finding) -> FirstStep:
    return FirstStep(
        kind=kind,
        finding=found.id,
        number=number,
        title=found.title,
        remedy=found.remedy,
        role=found.role,
        href=found.href,
        doc=found.doc,
    )


def _least_shares(metrics: Metrics) -> Mapping[str, float]:
    """Each figure with the unknown not counted; over what was read if something is missing."""
    shares = {
        ACCOUNTS: metrics.accounts.share,
        Channel.PORTAL.value: _least(metrics.portal),
        Channel.API.value: _least(metrics.api),
    }
    return {name: 1.0 if share is None else share for name, share in shares.items()}


def _least(figure: PortalMetrics | ApiMetrics) -> float | None:
    return figure.provisional_share if figure.share_lower is None else figure.share_lower
