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

from tests.faults.processes import in_process, status_of
from tests.sources.graph.graph_doubles import GraphInProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The numbered calls, by what they reach.
_CALLS: dict[str, list[tuple[Any, str]]] = {
    "file": [(os, name) for name in ("open", "write", "replace", "unlink", "rmdir", "mkdir")],
    "Graph": [(GraphInProcess, "_send")],
    "SMTP": [(smtplib.SMTP, "connect"), (smtplib.SMTP, "send"), (smtplib.SMTP, "getreply")],
    "Teams": [(httpx.AsyncHTTPTransport, "handle_async_request")],
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
                on_operation(done, kind)
            return original(*arguments, **options)

        return operation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)  # a killed process loses nothing that it wrote
        for kind, calls in _CALLS.items():
            for owner, name in calls:
                patch.setattr(owner, name, counted(kind, getattr(owner, name)))
        yield


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


def killed_before(number: int, work: Callable[[], object]) -> bool:
    """Work in a process of its own that SIGKILL ends before an operation; `False` if it ended."""

    def kill(current: int, _kind: str) -> None:
        if current == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def work_until_killed() -> None:
        with numbered(kill):
            work()

    status = status_of(in_process(work_until_killed))
    assert status in (0, -signal.SIGKILL), f"ended with {status} before operation {number}"
    return status == -signal.SIGKILL


_OPEN, _WRITE = os.open, os.write
