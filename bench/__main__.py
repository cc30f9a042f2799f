"""
``python -m bench [--short] [NAME …]``: the table of all rows, or the benches that are named.

A bench is a module of this folder: with `ROWS`, which are measured as bench/frame.py says, or with
a `run` of its own, which runs only if it is named.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from bench.frame import Costs, Row, measure, rows_of
from bench.table import described, machine, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Modules with rows, in the order of the table.
TABLE = (
    *(
        "reading",
        "reading_pieces",
        "window",
        "cold_start",
        "csv_files",
        "pages",
        "crawl",
        "first_fill",
    ),
    *("accounts", "stores"),
)
NAMED = ("sdk_models", "costs", "serving")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the requested benches one after another; exits with 2 if a name is unknown."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="once, little data, no judgement")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*TABLE, *NAMED)))
    options = parser.parse_args(arguments)
    if unknown := sorted({*options.names} - {*TABLE, *NAMED}):
        parser.error(f"unknown bench {unknown[0]!r}; expected one of {', '.join((*TABLE, *NAMED))}")
    print(machine())
    measured = list(_measured(options.names or TABLE, is_short=options.short))
    if not options.short:
        print("", *table(measured), sep="\n")
    for name in options.names:
        if name in NAMED:
            import_module(f"bench.{name}").run()
    return 0


def _measured(names: Sequence[str], *, is_short: bool) -> Iterator[tuple[Row, Costs]]:
    """Measure the rows of the named modules, and print each when it is there."""
    for name in names:
        for row in rows_of(name):
            start = time.perf_counter()
            try:
                costs = measure(name, row, is_short=is_short)
            except pytest.skip.Exception as reason:
                print(f"{row.what}: skipped, {reason}", flush=True)
                continue
            print("", *described(row, costs, is_short=is_short), sep="\n")
            print(f"    ({time.perf_counter() - start:.0f} s)", flush=True)
            yield row, costs


if __name__ == "__main__":
    sys.exit(main())
