"""
Every operation by which a run changes or asks the world, numbered; and a kill right before one.

Between two operations nothing outside the process changes, so a kill before each of them and one
after the last cover all there is. A file is also cut off half-way through each write.
"""

from __future__ import annotations

import os
import signal
import smtplib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.core.pipeline.transport import RequestsTransport

from tests.faults.processes import in_process, status_of
from tests.sources.graph.graph_doubles import GraphInProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STORAGE = {"data-tables": "table", "storage-blob": "blob", "storage-queue": "queue"}  #: by client
#: The numbered calls, by what they reach; those to Azure Storage by its services.
_CALLS: dict[str, list[tuple[Any, str]]] = {
    "file": [(os, name) for name in ("open", "write", "replace", "unlink", "rmdir", "mkdir")],
    "Graph": [(GraphInProcess, "_send")],
    "SMTP": [(smtplib.SMTP, "connect"), (smtplib.SMTP, "send"), (smtplib.SMTP, "getreply")],
    "Teams": [(httpx.AsyncHTTPTransport, "handle_async_request")],
    "storage": [(RequestsTransport, "send")],
}


@contextmanager
def numbered(on_operation: Callable[[int, str], None]) -> Iterator[None]:
    """
    Call `on_operation` with the number and the kind of each operation, right before it.

    Of a write, half is done by then.
    """
    done = 0

    def counted(kind: str, original: Any) -> Any:
        def operation(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if not (original is _OPEN and arguments[1] == os.O_RDONLY):
                done += 1
                if original is _WRITE:
                    return _written(*arguments, before_rest=lambda: on_operation(done, kind))
                on_operation(done, kind if original is not _SEND else _service(*arguments))
            return original(*arguments, **options)

        return operation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # a killed process loses nothing that it wrote
        for kind, calls in _CALLS.items():
            for owner, name in calls:
                patch.setattr(owner, name, counted(kind, getattr(owner, name)))
        yield


def _service(_transport: object, request: Any, **_options: Any) -> str:
    """The service of Azure Storage that a request goes to, by the client that makes it."""
    agent = request.headers["User-Agent"]
    return next(kind for client, kind in _STORAGE.items() if client in agent)


def _written(file: int, content: bytes, *, before_rest: Callable[[], None]) -> int:
    """Write half of the content, then the rest; return the size."""
    half = _WRITE(file, content[: len(content) // 2])
    before_rest()
    return half + _WRITE(file, content[half:])


def operations_of(work: Callable[[], object]) -> list[str]:
    """The kinds of all operations of some work, in order."""
    kinds: list[str] = []
    with numbered(lambda _, kind: kinds.append(kind)):
        work()
    return kinds


def killed_before(number: int, work: Callable[[], object]) -> str | None:
    """
    Work in a process of its own that SIGKILL ends before an operation.

    Returns the kind of that operation, or `None` if the work ended before it.
    """
    reading, writing = os.pipe()

    def kill(current: int, kind: str) -> None:
        if current == number:
            _WRITE(writing, kind.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def work_until_killed() -> None:
        with numbered(kill):
            work()

    status = status_of(in_process(work_until_killed))
    os.close(writing)
    with open(reading, encoding="ascii") as pipe:  # noqa: PTH123 (it is a number)
        kind = pipe.read()
    assert status == (-signal.SIGKILL if kind else 0), (
        f"ended with {status}, not by operation {number}"
    )
    return kind or None


_OPEN, _WRITE, _SEND = os.open, os.write, RequestsTransport.send
