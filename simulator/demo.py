"""``demo``: two weeks of a simulated partner tenant through the whole chain."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.console import DONE, DONE_IN_PART, add_port, say, shown_progress
from shared.cli.run import say_where
from shared.cli.serve import open_host, serve_until_interrupted
from shared.endpoints import Endpoint
from shared.identity import Login
from shared.service.access import TenantAccess
from shared.service.composition import Service
from shared.service.current import use
from shared.settings import Settings
from shared.sources.graph.clock import GraphClock
from shared.sources.graph.session import ThrottleLimits
from simulator.history import play_history
from simulator.simulation import open_simulated
from simulator.tenants.partner import TENANT_ID, TENANT_NAME

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from shared.cli.local_host import LocalHost
    from simulator.simulation import Simulation

DEMO_FOLDER = Path(".local/demo")


def add_demo(parser: argparse.ArgumentParser) -> None:
    """``demo [--once] [--port N]``."""
    parser.set_defaults(run=_demo)
    parser.description = (
        "Plays two weeks of a simulated partner tenant through the whole chain, says where the "
        "report, the CSV files and the mail are, and serves the page on this machine until Ctrl-C. "
        "No setting is read. Exit code 0: done; 1: done in part; 2: wrong usage."
    )
    parser.add_argument("--once", action="store_true", help="end instead of serving the report")
    add_port(parser)


def _demo(options: argparse.Namespace, _: Settings, now: Callable[[], datetime]) -> int:
    from shared.delivery.text.summary import summarise

    host = open_host(Settings({}), now)
    server = None if options.once else host.serve(options.port)  # while there is nothing to lose
    shutil.rmtree(DEMO_FOLDER, ignore_errors=True)
    url = server.url if server else f"http://127.0.0.1:{options.port}"
    with simulated_service(demo_settings(DEMO_FOLDER, url), now) as service, host:
        service.queues = host
        play_history(service.partner, service.today - timedelta(days=1))
        play(host)
        ending = service.store.latest_ending(service.partner_id)
        if report := ending and service.deliveries.report(ending):
            say(summarise(report))
            say_where(service, report)
        for mail in sorted((DEMO_FOLDER / "outbox").glob("*.eml")):
            say(f"Mail:    {mail}")
        if server:
            serve_until_interrupted(host, server)
    return DONE_IN_PART if host.waiting else DONE


def demo_settings(folder: Path, public_url: str) -> Settings:
    """Everything that a demonstration needs, and nothing of the environment."""
    return Settings(
        {
            "STORE": "local",
            "STORE_FOLDER": str(folder / "store"),
            "MAILER": "outbox",
            "OUTBOX_FOLDER": str(folder / "outbox"),
            "REPORT_SENDER": "mfa-status@northwindcloud.example",
            "REPORT_RECIPIENTS": "security@northwindcloud.example",
            "PUBLIC_URL": public_url,
        }
    )


@contextmanager
def simulated_service(settings: Settings, now: Callable[[], datetime]) -> Iterator[Service]:
    """
    Use a service whose partner is the simulated tenant, while the block lasts.

    The tenant's thirty days end yesterday.
    """
    today = now().date()
    with open_simulated(today - timedelta(days=1)) as simulation:
        simulation.graph.now = now
        partner = simulated_access(simulation, GraphClock(now))
        with use(Service(settings, now=now, today=today, partner=partner)) as service:
            yield service


def simulated_access(simulation: Simulation, clock: GraphClock | None = None) -> TenantAccess:
    """How the simulated tenant is reached; it throttles nobody, so nobody waits."""
    return TenantAccess(
        TENANT_ID,
        Endpoint(simulation.url, simulation.token),
        Login(),
        limits=ThrottleLimits.unlimited(),
        clock=clock,
        has_customers=True,
        name=TENANT_NAME,
        source_name="simulated",
    )


def play(host: LocalHost) -> None:
    """Play one day of the function app: each timer once, and the messages that it queues."""
    host.fire("plan_slices")
    with shown_progress("Collecting", "slices") as progress:
        host.work(progress)
    host.fire("plan_reports")
    with shown_progress("Publishing", "reports") as progress:
        host.work(progress)
    host.fire("mail_status")
    host.work()
