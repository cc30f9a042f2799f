"""Diagnostic logs as a source for any number of threads: opened for each slice."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from shared.service.graph_slices import reading_budget
from shared.sources.diagnostic_hours import lateness
from shared.sources.diagnostics import DiagnosticSignIns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.service.composition import Service
    from shared.sources.diagnostic_account import LogAccount


class DiagnosticSlices:
    """Connections and time are one slice's, as with `GraphSlices`."""

    name = DiagnosticSignIns.name

    def __init__(self, account: LogAccount, service: Service) -> None:
        self._account = account
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
    def _open(self) -> Iterator[DiagnosticSignIns]:
        from shared.sources.diagnostic_blobs import AccountLogs

        service = self._service
        with closing(AccountLogs.open(self._account, service.credential)) as logs:
            yield DiagnosticSignIns(
                logs,
                service.settings.scope,
                tenant_id=service.tenant_id,
                today=service.today,
                late=lateness(service.settle_days),
                budget=reading_budget(),
            )
