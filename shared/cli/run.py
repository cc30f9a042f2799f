"""``run``: one daily run with the current settings, in this process."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING

from shared.cli.console import DONE, DONE_IN_PART, day, say, shown_progress
from shared.errors import BadInputError
from shared.service.composition import Service
from shared.service.setting_checks import check_needed_by_run, checked_service

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.mfa.report import Report
    from shared.mfa.window import LedgerEntry
    from shared.service.day_run import Warnings
    from shared.service.once_only_delivery import Delivery
    from shared.settings import Settings

    Outcome = tuple[list[Report], list[LedgerEntry]]  # what was made, and the slices that failed

_EARLIEST_ENDING = date(2000, 1, 1)  #: no sign-in log is older


def add_run(parser: argparse.ArgumentParser) -> None:
    """``run [--ending DATE | --day DATE] [--json]``."""
    parser.set_defaults(run=_run)
    parser.description = (
        "Pulls the days that are owed, makes the report, stores it with its files and mails it, as "
        "the settings say. Exit code 0: done; 1: done in part, a day or a mail is missing; "
        "2: wrong usage or settings."
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--ending",
        type=day,
        metavar="DATE",
        help="act as if this were the newest closed day, UTC; default: yesterday",
    )
    which.add_argument(
        "--day",
        type=day,
        metavar="DATE",
        help="pull this day again, and make the reports that it changes; nobody is written to, "
        "but what a mail lacked is sent after it",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the report as JSON on standard output"
    )


def _run(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    from shared.service.mail_now import mail_due, mail_newest

    present = now().date()
    today = _day_after(options.ending, present) if options.ending else present
    with checked_service(Service(settings, now=now, today=today)) as service:
        check_needed_by_run(service)
        with _shown_warnings() as warnings:
            reports, failed = _pulled(service, options.day) if options.day else _owed(service)
            if not reports:  # of an old day, whose weeks lack others
                say(f"{options.day} is stored; no report changes by it.")
                return DONE_IN_PART if failed else DONE
            report = reports[-1]
            _say_outcome(report, failed, warnings)
            if options.json:
                sys.stdout.buffer.write(_stored_json(service, report))
            say_where(service, report)
            _say_mailed(service, (mail_due if options.day else mail_newest)(service))
    return DONE_IN_PART if failed else DONE


def _owed(service: Service) -> Outcome:
    """Pull what is owed, and make the reports."""
    from shared.service.day_run import collect_owed, publish_owed

    daily, today = service.partner.daily, service.today
    with shown_progress("Collecting", "slices") as progress:
        failed = collect_owed(daily, today, progress)
    service.tidy()  # before the reports, whose history shows what is kept
    with shown_progress("Publishing", "reports") as progress:
        return publish_owed(daily, today, progress), failed


def _pulled(service: Service, wanted: date) -> Outcome:
    """Pull one day again, and make the reports that it changes."""
    from shared.service.day_run import collect_slices, publish_touched

    daily, today = service.partner.daily, service.today
    slice_ = service.partner.runs.slice_of(wanted, today)
    with shown_progress("Collecting", "slices") as progress:
        failed = collect_slices(daily, [slice_], progress)
    with shown_progress("Publishing", "reports") as progress:
        return publish_touched(daily, wanted, today, progress), failed


def _stored_json(service: Service, report: Report) -> bytes:
    """Return the bytes of the report as they are stored, whichever release wrote them."""
    ending = report.window.ending
    stored = service.store.report_file(service.partner_id, ending, "report.json")
    return stored.content if stored else report.to_json()


def _day_after(ending: date, today: date) -> date:
    """Return the day to act on; a report of days to come would hide every later one."""
    newest = today - timedelta(days=1)
    if not _EARLIEST_ENDING <= ending <= newest:
        raise BadInputError(
            f"--ending is {ending}; expected a day from {_EARLIEST_ENDING} to {newest}, "
            "the newest closed day (UTC)."
        )
    return ending + timedelta(days=1)


def _say_outcome(report: Report, failed: list[LedgerEntry], warnings: Warnings) -> None:
    """Say the figures and what went wrong, each reason once."""
    from shared.delivery.text.summary import summarise
    from shared.service.day_run import failure_lines

    lines = [summarise(report).rstrip(), *failure_lines(failed, report.window.missing)]
    for text in [*lines, *warnings.take("\n".join(lines))]:
        say(text)


@contextmanager
def _shown_warnings() -> Iterator[Warnings]:
    """Collect a run's warnings; say at the end those that nobody has taken."""
    from shared.service.day_run import collected_warnings

    with collected_warnings() as warnings:
        try:
            yield warnings
        finally:
            for warning in warnings.take():
                say(warning)


def say_where(service: Service, report: Report) -> None:
    """Say where a report and its files are."""
    ending = report.window.ending
    page = service.store.report_location(service.partner_id, ending, "report.html")
    if page:
        say(f"Report:  {page}")
        say(f"CSV:     {page.removesuffix('report.html')}*.csv")


def _say_mailed(service: Service, deliveries: list[Delivery]) -> None:
    """Say what became of the mails."""
    folder = service.settings.outbox_folder
    mails = [outcome_words(delivery, folder) for delivery in deliveries]
    is_set_up = bool(service.deliveries.channels)
    why = "nothing is due now" if is_set_up else "REPORT_RECIPIENTS is empty"
    say(f"Mail:    {', '.join(mails) or f'none; {why}'}")


def outcome_words(delivery: Delivery, folder: str) -> str:
    """Say what became of a mail; one in the outbox was written there and no further."""
    place = delivery.outcome.replace("the outbox", folder)
    preposition = "to" if place == delivery.outcome else "for"
    return f"{place} {preposition} {delivery.recipient}"
