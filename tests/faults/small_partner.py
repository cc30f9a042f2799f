"""
A small simulated partner for the kit: its Graph, mail server and Teams workflow, and its runs.

Graph answers in this process, without sockets. Mail server and workflow are real ones on loopback,
in threads of the test's process, so that they outlive a run that is killed in a process of its own.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import inf
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

from shared.cli.main import main
from shared.endpoints import Endpoint
from shared.identity import Login
from shared.mfa.access_token import application_roles
from shared.service.access import TenantAccess
from shared.service.composition import Service
from shared.service.current import use
from shared.settings import Settings
from shared.sources.graph.clock import GraphClock
from shared.sources.graph.session import ThrottleLimits
from shared.sources.pacing import Budget
from shared.stores import open_store
from simulator.graph.sign_ins import LogBehaviour
from simulator.simulation import TOKEN, make_graph
from simulator.tenants.partner import TENANT_ID, TENANT_NAME, SimulatedPartner, simulate_partner
from tests.delivery.mail.mail_sink import MailSink
from tests.delivery.teams.teams_sink import TeamsSink
from tests.service.world import Clock
from tests.sources.graph.graph_doubles import URL, FakeTime, GraphInProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.stores.store import Store
    from simulator.graph.api import Fault, GraphRequest, GraphResponse, Respond, SimulatedGraph

FIRST_DAY = date(2026, 11, 17)  #: of the log
TODAY = FIRST_DAY + timedelta(days=7)  #: of the first run
_LOG_DAYS = 17
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
RECIPIENTS = ("ann@contoso.example", "bob@contoso.example")
_EVERY = 25  #: of how many sign-ins one is kept
_MOMENT_SECONDS = 0.01
_PAGE_ROWS = 3  #: so that there are next pages


@cache
def small_partner(first_day: date = FIRST_DAY) -> SimulatedPartner:
    """Sixty accounts, and some ten sign-ins on each of the log's days."""
    partner = simulate_partner(first_day + timedelta(days=_LOG_DAYS - 1))
    log = [logged for logged in partner.log if logged.instant >= str(first_day)]
    return replace(partner, log=tuple(log[::_EVERY]))


class SmallGraph(GraphInProcess):
    """The partner's Graph as a client, usable again after a ``with`` block has closed it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """There is nothing to close."""

    def granted_roles(self) -> tuple[str, ...] | None:
        return application_roles(TOKEN)


def _no_fault(request: GraphRequest, respond: Respond) -> GraphResponse:
    return respond(request)


class _EveryRequest(dict[int, Any]):
    """A partner's fault for each request, whatever its number."""

    def __init__(self, partner: Partner) -> None:
        super().__init__()
        self._partner = partner

    def get(self, *_: object) -> Fault:
        return self._partner.fault


@dataclass
class Partner:
    """One installation: settings, clock, Graph, and what the outside world has received."""

    folder: Path
    mails: MailSink
    cards: TeamsSink
    clock: Clock = field(default_factory=lambda: Clock(NOON))  #: the machine's
    graph_clock: Callable[[], datetime] | None = None  #: if Graph's is another than the machine's
    first_day: date = FIRST_DAY  #: of the log
    fault: Fault = field(default=_no_fault)  #: what becomes of each request to Graph
    settings: dict[str, str] = field(default_factory=dict)
    store: Callable[[], Store] | None = None  #: instead of the one in the folder

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a run."""
        return {
            "TENANT_ID": TENANT_ID,
            "STORE": "local",
            "STORE_FOLDER": str(self.folder),
            "MAILER": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mails.port),
            "REPORT_SENDER": "mfa-status@contoso.example",
            "REPORT_RECIPIENTS": f"{';'.join(RECIPIENTS)}=on-change",  # the last of them
            "TEAMS_WEBHOOK_URL": self.cards.url,
            **self.settings,
        }

    def site(self) -> SimulatedGraph:
        """Its Graph, as of the clock; requests are numbered from 1 again."""
        partner, behaviour = small_partner(self.first_day), LogBehaviour(page_rows=_PAGE_ROWS)
        site, _, _ = make_graph(partner, behaviour, now=self.graph_clock or self.clock)
        site.faults = _EveryRequest(self)
        return site

    def access(self) -> TenantAccess:
        """How the partner's tenant is reached."""
        return _Access.of(self)

    def service(self) -> Service:
        """A process of the function app."""
        service = Service(Settings(self.environment), now=self.clock, partner=self.access())
        if self.store:
            vars(service)["store"] = self.store()
        return service

    def run(self) -> int:
        """The command ``run``, with objects of its own; returns its exit code."""
        access = self.access()
        with ExitStack() as stack:
            stack.enter_context(nobody_waits())
            stack.enter_context(mock.patch.dict(os.environ, self.environment))
            stack.enter_context(mock.patch.object(Service, "_partner_access", return_value=access))
            if self.store:
                stack.enter_context(mock.patch.object(Service, "store", self.store()))
            return main(["run"], now=self.clock)

    @contextmanager
    def used(self) -> Iterator[Service]:
        """A service for the functions of the app, while the block lasts."""
        with use(self.service()) as service:
            yield service

    def opened(self) -> Store:
        """Its store, as a reader opens it."""
        return self.store() if self.store else open_store("local", folder=self.folder)


@contextmanager
def nobody_waits() -> Iterator[None]:
    """Every `Budget` passes its waits on a clock of its own, in a moment."""
    time, make = FakeTime(), Budget.__init__
    time.now = monotonic()

    def pause(seconds: float) -> None:
        time.pause(seconds)
        Event().wait(_MOMENT_SECONDS)  # what it waits for may be another process

    def make_without_waiting(budget: Budget, deadline: float = inf, **_: Any) -> None:
        make(budget, deadline, clock=time.clock, pause=pause)

    with mock.patch.object(Budget, "__init__", make_without_waiting):
        yield


@dataclass(frozen=True)
class _Access(TenantAccess):
    """Access to a Graph in this process."""

    graph: Any = None

    @classmethod
    def of(cls, partner: Partner) -> Self:
        return cls(
            TENANT_ID,
            Endpoint(URL, TOKEN),
            Login(),
            limits=ThrottleLimits.unlimited(),
            clock=GraphClock(partner.clock),
            has_customers=True,
            name=TENANT_NAME,
            source_name="simulated",
            graph=SmallGraph(partner.site(), FakeTime()),
        )

    def open_graph(self) -> Any:
        return self.graph


@contextmanager
def open_partner(folder: Path, **options: Any) -> Iterator[Partner]:
    """A partner whose store is in a folder, with its mail server and its Teams workflow."""
    with MailSink() as mails, TeamsSink() as cards:
        yield Partner(folder, mails, cards, **options)
