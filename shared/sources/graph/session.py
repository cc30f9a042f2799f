"""Graph with the limits and the deadline that all readers of one tenant share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.sources.graph.batch import GraphBatch
from shared.sources.graph.pages import read_list
from shared.sources.graph.reader import GraphReader, PremiumLicence
from shared.sources.pacing import COUNTED_WITHIN_SECONDS, Budget, Pacer

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.sources.graph.clock import GraphClock
    from shared.sources.graph.reader import GraphConnection


@dataclass(frozen=True, slots=True)
class ThrottleLimits:
    """
    How fast one app may send requests to one tenant's Graph, by service (throttling limits page).

    Graph counts sign-ins and reports together, so the reports' pacer must also be the one that
    sign-ins are read with. Policies allow one request a second for all apps of the tenant, and
    their 429 does not say how long to wait. Directory objects cost resource units, 3,500 in 10 s in
    the smallest tenants; a batch that reads ten groups and their members costs sixty, so forty
    requests stay within that.
    """

    reports: Pacer = field(
        default_factory=lambda: Pacer(counted_within_seconds=COUNTED_WITHIN_SECONDS)
    )
    policies: Pacer = field(default_factory=lambda: Pacer(limit=1, period_seconds=1.0))
    objects: Pacer = field(default_factory=lambda: Pacer(limit=40, period_seconds=10.0))

    @classmethod
    def unlimited(cls) -> ThrottleLimits:
        """For a Graph that throttles nobody, such as the simulated one."""
        pacer = Pacer.unlimited()
        return cls(pacer, pacer, pacer)


@dataclass(frozen=True, slots=True)
class GraphSession:
    """A connection to one tenant's Graph, with the limits and the time there is for it."""

    graph: GraphConnection
    limits: ThrottleLimits = field(default_factory=ThrottleLimits)
    budget: Budget = field(default_factory=Budget)
    licence: PremiumLicence = field(default_factory=PremiumLicence)
    jitter: Callable[[], float] = random.random  #: see `GraphReader`
    clock: GraphClock | None = None

    def url(self, path: str, version: str = "v1.0") -> str:
        """The address of a path such as ``/users``."""
        return f"{self.graph.url}/{version}{path}"

    def reader(
        self, permission: str, pacer: Pacer | None = None, *, needs_licence: bool = False
    ) -> GraphReader:
        """A reader for what takes a permission; the default pacer is that of directory objects."""
        return GraphReader(
            self.graph,
            permission,
            pacer=pacer or self.limits.objects,
            budget=self.budget,
            jitter=self.jitter,
            licence=self.licence,
            needs_licence=needs_licence,
            clock=self.clock,
        )

    def batch(self, permission: str) -> GraphBatch:
        """Reads many directory objects at once."""
        return GraphBatch(self.reader(permission))

    def objects(
        self, path: str, permission: str, pacer: Pacer | None = None, *, version: str = "v1.0"
    ) -> list[dict[str, Any]]:
        """Every object of a list, with all its fields."""
        return read_list(self.reader(permission, pacer), self.url(path, version), dict[str, Any])
