"""The command line: parse, one call, an exit code. Run it through ``python dev.py``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from shared.cli.analyze import add_analyze
from shared.cli.check import add_check
from shared.cli.console import DONE_IN_PART, INTERRUPTED, WRONG_USAGE, say
from shared.cli.directory import add_directory
from shared.cli.ledger import add_ledger
from shared.cli.mail import add_mail
from shared.cli.run import add_run
from shared.cli.serve import add_serve
from shared.cli.token import add_token, refuse_arguments
from shared.clock import utc_now
from shared.errors import MfaStatusError, UsageError
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


def main(arguments: Sequence[str] | None = None, *, now: Callable[[], datetime] = utc_now) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    return execute(_parser, given, now)


def execute(
    make_parser: Callable[[], argparse.ArgumentParser],
    given: Sequence[str],
    now: Callable[[], datetime],
) -> int:
    """
    Parse the arguments and run what they ask for; return the exit code.

    Standard output is for results, standard error for everything else.
    """
    try:
        refuse_arguments(given)
        options = make_parser().parse_args(given)
        return int(options.run(options, Settings(), now))
    except UsageError as error:
        say(f"{_name(given)}: {error}")
        return WRONG_USAGE
    except MfaStatusError as error:
        say(f"{_name(given)}: {error}")
        return DONE_IN_PART
    except KeyboardInterrupt:
        return INTERRUPTED


def _name(given: Sequence[str]) -> str:
    """Return the command, unless something else is in its place, which may be a secret."""
    return given[0] if given and given[0].isalpha() and given[0].islower() else "dev.py"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    add_analyze(commands.add_parser("analyze", help="a report from exported sign-in records"))
    add_run(commands.add_parser("run", help="one daily run with the current settings"))
    add_check(commands.add_parser("check", help="whether a deployment works, end to end"))
    add_mail(commands.add_parser("mail", help="send the newest report now"))
    add_ledger(commands.add_parser("ledger", help="what was pulled, slice by slice"))
    add_directory(commands.add_parser("directory", help="users and policies, written to a file"))
    add_token(commands.add_parser("token", help="Partner Center's answers to an access token"))
    add_serve(commands.add_parser("serve", help="serve the stored reports"))
    return parser
