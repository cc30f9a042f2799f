"""One answer from Graph: paced, checked, and requested again where that helps."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol, TypeVar

from shared.decoding import decode_text, unreadable_as
from shared.errors import SourceDeniedError, SourceError, SourceIncompleteError
from shared.sources.graph.answers import (
    BrokenCrawlError,
    RefusedTokenError,
    TransientError,
    check,
    retry_after_seconds,
    unreadable_answer,
)
from shared.sources.pacing import Budget, Pace, Pacer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shared.sources.graph.answers import ReceivedAnswer
    from shared.sources.graph.clock import GraphClock

TRIES = 8  #: of one request: at least two minutes with the waits, then the queue tries again
LICENCE_TRIES = 4  #: of a request refused for lack of a licence, before that is believed
TIMEOUT_TRIES = 3  #: of a request that times out behind Graph's gateway: then ask for less
REQUEST_SECONDS = 120.0  #: a request that takes longer asks for too much at once
_LONGEST_BACKOFF_SECONDS = 64.0
#: Without it, enum members newer than Graph's sentinel read ``unknownFutureValue``.
PREFERENCES = {"Prefer": "include-unknown-enum-members"}
_HEADERS = PREFERENCES | {"Accept": "application/json"}

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class GraphConnection(Protocol):
    """
    What the sources need of `shared.identity.GraphClient`, which they may not import.

    It is signed in, and neither retries nor follows anything. Raises `TimeoutError` and
    `ConnectionError` for what goes wrong on the way.
    """

    @property
    def url(self) -> str:
        """The endpoint's root, without a version."""

    def get(
        self, url: str, *, headers: Mapping[str, str] | None, timeout_seconds: float
    ) -> ReceivedAnswer:
        """The answer to a GET of an address below the endpoint."""

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None, timeout_seconds: float
    ) -> ReceivedAnswer:
        """The answer to a POST of JSON to an address below the endpoint."""

    def renew_token(self) -> None:
        """Discard the token, because Graph refused it."""


@dataclass(slots=True)
class PremiumLicence:
    """Whether a tenant's answers prove that it has a premium licence; all its readers share it."""

    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class GraphReader:
    """Reads from Graph under one limit, one deadline and one permission."""

    graph: GraphConnection
    permission: str
    pacer: Pace = field(default_factory=Pacer)
    budget: Budget = field(default_factory=Budget)
    tries: int = TRIES  #: of one request
    jitter: Callable[[], float] = random.random  #: from 0 to 1; half of each back-off depends on it
    licence: PremiumLicence = field(default_factory=PremiumLicence)
    needs_licence: bool = False  #: whether an answer proves the licence
    clock: GraphClock | None = None  #: `None`: nobody compares the clocks

    @property
    def url(self) -> str:
        """Graph's root, without a version."""
        return self.graph.url

    def read(
        self,
        url: str,
        decode: Callable[[bytes], _T],
        *,
        body: bytes | None = None,
        is_next_page: bool = False,
    ) -> _T:
        """
        The decoded answer to a GET, or to a POST of `body`, which must be harmless to repeat.

        Raises `SourceDeniedError`, `OutOfTimeError`, `BrokenCrawlError` if a shorter time range
        may succeed, `SourceIncompleteError` if Graph rejects the request or every try failed, and
        `ClockError` if this machine's clock is wrong.
        """
        is_renewed = False
        for attempt in count(1):
            try:
                answer = self._send(url, body)
                if self.clock:
                    self.clock.compare(answer.headers)
                check(answer, self.permission, is_next_page=is_next_page)
                self.licence.is_proven |= self.needs_licence
                return _decoded(answer.body, decode)
            except RefusedTokenError as error:
                self._renew_token(error, again=is_renewed)
                is_renewed = True
            except TransientError as error:
                self._retry_later(attempt, error)
        raise AssertionError  # counting does not end

    def final_error(self, attempt: int, error: TransientError) -> SourceError | None:
        """The error to give up with after this many tries; `None` if another one may succeed."""
        if error.denial and not self.licence.is_proven and attempt >= LICENCE_TRIES:
            return error.denial
        return _exhausted(attempt, error) if attempt >= self.tries else None

    def back_off(self, attempt: int, errors: Iterable[TransientError]) -> None:
        """
        Wait as long as Graph said, else twice as long each time, half of it at random.

        After a 429, all readers under the same limit wait: Graph counts the requests of all.
        """
        backoff = min(_LONGEST_BACKOFF_SECONDS, 2.0**attempt) * (0.5 + self.jitter() / 2)
        waits = [(error.wait_seconds or backoff, error) for error in errors]
        seconds, longest = max(waits, key=itemgetter(0))
        _log.warning("graph: try %d failed with %s, waiting %.1f s", attempt, longest, seconds)
        self.pacer.hold_back(max(wait if error.is_throttled else 0.0 for wait, error in waits))
        self.budget.wait(seconds)

    def _send(self, url: str, body: bytes | None) -> ReceivedAnswer:
        with self.pacer.turn(self.budget):
            seconds = min(REQUEST_SECONDS, self.budget.remaining_seconds())
            try:
                if body is None:
                    answer = self.graph.get(url, headers=_HEADERS, timeout_seconds=seconds)
                else:
                    answer = self.graph.post(url, body, headers=_HEADERS, timeout_seconds=seconds)
            except TimeoutError:
                self.budget.remaining_seconds()  # raises if it was the deadline that came
                raise BrokenCrawlError(f"Graph had not answered after {seconds:.0f} s.") from None
            except ConnectionError as error:
                raise TransientError(f"a broken connection ({error})") from None
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:  # before anybody else has a turn
                self.pacer.hold_back(retry_after_seconds(answer.headers) or 0.0)
            return answer

    def _renew_token(self, error: RefusedTokenError, *, again: bool) -> None:
        if again:
            raise SourceDeniedError(
                f"Graph refuses the app's token, a new one too ({error}): "
                "check which tenant and cloud the app signs in to."
            )
        _log.info("graph: the token was refused (%s), requesting a new one", error)
        self.graph.renew_token()

    def _retry_later(self, attempt: int, error: TransientError) -> None:
        if error.is_timeout and attempt >= TIMEOUT_TRIES:
            raise BrokenCrawlError(f"Graph timed out {attempt} times in a row ({error}).")
        if final := self.final_error(attempt, error):
            raise final
        self.back_off(attempt, [error])


def _decoded(body: bytes, decode: Callable[[bytes], _T]) -> _T:
    decode_text(body, unreadable_answer)  # what is skipped while decoding would not be checked
    with unreadable_as(unreadable_answer):
        return decode(body)


def _exhausted(tries: int, last: TransientError) -> SourceIncompleteError:
    """The error for a request of which every try failed."""
    sentence = f"Graph failed {tries} times in a row, the last time with: {last}."
    if last.denial:
        sentence += " Graph gives this answer now and then although the tenant has the licence."
    return SourceIncompleteError(sentence)
