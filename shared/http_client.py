"""
The HTTP client that all requests to Graph of a process share, on a thread of its own.

Making one costs as much as many requests, above all for its TLS context, and a new connection for
each slice costs a handshake. It belongs to nobody: who asks is said with each request, and cookies
are never kept.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from shared.decoding import inflate

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    import httpx

    T = TypeVar("T")

LONGEST_ANSWER = 64 << 20  #: bytes, inflated too; a page of 1,000 sign-ins has 2 to 10 million
_CONNECT_SECONDS = 30.0
_KEPT_SECONDS = 30.0  #: more than the ten seconds after which Graph allows the next five requests


class HttpClient:
    """An HTTP client for many threads at once; what it sends, it sends from a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def client(self, *, uses_proxies: bool) -> httpx.AsyncClient:
        """The SDK's client with its middleware; only coroutines for `run` may use it."""
        with self._lock:
            if uses_proxies not in self._clients:
                self._clients[uses_proxies] = _make_client(uses_proxies=uses_proxies)
            return self._clients[uses_proxies]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine; `ConnectionError` if the client is closed meanwhile."""
        future = asyncio.run_coroutine_threadsafe(work, self._running_loop())
        try:
            return future.result()
        except CancelledError:
            raise ConnectionError("the client was closed") from None
        finally:
            future.cancel()  # if waiting was interrupted

    def close(self) -> None:
        """Close the connections, and end the thread."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop and thread:
            _stop(loop)
            thread.join()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                ready: Future[asyncio.AbstractEventLoop] = Future()
                self._thread = threading.Thread(
                    target=_run, args=[ready, self._clients], name="http", daemon=True
                )
                self._thread.start()
                self._loop = ready.result()
                weakref.finalize(self, _stop, self._loop)  # if nobody closes it
            return self._loop


def _run(
    ready: Future[asyncio.AbstractEventLoop], clients: Mapping[bool, httpx.AsyncClient]
) -> None:
    """Run a loop until it is stopped, then close what was opened in it."""
    with asyncio.Runner() as runner:  # which cancels what is left, and closes the loop
        loop = runner.get_loop()
        ready.set_result(loop)
        loop.run_forever()
        for client in clients.values():
            runner.run(_close(client))


def _stop(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # it is closed already
        loop.call_soon_threadsafe(loop.stop)


def _make_client(*, uses_proxies: bool) -> httpx.AsyncClient:
    """The time limit applies to each request as a whole."""
    import httpx
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

    client: httpx.AsyncClient = httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
        limits=httpx.Limits(keepalive_expiry=_KEPT_SECONDS),
        http2=True,
        trust_env=uses_proxies,
        headers={"Accept-Encoding": "gzip"},
        event_hooks={"response": [_read_whole]},  # called before the SDK reads it
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    GraphClientFactory.create_with_default_middleware(client=client, options=options)
    return client


async def _read_whole(response: httpx.Response) -> None:
    """
    Read an answer, no longer than `LONGEST_ANSWER` on the way and inflated; else `ConnectionError`.

    httpx would inflate whatever comes: a megabyte of gzip can become a gigabyte.
    """
    import httpx

    received, content = cast("httpx.AsyncByteStream", response.stream), bytearray()
    async for chunk in received:
        content += chunk
        if len(content) > LONGEST_ANSWER:
            raise _unusable(f"it is longer than {LONGEST_ANSWER:,} bytes")
    await received.aclose()
    encoding = response.headers.pop("content-encoding", "")
    if encoding not in ("", "gzip", "identity"):
        raise _unusable(f"it is encoded as {encoding!r}")
    is_compressed = encoding == "gzip" and content
    body = inflate(bytes(content), _unusable, LONGEST_ANSWER) if is_compressed else bytes(content)
    response.stream = httpx.ByteStream(body)


def _unusable(reason: str) -> ConnectionError:
    return ConnectionError(f"the answer cannot be used: {reason}")


async def _close(client: httpx.AsyncClient) -> None:
    """Close the client, and the transports that msgraph_core wraps and leaves open."""
    await client.aclose()
    for outer in (client._transport, *client._mounts.values()):  # noqa: SLF001 (nobody else does)
        if inner := getattr(outer, "transport", None):
            await inner.aclose()
