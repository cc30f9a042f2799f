"""The whole simulated tenant, up and running: ``SIGNIN_SOURCE=simulated``."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.mfa.permissions import NEEDS
from simulator.graph.directory import SimulatedDirectory
from simulator.graph.mail import Mailbox
from simulator.graph.server import GraphServer
from simulator.graph.sign_ins import Conduct, SignInLog
from simulator.graph.site import Site
from simulator.tenants.partner import SEED, SimulatedPartner, simulate_partner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from simulator.graph.site import Fault


def _token(*roles: str) -> str:
    """A token that names permissions as Entra's do: nobody signed it, it opens nothing but this."""
    claims = {"idtyp": "app", "app_displayname": "simulated", "roles": roles}
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
    return ".".join([*(urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])


#: It may read whatever any figure needs.
TOKEN = _token(*dict.fromkeys(need.role for need in NEEDS))


@dataclass(frozen=True, slots=True)
class Simulation:
    """The running tenant, and where to ask it."""

    url: str  #: a value for ``GRAPH_ENDPOINT``
    token: str  #: a value for ``GRAPH_TOKEN``
    partner: SimulatedPartner
    site: Site
    log: SignInLog
    mailbox: Mailbox


def make_site(
    partner: SimulatedPartner,
    conduct: Conduct | None = None,
    *,
    now: Callable[[], datetime] | None = None,
    clock: Callable[[], float] = time.monotonic,
    faults: Mapping[int, Fault] | None = None,
) -> tuple[Site, SignInLog, Mailbox]:
    """
    A Graph of the tenant without sockets.

    `now` is how late it is in the tenant: rows that the log does not have by then are not shown.
    By default it is late enough for all of them.
    """
    settled = datetime.combine(partner.ending, datetime.min.time(), UTC) + timedelta(days=4)
    log = SignInLog(partner.log, conduct or Conduct(), now=now or (lambda: settled), clock=clock)
    mailbox = Mailbox()
    directory = SimulatedDirectory(partner, clock=clock)
    routes = [*log.routes(), *mailbox.routes(), *directory.routes()]
    return Site(routes, tokens=[TOKEN], faults=faults, clock=clock), log, mailbox


@contextmanager
def open_simulated(
    ending: date,
    seed: int = SEED,
    *,
    conduct: Conduct | None = None,
    now: Callable[[], datetime] | None = None,
    faults: Mapping[int, Fault] | None = None,
) -> Iterator[Simulation]:
    """
    The simulated tenant's Graph on a loopback port, while the ``with`` block lasts.

    It throttles nobody unless told to, so that a demonstration need not wait: read from it with a
    `Pacer` that has no limit either.
    """
    partner = simulate_partner(ending, seed)
    site, log, mailbox = make_site(partner, conduct, now=now, faults=faults)
    with GraphServer(site) as server:
        yield Simulation(server.url, TOKEN, partner, site, log, mailbox)
