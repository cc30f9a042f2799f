"""The commands that need the whole house. What they say goes to standard error."""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.progress import Progress
from shared.clock import utc_now
from shared.errors import BadInputError
from shared.service.addresses import API
from shared.service.composition import Service, use
from shared.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.cli.local_host import LocalHost
    from shared.cli.loopback import LoopbackServer
    from shared.mfa.report import Report
    from shared.mfa.window import LedgerEntry
    from shared.service.day_run import Warnings
    from shared.service.mailing import Delivery

DONE, DONE_IN_PART = 0, 1  #: exit codes
PORT = 7071  #: where Functions Core Tools serve, too
DEMO_FOLDER = Path(".local/demo")
_HIGHEST_PORT = 65_535
_EARLIEST_ENDING = date(2000, 1, 1)  #: no sign-in log is older


def add_run(parser: argparse.ArgumentParser, day: Callable[[str], date]) -> None:
    """``run [--ending DATE] [--json]``."""
    parser.set_defaults(run=_run)
    parser.description = (
        "Pulls the days that are owed, makes the report, stores it with its files and mails it, as "
        "the settings say. Exit code 0: done; 1: done in part, a day or a mail is missing; "
        "2: wrong usage or setting."
    )
    parser.add_argument(
        "--ending",
        type=day,
        metavar="DATE",
        help="act as if this were the newest closed day, UTC; default: yesterday",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the report as JSON on standard output"
    )


def add_serve(parser: argparse.ArgumentParser) -> None:
    """``serve [--port N]``."""
    parser.set_defaults(run=_serve)
    parser.description = (
        "Serves the stored reports on this machine until Ctrl-C, as the function app does in "
        "Azure. Exit code 0: it was ended; 1: the store failed; 2: wrong usage or setting."
    )
    _add_port(parser)


def add_demo(parser: argparse.ArgumentParser) -> None:
    """``demo [--once] [--port N]``."""
    parser.set_defaults(run=_demo)
    parser.description = (
        "Plays thirty days of a simulated partner tenant through the whole chain, says where the "
        "report, the CSV files and the mail are, and serves the page on this machine until Ctrl-C. "
        "No setting is looked at. Exit code 0: done; 1: done in part; 2: wrong usage."
    )
    parser.add_argument("--once", action="store_true", help="end instead of serving the report")
    _add_port(parser)


def add_directory(parser: argparse.ArgumentParser) -> None:
    """``directory --out FILE``."""
    parser.set_defaults(run=_directory)
    parser.description = (
        "Reads the tenant's users, policies and customers from Graph into a file that analyze "
        "--directory takes. Exit code 0: done; 1: some of it could not be read, which is then "
        "said; 2: wrong usage or setting."
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the file to write; it names people"
    )


def _add_port(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        metavar="N",
        help=f"where to serve on this machine; 0 takes a free one; default: {PORT}",
    )


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= _HIGHEST_PORT:
        return int(text)
    message = f"{text!r} is no port; expected is a number from 0 to {_HIGHEST_PORT}"
    raise argparse.ArgumentTypeError(message)


@contextmanager
def _service(settings: Settings, today: date | None = None) -> Iterator[Service]:
    """What the settings amount to, once each that is given has been looked at."""
    from shared.service.setting_checks import check_given

    with use(Service(settings, today=today)) as service:
        check_given(service)
        yield service


def _run(options: argparse.Namespace, settings: Settings) -> int:
    """One daily run in this process."""
    from shared.service.day_run import collect_owed, publish_owed

    today = _day_after(options.ending) if options.ending else None
    with _service(settings, today) as service, _warnings() as warnings:
        with _progress("Collecting", "slices") as progress:
            failed = collect_owed(service.daily, service.today, progress)
        with _progress("Publishing", "reports") as progress:
            report = publish_owed(service.daily, service.today, progress)[-1]
        _say_outcome(report, failed, warnings)
        if options.json:
            sys.stdout.buffer.write(report.to_json())
        _say_where(service, report)
        _say_mailed(service)
        service.tidy()
    return DONE_IN_PART if failed else DONE


def _day_after(ending: date) -> date:
    """A report of days that have not been would stand in front of every later one."""
    newest = utc_now().date() - timedelta(days=1)
    if not _EARLIEST_ENDING <= ending <= newest:
        raise BadInputError(
            f"--ending is {ending}; expected is a day from {_EARLIEST_ENDING} to {newest}, "
            "the newest that is over (UTC)."
        )
    return ending + timedelta(days=1)


def _directory(options: argparse.Namespace, settings: Settings) -> int:
    """The tenant's users and policies as a file for ``analyze --directory``."""
    from shared.delivery.files.folder import write_files

    with _service(settings) as service:
        pulled = service.pull_directory()
    document = {options.out.name: pulled.document()}
    write_files(options.out.parent, document, owner_only=True)
    say(f"{len(pulled.directory.users):,} accounts written to {options.out}.")
    for note in pulled.notes.values():
        say(note)
    return DONE_IN_PART if pulled.notes else DONE


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    """The HTTP functions over the current store, until Ctrl-C."""
    with _service(settings) as service, _host(settings) as host:
        # If one of them is not set, this stops here rather than at every request.
        _ = service.tenant_id, service.store
        _serve_until_interrupted(host, host.serve(options.port))
    return DONE


def _demo(options: argparse.Namespace, _: Settings) -> int:
    """The whole chain over a simulated partner, by the functions themselves."""
    from shared.delivery.text.summary import summarise
    from shared.service.mailing import newest_reports

    host = _host(Settings({}))
    server = None if options.once else host.serve(options.port)  # while there is nothing to lose
    shutil.rmtree(DEMO_FOLDER, ignore_errors=True)
    url = server.url if server else f"http://127.0.0.1:{options.port}"
    with use(Service(demo_settings(DEMO_FOLDER, url))) as service, host:
        play(host)
        if reports := newest_reports(service.store, service.tenant_id):
            say(summarise(reports[0]))
            _say_where(service, reports[0])
        for mail in sorted((DEMO_FOLDER / "outbox").glob("*.eml")):
            say(f"Mail:    {mail}")
        if server:
            _serve_until_interrupted(host, server)
    return DONE_IN_PART if host.waiting else DONE


def demo_settings(folder: Path, public_url: str) -> Settings:
    """Everything that a demonstration needs, and nothing of the environment."""
    return Settings(
        {
            "SIGNIN_SOURCE": "simulated",
            "STORE": "local",
            "STORE_FOLDER": str(folder / "store"),
            "MAILER": "outbox",
            "OUTBOX_FOLDER": str(folder / "outbox"),
            "REPORT_SENDER": "mfa-status@northwindcloud.example",
            "REPORT_RECIPIENTS": "security@northwindcloud.example",
            "PUBLIC_URL": public_url,
        }
    )


def play(host: LocalHost) -> None:
    """One day of the function app: each timer once, and what it puts into the queues."""
    host.fire("plan_slices")
    with _progress("Collecting", "slices") as progress:
        host.work(progress)
    host.fire("plan_reports")
    with _progress("Publishing", "reports") as progress:
        host.work(progress)
    host.fire("mail_status")


def _host(settings: Settings) -> LocalHost:
    import function_app
    from shared.cli.local_host import LocalHost

    return LocalHost(function_app.app, settings, now=utc_now)


def _serve_until_interrupted(host: LocalHost, server: LoopbackServer) -> None:
    host.work_always()
    say(f"Served:  {server.url}{API}/report  (until Ctrl-C)")
    try:
        server.serve()
    except KeyboardInterrupt:
        say("")
    finally:
        server.close()


def _say_outcome(report: Report, failed: list[LedgerEntry], warnings: Warnings) -> None:
    """The figures, and what went wrong: each reason once."""
    from shared.delivery.text.summary import summarise
    from shared.service.day_run import told

    said = [summarise(report).rstrip(), *told(failed, report.window.missing)]
    for text in [*said, *warnings.take("\n".join(said))]:
        say(text)


@contextmanager
def _warnings() -> Iterator[Warnings]:
    """What a run warns of; what nobody has taken by its end is said then."""
    from shared.service.day_run import kept_warnings

    with kept_warnings() as warnings:
        try:
            yield warnings
        finally:
            for warning in warnings.take():
                say(warning)


def _say_where(service: Service, report: Report) -> None:
    """Where a report and its files are."""
    place = f"reports/{service.tenant_id}/{report.window.ending}"
    if service.store_kind == "local":
        place = str(Path(service.settings.store_folder) / place)
    say(f"Report:  {place}/report.html")
    say(f"CSV:     {place}/*.csv")


def _say_mailed(service: Service) -> None:
    """Mail the report, and say what became of that."""
    settings = service.settings
    deliveries = service.mail()
    folder = settings.outbox_folder if settings.mailer == "outbox" else ""
    mails = [_outcome(delivery, folder) for delivery in deliveries]
    say(f"Mail:    {', '.join(mails) or 'none; REPORT_RECIPIENTS names nobody'}")


def _outcome(delivery: Delivery, folder: str) -> str:
    """What became of a mail; with a folder, it has gone no further than there."""
    if folder and "@" in delivery.recipient:  # the Teams channel has none
        written = delivery.outcome.replace("sent", "written")
        return f"{written} to {folder} for {delivery.recipient}"
    return f"{delivery.outcome} to {delivery.recipient}"


@contextmanager
def _progress(label: str, unit: str) -> Iterator[Progress]:
    progress = Progress(label, unit)
    try:
        yield progress
    finally:
        progress.finish()


def say(text: str) -> None:
    """Tell whoever started this; standard output is for results."""
    sys.stderr.write(f"{text}\n")
