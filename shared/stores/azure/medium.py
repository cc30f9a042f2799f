"""Table Storage and Blob Storage as one medium."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Self

from shared.stores.azure.account import CLIENT_OPTIONS, Options, checked_emulator
from shared.stores.azure.blobs import AzureBlobs
from shared.stores.azure.tables import AzureTables

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import datetime

    from azure.core.credentials import TokenCredential

    from shared.stores.azure.account import StorageAccount


class AzureMedium:
    """A storage account as a `Medium`."""

    moves = False

    def __init__(
        self, tables: AzureTables, blobs: AzureBlobs, *, account_name: str | None = None
    ) -> None:
        """`account_name` only if clients sign in with an identity, which then can sign URLs."""
        # At INFO the SDK logs each request in a dozen lines, 93 for one page.
        logging.getLogger("azure").setLevel(logging.ERROR)
        self.read, self.write, self.remove = blobs.read, blobs.write, blobs.remove
        self.paths, self.digests = blobs.paths, blobs.digests
        self.row, self.rows = tables.row, tables.rows
        self.put_row, self.remove_row = tables.put_row, tables.remove_row
        self.table_days, self.put_table_day = tables.table_days, tables.put_table_day
        self.table_row = tables.table_row
        self.remove_table_days = tables.remove_table_days
        self._tables = tables
        self._blobs = blobs
        self._account_name = account_name

    @classmethod
    def in_account(
        cls,
        account: StorageAccount,
        credential: TokenCredential,
        *,
        prefix: str = "",
        options: Options | None = None,
    ) -> Self:
        """
        An account that `credential` gives tokens for.

        `prefix` begins the names of all tables and containers; `options` go to both clients.
        """
        merged = CLIENT_OPTIONS | (options or {})
        return cls(
            AzureTables.at(account.tables_url, credential, prefix, merged),
            AzureBlobs.at(account.blobs_url, credential, prefix, merged),
            account_name=account.name,
        )

    @classmethod
    def in_emulator(
        cls, connection_string: str, *, prefix: str = "", options: Options | None = None
    ) -> Self:
        """The storage emulator; the key of any other account is refused."""
        checked, merged = checked_emulator(connection_string), CLIENT_OPTIONS | (options or {})
        return cls(
            AzureTables.in_emulator(checked, prefix, merged),
            AzureBlobs.in_emulator(checked, prefix, merged),
        )

    def location(self, path: str) -> str:
        """The URL of the blob."""
        return self._blobs.location(path)

    def signed_url(self, path: str, now: datetime) -> str | None:
        """A URL valid for minutes that lets anybody read this file; `None` in the emulator."""
        return self._blobs.url(path, self._account_name, now) if self._account_name else None

    def exclusive(self) -> AbstractContextManager[object]:
        """Other writers cannot be kept out; etags have to do."""
        return nullcontext()

    def finalize(self, path: str, final_path: str) -> None:
        """Blobs stay where they are, because they cannot be renamed."""

    def sweep(self) -> None:
        """A blob is written whole or not at all."""

    def close(self) -> None:
        """Close connections."""
        self._tables.close()
        self._blobs.close()
