"""A deployed app, as it is seen from outside: what its health says, and whether it is guarded."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from shared.decoding import decode_json
from shared.delivery.text.formatting import harmless, shorten
from shared.endpoints import parse_url
from shared.errors import BadInputError, SourceIncompleteError
from shared.service.addresses import API
from shared.service.checks.check import Check, CheckState, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

ANSWER_SECONDS = 60.0  #: an app that sleeps takes some seconds to wake up
_LONGEST = 500  #: characters of what it says
_SIGNED_OUT = (HTTPStatus.FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_START = "Look at the app's log stream, and whether it is deployed (docs/deploy.md)."
_OBEY = "Do what it says; docs/operating.md explains each."
_OPEN = "Switch on App Service authentication at once: docs/deploy.md, step 3."


class Health(msgspec.Struct, frozen=True):
    """What ``api/health`` says, as far as it is asked here; or a problem in its place."""

    status: str | int = ""
    version: str = ""
    newest_ending: str | None = None
    warnings: list[str] = []
    detail: str = ""

    @property
    def sentence(self) -> str:
        """The same for people: text of another machine. A probe says one word."""
        known = f", version {self.version}, newest report: {self.newest_ending or 'none'}"
        words = " ".join([f"{self.status}{known if self.version else ''}.", *self.warnings])
        return shorten(harmless(self.detail or words), _LONGEST)


def try_address(url: str) -> Iterator[Check]:
    """Ask a deployed app for its health, and for a page without signing in."""
    base = parse_url(url)
    if base is None or not (base.scheme == "https" or base.is_loopback) or base.query:
        raise BadInputError("--url is not the address of an app; expected https://HOST.")
    import httpx

    with httpx.Client(timeout=ANSWER_SECONDS) as client:
        root = base.root
        yield _health(client, root)
        if not base.is_loopback:  # where nobody signs in
            yield tried("sign-in", lambda: _guarded(client, f"{root}{API}/report"), _OPEN)


def _health(client: httpx.Client, root: str) -> Check:
    """What its health says; if that is behind the sign-in, what the probe says."""
    for route in ("health", "probe"):
        url = f"{root}{API}/{route}"
        try:
            answer = _get(client, url)
        except SourceIncompleteError as error:
            return Check("health", CheckState.FAILED, str(error), _START)
        if answer.status_code not in _SIGNED_OUT:
            return _said(url, answer)
    sentence = f"Its health and its probe are behind the sign-in (status {answer.status_code})."
    remedy = f"Sign in with a browser and open {root}{API}/health."
    return Check("health", CheckState.UNKNOWN, sentence, remedy)


def _said(url: str, answer: httpx.Response) -> Check:
    if answer.headers.get("Content-Type", "").startswith("text/plain"):
        return Check("health", CheckState.FAILED, shorten(harmless(answer.text), _LONGEST), _OBEY)
    try:
        health = decode_json(answer.content, Health, SourceIncompleteError)
    except SourceIncompleteError:
        sentence = f"{url} answers {answer.status_code}, but not as this app does."
        return Check("health", CheckState.FAILED, sentence, _START)
    is_well = answer.status_code == HTTPStatus.OK and health.status == "ok"
    state = CheckState.OK if is_well else CheckState.FAILED
    return Check("health", state, health.sentence, "" if is_well else _OBEY)


def _guarded(client: httpx.Client, url: str) -> str:
    status = _get(client, url).status_code
    if status not in _SIGNED_OUT:
        raise SourceIncompleteError(f"Without signing in, {url} answers {status}.")
    return f"Without signing in, {url} is refused (status {status})."


def _get(client: httpx.Client, url: str) -> httpx.Response:
    import httpx

    try:
        return client.get(url, headers={"Accept": "application/json"})
    except httpx.HTTPError as error:
        reason = type(error).__name__
        raise SourceIncompleteError(f"{url} does not answer ({reason}).") from error
