"""The geometry of a chart of shares over many days. Lengths are percent of the chart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from shared.delivery.text.formatting import percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shared.mfa.report import HistoryPoint

TREND_POINTS = 401  #: windows in the trend, the newest ones
_DOTTED_POINTS = 62  #: up to as many windows, each has a dot; more dots would hide the line
_NEWEST_ROWS = 31  #: of the trend as numbers; before them one of each month


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over time; a window in which it was unknown is a gap."""

    key: str
    name: str
    latest: str
    dots: list[tuple[float, float]]
    runs: list[list[tuple[float, float]]]  #: points that are joined; single ones are only dots


def trend(history: Sequence[HistoryPoint]) -> list[Series]:
    """The figures that were ever known, over the newest windows; the newest is at the right."""
    points = history[-TREND_POINTS:]
    columns = [
        ("accounts", "Accounts", [point.accounts for point in points]),
        ("portal", "Portal", [point.least_portal for point in points]),
        ("api", "API or SDK", [point.least_api for point in points]),
    ]
    days = [point.ending for point in points]
    return [
        series(key, name, days, shares)
        for key, name, shares in columns
        if any(share is not None for share in shares)
    ]


def series(key: str, name: str, days: list[date], shares: list[float | None]) -> Series:
    """One figure's shares of some days, oldest first; `None` is unknown."""
    runs: list[list[tuple[float, float]]] = []
    points = [
        None if share is None else (_along(day, days), _percent(1 - share))
        for day, share in zip(days, shares, strict=True)
    ]
    for is_known, run in groupby(points, bool):
        runs += [[point for point in run if point]] if is_known else []
    single = {point for run in runs for point in run if len(run) == 1 or point == points[-1]}
    is_dotted = len(points) <= _DOTTED_POINTS
    return Series(
        key=key,
        name=name,
        latest=percent(shares[-1]),
        dots=[point for run in runs for point in run if is_dotted or point in single],
        runs=[run for run in runs if len(run) > 1],
    )


def trend_rows(history: Sequence[HistoryPoint]) -> list[HistoryPoint]:
    """The windows of the trend as numbers: the newest, then the last of each month before."""
    newest_first = history[-TREND_POINTS:][::-1]
    rows, earlier = list(newest_first[:_NEWEST_ROWS]), newest_first[_NEWEST_ROWS:]
    for _, month in groupby(earlier, lambda point: (point.ending.year, point.ending.month)):
        rows.append(next(month))
    return rows


def _along(day: date, days: list[date]) -> float:
    return _percent((day - days[0]).days / max((days[-1] - days[0]).days, 1))


def _percent(fraction: float) -> float:
    return round(100 * fraction, 2)
