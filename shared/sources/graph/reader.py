"""One answer from Graph, whatever it takes: paced, judged, and asked for again where that helps."""

from __future__ import annotations

import logging
import random
from itertools import count
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.sources.graph.answers import (
    BrokenCrawlError,
    RefusedTokenError,
    TransientError,
    check,
)
from shared.sources.pacing import Budget, Pacer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRIES = 8  #: of one request; with the waits in between two minutes at least, then the queue's turn
TIMEOUT_TRIES = 3  #: of one that times out behind Graph's gateway; then less is asked for
REQUEST_SECONDS = 120.0  #: a request that takes longer asks for too much at once
_LONGEST_BACKOFF_SECONDS = 64.0
#: Without it enum members newer than Graph's sentinel read ``unknownFutureValue``.
_HEADERS = {"Prefer": "include-unknown-enum-members", "Accept": "application/json"}

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Answer(Protocol):
    """An HTTP answer, whatever its status."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""

    @property
    def body(self) -> bytes:
        """The whole body."""


class Transport(Protocol):
    """
    Graph as `shared.identity.Graph` gives it: signed in, nothing retried, nothing followed.

    Raises `TimeoutError` and `ConnectionError` for what happens on the way.
    """

    @property
    def url(self) -> str:
        """The endpoint's root, without a version."""

    def get(self, url: str, *, headers: Mapping[str, str] | None, timeout_seconds: float) -> Answer:
        """The answer to a GET of an address below the endpoint."""

    def renew_token(self) -> None:
        """Forget the token: Graph refused it."""


class GraphReader:
    """Reads from Graph under one limit, one deadline and one permission."""

    def __init__(
        self,
        graph: Transport,
        permission: str,
        *,
        pacer: Pacer | None = None,
        budget: Budget | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._graph = graph
        self._permission = permission
        self._pacer = pacer or Pacer()
        self._budget = budget or Budget()
        self._chance = chance

    @property
    def url(self) -> str:
        """Graph's root, without a version."""
        return self._graph.url

    def read(self, url: str, decode: Callable[[bytes], _T], *, is_next_page: bool = False) -> _T:
        """
        What `decode` makes of the answer's body.

        Raises `SourceDeniedError`, `OutOfTimeError`, `BrokenCrawlError` where a shorter range
        may do, and `SourceIncompleteError` when every try failed.
        """
        is_renewed = False
        for attempt in count(1):
            try:
                return self._once(url, decode, is_next_page=is_next_page)
            except RefusedTokenError:
                self._renew_token(again=is_renewed)
                is_renewed = True
            except TransientError as trouble:
                self._rest(attempt, trouble)
        raise AssertionError  # counting does not end

    def _once(self, url: str, decode: Callable[[bytes], _T], *, is_next_page: bool) -> _T:
        answer = self._ask(url)
        check(
            answer.status,
            answer.headers,
            answer.body,
            permission=self._permission,
            is_next_page=is_next_page,
        )
        try:
            return decode(answer.body)
        except msgspec.DecodeError:
            raise TransientError("a body that is cut short or no JSON") from None

    def _ask(self, url: str) -> Answer:
        with self._pacer.turn(self._budget):
            seconds = min(REQUEST_SECONDS, self._budget.remaining_seconds())
            try:
                return self._graph.get(url, headers=_HEADERS, timeout_seconds=seconds)
            except TimeoutError:
                self._budget.remaining_seconds()  # raises if it was the deadline that came
                raise BrokenCrawlError(f"Graph had not answered after {seconds:.0f} s.") from None
            except ConnectionError as error:
                raise TransientError(f"a broken connection ({error})") from None

    def _renew_token(self, *, again: bool) -> None:
        if again:
            raise SourceDeniedError(
                "Graph refuses the app's token, a new one too (401): "
                "check which tenant and cloud the app signs in to."
            )
        _log.info("graph: the token was refused, a new one is asked for")
        self._graph.renew_token()

    def _rest(self, attempt: int, trouble: TransientError) -> None:
        """Wait as long as Graph said, else twice as long each time, with a share left to chance."""
        if trouble.is_timeout and attempt >= TIMEOUT_TRIES:
            raise BrokenCrawlError(f"Graph timed out {attempt} times in a row ({trouble}).")
        if attempt >= TRIES:
            raise SourceIncompleteError(
                f"Graph failed {attempt} times in a row, the last time with: {trouble}."
            )
        backoff = min(_LONGEST_BACKOFF_SECONDS, 2.0**attempt) * (0.5 + self._chance() / 2)
        seconds = trouble.wait_seconds or backoff
        _log.warning("graph: try %d failed with %s, waiting %.1f s", attempt, trouble, seconds)
        self._budget.wait(seconds)
