"""A simulated directory without sockets, and a clock that never makes a test wait."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shared.endpoints import Cloud
from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import PerUserMfaState
from shared.sources.graph.directory import DirectoryReader
from shared.sources.graph.session import GraphSession, ThrottleLimits
from shared.sources.pacing import Budget, Pacer
from simulator.graph.api import (
    Fault,
    GraphRefusalError,
    SimulatedGraph,
)
from simulator.graph.directory import DirectoryBehaviour, SimulatedDirectory
from simulator.simulation import TOKEN
from tests.sources.graph.graph_doubles import (
    URL,
    FakeTime,
    GraphInProcess,
    partner,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.mfa.accounts.directory import Directory, Group
    from shared.sources.graph.collected_directory import CollectedDirectory


@dataclass
class DirectoryWorld:
    """A tenant's directory, its Graph, and the source under test reading from it."""

    time: FakeTime
    site: SimulatedGraph
    directory: SimulatedDirectory
    graph: GraphInProcess
    session: GraphSession
    source: DirectoryReader

    @property
    def paths(self) -> list[str]:
        """The addresses requested, in order, without host and query."""
        return [url.removeprefix(URL).partition("?")[0] for url in self.graph.asked]

    @property
    def inner(self) -> SimulatedGraph:
        """The Graph that answers the requests within batches."""
        return self.directory.batches.inner

    @property
    def inner_paths(self) -> list[str]:
        return [served.request.path for served in self.inner.requests]

    def arrivals(self, part: str) -> list[float]:
        return [served.at for served in self.site.requests if part in served.request.target]


def directory_world(
    faults: Mapping[int, Fault] | None = None,
    *,
    behaviour: DirectoryBehaviour | None = None,
    deadline: float = float("inf"),
    has_customers: bool = True,
    cloud: Cloud = Cloud.GLOBAL,
) -> DirectoryWorld:
    time = FakeTime()
    directory = SimulatedDirectory(partner(), behaviour, clock=time.clock)
    site = SimulatedGraph(directory.routes(), tokens=[TOKEN], faults=faults, clock=time.clock)
    graph = GraphInProcess(site, time)
    limits = ThrottleLimits(
        reports=Pacer(clock=time.clock),
        policies=Pacer(1, 1.0, clock=time.clock),
        objects=Pacer(40, 10.0, clock=time.clock),
    )
    budget = Budget(deadline, clock=time.clock, pause=time.pause)
    session = GraphSession(graph, limits, budget, jitter=lambda: time.jitter)
    source = DirectoryReader(session, has_customers=has_customers, cloud=cloud)
    return DirectoryWorld(time, site, directory, graph, session, source)


def keys(pulled: CollectedDirectory) -> set[str]:
    """The keys of the document."""
    return set(json.loads(pulled.document())) - {"format", "version", "notes"}


ALL_KEYS = {
    *("users", "organization", "groups", "roleDefinitions", "roleAssignments", "securityDefaults"),
    *("conditionalAccessPolicies", "authenticationStrengthPolicies", "namedLocations", "domains"),
    *("userRegistrationDetails", "customers", "roleEligibilities", "partnerSecurityScore"),
}


@cache
def whole() -> CollectedDirectory:
    """The directory, read without faults."""
    return directory_world().source.read()


def answers(directory: Directory) -> dict[str, str]:
    """How each account is judged, by id."""
    return {row.object_id: str(row.enforcement) for row in assess_accounts(directory)}


def groups_by_name(directory: Directory) -> dict[str | None, Group]:
    return {group.display_name: group for group in directory.groups or ()}


def break_for_ever(world: DirectoryWorld, name: str) -> None:
    world.directory.denials[name] = GraphRefusalError(503, "serviceNotAvailable", "Not now.")


def never_per_user() -> list[str]:
    """The accounts that only policies can cover."""
    asked = (PerUserMfaState.ENABLED, PerUserMfaState.ENFORCED)
    users = whole().directory.users
    return [user.id for user in users if user.per_user_mfa_state not in asked]


def only_administrators(directory: Directory) -> bool:
    """Whether only the policy for administrators, which names no group, covers anyone."""
    rows = [row for row in assess_accounts(directory) if row.enforcement == "enforced"]
    by = [row.enforced_by for row in rows if row.object_id in never_per_user()]
    return bool(by) and all("Administrators" in text and "all users" not in text for text in by)


def plain_paths() -> list[str]:
    """The addresses requested without faults."""
    world = directory_world()
    world.source.read()
    return world.paths
