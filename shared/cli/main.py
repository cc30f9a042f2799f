"""The command line: parse, one call, say what came of it. Run through ``python dev.py``."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.commands import (
    DONE,
    DONE_IN_PART,
    add_demo,
    add_directory,
    add_run,
    add_serve,
    say,
)
from shared.cli.progress import Progress
from shared.cli.token import add_token, refuse_arguments
from shared.clock import utc_now
from shared.delivery.files.folder import write_files
from shared.delivery.text.summary import summarise
from shared.delivery.text.words import harmless
from shared.errors import MfaStatusError, UsageError
from shared.service.analysis import Question, analyze, pairs_in
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

WRONG_USAGE = 2  #: exit code, besides those of the commands
INTERRUPTED = 130  #: what a shell reports for a command that Ctrl-C ended
_MEBIBYTE = 2**20
_ANALYZE = (
    "Makes a report from exported sign-in records, without any account. One of --out, --json and "
    "--discover must be given. Exit code 0: done; 1: done in part, a file broke off; 2: wrong "
    "usage, setting or input."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Standard output holds results, standard error the rest."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        refuse_arguments(given)
        options = _parser().parse_args(given)
        return int(options.run(options, Settings()))
    except UsageError as error:
        say(f"{_name(given)}: {error}")
        return WRONG_USAGE
    except MfaStatusError as error:
        say(f"{_name(given)}: {error}")
        return DONE_IN_PART
    except KeyboardInterrupt:
        return INTERRUPTED


def _name(given: Sequence[str]) -> str:
    """The command, unless something else stands in its place, which may be a secret."""
    return given[0] if given and given[0].isalpha() and given[0].islower() else "dev.py"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_analyze(commands.add_parser("analyze", help="a report from exported sign-in records"))
    add_run(commands.add_parser("run", help="one daily run with the current settings"), _day)
    add_directory(commands.add_parser("directory", help="users and policies, written to a file"))
    add_token(commands.add_parser("token", help="what an access token would be answered"))
    add_serve(commands.add_parser("serve", help="serve the reports that are there already"))
    add_demo(commands.add_parser("demo", help="the report of a simulated partner, served"))
    return parser


def _add_analyze(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_analyze)
    parser.description = _ANALYZE
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a file, or a folder of files; plain or .gz",
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the report's files go")
    parser.add_argument(
        "--discover",
        action="store_true",
        help="list which application asks for which resource, and stop",
    )
    parser.add_argument(
        "--ending",
        type=_day,
        metavar="DATE",
        help="last day of the seven, UTC; default: the newest closed day in the records",
    )
    parser.add_argument(
        "--since",
        type=_day,
        metavar="DATE",
        help="day from which the files are complete; default: their first record's",
    )
    parser.add_argument(
        "--tenant-id",
        metavar="ID",
        help="the partner's; default: TENANT_ID, else the one in the records",
    )
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="FILE",
        help="users and policies of the tenant, for the accounts figure (docs/directory.md)",
    )
    parser.add_argument(
        "--exceptions",
        type=Path,
        metavar="FILE",
        help="accounts accepted without MFA, shown beside the figure (docs/exceptions.md)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the report as JSON on standard output"
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is no date; expected is YYYY-MM-DD"
        raise argparse.ArgumentTypeError(message) from error


def _analyze(options: argparse.Namespace, settings: Settings) -> int:
    progress = Progress("Reading", "MiB", scale=_MEBIBYTE)
    if options.discover:
        return _discover(options, progress)
    if not (options.out or options.json):
        message = "nothing would be kept: name a folder with --out, or ask for --json."
        raise UsageError(message)
    question = Question(
        paths=options.paths,
        scope=settings.scope,
        rule=settings.rule,
        now=utc_now(),
        tenant_id=(options.tenant_id or settings.tenant_id or "").lower() or None,
        ending=options.ending,
        since=options.since,
        directory=options.directory,
        exceptions=options.exceptions,
    )
    publication = analyze(question, progress)
    progress.finish()
    say(summarise(publication.report))
    if options.out:
        write_files(options.out, publication.files, owner_only=True)
        say(f"Report: {options.out / 'report.html'}")
    if options.json:
        sys.stdout.buffer.write(publication.files["report.json"])
    reading = publication.report.reading
    return DONE_IN_PART if reading and reading.broken_off else DONE


def _discover(options: argparse.Namespace, progress: Progress) -> int:
    pairs = pairs_in(options.paths, progress)
    progress.finish()
    print(f"{'Records':>9}  {'Application':<70}  Resource")
    for pair in pairs:
        application = _named(pair.app_id, pair.app_name)
        print(
            f"{pair.records:>9,}  {application:<70}  {_named(pair.resource_id, pair.resource_name)}"
        )
    return DONE


def _named(known_id: str, name: str) -> str:
    return f"{known_id or '(no id)':<36} {harmless(name)}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
