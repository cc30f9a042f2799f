"""
Files in Blob Storage.

Its imports are heavy; the SDK's, which are the heaviest, wait for what only the SDK does.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Self

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared.stores.azure.account import Options, storage_errors
from shared.stores.azure.blob_reads import BlobReads
from shared.stores.models import REPORT_FILES
from shared.stores.names import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from azure.core.credentials import TokenCredential
    from azure.storage.blob import BlobClient, BlobServiceClient

_ROLE = "Storage Blob Data Contributor"
_DELEGATOR_ROLE = "Storage Blob Delegator"
#: The newest version that the emulator supports, too; four more attempts within about 18 seconds.
_OPTIONS: Options = {
    "api_version": "2026-06-06",
    "retry_total": 4,
    "initial_backoff": 1,
    "increment_base": 2,
    "random_jitter_range": 1,
}
_SHARED = ("api_version", "retry_total")  #: of these, what reading without the SDK takes, too
_URL_VALID_FOR = timedelta(minutes=10)
_CLOCK_SKEW = timedelta(minutes=5)  #: the most between our clock and the service's
_PRIVATE = "private, no-cache"  #: personal data: caches must revalidate


class AzureBlobs:
    """The blobs of one account. A path's first part is its container, created when first needed."""

    def __init__(
        self, open_service: Callable[[], BlobServiceClient], prefix: str, reads: BlobReads | None
    ) -> None:
        """`reads`: what reads blobs instead of the SDK, if there is an identity."""
        self._open_service = open_service
        self._prefix = prefix
        self._reads = reads
        self._lock = Lock()
        self._opened: BlobServiceClient | None = None

    @classmethod
    def at(cls, url: str, credential: TokenCredential, prefix: str, options: Options) -> Self:
        """The blobs at a URL, with an identity."""

        def open_service() -> BlobServiceClient:
            from azure.storage.blob import BlobServiceClient

            return BlobServiceClient(url, credential=credential, **_OPTIONS | options)

        shared = {name: value for name, value in _OPTIONS.items() if name in _SHARED}
        return cls(open_service, prefix, BlobReads(url, credential, shared | options))

    @classmethod
    def in_emulator(cls, connection_string: str, prefix: str, options: Options) -> Self:
        """The blobs of the emulator."""

        def open_service() -> BlobServiceClient:
            from azure.storage.blob import BlobServiceClient

            merged = _OPTIONS | options
            return BlobServiceClient.from_connection_string(connection_string, **merged)

        return cls(open_service, prefix, None)

    def read(self, path: str) -> bytes | None:
        """All of a file, or `None`."""
        container, _, name = path.partition("/")
        with storage_errors(f"{path} cannot be read", _ROLE):
            if self._reads:
                return self._reads.read(self._prefix + container, name)
            try:
                return self._blob(path).download_blob().readall()
            except ResourceNotFoundError:
                return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file over what was there, whole or not at all."""
        blob = self._blob(path)
        with storage_errors(f"{path} cannot be written", _ROLE):
            try:
                _upload(blob, path, content)
            except ResourceNotFoundError:  # no such container yet; others may create it, too
                with suppress(ResourceExistsError):
                    self._service.create_container(blob.container_name)
                _upload(blob, path, content)

    def remove(self, path: str) -> None:
        """Remove a file, if it exists."""
        with storage_errors(f"{path} cannot be removed", _ROLE), suppress(ResourceNotFoundError):
            self._blob(path).delete_blob()

    def paths(self, prefix: str) -> list[str]:
        """The paths that begin with `prefix`."""
        container, _, begin = prefix.partition("/")
        client = self._service.get_container_client(self._prefix + container)
        with storage_errors(f"{prefix} cannot be listed", _ROLE), suppress(ResourceNotFoundError):
            return [
                f"{container}/{name}" for name in client.list_blob_names(name_starts_with=begin)
            ]
        return []

    def digests(self, prefix: str) -> dict[str, str]:
        """The digest of each file whose path begins with `prefix`, as it was when written."""
        container, _, begin = prefix.partition("/")
        client = self._service.get_container_client(self._prefix + container)
        with storage_errors(f"{prefix} cannot be listed", _ROLE), suppress(ResourceNotFoundError):
            found = client.list_blobs(name_starts_with=begin, include=["metadata"])
            return {f"{container}/{blob.name}": _digest_in(blob.metadata) for blob in found}
        return {}

    def url(self, path: str, account_name: str, now: datetime) -> str:
        """A URL valid for minutes to read this one blob over https, signed with our identity."""
        blob = self._blob(path)
        start, expiry = now - _CLOCK_SKEW, now + _URL_VALID_FOR
        with storage_errors(f"No URL can be signed for {path}", _DELEGATOR_ROLE):
            key = self._service.get_user_delegation_key(start, expiry)
        from azure.storage.blob import BlobSasPermissions, generate_blob_sas

        signature = generate_blob_sas(
            account_name,
            blob.container_name,
            blob.blob_name,
            user_delegation_key=key,
            permission=BlobSasPermissions(read=True),
            start=start,
            expiry=expiry,
            protocol="https",
            content_disposition=_attached(path),
            cache_control="private, no-store",
        )
        return f"{blob.url}?{signature}"

    def location(self, path: str) -> str:
        """The URL of a blob, for those who may read it."""
        return str(self._blob(path).url)

    def close(self) -> None:
        """Close connections."""
        if self._opened:
            self._opened.close()
        if self._reads:
            self._reads.close()

    @property
    def _service(self) -> BlobServiceClient:
        with self._lock:
            if self._opened is None:
                self._opened = self._open_service()
            return self._opened

    def _blob(self, path: str) -> BlobClient:
        container, _, name = path.partition("/")
        return self._service.get_blob_client(self._prefix + container, name)


def _upload(blob: BlobClient, path: str, content: bytes) -> None:
    from azure.storage.blob import ContentSettings

    name = path.rpartition("/")[2]
    settings = ContentSettings(
        content_type=REPORT_FILES.get(name, "application/octet-stream"),
        cache_control=_PRIVATE,
        content_disposition=_attached(path) if name.endswith(".csv") else None,
    )
    blob.upload_blob(
        content, overwrite=True, content_settings=settings, metadata={"digest": digest(content)}
    )


def _digest_in(metadata: Mapping[str, str] | None) -> str:
    """Storage guards the bytes itself; a blob of another writer has no digest."""
    return (metadata or {}).get("digest", "")


def _attached(path: str) -> str:
    return f'attachment; filename="{path.rpartition("/")[2]}"'
