"""
Many small questions to Graph, twenty a request: ``POST /$batch``.

Each answer within a batch is judged by itself. Graph throttles them one by one, so that a 200 may
hold a 429 (JSON batching page); who takes the outer status for the inner ones reads "nobody is
excluded" where it should say "not read".
"""

from __future__ import annotations

import random
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from shared.errors import SourceDeniedError, SourceError, SourceIncompleteError
from shared.sources.graph.answers import RefusedTokenError, TransientError, check
from shared.sources.graph.reader import TRIES, GraphReader, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shared.sources.graph.reader import Answer
    from shared.sources.pacing import Budget, Pacer

LARGEST_BATCH = 20  #: requests in one batch (JSON batching page)
_LONGEST_BACKOFF_SECONDS = 64.0
_GONE = 404


class GraphTransport(Transport, Protocol):
    """A transport that can POST, too."""

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None, timeout_seconds: float
    ) -> Answer:
        """The answer to a POST of JSON to an address below the endpoint."""


class BatchItem(msgspec.Struct, frozen=True):
    """What became of one question: a body, nothing there, or an error."""

    body: bytes | None = None
    error: SourceError | None = None

    @property
    def is_gone(self) -> bool:
        """Whether what was asked for does not exist (any more)."""
        return self.body is None and self.error is None


class _Response(msgspec.Struct, frozen=True):
    id: str
    status: int
    headers: dict[str, Any] = {}
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Responses(msgspec.Struct, frozen=True):
    responses: list[_Response]


class GraphBatch:
    """Batches of GETs under one limit, one deadline and one permission."""

    def __init__(
        self,
        graph: GraphTransport,
        permission: str,
        *,
        pacer: Pacer,
        budget: Budget,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._graph = graph
        self._permission = permission
        self._pacer = pacer
        self._budget = budget
        self._chance = chance

    def read(self, paths: Iterable[str], version: str = "v1.0") -> Iterator[dict[str, BatchItem]]:
        """
        What became of each path, batch by batch; paths come without the version: ``/users/7``.

        Raises what a `GraphReader` raises where a batch as a whole cannot be had.
        """
        rest = iter(paths)
        while batch := list(islice(rest, LARGEST_BATCH)):
            yield self._read(f"{self._graph.url}/{version}/$batch", batch)

    def _read(self, url: str, paths: list[str]) -> dict[str, BatchItem]:
        """One batch, and again what may pass by itself, until nothing is owed."""
        judged: dict[str, BatchItem] = {}
        for attempt in count(1):
            troubles: dict[str, TransientError] = {}
            owed = [path for path in paths if path not in judged]
            for path, response in self._post(url, owed):
                try:
                    judged[path] = self._judge(response)
                except TransientError as trouble:
                    troubles[path] = trouble
            if not troubles:
                break
            if attempt >= TRIES:
                return judged | {path: _lost(trouble) for path, trouble in troubles.items()}
            self._rest(attempt, troubles.values())
        return judged

    def _post(self, url: str, paths: Sequence[str]) -> list[tuple[str, _Response | None]]:
        """Each path with its answer; asking again does no harm, since all of it is reading."""
        requests = [
            {"id": str(number), "method": "GET", "url": path} for number, path in enumerate(paths)
        ]
        posted = _Posted(self._graph, msgspec.json.encode({"requests": requests}))
        reader = GraphReader(
            posted, self._permission, pacer=self._pacer, budget=self._budget, chance=self._chance
        )
        answered = reader.read(url, _decode)
        return [(path, answered.get(str(number))) for number, path in enumerate(paths)]

    def _judge(self, response: _Response | None) -> BatchItem:
        if response is None:
            raise TransientError("no answer within the batch")
        if response.status == _GONE:
            return BatchItem()
        headers = {name.lower(): str(value) for name, value in response.headers.items()}
        body = bytes(response.body)
        try:
            check(response.status, headers, body, permission=self._permission, is_next_page=False)
        except RefusedTokenError:
            refused = "Graph refuses the app's token within a batch (401)."
            return BatchItem(error=SourceDeniedError(refused))
        except SourceError as error:
            return BatchItem(error=error)
        return BatchItem(body)

    def _rest(self, attempt: int, troubles: Iterable[TransientError]) -> None:
        """Wait for the one that takes longest; a service that does not say is given more time."""
        backoff = min(_LONGEST_BACKOFF_SECONDS, 2.0**attempt) * (0.5 + self._chance() / 2)
        self._budget.wait(max(trouble.wait_seconds or backoff for trouble in troubles))


class _Posted:
    """A transport whose every GET is one and the same POST, so that a `GraphReader` retries it."""

    def __init__(self, graph: GraphTransport, body: bytes) -> None:
        self._graph = graph
        self._body = body

    @property
    def url(self) -> str:
        return self._graph.url

    def get(self, url: str, *, headers: Mapping[str, str] | None, timeout_seconds: float) -> Answer:
        return self._graph.post(url, self._body, headers=headers, timeout_seconds=timeout_seconds)

    def renew_token(self) -> None:
        self._graph.renew_token()


def _decode(body: bytes) -> dict[str, _Response]:
    responses = msgspec.json.decode(body, type=_Responses).responses
    return {response.id: response for response in responses}


def _lost(trouble: TransientError) -> BatchItem:
    """As `GraphReader` puts it where every try failed."""
    return BatchItem(
        error=SourceIncompleteError(
            f"Graph failed {TRIES} times in a row, the last time with: {trouble}."
        )
    )
