"""Runs one way of one row in this process, and prints its cost as JSON: see bench/frame.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.frame import Given, rows_of, run_way


def main(module: str, what: str, name: str, folder: str, size: str) -> None:
    """Run the way *name* of the row *what*."""
    row = next(row for row in rows_of(module) if row.what == what)
    way = next(way for way in row.ways if way.name == name)
    print(json.dumps(run_way(way, Given(Path(folder), int(size)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
