"""
Reading sign-in records: our code, the standard library, and DuckDB, with the same results.

Each pipeline counts Partner Center's sign-ins by day, application, requirement and error code, in
its own process, on one core, in processor seconds. Peak memory is what it used beyond what it
started with. The results must be equal. DuckDB gets the columns it needs; "DuckDB hinted" also gets
the hint that the JSON values are records, which saves 0.7 s of sampling.
"""

from __future__ import annotations

import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.generate import API, PORTAL, write_lines, write_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.mfa.sign_in import SignIn

SEED = 2
LINES, PAGES, GZIP = "lines", "Graph pages", "lines, gzip"

Counts = dict[str, int]  #: "day application requirement error", and how many


class Input(NamedTuple):
    """Records of one layout; `share` of them are Partner Center's."""

    layout: str
    share: float
    records: int

    def write(self, folder: Path) -> Path:
        """Write them to the folder; returns the file."""
        name = f"{self.layout}-{self.share}".replace(" ", "-").replace(",", "")
        file = folder / f"{name}.json{'.gz' if self.layout == GZIP else ''}"
        write = write_pages if self.layout == PAGES else write_lines
        write(file, self.records, self.share, seed=SEED)
        return file


class ReadingCost(NamedTuple):
    """The cost and the result of one run of one pipeline."""

    seconds: float
    peak_mb: float
    counts: Counts


def run(*, is_quick: bool = False) -> None:
    """Print records per second, peak memory, and how many times as fast our code is."""
    runs, scale = (1, 1) if is_quick else (3, 5)
    inputs = [
        *(Input(LINES, 0.01, 20_000 * scale), Input(GZIP, 0.01, 10_000 * scale)),
        *(Input(PAGES, 0.01, 6000 * scale),),
        *(Input(layout, 1.0, 4000 * scale) for layout in (LINES, GZIP, PAGES)),
    ]
    print(f"{'records a second':<20}{'records':>9}", *(f"{name:>13}" for name in PIPELINES), end="")
    print("   ours is … times as fast   peak MB of each")
    with tempfile.TemporaryDirectory() as folder:
        for each in inputs:
            path = each.write(Path(folder))
            _print_row(each, {name: _measure(name, path, runs) for name in PIPELINES})


def _print_row(each: Input, costs: dict[str, ReadingCost]) -> None:
    found = [cost.counts for cost in costs.values()]
    if not found[0] or found[1:] != found[:-1]:
        raise AssertionError(f"the pipelines do not agree on {each}")
    ours, *others = costs.values()
    rates = (f"{each.records / cost.seconds:>13,.0f}" for cost in costs.values())
    ratios = (f"{other.seconds / ours.seconds:>7.1f}x" for other in others)
    peaks = ", ".join(f"{cost.peak_mb:,.0f}" for cost in costs.values())
    print(f"{each.layout:<14}{each.share:>6.0%}{each.records:>9,}", *rates, *ratios, f"  {peaks}")


def _measure(pipeline: str, path: Path, runs: int) -> ReadingCost:
    """The median time of several runs; the slowest pipeline runs once."""
    costs = [_run_apart(pipeline, path) for _ in range(1 if pipeline == "json" else runs)]
    return costs[0]._replace(seconds=median(cost.seconds for cost in costs))


def _run_apart(pipeline: str, path: Path) -> ReadingCost:
    command = [sys.executable, "-m", "bench.reading", pipeline, str(path)]
    done = subprocess.run(command, check=True, capture_output=True)
    return ReadingCost(**json.loads(done.stdout))


def _run_here(pipeline: str, path: Path) -> ReadingCost:
    count = PIPELINES[pipeline]()  # imports what it needs
    before, start = peak_mb(), time.process_time()
    counts = count(path)
    return ReadingCost(time.process_time() - start, peak_mb() - before, counts)


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


def _ours() -> Callable[[Path], Counts]:
    from shared.mfa.scope import Scope
    from shared.sources.files.exports import read_exports

    def count(path: Path) -> Counts:
        counts: Counter[str] = Counter()

        def take(sign_in: SignIn) -> None:
            counts[
                f"{sign_in.day} {sign_in.app_id} {sign_in.requirement.value} {sign_in.error_code}"
            ] += 1

        read_exports([path], Scope().ids, take)
        return dict(counts)

    return count


def _standard_library() -> Callable[[Path], Counts]:
    def count(path: Path) -> Counts:
        counts: Counter[str] = Counter()
        for record in _records(path):
            if record["appId"].lower() == PORTAL or record["resourceId"].lower() == API:
                day, code = record["createdDateTime"][:10], record["status"]["errorCode"]
                counts[f"{day} {record['appId']} {record['authenticationRequirement']} {code}"] += 1
        return dict(counts)

    return count


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for line in lines:
            values = json.loads(line)
            yield from values["value"] if "value" in values else [values["properties"]]


_FIELDS = (
    "createdDateTime VARCHAR, appId VARCHAR, resourceId VARCHAR, "
    "authenticationRequirement VARCHAR, status STRUCT(errorCode INTEGER)"
)
_PAGES = f"""
    SELECT unnest(value) AS r FROM read_json($path, format = 'newline_delimited',
        columns = {{{{value: 'STRUCT({_FIELDS})[]'}}}}{{options}})
"""
_LINES = f"""
    SELECT properties AS r FROM read_json($path, format = 'newline_delimited',
        columns = {{{{properties: 'STRUCT({_FIELDS})'}}}}{{options}})
"""
_COUNT = """
    SELECT concat_ws(' ', r.createdDateTime[:10], r.appId, r.authenticationRequirement,
                     r.status.errorCode), count(*)
    FROM ({records}) WHERE lower(r.appId) = $portal OR lower(r.resourceId) = $api GROUP BY ALL
"""


def _duckdb(options: str = "") -> Callable[[Path], Counts]:
    import duckdb

    database = duckdb.connect(config={"threads": 1})

    def count(path: Path) -> Counts:
        records = _PAGES if PAGES.partition(" ")[0] in path.name else _LINES
        query = _COUNT.format(records=records.format(options=options))
        values = {"path": str(path), "portal": PORTAL, "api": API}
        return dict(database.execute(query, values).fetchall())

    return count


PIPELINES: dict[str, Callable[[], Callable[[Path], Counts]]] = {
    "ours": _ours,
    "json": _standard_library,
    "DuckDB": _duckdb,
    "DuckDB hinted": partial(_duckdb, ", records = true"),
}

if __name__ == "__main__":
    print(json.dumps(_run_here(sys.argv[1], Path(sys.argv[2]))._asdict()))
