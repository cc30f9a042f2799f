"""The figures of single days: by channel, and by application."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from shared.mfa.metrics import Tally, can_fall_short, tally
from shared.mfa.request_counts import first_known
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.mfa.assessment import Assessment
    from shared.mfa.request_counts import DayRequests


class DayFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One day's requests of a channel, or of one application; shares are fractions or `None`."""

    day: date
    channel: Channel
    is_complete: bool  #: every log is there that the channel needs; if not, there is no share
    is_provisional: bool  #: the day's records may still change
    counts: Tally | None  #: `None`: nothing was read
    share: float | None = None
    share_lower: float | None = None
    share_upper: float | None = None


class ApplicationFigure(msgspec.Struct, frozen=True):
    """One application's figure of one day."""

    id: str
    name: str  #: as last seen in the window
    figure: DayFigure


def figures_by_day(assessment: Assessment) -> tuple[list[DayFigure], list[ApplicationFigure]]:
    """
    Each channel's figure of each day of the window, and each application's of each known day.

    Applications that sign in without a user are among them.
    """
    days: list[DayFigure] = []
    applications: list[ApplicationFigure] = []
    for channel in Channel:
        by_day = assessment.requests.by_day(channel)
        days += [
            _figure(assessment, day, channel, by_day.get(day.isoformat(), []))
            for day in assessment.window.days
        ]
        applications += _applications(assessment, channel, by_day)
    return days, applications


def _applications(
    assessment: Assessment, channel: Channel, by_day: Mapping[str, list[DayRequests]]
) -> list[ApplicationFigure]:
    missing = {gap.day for gap in assessment.window.missing}
    names: dict[str, str] = {}
    figures: list[tuple[str, DayFigure]] = []
    for day in reversed([day for day in assessment.window.days if day not in missing]):
        groups: defaultdict[str, list[DayRequests]] = defaultdict(list)
        for each in by_day.get(day.isoformat(), ()):
            groups[each.app_id].append(each)
        for app_id, group in groups.items():
            names[app_id] = names.get(app_id) or first_known(each.app_name for each in group)
            figures.append((app_id, _figure(assessment, day, channel, group)))
    return [ApplicationFigure(app_id, names[app_id], figure) for app_id, figure in figures]


def _figure(
    assessment: Assessment, day: date, channel: Channel, requests: Collection[DayRequests]
) -> DayFigure:
    window = assessment.window
    is_missing = any(gap.day == day for gap in window.missing)
    is_complete = not is_missing and not window.coverage.missing(channel, [day])
    counts, rule = tally(requests), assessment.rule
    figure = DayFigure(
        day=day,
        channel=channel,
        is_complete=is_complete,
        is_provisional=day in window.provisional,
        counts=counts if is_complete or (requests and not is_missing) else None,
    )
    if not is_complete:
        return figure
    lower, upper = counts.bounds(rule)
    share = counts.share(rule) if can_fall_short(requests, rule) else None
    return replace(figure, share=share, share_lower=lower, share_upper=upper)
