"""Queues in Queue Storage: what is put there by us, not by an output binding. Imports are heavy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueServiceClient, TextBase64EncodePolicy

from shared.stores.azure.account import CLIENT_OPTIONS, Options, storage_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azure.core.credentials import TokenCredential
    from azure.storage.queue import QueueClient

_ROLE = "Storage Queue Data Contributor"
#: The newest version that the emulator supports, too. Somebody may be waiting for an answer: one
#: more attempt after a second, and no long one.
_OPTIONS: Options = CLIENT_OPTIONS | {
    "api_version": "2026-06-06",
    "connection_timeout": 3,
    "read_timeout": 5,
}


class AzureQueues:
    """The queues of one account; created when first needed, as the Functions host does, too."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service

    @classmethod
    def at(cls, url: str, credential: TokenCredential, options: Options | None = None) -> Self:
        """The queues at a URL, with an identity."""
        return cls(QueueServiceClient(url, credential=credential, **_merged(options)))

    @classmethod
    def by_connection(cls, connection_string: str, options: Options | None = None) -> Self:
        """The queues that a connection string leads to: the emulator's, as a rule."""
        merged = _merged(options)
        return cls(QueueServiceClient.from_connection_string(connection_string, **merged))

    def put(
        self,
        queue: str,
        bodies: Sequence[str],
        *,
        delay: timedelta = timedelta(),
        lifetime: timedelta | None = None,
    ) -> None:
        """
        Put messages into a queue, visible after `delay`; raises `StoreError` if it cannot.

        After `lifetime` they are removed; `None` is the service's own default of seven days.
        """
        times: Options = {"visibility_timeout": int(delay.total_seconds())}
        if lifetime is not None:
            times["time_to_live"] = int(lifetime.total_seconds())
        with storage_errors(f"Putting a message into the queue {queue}", _ROLE):
            # As host.json has it; the extension reads nothing else.
            client = self._service.get_queue_client(
                queue, message_encode_policy=TextBase64EncodePolicy()
            )
            for body in bodies:
                _put(client, body, times)

    def close(self) -> None:
        """Close connections."""
        self._service.close()


def _put(client: QueueClient, body: str, times: Options) -> None:
    try:
        client.send_message(body, **times)
    except ResourceNotFoundError:
        _create(client)
        client.send_message(body, **times)


def _create(client: QueueClient) -> None:
    try:
        client.create_queue()
    except ResourceExistsError:  # somebody else has just done so
        return


def _merged(options: Options | None) -> Options:
    return _OPTIONS | {"retry_policy": LinearRetry(backoff=1, retry_total=1)} | (options or {})
