"""The Bicep compiler: as a command, and as a server for what is asked of it again and again."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest

_NEXT_TO_THE_PROJECT = Path(__file__).resolve().parents[3] / "shared" / "bicep" / "bicep"
_PROGRAM = (
    str(_NEXT_TO_THE_PROJECT) if _NEXT_TO_THE_PROJECT.exists() else shutil.which("bicep") or ""
)


def _runs(program: str) -> bool:
    """Whether a program is there and can be started: it may need what a bare machine lacks."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


if not (_PROGRAM and _runs(_PROGRAM)):
    pytest.skip("there is no Bicep compiler that runs here", allow_module_level=True)


def run(*arguments: str) -> tuple[str, str]:
    """What a command writes to its output and, warnings and errors, beside it."""
    done = subprocess.run([_PROGRAM, *arguments], capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


class FailedError(Exception):
    """The compiler answered a request with an error."""


class _Server:
    """JSON-RPC over the compiler's standard streams, each message after a header of its length."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._process = subprocess.Popen(
            [_PROGRAM, "jsonrpc", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._answers = self._process.stdin, self._process.stdout
        atexit.register(self._stop)

    def request(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        body = json.dumps(message).encode()
        self._requests.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._requests.flush()
        answer = json.loads(self._answers.read(self._length()))
        if "error" in answer:
            raise FailedError(answer["error"]["data"]["message"])
        return dict(answer["result"])

    def _length(self) -> int:
        """The length in the header, which ends with an empty line."""
        lines = iter(lambda: self._answers.readline().strip(), b"")
        headers = dict(line.lower().split(b": ", 1) for line in lines)
        return int(headers[b"content-length"])

    def _stop(self) -> None:
        self._requests.close()
        self._answers.close()
        self._process.wait()


@cache
def _server() -> _Server:
    return _Server()


def request(method: str, path: Path, **further: Any) -> dict[str, Any]:
    """What the compiler answers about a file. Raises `FailedError`."""
    return _server().request(f"bicep/{method}", {"path": str(path), **further})
