"""From the settings to an open store, and to the queues of the Functions host."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import BadSettingError
from shared.settings import StoreKind
from shared.stores import open_queues, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import TokenCredential

    from shared.hosting import Platform
    from shared.settings import Settings
    from shared.stores.azure.queues import AzureQueues
    from shared.stores.store import Store


def store_kind_of(settings: Settings) -> StoreKind:
    """``local`` or ``azure``; raises `BadSettingError` if a hosted app names neither."""
    if settings.store:
        return settings.store
    if settings.storage_account_name or settings.storage_connection_string:
        return StoreKind.AZURE
    if settings.platform.is_hosted:  # its own disk is lost with the instance
        raise BadSettingError(
            "Setting STORE is not set; expected azure, with STORAGE_ACCOUNT_NAME, or local, "
            "because only an app on your own machine has a default."
        )
    return StoreKind.LOCAL


def open_store_of(settings: Settings, credential: Callable[[], TokenCredential]) -> Store:
    """Open the store; the credential is made only for an account that needs it."""
    kind, account = store_kind_of(settings), settings.storage_account_name
    emulator = settings.storage_connection_string
    by_identity = kind is StoreKind.AZURE and account and not emulator
    return open_store(
        kind,
        folder=Path(settings.store_folder),
        account_name=account or None,
        connection_string=emulator or None,
        credential=credential() if by_identity else None,
        endpoint_suffix=settings.cloud.storage_suffix,
    )


def open_queues_of(platform: Platform, credential: Callable[[], TokenCredential]) -> AzureQueues:
    """Open the queues that the Functions host listens to."""
    return open_queues(
        connection_string=platform.host_storage,
        url=platform.host_queues_url,
        credential=credential,
    )


def app_id_of(settings: Settings, tenant_id: str) -> str:
    """
    Which app a message is of: the one of a tenant that writes into a store.

    Its name would not do: a deployment gets another one, and its messages are the same.
    """
    kind = store_kind_of(settings)
    folder = Path(settings.store_folder).resolve().as_posix()
    account = settings.storage_account_name or settings.storage_connection_string
    place = folder if kind is StoreKind.LOCAL else account
    return sha256(f"{tenant_id} {kind} {place}".lower().encode()).hexdigest()[:16]
