"""``python -m simulator demo``: the demonstration. Run it through ``python dev.py``."""

from __future__ import annotations

if __name__ == "__main__":  # Ctrl-C during the imports ends this without a traceback
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from typing import TYPE_CHECKING

from shared.cli.main import execute
from shared.clock import utc_now
from simulator.demo import add_demo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


def main(arguments: Sequence[str] | None = None, *, now: Callable[[], datetime] = utc_now) -> int:
    """Run the demonstration and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    return execute(_parser, given, now)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add_demo(commands.add_parser("demo", help="the report of a simulated partner, served"))
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
