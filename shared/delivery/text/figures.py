"""The three figures of a report and their states, as the page and the mail show them first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.metrics import Tally
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.breakdown import Breakdown
    from shared.mfa.metrics import AccountMetrics, ApiMetrics, PortalMetrics, ShareRule
    from shared.mfa.report import Report


class State(StrEnum):
    """What can be said about a figure; unknown is never shown as zero."""

    MET = "met"  #: 100 %, and nothing about it is unknown
    BELOW = "below"  #: certainly below 100 %
    PARTLY = "partly"  #: nothing is known to be missing, but not everything is known
    INCOMPLETE = "incomplete"  #: a day or a kind of log is missing, so the share is unknown
    UNDECIDED = "undecided"  #: there is data, but whether MFA was used is unknown for all of it
    EMPTY = "empty"  #: there was nothing to measure
    UNREAD = "unread"  #: its data was not read


@dataclass(frozen=True, slots=True)
class RequestFigure:
    """The share of one channel's requests that were made with MFA."""

    channel: Channel
    counts: Tally
    rule: ShareRule
    share: float | None  #: of the requests whose MFA is known, 0 to 1; `None` if unknown
    provisional: float | None  #: the same over the available days
    lower: float | None  #: of all requests, the unknown ones counted as made without MFA
    upper: float | None  #: the same, the unknown ones counted as made with MFA
    missing_logs: dict[str, list[date]]  #: kinds of log it needs, with the read days that lack them
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

    @property
    def is_bounded(self) -> bool:
        """Whether unknown requests leave room between the least and the greatest share."""
        return self.lower is not None and 0 < self.counts.unknown < self.counts.requests


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
    missing_logs = _missing_logs(report, channel)
    is_complete = not (report.window.missing or missing_logs)
    lower, upper = counts.bounds(report.rule) if is_complete else (None, None)
    return RequestFigure(
        channel=channel,
        counts=counts,
        rule=report.rule,
        share=metrics.share,
        provisional=metrics.provisional_share,
        lower=lower,
        upper=upper,
        missing_logs=missing_logs,
        state=(
            _request_state(
                counts,
                report.rule,
                metrics.share,
                may_lack_requests=_may_lack_requests(report),
            )
            if is_complete
            else State.INCOMPLETE
        ),
        breakdown=report.breakdown[channel],
    )


def _missing_logs(report: Report, channel: Channel) -> dict[str, list[date]]:
    if report.window.coverage is None:
        return {}
    missing = {gap.day for gap in report.window.missing}
    days = [day.day for day in report.days if day.day not in missing]
    return report.window.coverage.missing(channel, days)


def _request_state(
    counts: Tally, rule: ShareRule, share: float | None, *, may_lack_requests: bool
) -> State:
    if counts.against(rule):
        return State.BELOW
    if not counts.requests:
        return State.UNDECIDED if may_lack_requests else State.EMPTY
    if counts.unknown:
        return State.PARTLY if counts.unknown < counts.requests else State.UNDECIDED
    if share is None:
        return State.UNDECIDED
    return State.PARTLY if may_lack_requests else State.MET


def _may_lack_requests(report: Report) -> bool:
    """
    Whether requests without MFA may be among what was not read.

    The API's figure does not need the log of interactive sign-ins, where its sign-ins are rare, but
    it cannot be said to be at 100 % without it.
    """
    coverage = report.window.coverage
    lacks_interactive = coverage is not None and len(coverage.interactive) < len(report.days)
    return has_unreadable(report) or lacks_interactive


def has_unreadable(report: Report) -> bool:
    """Whether records could not be read, which may have been requests without MFA."""
    return bool(report.reading and report.reading.unreadable)


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
    if metrics.enforced == metrics.enabled:
        return State.MET
    return State.BELOW if metrics.conditional or metrics.unprotected else State.PARTLY


def states(report: Report) -> list[State]:
    """The state of each figure: accounts, portal, API."""
    return [account_figure(report).state, *(figure.state for figure in request_figures(report))]


def overall_state(report: Report) -> State:
    """
    The state of the whole: 100 % only if all three figures were read and are at 100 %.

    A missing day or log outweighs everything, then any figure below 100 %.
    """
    found = states(report)
    order = (State.INCOMPLETE, State.BELOW, State.UNDECIDED, State.PARTLY)
    worst = next((state for state in order if state in found), None)
    if worst is None and State.MET in found:
        return State.MET if set(found) == {State.MET} else State.PARTLY
    return worst or State.EMPTY
