"""What the store suite runs on: a backend opens any number of stores over the same data."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import pytest

from shared.stores.azure.medium import AzureMedium
from shared.stores.local import LocalMedium
from shared.stores.store import Store
from tests.azurite import EmulatorCredential
from tests.contracts.store_examples import Killed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.azurite import Azurite

_FILE_OPERATIONS = ("open", "write", "fsync", "replace", "unlink", "rmdir", "mkdir")
_NO_WAITING = {"retry_total": 0}


class Backend(Protocol):
    """A place for data that outlives the stores opened over it."""

    def open(self) -> Store:
        """Another store over the same data."""

    def fresh(self) -> Backend:
        """An empty backend of the same kind."""

    def dying(self, step: int) -> Any:
        """A context that gives a store which dies right before that step."""


class LocalBackend:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Store:
        return Store(LocalMedium(self.folder))

    def fresh(self) -> LocalBackend:
        return LocalBackend(self.folder.with_name(f"store-{uuid4().hex[:8]}"))

    @contextmanager
    def dying(self, step: int) -> Iterator[Store]:
        with pytest.MonkeyPatch.context() as patch:
            count_steps(patch, step, _die)
            yield self.open()


class AzureBackend:
    def __init__(self, server: Azurite) -> None:
        self._server = server
        self._prefix = f"t{uuid4().hex[:12]}"
        self._opened: list[Store] = []

    def open(self, **options: Any) -> Store:
        store = Store(self._open_medium(options))
        self._opened.append(store)
        return store

    def fresh(self) -> AzureBackend:
        return AzureBackend(self._server)

    @contextmanager
    def dying(self, step: int) -> Iterator[Store]:
        transport = faulty_transport(step, verify=self._verify)
        yield self.open(transport=transport, **_NO_WAITING)

    def close(self) -> None:
        for store in self._opened:
            store.close()

    @property
    def _verify(self) -> Any:
        return str(self._server.certificate) if self._server.certificate else True

    def _open_medium(self, options: Any) -> AzureMedium:
        given = {"connection_verify": self._verify, **options}
        if self._server.certificate:
            return AzureMedium.in_account(
                self._server.account, EmulatorCredential(), prefix=self._prefix, options=given
            )
        text = self._server.connection_string
        return AzureMedium.in_emulator(text, prefix=self._prefix, options=given)


def count_steps(patch: pytest.MonkeyPatch, step: int, die: Any) -> None:
    """Call `die` before that file operation, or halfway through it if it is a write."""
    done = 0

    def counted(name: str, original: Any) -> Any:
        def operation(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            is_reading = name == "open" and arguments[1] == os.O_RDONLY
            done += not is_reading
            if done == step and not is_reading:
                if name == "write":
                    original(arguments[0], arguments[1][: len(arguments[1]) // 2])
                die()
            return original(*arguments, **options)

        return operation

    for name in _FILE_OPERATIONS:
        patch.setattr(os, name, counted(name, getattr(os, name)))


def _die() -> None:
    raise Killed


def faulty_transport(step: int, *, verify: Any, response_is_lost: bool = False) -> Any:
    """A transport that fails at that writing request, before sending it or after."""
    from azure.core.exceptions import ServiceResponseError
    from azure.core.pipeline.transport import RequestsTransport

    lock, done = threading.Lock(), 0

    class Faulty(RequestsTransport):  # type: ignore[misc]  # comes without types
        def send(self, request: Any, **options: Any) -> Any:
            nonlocal done
            with lock:
                done += request.method not in ("GET", "HEAD")
                is_due = done == step and request.method not in ("GET", "HEAD")
            if is_due and not response_is_lost:
                raise Killed
            response = super().send(request, **options)
            if is_due:
                raise ServiceResponseError("the connection was closed")
            return response

    return Faulty(connection_verify=verify)
