"""
KEPT: tenants, ledger, rollups, reports, daily metrics, runs and what has been mailed.

Order of writing: a slice's rollup, then its ledger entry; a report's files, then its metrics row.
So a crash between any two steps leaves something that is not entered yet, never an entry for
something that is not there, and doing it again gives the same bytes. Until the last step readers
get all of the old state, from it on all of the new one, never some of each.

Of two writers of the same slice or report the later one wins, whoever comes last: what is older
than what is stored (by `LedgerEntry.at` or `MetricsRow.generated_at`) raises `ConflictError`.
Tenant ids, run ids and file names are checked before they become a path or a key: `BadInputError`.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol, Self

import msgspec

from shared.errors import BadInputError, BadSettingError
from shared.mfa.report import HistoryPoint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from azure.core.credentials import TokenCredential

    from shared.mfa.report import Report
    from shared.mfa.rollup import Rollup
    from shared.mfa.window import LedgerEntry, Slice

_CSV = "text/csv; charset=utf-8; header=present"

#: What is stored of one report, each file with its media type: no other name is taken.
REPORT_FILES = {
    "report.json": "application/json",
    "report.html": "text/html; charset=utf-8",
    "portal-requests-without-mfa.csv": _CSV,
    "api-requests-summary.csv": _CSV,
    "all-api-requests.csv": _CSV,
    "accounts.csv": _CSV,
    "customers.csv": _CSV,
    "directory.json.gz": "application/gzip",
    # Served, but not by these names: the customers, the page with other links, and Partner Center's
    # resources.
    "customers.html": "text/html; charset=utf-8",
    "customers.json": "application/json",
    "page.html": "text/html; charset=utf-8",
    "permissions.html": "text/html; charset=utf-8",
    "nonMfaCompliantPartnerPrincipals.json": "application/json",
    "applicationmfaadoptionstatus.json": "application/json",
    "partnerRequests.json": "application/json",
}


class Tenant(msgspec.Struct, frozen=True):
    """A directory that something is kept of."""

    id: str
    name: str
    kind: Literal["partner", "customer"]


class StoredFile(msgspec.Struct, frozen=True):
    """One file of a report as it is served."""

    content: bytes
    etag: str  #: strong, with its quotes; made of the content alone, so every store gives the same


class Run(msgspec.Struct, frozen=True):
    """One daily run, asked for by the timer or a person."""

    id: str
    tenant_id: str
    state: str  #: ``accepted``, ``running``, ``done``, ``failed``
    asked_at: str  #: UTC
    finished_at: str = ""
    reason: str = ""


class MetricsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report's figures as a row to query by day. Shares are fractions, 0 to 1, or `None`."""

    tenant_id: str
    ending: date
    generated_at: str  #: UTC
    complete_days: int  #: known days of the window, of seven
    accounts_share: float | None
    accounts_enforced: int | None
    accounts_enabled: int | None
    portal_share: float | None
    portal_compliant: int  #: requests with MFA, exempted ones included where the rule says so
    portal_decided: int  #: requests that are known to have had MFA or not
    api_share: float | None
    api_compliant: int
    api_decided: int

    @classmethod
    def of(cls, report: Report) -> Self:
        """The row of a report, which must be of a named tenant."""
        if report.tenant_id is None:
            raise BadInputError("A report of no named tenant cannot be stored: give a tenant id.")
        accounts, portal, api = report.metrics.accounts, report.metrics.portal, report.metrics.api
        exempted = int(report.rule.exempted_counts_as_mfa)
        return cls(
            tenant_id=report.tenant_id,
            ending=report.window.ending,
            generated_at=report.generated_at,
            complete_days=report.window.complete_days,
            accounts_share=accounts.known_share,
            accounts_enforced=accounts.enforced,
            accounts_enabled=accounts.enabled,
            portal_share=portal.share,
            portal_compliant=portal.verified + exempted * portal.exempted,
            portal_decided=portal.verified + portal.not_verified + portal.exempted,
            api_share=api.share,
            api_compliant=api.verified + exempted * api.exempted,
            api_decided=api.verified + api.not_verified + api.exempted,
        )

    @property
    def point(self) -> HistoryPoint:
        """The three shares, as a report shows its history."""
        return HistoryPoint(self.ending, self.accounts_share, self.portal_share, self.api_share)


class Store(Protocol):
    """Everything that outlives an execution, of any number of tenants."""

    def save_tenant(self, tenant: Tenant) -> None:
        """Write or overwrite a tenant."""

    def tenants(self) -> list[Tenant]:
        """All tenants, by id."""

    def ledger(self, tenant_id: str, since: date) -> list[LedgerEntry]:
        """The entries of all slices of that day or later, oldest first."""

    def rollup(self, owed: Slice) -> Rollup | None:
        """The rollup entered for the slice, or `None`; `DamagedError` if it is damaged."""

    def save_slice(self, entry: LedgerEntry, rollup: Rollup | None = None) -> None:
        """
        Write the rollup over what was there, if one is given, and then the entry.

        `ConflictError`, and nothing changed, where an entry made later is on record.
        """

    def save_report(self, row: MetricsRow, files: Mapping[str, bytes]) -> None:
        """
        Replace all files of the row's report, and then the row.

        `ConflictError`, and nothing changed, where a report generated later is stored.
        """

    def report_file(self, tenant_id: str, ending: date, name: str) -> StoredFile | None:
        """One file of a report that has its row, or `None`."""

    def report_url(self, tenant_id: str, ending: date, name: str, now: datetime) -> str | None:
        """A URL good for minutes that gives one CSV file to whoever has it, if the store can."""

    def latest_ending(self, tenant_id: str) -> date | None:
        """The newest day that a report ends on, if its files are there."""

    def history(self, tenant_id: str, before: date, limit: int) -> list[HistoryPoint]:
        """The shares of reports that end before a day, newest first."""

    def metrics(self, ending: date) -> list[MetricsRow]:
        """The rows of all tenants' reports that end on a day, by tenant."""

    def save_run(self, run: Run) -> None:
        """
        Write or overwrite a run.

        `ConflictError` where it would undo one that is done, or begin one that has begun.
        """

    def run(self, run_id: str) -> Run | None:
        """The run of that id, or `None`."""

    def claim(self, key: str) -> bool:
        """Whether the caller is the first ever to claim `key`: of many at once exactly one is."""

    def release(self, key: str) -> None:
        """Give a claim back, because what it was for is known not to have happened."""

    def purge(self, *, details_before: date, metrics_before: date) -> int:
        """
        Remove what is older, by its day; how many files and rows were removed.

        `details_before`: personal data, which is ledger entries with their rollups, report files,
        and claims (by when they were made). `metrics_before`: metrics rows, and runs.
        """

    def close(self) -> None:
        """Let go of connections."""


def open_store(  # noqa: PLR0913  # plain values, each named where it is called
    kind: str,
    *,
    folder: Path | None = None,
    account_name: str | None = None,
    connection_string: str | None = None,
    credential: TokenCredential | None = None,
    endpoint_suffix: str = "core.windows.net",
) -> Store:
    """
    The store of that kind: ``local`` in a folder, ``azure`` by identity or in the emulator.

    `credential` gives tokens for `account_name`; `endpoint_suffix` tells the clouds apart
    (``core.usgovcloudapi.net``, ``core.chinacloudapi.cn``).
    """
    if kind == "local" and folder is not None:
        from shared.stores.local import LocalStore

        return LocalStore(folder)
    if kind == "azure" and connection_string:
        from shared.stores.azure.medium import AzureStore

        return AzureStore.in_emulator(connection_string)
    if kind == "azure" and account_name and credential is not None:
        from shared.stores.azure.medium import AzureStore, StorageAccount

        account = StorageAccount.in_cloud(account_name, endpoint_suffix)
        return AzureStore.by_identity(account, credential)
    raise BadSettingError(_unopenable(kind))


def _unopenable(kind: str) -> str:
    """Which setting is missing or wrong."""
    if kind == "local":
        return "STORE is local, so STORE_FOLDER must name a folder."
    if kind == "azure":
        return "STORE is azure, so STORAGE_ACCOUNT_NAME must name the storage account."
    return f'STORE is "{kind}", but must be azure or local.'
