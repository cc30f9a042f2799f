"""
STORED: tenants, the ledger, rollups, reports, daily metrics, runs, and what has been mailed.

Order of writing: a slice's rollup, then its ledger entry; a report's files, then its metrics row.
A crash between two steps therefore leaves something that is not entered yet, never an entry for
something that is missing, and repeating the work gives the same bytes. Until the last step readers
get all of the old state, and from then on all of the new one, never a mixture.

Of two writers of the same slice or report the later one wins, in whichever order they arrive:
writing what is older than what is stored (by `LedgerEntry.at` or `MetricsRow.generated_at`) raises
`ConflictError`. Tenant ids, run ids and file names are checked before they become a path or a key;
invalid ones raise `BadInputError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import BadSettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure.core.credentials import TokenCredential

    from shared.stores.azure.queues import AzureQueues
    from shared.stores.store import Store


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
    The store of that kind: ``local`` in a folder, ``azure`` in an account or in the emulator.

    `credential` gives tokens for the account `account_name`, and `endpoint_suffix` is the cloud's
    (``core.usgovcloudapi.net``, ``core.chinacloudapi.cn``). Nothing is read or written yet.
    """
    from shared.stores.store import Store

    if kind == "local" and folder is not None:
        from shared.stores.local import LocalMedium

        return Store(LocalMedium(folder))
    if kind == "azure" and connection_string:
        from shared.stores.azure.medium import AzureMedium

        return Store(AzureMedium.in_emulator(connection_string))
    if kind == "azure" and account_name and credential is not None:
        from shared.stores.azure.account import StorageAccount
        from shared.stores.azure.medium import AzureMedium

        account = StorageAccount.in_cloud(account_name, endpoint_suffix)
        return Store(AzureMedium.in_account(account, credential))
    raise BadSettingError(_missing(kind))


def open_queues(
    *, connection_string: str, url: str, credential: Callable[[], TokenCredential]
) -> AzureQueues:
    """
    The queues that the Functions host listens to.

    `credential` is asked for only if there is a `url` and no connection string, which is how the
    storage emulator is reached.
    """
    if not connection_string and not url:
        raise BadSettingError(
            "Setting AzureWebJobsStorage is not set; expected the storage of the Functions host, "
            "where its queues are."
        )
    from shared.stores.azure.queues import AzureQueues

    if connection_string:
        return AzureQueues.by_connection(connection_string)
    return AzureQueues.at(url, credential())


def _missing(kind: str) -> str:
    if kind == "local":
        return "Setting STORE_FOLDER is not set; expected a folder for STORE=local."
    if kind == "azure":
        return "Setting STORAGE_ACCOUNT_NAME is not set; expected an account for STORE=azure."
    return f"Setting STORE is {kind!r}; expected azure or local."
