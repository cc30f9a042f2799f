"""Table Storage and Blob Storage of one account, as a store."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple, Self

from shared.endpoints import LOOPBACK_HOSTS, parse_url
from shared.errors import BadSettingError
from shared.stores.names import safe_file_name
from shared.stores.store import KeptStore, report_bundle

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from azure.core.credentials import TokenCredential

    from shared.stores.azure.account import Options
    from shared.stores.azure.blobs import AzureBlobs
    from shared.stores.azure.tables import AzureTables

_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_EMULATOR_ACCOUNT = "devstoreaccount1"
_OPTIONS: Options = {
    "user_agent": "partner-mfa-status",
    "connection_timeout": 10,  # seconds, as is the next
    "read_timeout": 60,
}


class StorageAccount(NamedTuple):
    """A storage account, and where its services answer."""

    name: str
    tables_url: str
    blobs_url: str

    @classmethod
    def in_cloud(cls, name: str, endpoint_suffix: str) -> Self:
        """The account of that name in the cloud of that suffix."""
        if not _ACCOUNT_NAME.fullmatch(name):  # it becomes part of the host that gets our token
            raise BadSettingError(
                f'STORAGE_ACCOUNT_NAME is "{name}", but must be 3 to 24 small letters and digits.'
            )
        return cls(
            name,
            f"https://{name}.table.{endpoint_suffix}",
            f"https://{name}.blob.{endpoint_suffix}",
        )


class AzureStore(KeptStore):
    """The store in a storage account."""

    def __init__(
        self, tables: AzureTables, blobs: AzureBlobs, *, account_name: str | None = None
    ) -> None:
        """`account_name` only where an identity is used, which then can sign URLs."""
        super().__init__(AzureMedium(tables, blobs))
        self._tables = tables
        self._blobs = blobs
        self._account_name = account_name

    @classmethod
    def by_identity(
        cls,
        account: StorageAccount,
        credential: TokenCredential,
        *,
        prefix: str = "",
        options: Options | None = None,
    ) -> Self:
        """
        The store in an account to which `credential` gives the tokens.

        `prefix` begins all names of tables and containers; `options` go to both of the clients.
        """
        from shared.stores.azure.blobs import AzureBlobs
        from shared.stores.azure.tables import AzureTables

        given = _OPTIONS | (options or {})
        return cls(
            AzureTables.at(account.tables_url, credential, prefix, given),
            AzureBlobs.at(account.blobs_url, credential, prefix, given),
            account_name=account.name,
        )

    @classmethod
    def in_emulator(
        cls, connection_string: str, *, prefix: str = "", options: Options | None = None
    ) -> Self:
        """The store in the storage emulator; no other account is taken by its key."""
        from shared.stores.azure.blobs import AzureBlobs
        from shared.stores.azure.tables import AzureTables

        checked, given = _emulator_only(connection_string), _OPTIONS | (options or {})
        return cls(
            AzureTables.in_emulator(checked, prefix, given),
            AzureBlobs.in_emulator(checked, prefix, given),
        )

    def report_url(self, tenant_id: str, ending: date, name: str, now: datetime) -> str | None:
        """A URL good for minutes that gives one CSV file to whoever has it; by identity only."""
        is_csv = safe_file_name(name).endswith(".csv")
        if self._account_name is None or not is_csv:
            return None
        path = self._bundles.location(report_bundle(tenant_id, ending), name)
        return self._blobs.url(path, self._account_name, now) if path else None

    def close(self) -> None:
        """Let go of connections."""
        self._tables.close()
        self._blobs.close()


class AzureMedium:
    """Tables and blobs as one `Medium`."""

    def __init__(self, tables: AzureTables, blobs: AzureBlobs) -> None:
        self.read, self.write, self.remove = blobs.read, blobs.write, blobs.remove
        self.paths = blobs.paths
        self.row, self.rows = tables.row, tables.rows
        self.put_row, self.remove_row = tables.put_row, tables.remove_row

    def exclusive(self) -> AbstractContextManager[object]:
        """Nobody can be kept out: etags do it."""
        return nullcontext()

    def finalize(self, path: str, plain: str) -> None:
        """Blobs stay where they are: they cannot be renamed."""


def _emulator_only(connection_string: str) -> str:
    """The connection string, if it leads to an emulator; its key is in no message."""
    parts = (part.partition("=") for part in connection_string.split(";"))
    told = {name.strip().lower(): value.strip() for name, _, value in parts if value}
    if told.keys() == {"usedevelopmentstorage"} and told.popitem()[1].lower() == "true":
        return "UseDevelopmentStorage=true"
    hosts = {_host(told.get("blobendpoint", "")), _host(told.get("tableendpoint", ""))}
    account = told.get("accountname", "")
    is_emulator = account == _EMULATOR_ACCOUNT or hosts <= LOOPBACK_HOSTS
    if is_emulator and None not in hosts and "accountkey" in told:
        return connection_string
    raise BadSettingError(
        f'STORAGE_CONNECTION_STRING leads to "{account}", but is for the emulator only: '
        "UseDevelopmentStorage=true, or its account with BlobEndpoint and TableEndpoint; "
        "a real account is named by STORAGE_ACCOUNT_NAME."
    )


def _host(url: str) -> str | None:
    parsed = parse_url(url)
    return parsed.host if parsed else None
