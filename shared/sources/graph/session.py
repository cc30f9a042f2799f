"""Graph as the parts of the directory ask it: each with its limit, all with one deadline."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.sources.graph.batch import GraphBatch, GraphTransport
from shared.sources.graph.reader import GraphReader
from shared.sources.pacing import Budget, Pacer

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class ThrottleLimits:
    """
    How fast Graph may be asked, by service (throttling limits page).

    The reports' pacer is the one that sign-ins are read with: Graph counts both together. Policies
    allow one request a second for all apps of the tenant, and their 429 does not say how long to
    wait. Directory objects cost resource units, 3,500 in 10 s in the smallest tenants; a batch that
    reads ten groups and their members costs sixty, so forty requests keep within it.
    """

    reports: Pacer = field(default_factory=Pacer)
    policies: Pacer = field(default_factory=lambda: Pacer(limit=1, period_seconds=1.0))
    objects: Pacer = field(default_factory=lambda: Pacer(limit=40, period_seconds=10.0))

    @classmethod
    def unlimited(cls) -> ThrottleLimits:
        """For a Graph that throttles nobody: the simulated one."""
        pacer = Pacer(limit=1000, period_seconds=0.0)
        return cls(pacer, pacer, pacer)


@dataclass(frozen=True, slots=True)
class GraphSession:
    """What one reading of the directory shares."""

    graph: GraphTransport
    limits: ThrottleLimits = field(default_factory=ThrottleLimits)
    budget: Budget = field(default_factory=Budget)
    chance: Callable[[], float] = random.random

    def url(self, path: str, version: str = "v1.0") -> str:
        """The address of a path such as ``/users``."""
        return f"{self.graph.url}/{version}{path}"

    def reader(self, permission: str, pacer: Pacer | None = None) -> GraphReader:
        """Reads what takes a permission; directory objects unless another pacer is given."""
        return GraphReader(
            self.graph,
            permission,
            pacer=pacer or self.limits.objects,
            budget=self.budget,
            chance=self.chance,
        )

    def batch(self, permission: str) -> GraphBatch:
        """Reads many directory objects at once."""
        return GraphBatch(
            self.graph,
            permission,
            pacer=self.limits.objects,
            budget=self.budget,
            chance=self.chance,
        )
