"""A daily run that reads the simulated Graph in small pages, in process and without waiting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.mfa.window import Slice
from simulator.graph.sign_ins import LogBehaviour
from tests.service.world import Clock, make_daily
from tests.sources.graph.graph_doubles import ENDING, World, partner, world

if TYPE_CHECKING:
    from shared.service.daily import Daily

TODAY = ENDING + timedelta(days=1)
SMALL_PAGES = LogBehaviour(page_rows=15)


def a_day(back=0):
    return Slice(partner().tenant_id, ENDING - timedelta(days=back))


@dataclass
class Paged:
    """The daily run, and the Graph that it reads."""

    daily: Daily
    graph: World

    @property
    def asked(self) -> int:
        return len(self.graph.site.requests)


def paged(folder, faults=None, *, now=None, deadline=float("inf"), store=None) -> Paged:
    clock = Clock(now or datetime(TODAY.year, TODAY.month, TODAY.day, 2, 15, tzinfo=UTC))
    graph = world(faults, behaviour=SMALL_PAGES, deadline=deadline)
    made = make_daily(folder, graph.source, clock=clock, store=store)
    return Paged(replace(made, tenant_id=partner().tenant_id), graph)
