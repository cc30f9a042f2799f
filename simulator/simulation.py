"""The whole simulated tenant, running on a loopback port."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.clock import utc_now
from shared.mfa.permissions import NEEDS
from simulator.graph.api import SimulatedGraph
from simulator.graph.directory import SimulatedDirectory
from simulator.graph.mail import Mailbox
from simulator.graph.server import GraphServer
from simulator.graph.sign_ins import LogBehaviour, SignInLog
from simulator.tenants.partner import SEED, SimulatedPartner, simulate_partner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from simulator.graph.api import Fault


def token_with(*roles: str) -> str:
    """A token that lists permissions as Entra's do; unsigned, and of use here only."""
    claims = {"idtyp": "app", "app_displayname": "simulated", "roles": roles}
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
    return ".".join([*(urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])


#: It has every permission that a figure needs.
TOKEN = token_with(*dict.fromkeys(need.role for need in NEEDS))


@dataclass(frozen=True, slots=True)
class Simulation:
    """A running simulated tenant."""

    url: str  #: a value for ``GRAPH_ENDPOINT``
    token: str  #: a value for ``GRAPH_TOKEN``
    partner: SimulatedPartner
    graph: SimulatedGraph
    log: SignInLog
    mailbox: Mailbox


def make_graph(
    partner: SimulatedPartner,
    behaviour: LogBehaviour | None = None,
    *,
    now: Callable[[], datetime] | None = None,
    clock: Callable[[], float] = time.monotonic,
    faults: Mapping[int, Fault] | None = None,
) -> tuple[SimulatedGraph, SignInLog, Mailbox]:
    """
    The tenant's Graph without sockets, its sign-in log, and its mailbox.

    `now` is the time in the simulation: rows that are logged later are not returned. By default it
    is late enough for all of them. `clock` counts seconds, for throttling.
    """
    settled = datetime.combine(partner.ending, datetime.min.time(), UTC) + timedelta(days=4)
    log = SignInLog(
        partner.log, behaviour or LogBehaviour(), now=now or (lambda: settled), clock=clock
    )
    mailbox = Mailbox()
    directory = SimulatedDirectory(partner, clock=clock)
    routes = [*log.routes(), *mailbox.routes(), *directory.routes()]
    graph = SimulatedGraph(routes, tokens=[TOKEN], faults=faults, clock=clock, now=now or utc_now)
    return graph, log, mailbox


@contextmanager
def open_simulated(
    ending: date,
    seed: int = SEED,
    *,
    behaviour: LogBehaviour | None = None,
    now: Callable[[], datetime] | None = None,
    faults: Mapping[int, Fault] | None = None,
) -> Iterator[Simulation]:
    """
    The simulated tenant's Graph on a loopback port, while the ``with`` block lasts.

    By default it throttles nobody, so that a demonstration need not wait: read from it with a
    `Pacer` without a limit.
    """
    partner = simulate_partner(ending, seed)
    graph, log, mailbox = make_graph(partner, behaviour, now=now, faults=faults)
    with GraphServer(graph) as server:
        yield Simulation(server.url, TOKEN, partner, graph, log, mailbox)
