"""The function app's host over real queues in Azurite; any number may work on the same ones."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.queue import (
    QueueServiceClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

import function_app
from shared.cli.functions import QueueMessage, queue_data
from shared.cli.local_host import LocalHost
from shared.settings import Settings
from shared.stores.azure.account import CLIENT_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from azure.storage.queue import QueueClient

    from tests.faults.small_partner import Partner

_TAKEN = {"MessageNotFound", "PopReceiptMismatch"}  #: it took too long: another host has it
_PAUSE_SECONDS = 0.1
VISIBILITY_SECONDS = 10  #: more than a function takes; what a killed host had comes again then


class QueueHost(LocalHost):
    """One host; the names of its queues begin with a prefix of the test's."""

    def __init__(
        self,
        partner: Partner,
        connection_string: str,
        prefix: str,
        *,
        visibility_seconds: int = VISIBILITY_SECONDS,
    ) -> None:
        super().__init__(function_app.app, Settings(partner.environment), now=partner.clock)
        self._service = QueueServiceClient.from_connection_string(
            connection_string, api_version="2026-06-06", **CLIENT_OPTIONS
        )
        self._prefix_of_queues = prefix
        self._visibility_seconds = visibility_seconds
        self._received: dict[str, Any] = {}

    def __enter__(self) -> Self:
        for name in self._listeners:
            with suppress(ResourceExistsError):
                self._queue(name).create_queue()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._service.close()

    def work(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Work until no queue holds a message, visible or not; other hosts may put some there."""
        while any(map(self._length, self._listeners)):
            super().work(on_progress)
            with self._changed:
                self._changed.wait(_PAUSE_SECONDS)  # others need the processor, too

    def _length(self, name: str) -> int:
        return self._queue(name).get_queue_properties().approximate_message_count or 0

    def _queue(self, name: str) -> QueueClient:
        return self._service.get_queue_client(
            f"{self._prefix_of_queues}-{name}",
            message_encode_policy=TextBase64EncodePolicy(),
            message_decode_policy=TextBase64DecodePolicy(),
        )

    def _put(self, message: QueueMessage) -> None:
        delay = int((message.visible_at - self._now()).total_seconds())
        self._queue(message.queue).send_message(message.body, visibility_timeout=delay)

    def _take(self) -> tuple[QueueMessage, Future[Any]] | None:
        for name in self._listeners:
            found = self._queue(name).receive_message(visibility_timeout=self._visibility_seconds)
            if found:
                self._received[found.id] = found
                now, count = self._now(), found.dequeue_count or 1
                message = QueueMessage(name, found.content, found.id, now, now, count)
                return message, self._begun()
        return None

    def _handle(self, message: QueueMessage, future: Future[Any]) -> None:
        function = self._listeners[message.queue]
        outcome = self._call(function, *queue_data(message, self._now()), future)
        found, queue = self._received.pop(message.id), self._queue(message.queue)
        if outcome.error and message.dequeue_count < self._tries:
            return  # it becomes visible again
        if outcome.error:
            self.enqueue(f"{message.queue}-poison", message.body)
        _delete(queue, found)


def _delete(queue: QueueClient, found: Any) -> None:
    try:
        queue.delete_message(found)
    except HttpResponseError as error:
        if getattr(error, "error_code", None) not in _TAKEN:
            raise
