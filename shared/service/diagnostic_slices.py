"""Diagnostic logs as a source: opened for each slice."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from shared.clock import utc_now
from shared.service.graph_slices import reading_budget
from shared.sources.diagnostics.hours import accepted_delay
from shared.sources.diagnostics.sign_ins import DiagnosticSignIns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.service.composition import Service
    from shared.sources.diagnostics.account import LogAccount


@contextmanager
def open_diagnostic_sign_ins(account: LogAccount, service: Service) -> Iterator[DiagnosticSignIns]:
    """The logs as a source; connections and time are one thread's."""
    from shared.sources.diagnostics.blobs import AccountLogs

    with closing(AccountLogs.open(account, service.credential)) as logs:
        yield DiagnosticSignIns(
            logs,
            service.settings.scope,
            tenant_id=service.tenant_id,
            today=service.today,
            max_delay=accepted_delay(service.settle_days),
            now=utc_now,
            budget=reading_budget(),
        )
