"""What the commands have in common: exit codes, arguments, and how they speak to the user."""

from __future__ import annotations

import argparse
import sys
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from shared.cli.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

DONE, DONE_IN_PART, WRONG_USAGE = 0, 1, 2  #: exit codes
INTERRUPTED = 130  #: exit code; what a shell reports for a command that Ctrl-C ended
PORT = 7071  #: the one that Functions Core Tools use
_HIGHEST_PORT = 65_535


def say(text: str) -> None:
    """Write to standard error; standard output is for results."""
    sys.stderr.write(f"{text}\n")


@contextmanager
def shown_progress(label: str, unit: str) -> Iterator[Progress]:
    """Show progress while the block lasts."""
    progress = Progress(label, unit)
    try:
        yield progress
    finally:
        progress.finish()


def day(text: str) -> date:
    """Parse an argument that is a date."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"invalid date {text!r}; expected YYYY-MM-DD"
        raise argparse.ArgumentTypeError(message) from error


def add_port(parser: argparse.ArgumentParser) -> None:
    """``--port N``."""
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        metavar="N",
        help=f"where to serve on this machine; 0 takes a free port; default: {PORT}",
    )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= _HIGHEST_PORT:
        return int(text)
    message = f"invalid port {text!r}; expected a number from 0 to {_HIGHEST_PORT}"
    raise argparse.ArgumentTypeError(message)
