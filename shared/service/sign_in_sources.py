"""Which source of sign-ins a setting stands for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared.service.opened_slices import OpenedSlices
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.service.composition import Service
    from shared.sources import SignInSource


def open_source(service: Service) -> SignInSource:
    """The source that ``SIGNIN_SOURCE`` names; any number of threads may read from it."""
    if service.source_kind == "exports":
        return _exports(service)
    if service.source_kind == "diagnostics":
        return _diagnostics(service)
    return _graph(service)


def _graph(service: Service) -> SignInSource:
    from shared.service.graph_slices import open_graph_sign_ins

    name = service.source_kind  # a simulated tenant's Graph is one, too
    return OpenedSlices(name, partial(open_graph_sign_ins, name, service))


def _exports(service: Service) -> SignInSource:
    from shared.sources.files.exported_days import ExportedDays

    folder = Path(service.settings.require(Settings.exports_folder))
    return ExportedDays(folder, service.settings.scope, today=service.today)


def _diagnostics(service: Service) -> SignInSource:
    from shared.service.diagnostic_slices import open_diagnostic_sign_ins
    from shared.sources.diagnostics.account import LogAccount

    given = service.settings.require(Settings.diagnostics_account_url)
    account = LogAccount.parse(given, service.storage_suffix)
    opened = partial(open_diagnostic_sign_ins, account, service)
    return OpenedSlices(service.source_kind, opened)
