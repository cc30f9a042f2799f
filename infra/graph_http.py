"""Graph over HTTP with the standard library alone: JSON in and out, sentences for what fails."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_TIMEOUT_SECONDS = 60
_TRIES = 4
_LONGEST_WAIT_SECONDS = 60
_BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class GrantError(Exception):
    """It cannot go on; one sentence for whoever ran it."""


class RefusalError(GrantError):
    """Graph answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"Graph answered {status} {code}: {message}".rstrip(": "))
        self.status = status
        self.message = message


class Graph:
    """Graph over HTTP: JSON in and out, no redirect followed, the token shown to one host only."""

    def __init__(
        self, url: str, token: Callable[[], str], pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._token = token
        self._pause = pause
        proxies = [ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
        self._opener = build_opener(_NoRedirect, *proxies)

    def get(self, path: str) -> dict[str, Any]:
        """One object."""
        return self._asked("GET", f"{self._url}/v1.0/{path}", None)

    def values(self, path: str) -> Iterator[dict[str, Any]]:
        """All rows of a collection, page after page."""
        url = f"{self._url}/v1.0/{path}"
        while url:
            page = self._asked("GET", url, None)
            yield from page["value"]
            url = page.get("@odata.nextLink", "")
            if url and not url.startswith(f"{self._url}/"):
                raise GrantError("Graph named a next page on another host, which is not asked.")

    def post(self, path: str, body: Mapping[str, str]) -> None:
        """Create something; harmless to repeat where Graph keeps each thing once."""
        self._asked("POST", f"{self._url}/v1.0/{path}", json.dumps(body).encode())

    def _asked(self, method: str, url: str, body: bytes | None) -> dict[str, Any]:
        for tries_left in reversed(range(_TRIES)):
            headers = {"Authorization": f"Bearer {self._token()}", "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            request = Request(url, body, headers, method=method)  # noqa: S310 (checked: our host)
            try:
                with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                    return _object(answer.read())
            except HTTPError as error:
                with error:
                    if error.code not in _BUSY or not tries_left:
                        raise _refusal(error) from None
                    self._pause(_wait_seconds(error.headers.get("Retry-After")))
            except (URLError, OSError) as error:
                raise GrantError(f"Graph cannot be reached: {error}.") from error
        raise AssertionError  # the last try returns or raises


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Graph sends nobody elsewhere, and the token is for Graph."""


def checked_endpoint(given: str) -> str:
    """The address without its last slash; plain http for this machine only."""
    url = given.rstrip("/")
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe or not parts.hostname or parts.path:
        raise GrantError("--graph-endpoint is https://HOST, without a version or path.")
    return url


def _refusal(error: HTTPError) -> RefusalError:
    try:
        told = json.loads(error.read())["error"]
        return RefusalError(error.code, str(told["code"]), str(told["message"]))
    except (ValueError, KeyError, TypeError):
        return RefusalError(error.code, "", "")


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise GrantError("What answered is no Graph: it sent no JSON object.")
    return found


def _wait_seconds(retry_after: str | None) -> float:
    wanted = int(retry_after) if retry_after and retry_after.isdecimal() else 5
    return float(min(wanted, _LONGEST_WAIT_SECONDS))
