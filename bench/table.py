"""The bench's figures as text: each row as it is measured, and the table of all rows at the end."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.frame import SCALES, Cost, Costs, Row, Way, middle

if TYPE_CHECKING:
    from collections.abc import Iterator


class Goal(NamedTuple):
    """One goal of a row: what is wanted, and whether the figures reach it."""

    wanted: str
    is_reached: bool


def machine() -> str:
    """The machine that the figures are of."""
    info = Path("/proc/cpuinfo")
    names = (line for line in info.read_text().splitlines() if line.startswith("model name"))
    name = next(names, "").partition(":")[2].strip() if info.exists() else ""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, {name or platform.machine()}, {platform.system()}, "
        f"Python {platform.python_version()}; load {load}"
    )


def described(row: Row, costs: Costs, *, is_short: bool = False) -> Iterator[str]:
    """A row's figures: lowest, median and highest of each way, its peak memory, and the ratio."""
    yield f"{row.what} ({row.short_size if is_short else row.size:,})"
    yield f"    before: {row.before}; wanted: {all_wanted(row)}"
    ours = middle(costs[row.ours.name])
    for way in row.ways:
        line = f"    {way.name:<34}{_figures(row, costs[way.name])}"
        if way is not row.ours and not is_short:
            line += f"   {ratio(way, ours, middle(costs[way.name]))}"
        yield line
    if not is_short:
        yield from (f"    NOT REACHED: {goal.wanted}" for goal in goals(row, costs) if not goal[1])


def _figures(row: Row, runs: list[Cost]) -> str:
    scale = SCALES.get(row.unit, 1.0)
    taken = sorted(run.seconds * scale for run in runs)
    figures = " ".join(f"{amount:>9,.3g}" for amount in (taken[0], middle(runs) * scale, taken[-1]))
    return f"{figures} {row.unit:<3}{max(run.peak_mb for run in runs):>8,.0f} MB"


def ratio(way: Way, ours: float, theirs: float) -> str:
    """How ours compares with another way, as its goal is put."""
    if way.at_most_more is not None:
        return f"ours takes {(ours - theirs) * SCALES['ms']:,.3g} ms more"
    if way.at_most is not None:
        return f"ours takes {ours / theirs:,.3g} x" if theirs else ""
    if way.of_ours is not None:
        return f"takes {theirs / ours:,.3g} x" if ours else ""
    return f"ours is {theirs / ours:,.3g} x as fast" if ours else ""


def goals(row: Row, costs: Costs) -> Iterator[Goal]:
    """Each goal of a row, and whether the medians reach it."""
    ours = middle(costs[row.ours.name])
    if row.at_most is not None:
        allowed = row.at_most / SCALES.get(row.unit, 1.0)
        yield Goal(f"≤ {row.at_most:g} {row.unit}", ours <= allowed)
    if row.at_most_mb is not None:
        peak = max(run.peak_mb for run in costs[row.ours.name])
        yield Goal(f"≤ {row.at_most_mb:g} MB", peak <= row.at_most_mb)
    for way in row.others:
        theirs = middle(costs[way.name])
        if way.at_least is not None:
            is_reached = theirs >= way.at_least * ours
            yield Goal(f"≥ {way.at_least:g} x as fast as {way.name}", is_reached)
        if way.at_most is not None:
            yield Goal(f"≤ {way.at_most:g} x of {way.name}", ours <= way.at_most * theirs)
        if way.at_most_more is not None:
            allowed = way.at_most_more / SCALES.get(row.unit, 1.0)
            wanted = f"≤ {way.at_most_more:g} {row.unit} more than {way.name}"
            yield Goal(wanted, ours - theirs <= allowed)
        if way.of_ours is not None:
            yield Goal(f"{way.name} ≤ {way.of_ours:g} x of it", theirs <= way.of_ours * ours)


def all_wanted(row: Row) -> str:
    """The goals of a row in one line."""
    nothing: Costs = {way.name: [Cost(0.0, 0.0, None)] for way in row.ways}
    return ", ".join(goal.wanted for goal in goals(row, nothing)) or "nothing worse"


def table(measured: list[tuple[Row, Costs]]) -> Iterator[str]:
    """All rows as a table in Markdown."""
    yield "| What | Before | Wanted | Now: lowest, median, highest; peak | Against | Reached |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row, costs in measured:
        ours = middle(costs[row.ours.name])
        against = "; ".join(
            f"{way.name}: {' '.join(_figures(row, costs[way.name]).split())},"
            f" {ratio(way, ours, middle(costs[way.name]))}"
            for way in row.others
        )
        reached = "yes" if all(goal.is_reached for goal in goals(row, costs)) else "**no**"
        now = " ".join(_figures(row, costs[row.ours.name]).split())
        yield f"| {row.what} | {row.before} | {all_wanted(row)} | {now} | {against} | {reached} |"
