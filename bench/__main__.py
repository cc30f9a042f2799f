"""``python -m bench [--quick] [NAME …]``: run all benches of this folder, or the named ones."""

from __future__ import annotations

import argparse
import inspect
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the requested benches one after another; exits with 2 if a name is unknown."""
    benches = {name: module for name in _names() if hasattr(module := _load(name), "run")}
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, for a first impression")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benches))
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - benches.keys())
    if unknown:
        parser.error(f"unknown bench {unknown[0]!r}; expected one of {', '.join(benches)}")
    for name in options.names or benches:
        _run(name, benches[name], is_quick=options.quick, is_named=bool(options.names))
    return 0


def _names() -> list[str]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if not file.stem.startswith("_")]


def _load(name: str) -> ModuleType:
    return import_module(f"bench.{name}")


def _run(name: str, bench: ModuleType, *, is_quick: bool, is_named: bool) -> None:
    """Run one bench; with `is_quick`, skip it if it has no quick form and was not named."""
    can_be_quick = "is_quick" in inspect.signature(bench.run).parameters
    if is_quick and not can_be_quick and not is_named:
        print(f"{name}: skipped, it has no quick form")
        return
    print(f"== {name}: {(bench.__doc__ or '').strip().splitlines()[0]}")
    start = time.perf_counter()
    if can_be_quick:
        bench.run(is_quick=is_quick)
    else:
        bench.run()
    print(f"   ({time.perf_counter() - start:.0f} s)\n")


if __name__ == "__main__":
    sys.exit(main())
