"""How the figures changed; a difference only where both are known for certain."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.changes.past import is_other_scope
from shared.mfa.percent import tenths
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.mfa.changes.past import PastReport

ACCOUNTS = "accounts"
FIGURES = (ACCOUNTS, *Channel)


class Incomparable(StrEnum):
    """Why two reports, or two figures, cannot be compared."""

    NO_REPORT = "no_report"  #: there is none of that day, or its files are gone
    NOT_READ = "not_read"  #: one of the two days lacks it: the directory was not read
    PARTIAL = "partial"  #: days or logs are missing on one of them
    UNCERTAIN = "uncertain"  #: something of the figure is unknown on one of them
    NOTHING = "nothing"  #: there was nothing to measure on one of them
    RULE = "rule"  #: exempted requests count differently
    SCOPE = "scope"  #: other applications or resources count as Partner Center


class FigureChange(msgspec.Struct, frozen=True):
    """One figure on the two days; shares are fractions, "at least" where something is unknown."""

    share: float | None
    before: float | None
    total: int | None  #: what it is a share of: enabled accounts, or requests
    total_before: int | None
    points: float | None = None  #: between the shares as they are printed; `None`: see `reason`
    reason: Incomparable | None = None


def figure_changes(now: PastReport, before: PastReport) -> dict[str, FigureChange]:
    """The change of each figure, by its name."""
    return {str(name): _figure(name, now, before) for name in FIGURES}


def _figure(name: str, now: PastReport, before: PastReport) -> FigureChange:
    (share, total), (was, total_before) = _certain(name, now), _certain(name, before)
    reason = _incomparable(name, now, before)
    points = None
    if reason is None and share is not None and was is not None:
        points = (tenths(share) - tenths(was)) / 10
    return FigureChange(share, was, total, total_before, points, reason)


def _certain(name: str, report: PastReport) -> tuple[float | None, int | None]:
    """What is certain of a figure, and what it is a share of."""
    if name == ACCOUNTS:
        accounts = report.metrics.accounts
        return accounts.known_share, accounts.enabled
    figure = report.metrics.portal if name == Channel.PORTAL else report.metrics.api
    return figure.share_lower if figure.unknown else figure.share, figure.requests


def _incomparable(name: str, now: PastReport, before: PastReport) -> Incomparable | None:
    if is_other_scope(now, before):
        return Incomparable.SCOPE
    if name == ACCOUNTS:
        return _why_accounts_are_unknown(now) or _why_accounts_are_unknown(before)
    if now.rule != before.rule:
        return Incomparable.RULE
    channel = Channel(name)
    return _why_requests_are_unknown(now, channel) or _why_requests_are_unknown(before, channel)


def _why_accounts_are_unknown(report: PastReport) -> Incomparable | None:
    accounts = report.metrics.accounts
    if accounts.enabled is None:
        return Incomparable.NOT_READ
    if not accounts.enabled:
        return Incomparable.NOTHING
    return Incomparable.UNCERTAIN if accounts.unknown else None


def _why_requests_are_unknown(report: PastReport, channel: Channel) -> Incomparable | None:
    figure = report.metrics.portal if channel is Channel.PORTAL else report.metrics.api
    if report.lacks(channel):
        return Incomparable.PARTIAL
    if report.reading and report.reading.unreadable:
        return Incomparable.UNCERTAIN
    if not figure.requests:
        return Incomparable.NOTHING
    return Incomparable.UNCERTAIN if figure.unknown or figure.share is None else None
