"""
The frame of the bench: rows, each of which measures one thing in our way and in named other ways.

Each run of a way has a process of its own, and the ways take turns, so that a busy machine slows
all of them. What counts is processor time, which other processes hardly change, and the peak memory
of the whole process. The results of the ways must be equal. ``--short`` runs everything once, on
little data and in one process, and judges no figures: it shows that the bench still works.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

RUNS = 5
ROOT = Path(__file__).resolve().parent.parent
SCALES = {"s": 1.0, "ms": 1e3, "µs": 1e6}  #: of times, which are measured in seconds


class Given(NamedTuple):
    """What a way works on: a folder with what the row has prepared, and how much there is."""

    folder: Path
    size: int


class Amount(NamedTuple):
    """A result with a cost that the work knows itself: virtual seconds, kB, another process's."""

    result: Any
    cost: float
    peak_mb: float | None = None


Work = Callable[[], Any]  #: what is measured; returns its result, of JSON's types, or an `Amount`


class Way(NamedTuple):
    """One way of doing a row's work. `make` imports and prepares; only what it returns counts."""

    name: str
    make: Callable[[Given], Work]
    #: How many times as fast as this way ours has to be, at least.
    at_least: float | None = None
    #: How many times what this way takes ours may take, at most.
    at_most: float | None = None
    #: How much more than this way ours may take, at most, in the row's unit.
    at_most_more: float | None = None
    #: How much of what ours takes it may take itself, at most: for what saves work.
    of_ours: float | None = None
    #: Whether its result must equal ours. A floor that does less has no result to compare.
    is_compared: bool = True


class Row(NamedTuple):
    """One row of the table."""

    what: str
    before: str  #: the figure when the goals were set
    size: int
    short_size: int
    ours: Way
    others: tuple[Way, ...] = ()
    prepare: Callable[[Given], AbstractContextManager[None] | None] | None = None
    unit: str = "s"
    at_most: float | None = None  #: in `unit`
    at_most_mb: float | None = None
    runs: int = RUNS

    @property
    def ways(self) -> list[Way]:
        """Ours, then the others."""
        return [self.ours, *self.others]


class Cost(NamedTuple):
    """One run of one way."""

    seconds: float  #: or another amount, in the row's unit
    peak_mb: float
    result: Any


Costs = dict[str, list[Cost]]  #: by the name of the way


class DisagreementError(Exception):
    """Two ways of the same work had different results."""


def measure(module: str, row: Row, *, is_short: bool = False) -> Costs:
    """Run each way, in turns, and compare the results."""
    costs: Costs = {way.name: [] for way in row.ways}
    with TemporaryDirectory(prefix="bench") as folder:
        given = Given(Path(folder), row.short_size if is_short else row.size)
        with (row.prepare and row.prepare(given)) or nullcontext():
            for _ in range(1 if is_short else row.runs):
                for way in row.ways:
                    run = run_way(way, given) if is_short else _run_apart(module, row, way, given)
                    costs[way.name].append(run)
    _compare(row, costs)
    return costs


def run_way(way: Way, given: Given) -> Cost:
    """Run a way once, in this process."""
    work = way.make(given)
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    if isinstance(result, Amount):
        return Cost(result.cost, peak_mb() if result.peak_mb is None else result.peak_mb, result[0])
    return Cost(seconds, peak_mb(), result)


def _run_apart(module: str, row: Row, way: Way, given: Given) -> Cost:
    call = [module, row.what, way.name, str(given.folder), str(given.size)]
    done = subprocess.run(
        [sys.executable, "-m", "bench._apart", *call],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{row.what}, {way.name}: {done.stderr[-2_000:]}")
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def _compare(row: Row, costs: Costs) -> None:
    expected = costs[row.ours.name][0].result
    for way in row.ways:
        for cost in costs[way.name] if way.is_compared else ():
            # a process of its own returns JSON, where a tuple is a list
            if json.dumps(cost.result, sort_keys=True) != json.dumps(expected, sort_keys=True):
                raise DisagreementError(
                    f"{row.what}: {way.name} has {str(cost.result)[:200]},"
                    f" {row.ours.name} has {str(expected)[:200]}"
                )


def peak_mb() -> float:
    """
    The peak memory of this process.

    On Linux, `getrusage` starts with the parent's peak; the process's own is in ``/proc``.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def rows_of(module: str) -> list[Row]:
    """The rows of a module of this folder."""
    rows: list[Row] = getattr(import_module(f"bench.{module}"), "ROWS", [])
    return rows


def middle(costs: list[Cost]) -> float:
    """The median of what the runs took."""
    return median(cost.seconds for cost in costs)
