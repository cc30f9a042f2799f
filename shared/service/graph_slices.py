"""Graph as a source: opened for each slice, paced for all together."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.identity import open_graph
from shared.sources.graph.reader import GraphReader
from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns
from shared.sources.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.service.composition import Service

#: How long one execution may read for; host.json ends it after 30 minutes.
READING_SECONDS = 25 * 60.0


@contextmanager
def open_graph_sign_ins(name: str, service: Service) -> Iterator[GraphSignIns]:
    """Graph as a source; connection and time are one thread's, the pacer is the tenant's."""
    scope, budget = service.settings.scope, reading_budget()
    with open_graph(service.endpoint, service.login) as graph:
        reader = GraphReader(graph, PERMISSION, pacer=service.pacer, budget=budget)
        yield GraphSignIns(reader, scope, today=service.today, name=name)


def reading_budget() -> Budget:
    """The time that one execution may read for, from now on."""
    return Budget(time.monotonic() + READING_SECONDS)
