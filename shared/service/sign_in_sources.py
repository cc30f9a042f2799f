"""Which source of sign-ins a setting stands for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.service.composition import Service
    from shared.sources import SignInSource


def open_source(service: Service) -> SignInSource:
    """The source that ``SIGNIN_SOURCE`` names; any number of threads may read from it."""
    if service.source_kind == "exports":
        return _exports(service)
    if service.source_kind == "diagnostics":
        return _diagnostics(service)
    from shared.service.graph_slices import GraphSlices

    return GraphSlices(service.source_kind, service)


def _exports(service: Service) -> SignInSource:
    from shared.sources.exported_days import ExportedDays

    folder = Path(service.settings.required("EXPORTS_FOLDER"))
    return ExportedDays(folder, service.settings.scope, today=service.today)


def _diagnostics(service: Service) -> SignInSource:
    from shared.service.diagnostic_slices import DiagnosticSlices
    from shared.sources.diagnostic_account import LogAccount

    given = service.settings.required("DIAGNOSTICS_ACCOUNT_URL")
    return DiagnosticSlices(LogAccount.parse(given, service.storage_suffix), service)
