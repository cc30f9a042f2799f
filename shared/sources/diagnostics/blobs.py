"""Logs in Blob Storage. Imported only where they are read, because its imports are heavy."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobPrefix, BlobServiceClient

from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.sources.diagnostics.files import CHUNK_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from azure.core.credentials import TokenCredential

    from shared.sources.diagnostics.account import LogAccount

ROLE = "Storage Blob Data Reader"  #: the least privileged role that reads and lists
_EMULATOR = "UseDevelopmentStorage=true"  #: the SDK knows the key that all emulators have
#: The newest API version that the emulator also supports; three retries within some ten seconds.
#: Reads are ranges of a blob that may be growing, one request each.
_OPTIONS: dict[str, Any] = {
    "user_agent": "partner-mfa-status",
    "api_version": "2026-06-06",
    "connection_timeout": 10,  # seconds, as is the next
    "read_timeout": 30,
    "retry_total": 3,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
    "max_single_get_size": CHUNK_BYTES,
    "max_chunk_get_size": CHUNK_BYTES,
}
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_NO_LOGIN = "failed to retrieve a token from the included credentials"


class ListedBlob(NamedTuple):
    """A blob as the account lists it."""

    name: str
    size_bytes: int
    written_at: datetime  #: time of the last append, with its time zone


class AccountLogs:
    """
    The containers of one account. Names of folders end with a slash.

    Raises `SourceDeniedError` if a role is missing, and `SourceIncompleteError` for anything that a
    later attempt may fix.
    """

    def __init__(self, service: BlobServiceClient, host: str) -> None:
        self._service = service
        self._host = host

    @classmethod
    def open(
        cls,
        account: LogAccount,
        credential: Callable[[], TokenCredential],
        options: dict[str, Any] | None = None,
    ) -> Self:
        """The account, by identity; the emulator, by its own key. Sends nothing yet."""
        # At INFO every address is logged, and a failed login in full.
        logging.getLogger("azure").setLevel(logging.ERROR)
        merged = _OPTIONS | (options or {})
        login: Any = _emulator_key() if account.is_emulator else credential()
        return cls(BlobServiceClient(account.url, credential=login, **merged), account.host)

    @property
    def host(self) -> str:
        """The account's host."""
        return self._host

    def folders(self, container: str, below: str) -> list[str]:
        """The full names of the folders directly below one; none if the container is missing."""
        client = self._service.get_container_client(container)
        with self._account_errors(f"{container} cannot be listed"):
            try:
                found = list(client.walk_blobs(name_starts_with=below, delimiter="/"))
            except ResourceNotFoundError:
                return []
        return [each.name for each in found if isinstance(each, BlobPrefix)]

    def blobs(
        self, container: str, below: str, page_size: int | None = None
    ) -> Iterator[ListedBlob]:
        """The blobs below a folder, by name, listed page by page."""
        client = self._service.get_container_client(container)
        with self._account_errors(f"{container} cannot be listed"):
            for blob in client.list_blobs(name_starts_with=below, results_per_page=page_size):
                yield ListedBlob(blob.name, blob.size, blob.last_modified)

    def read(self, container: str, name: str, offset: int, size_bytes: int) -> bytes:
        """That many bytes of a blob; raises `SourceIncompleteError` if it has become shorter."""
        client = self._service.get_blob_client(container, name)
        with self._account_errors(f"{container}/{name} cannot be read"):
            data = client.download_blob(offset, size_bytes).readall()
        if len(data) != size_bytes:
            raise SourceIncompleteError(
                f"{self._host}: {container}/{name} became shorter while it was read."
            )
        return data

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    @contextmanager
    def _account_errors(self, what: str) -> Iterator[None]:
        """Turn the SDK's errors into ours; its own texts may reveal too much."""
        try:
            yield
        except ClientAuthenticationError as error:
            raise self._refused(what, error) or self._no_token(error) from None
        except HttpResponseError as error:
            raise self._refused(what, error) or self._failed(what, _code(error)) from None
        except AzureError as error:  # no response; its text names host and port only
            raise self._failed(what, str(error).rstrip(".") or type(error).__name__) from None

    def _refused(self, what: str, error: HttpResponseError) -> SourceDeniedError | None:
        if error.status_code not in _REFUSED or getattr(error, "error_code", None) is None:
            return None
        return SourceDeniedError(
            f"{self._host}: {what} ({_code(error)}): give the app's identity the role {ROLE} on "
            "the account of DIAGNOSTICS_ACCOUNT_URL, and let it through that account's firewall."
        )

    def _no_token(self, error: ClientAuthenticationError) -> Exception:
        """The error of a failed login; without a code from Entra, Entra was unreachable."""
        code = re.search(r"AADSTS\d+", str(error))
        no_login = type(error).__name__ == "CredentialUnavailableError" or _NO_LOGIN in str(error)
        if code is None and not no_login:
            return self._failed("no token for storage", "no reason given by Entra")
        reason = code.group() if code else "no login found"
        return SourceDeniedError(
            f"No token for {self._host} ({reason}): in Azure the app needs a managed identity, "
            "on a developer's machine `az login` for the tenant of the storage account."
        )

    def _failed(self, what: str, why: str) -> SourceIncompleteError:
        return SourceIncompleteError(
            f"{self._host}, the account of DIAGNOSTICS_ACCOUNT_URL: {what} ({why})."
        )


def _code(error: HttpResponseError) -> str:
    """The status and the service's error code, such as ``403 AuthorizationPermissionMismatch``."""
    code = getattr(error, "error_code", None)
    return f"{error.status_code} {getattr(code, 'value', code) or error.reason}"


def _emulator_key() -> object:
    with BlobServiceClient.from_connection_string(_EMULATOR) as emulator:
        return emulator.credential
