"""``analyze``: a report from exported sign-in records."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.console import DONE, DONE_IN_PART, day, say
from shared.cli.progress import Progress
from shared.delivery.appearance import showing
from shared.delivery.files.folder import check_folder, write_files
from shared.delivery.text.formatting import harmless
from shared.delivery.text.summary import summarise
from shared.errors import UsageError
from shared.mfa.guid import is_guid
from shared.service.analysis import Question, analyze, pairs_in
from shared.service.brand import appearance_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from shared.mfa.report import Report
    from shared.settings import Settings

_MEBIBYTE = 2**20
_DESCRIPTION = (
    "Makes a report from exported sign-in records, without an account. One of --out, --json and "
    "--discover must be given. Exit code 0: done; 1: done in part, a file breaks off; 2: wrong "
    "usage, settings or input."
)

_NOTHING_CONCERNED = (
    "No record of these seven days concerns Partner Center. --discover lists which applications "
    "are in the files (settings PORTAL_APP_IDS, PARTNER_CENTER_RESOURCE_IDS). Applications that "
    "act for a user appear in the log of non-interactive sign-ins, which is another download."
)


def add_analyze(parser: argparse.ArgumentParser) -> None:
    """``analyze PATH… --out FOLDER`` and its options."""
    parser.set_defaults(run=_analyze)
    parser.description = _DESCRIPTION
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
        "--json", action="store_true", help="print the report as JSON on standard output"
    )
    _add_what_is_known(parser)


def _add_what_is_known(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ending",
        type=day,
        metavar="DATE",
        help="last day of the seven, UTC; default: the newest closed day in the records",
    )
    parser.add_argument(
        "--since",
        type=day,
        metavar="DATE",
        help="day from which the files are complete; default: the day after the first record, "
        "whose own day they may begin in the middle of",
    )
    parser.add_argument(
        "--until",
        type=day,
        metavar="DATE",
        help="day up to which the files are complete; default: the last record's, of each kind "
        "of log",
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
        help="accounts accepted without MFA, shown next to the figure (docs/exceptions.md)",
    )


def _analyze(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    progress = Progress("Reading", "MiB", scale=_MEBIBYTE)
    if options.discover:
        return _discover(options, progress)
    if not (options.out or options.json):
        message = "nothing would be kept: give a folder with --out, or --json."
        raise UsageError(message)
    if options.out:
        check_folder(options.out)
    appearance = appearance_of(settings)
    with showing(lambda: appearance):
        publication = analyze(_question(options, settings, now()), progress)
    progress.finish()
    say(summarise(publication.report))
    if _concerns_nobody(publication.report):
        say(_NOTHING_CONCERNED)
    if options.out:
        write_files(options.out, publication.files, owner_only=True)
        say(f"Report: {options.out / 'report.html'}")
    if options.json:
        sys.stdout.buffer.write(publication.files["report.json"])
    reading = publication.report.reading
    return DONE_IN_PART if reading and reading.broken_off else DONE


def _concerns_nobody(report: Report) -> bool:
    """Whether no record concerned Partner Center, not even a sign-in that was not completed."""
    portal, api = report.metrics.portal, report.metrics.api
    figures = (portal.requests, portal.not_completed, api.requests, api.not_completed, api.app_only)
    return not any(figures)


def _question(options: argparse.Namespace, settings: Settings, now: datetime) -> Question:
    tenant_id = (options.tenant_id or settings.tenant_id or "").lower() or None
    if tenant_id and not is_guid(tenant_id):
        raise UsageError(f"--tenant-id is {options.tenant_id!r}; expected a GUID.")
    return Question(
        paths=options.paths,
        scope=settings.scope,
        rule=settings.rule,
        csp_anniversary_month=settings.csp_anniversary_month,
        cloud=settings.cloud.value,
        now=now,
        tenant_id=tenant_id,
        ending=options.ending,
        since=options.since,
        until=options.until,
        directory=options.directory,
        exceptions=options.exceptions,
    )


def _discover(options: argparse.Namespace, progress: Progress) -> int:
    pairs = pairs_in(options.paths, progress)
    progress.finish()
    lines = [f"{'Records':>9}  {'Application':<70}  Resource"]
    for pair in pairs:
        application = _named(pair.app_id, pair.app_name)
        resource = _named(pair.resource_id, pair.resource_name)
        lines.append(f"{pair.records:>9,}  {application:<70}  {resource}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return DONE


def _named(known_id: str, name: str) -> str:
    return f"{known_id or '(no id)':<36} {harmless(name)}".rstrip()
