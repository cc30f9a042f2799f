"""``python -m bench [--quick] [NAME …]``: run the benches of this folder, or those named."""

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
    """Run what was asked for, one bench after another; 2 for a bench that there is none of."""
    benches = {name: module for name in _names() if hasattr(module := _load(name), "run")}
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, for a first impression")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benches))
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - benches.keys())
    if unknown:
        parser.error(f"there is no bench {unknown[0]!r}; there are {', '.join(benches)}")
    for name in options.names or benches:
        _run(name, benches[name], is_quick=options.quick, is_named=bool(options.names))
    return 0


def _names() -> list[str]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return [file.stem for file in files if not file.stem.startswith("_")]


def _load(name: str) -> ModuleType:
    return import_module(f"bench.{name}")


def _run(name: str, bench: ModuleType, *, is_quick: bool, is_named: bool) -> None:
    """With less data, where the bench can do with less; else only if it was asked for by name."""
    can_be_quick = "is_quick" in inspect.signature(bench.run).parameters
    if is_quick and not can_be_quick and not is_named:
        print(f"{name}: left out, it has no quick form")
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
