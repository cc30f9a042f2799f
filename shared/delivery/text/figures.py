"""The three figures of a report and their states, as the page and the mail show them first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.metrics import Tally
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.mfa.breakdown import Breakdown
    from shared.mfa.metrics import AccountMetrics, ApiMetrics, PortalMetrics, ShareRule
    from shared.mfa.report import Report


class State(StrEnum):
    """What can be said about a figure; unknown is never shown as zero."""

    MET = "met"  #: 100 %
    BELOW = "below"
    INCOMPLETE = "incomplete"  #: a day of the window is missing, so the share is unknown
    UNDECIDED = "undecided"  #: there is data, but whether MFA was used is unknown for all of it
    EMPTY = "empty"  #: there was nothing to measure
    UNREAD = "unread"  #: its data was not read


@dataclass(frozen=True, slots=True)
class RequestFigure:
    """The share of one channel's requests that were made with MFA."""

    channel: Channel
    counts: Tally
    rule: ShareRule
    share: float | None  #: fraction, 0 to 1; `None` while a day is missing, or nothing was decided
    provisional: float | None  #: the same over the complete days
    state: State
    breakdown: Breakdown

    @property
    def title(self) -> str:
        """The name of the channel."""
        return "Portal" if self.channel is Channel.PORTAL else "API or SDK"

    @property
    def noun(self) -> str:
        """What one of its requests is called."""
        return "portal request" if self.channel is Channel.PORTAL else "API or SDK request"

    @property
    def with_mfa(self) -> int:
        """The share's numerator."""
        return self.counts.compliant(self.rule)

    @property
    def against(self) -> int:
        """The requests that keep the share below 100 %."""
        return self.counts.against(self.rule)

    @property
    def decided(self) -> int:
        """The share's denominator: the requests whose MFA status is known."""
        return self.with_mfa + self.against


@dataclass(frozen=True, slots=True)
class AccountFigure:
    """The share of enabled accounts that have MFA enforced."""

    enabled: int
    disabled: int
    enforced: int
    conditional: int
    unprotected: int
    unknown: int
    share: float | None  #: with the unknown counted as not enforced: "at least"
    share_upper: float | None  #: with the unknown counted as enforced: "at most"
    state: State

    @property
    def not_enforced(self) -> int:
        """Enabled accounts that are known to lack it."""
        return self.conditional + self.unprotected


def request_figures(report: Report) -> list[RequestFigure]:
    """The figures of the portal and the API."""
    return [
        _request_figure(report, Channel.PORTAL, report.metrics.portal),
        _request_figure(report, Channel.API, report.metrics.api),
    ]


def _request_figure(
    report: Report, channel: Channel, metrics: PortalMetrics | ApiMetrics
) -> RequestFigure:
    counts = msgspec.convert(metrics, Tally, from_attributes=True)
    return RequestFigure(
        channel=channel,
        counts=counts,
        rule=report.rule,
        share=metrics.share,
        provisional=metrics.provisional_share,
        state=_request_state(counts, metrics.share, incomplete=bool(report.window.missing)),
        breakdown=report.breakdown[channel],
    )


def _request_state(counts: Tally, share: float | None, *, incomplete: bool) -> State:
    if incomplete:
        return State.INCOMPLETE
    if share is not None:
        return State.MET if share >= 1 else State.BELOW
    return State.UNDECIDED if counts.requests else State.EMPTY


def account_figure(report: Report) -> AccountFigure:
    """The accounts' figure; zeros and `State.UNREAD` if the directory was not read."""
    metrics = report.metrics.accounts
    return AccountFigure(
        enabled=metrics.enabled or 0,
        disabled=metrics.disabled or 0,
        enforced=metrics.enforced or 0,
        conditional=metrics.conditional or 0,
        unprotected=metrics.unprotected or 0,
        unknown=metrics.unknown or 0,
        share=metrics.share,
        share_upper=metrics.share_upper,
        state=_account_state(metrics),
    )


def _account_state(metrics: AccountMetrics) -> State:
    if metrics.enabled is None:
        return State.UNREAD
    if not metrics.enabled:
        return State.EMPTY
    if metrics.unknown == metrics.enabled:
        return State.UNDECIDED
    return State.MET if metrics.enforced == metrics.enabled else State.BELOW


def overall_state(report: Report) -> State:
    """
    The state of the report: a missing day outweighs everything else, then any figure below 100 %.

    Records that could not be read might be requests without MFA, so the report is then not met.
    """
    states = [figure.state for figure in request_figures(report)]
    states.append(account_figure(report).state)
    order = (State.INCOMPLETE, State.BELOW, State.UNDECIDED, State.MET)
    found = next((state for state in order if state in states), State.EMPTY)
    is_doubtful = found is State.MET and report.reading and report.reading.unreadable
    return State.UNDECIDED if is_doubtful else found
