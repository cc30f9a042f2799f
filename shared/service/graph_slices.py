"""Graph as a source for any number of threads: opened for each slice, paced for all together."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.identity import open_graph
from shared.sources.graph import GRANT, GraphSignIns
from shared.sources.graph_reader import GraphReader
from shared.sources.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.service.composition import Service
    from shared.sources import SignInSource

#: How long one execution may read for; host.json ends it after 30 minutes.
READING_SECONDS = 25 * 60.0


class GraphSlices:
    """A connection is one thread's, and its time is the slice's; the pacer is the tenant's."""

    def __init__(self, name: str, service: Service) -> None:
        self.name = name
        self._service = service

    def sign_ins(self, owed: Slice) -> Iterator[SignIn]:
        """As the protocol says."""
        with self._open() as source:
            yield from source.sign_ins(owed)

    def reach_days(self) -> int:
        """As the protocol says."""
        with self._open() as source:
            return source.reach_days()

    @contextmanager
    def _open(self) -> Iterator[SignInSource]:
        service, scope = self._service, self._service.settings.scope
        budget = reading_budget()
        with open_graph(service.endpoint, service.login) as graph:
            reader = GraphReader(graph, GRANT, pacer=service.pacer, budget=budget)
            yield GraphSignIns(reader, scope, today=service.today, name=self.name)


def reading_budget() -> Budget:
    """The time that one execution may read for, from now on."""
    return Budget(time.monotonic() + READING_SECONDS)
