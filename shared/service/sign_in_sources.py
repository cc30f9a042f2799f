"""The sources of sign-ins: from the name in ``SIGNIN_SOURCE`` to an open source for one tenant."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.settings import Settings, SourceKind
from shared.sources.pacing import Budget, Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from shared.mfa.coverage import LogKinds
    from shared.mfa.parts import Part
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.service.access import TenantAccess
    from shared.sources import SignInSource
    from shared.sources.graph.sign_ins import GraphSignIns
    from shared.sources.pacing import Pace

#: How long one execution may read; host.json ends it after 30 minutes.
READING_SECONDS = 25 * 60.0


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What any of the sources is opened with."""

    tenant_id: str
    settings: Settings
    access: Callable[[], TenantAccess]  #: called only by sources that reach the tenant itself
    now: Callable[[], datetime]  #: aware, UTC
    leased: Callable[[Pace], Pace] | None = None  #: a pace that other processes have to share


def open_source(context: SourceContext) -> SignInSource:
    """Return the source that ``SIGNIN_SOURCE`` names; any number of threads may read from it."""
    return _SOURCES[context.settings.signin_source](context)


def reading_budget(priority: Priority = Priority.FEW) -> Budget:
    """The time that one execution may spend on reading, from now on."""
    return Budget(time.monotonic() + READING_SECONDS, priority=priority)


class PerSliceSource:
    """Opens a single-threaded source for each slice: its connections and time are one thread's."""

    def __init__(
        self, name: str, open_for_one: Callable[[], AbstractContextManager[SignInSource]]
    ) -> None:
        self.name = name
        self._open = open_for_one

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """As `SignInSource.sign_ins`."""
        with self._open() as source:
            yield from source.sign_ins(slice_)

    def logs(self, slice_: Slice) -> LogKinds:
        """As `SignInSource.logs`."""
        with self._open() as source:
            return source.logs(slice_)

    def reach_days(self, today: date) -> int:
        """As `SignInSource.reach_days`."""
        with self._open() as source:
            return source.reach_days(today)


class PerSliceGraph(PerSliceSource):
    """The same for Graph, whose log comes newest first; slices that had begun have priority."""

    def __init__(
        self, name: str, open_for_one: Callable[[Budget], AbstractContextManager[GraphSignIns]]
    ) -> None:
        super().__init__(name, lambda: open_for_one(reading_budget(Priority.NEW)))
        self._open_with = open_for_one

    def parts(self, owed: Slice, kept: Sequence[Part]) -> Iterator[Part]:
        """As `NewestFirstSource.parts`."""
        priority = Priority.BEGUN if kept else Priority.NEW
        with self._open_with(reading_budget(priority)) as source:
            yield from source.parts(owed, kept)


def _graph(context: SourceContext) -> SignInSource:
    from shared.sources.graph.reader import GraphReader
    from shared.sources.graph.sign_ins import PERMISSION, GraphSignIns, LogReach

    access, scope, reach = context.access(), context.settings.scope, LogReach()
    reports = access.limits.reports
    pace = context.leased(reports) if context.leased and reports.is_limited else reports

    @contextmanager
    def open_graph_sign_ins(budget: Budget) -> Iterator[GraphSignIns]:
        with access.open_graph() as graph:
            reader = GraphReader(
                graph,
                PERMISSION,
                pacer=pace,
                budget=budget,
                licence=access.licence,
                needs_licence=True,
                clock=access.clock,
            )
            yield GraphSignIns(reader, scope, now=context.now, name=access.source_name, reach=reach)

    return PerSliceGraph(access.source_name, open_graph_sign_ins)


def _diagnostics(context: SourceContext) -> SignInSource:
    from shared.sources.diagnostics.account import LogAccount
    from shared.sources.diagnostics.hours import accepted_delay
    from shared.sources.diagnostics.sign_ins import DiagnosticSignIns

    settings = context.settings
    url = settings.require(Settings.diagnostics_account_url)
    account = LogAccount.parse(url, settings.cloud.storage_suffix)

    @contextmanager
    def open_diagnostic_sign_ins() -> Iterator[DiagnosticSignIns]:
        from shared.sources.diagnostics.blobs import AccountLogs

        with closing(AccountLogs.open(account, context.access().credential)) as logs:
            yield DiagnosticSignIns(
                logs,
                settings.scope,
                tenant_id=context.tenant_id,
                max_delay=accepted_delay(settings.settle_days),
                now=context.now,
                budget=reading_budget(),
            )

    return PerSliceSource("diagnostics", open_diagnostic_sign_ins)


def _exports(context: SourceContext) -> SignInSource:
    from shared.sources.files.exports import ExportedSignIns

    folder = Path(context.settings.require(Settings.exports_folder))
    return ExportedSignIns(folder, context.settings.scope)


_SOURCES: dict[SourceKind, Callable[[SourceContext], SignInSource]] = {
    SourceKind.GRAPH: _graph,
    SourceKind.DIAGNOSTICS: _diagnostics,
    SourceKind.EXPORTS: _exports,
}
