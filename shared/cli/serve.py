"""``serve``: the HTTP functions over the stored reports, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.cli.console import DONE, add_port, say
from shared.service.addresses import API
from shared.service.composition import Service
from shared.service.setting_checks import checked_service

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from shared.cli.local_host import LocalHost
    from shared.cli.loopback import LoopbackServer
    from shared.settings import Settings


def add_serve(parser: argparse.ArgumentParser) -> None:
    """``serve [--port N]``."""
    parser.set_defaults(run=_serve)
    parser.description = (
        "Serves the stored reports on this machine until Ctrl-C, as the function app does in "
        "Azure. Exit code 0: it was ended; 1: the store failed; 2: wrong usage or settings."
    )
    add_port(parser)


def _serve(options: argparse.Namespace, settings: Settings, now: Callable[[], datetime]) -> int:
    with checked_service(Service(settings, now=now)) as service, open_host(settings, now) as host:
        service.queues = host
        # If one of them is not set, this stops here rather than at every request.
        _ = service.partner_id, service.store
        serve_until_interrupted(host, host.serve(options.port))
    return DONE


def open_host(settings: Settings, now: Callable[[], datetime]) -> LocalHost:
    """Return the function app on this machine; its service has to get its queues."""
    import function_app
    from shared.cli.local_host import LocalHost

    return LocalHost(function_app.app, settings, now=now)


def serve_until_interrupted(host: LocalHost, server: LoopbackServer) -> None:
    """Serve, and handle messages as they come, until Ctrl-C."""
    host.work_always()
    say(f"Served:  {server.url}{API}/report  (until Ctrl-C)")
    try:
        server.serve()
    except KeyboardInterrupt:
        say("")
    finally:
        server.close()
