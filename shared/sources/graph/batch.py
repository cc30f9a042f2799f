"""
Many small requests to Graph, twenty at a time: ``POST /$batch``.

Each answer within a batch is judged separately. Graph throttles them one by one, so a 200 may hold
a 429 (JSON batching page); taking the outer status for the inner ones would turn "not read" into
"nobody is excluded".
"""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any

import msgspec

from shared.decoding import decode_json
from shared.errors import SourceDeniedError, SourceError
from shared.sources.graph.answers import (
    RefusedTokenError,
    TransientError,
    check,
    is_unknown_object,
    unreadable_answer,
)
from shared.sources.graph.reader import PREFERENCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.sources.graph.reader import GraphReader

LARGEST_BATCH = 20  #: requests in one batch (JSON batching page)


class BatchItem(msgspec.Struct, frozen=True):
    """The result of one request of a batch: a body, nothing (404), or an error."""

    body: bytes | None = None
    error: SourceError | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the requested object does not exist (any more)."""
        return self.body is None and self.error is None


class _ItemAnswer(msgspec.Struct, frozen=True):
    """An `Answer` within a batch."""

    id: str
    status: int
    given_headers: dict[str, Any] = msgspec.field(default_factory=dict, name="headers")
    json_body: msgspec.Raw = msgspec.field(default=msgspec.Raw(b"null"), name="body")

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): str(value) for name, value in self.given_headers.items()}

    @property
    def body(self) -> bytes:
        return bytes(self.json_body)


class _Answers(msgspec.Struct, frozen=True):
    responses: list[_ItemAnswer]


class GraphBatch:
    """Batches of GETs by one reader."""

    def __init__(self, reader: GraphReader) -> None:
        self._reader = reader

    def read(self, paths: Iterable[str], version: str = "v1.0") -> Iterator[dict[str, BatchItem]]:
        """
        Yield each path's result, batch by batch; paths come without the version: ``/users/7``.

        Raises the errors of `GraphReader.read` if a batch as a whole cannot be read.
        """
        remaining = iter(paths)
        while batch := list(islice(remaining, LARGEST_BATCH)):
            yield self._read(f"{self._reader.url}/{version}/$batch", batch)

    def _read(self, url: str, paths: list[str]) -> dict[str, BatchItem]:
        """One batch, and again the requests with transient errors, until none is left."""
        items: dict[str, BatchItem] = {}
        for attempt in count(1):
            errors: list[TransientError] = []
            for path, answer in self._post(url, [path for path in paths if path not in items]):
                try:
                    items[path] = self._judge(answer)
                except TransientError as error:
                    if final := self._reader.final_error(attempt, error):
                        items[path] = BatchItem(error=final)
                    else:
                        errors.append(error)
            if not errors:
                return items
            self._reader.back_off(attempt, errors)
        raise AssertionError  # counting does not end

    def _post(self, url: str, paths: Sequence[str]) -> list[tuple[str, _ItemAnswer | None]]:
        """Each path with its answer; repeating the POST is harmless, since it only reads."""
        requests = [
            {"id": str(index), "method": "GET", "url": path, "headers": PREFERENCES}
            for index, path in enumerate(paths)
        ]
        body = msgspec.json.encode({"requests": requests})
        answers = self._reader.read(url, _decode, body=body)
        return [(path, answers.get(str(index))) for index, path in enumerate(paths)]

    def _judge(self, answer: _ItemAnswer | None) -> BatchItem:
        if answer is None:
            raise TransientError("no answer within the batch")
        if is_unknown_object(answer):
            return BatchItem()
        try:
            check(answer, self._reader.permission)
        except RefusedTokenError as error:
            refused = f"Graph refuses the app's token within a batch ({error})."
            return BatchItem(error=SourceDeniedError(refused))
        except SourceError as error:
            return BatchItem(error=error)
        return BatchItem(answer.body)


def _decode(body: bytes) -> dict[str, _ItemAnswer]:
    answers = decode_json(body, _Answers, unreadable_answer).responses
    return {answer.id: answer for answer in answers}
