"""``POST /{v1.0|beta}/$batch``: up to twenty requests, each answered by itself."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from simulator.graph.lists import bad
from simulator.graph.site import GraphRequest, GraphResponse, Route, Site, json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LARGEST_BATCH = 20
_INNER_TOKEN = "inner"  # noqa: S105 (whoever posts a batch has shown a real one)


class Batches:
    """
    Answers batches out of routes.

    What is within the batches is a `Site` of its own, `inner`: with its own log, and with faults by
    the number of a request within any batch.
    """

    def __init__(
        self, routes: Iterable[Route], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.inner = Site(routes, tokens=[_INNER_TOKEN], clock=clock)

    def routes(self) -> list[Route]:
        """For a `Site`."""
        return [Route("POST", re.compile(r"/(v1\.0|beta)/\$batch"), self._answer)]

    def _answer(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        try:
            requests = json.loads(request.body)["requests"]
            asked = {one["id"]: (one["method"], one["url"]) for one in requests}
        except (ValueError, KeyError, TypeError):
            raise bad("Invalid batch payload format.") from None
        if len(requests) > LARGEST_BATCH:
            raise bad(f"Number of batch request steps exceeds the maximum of {LARGEST_BATCH}.")
        if len(asked) < len(requests):
            raise bad("Request Ids should be unique.")
        headers = {"host": request.headers["host"], "authorization": f"Bearer {_INNER_TOKEN}"}
        responses = [
            _wrapped(id_, self.inner.answer(GraphRequest(method, f"/{match[1]}{url}", headers)))
            for id_, (method, url) in asked.items()
        ]
        return json_response({"responses": responses[::-1]})  # in no promised order


def _wrapped(id_: str, response: GraphResponse) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **response.headers}
    body = json.loads(response.body)
    return {"id": id_, "status": int(response.status), "headers": headers, "body": body}
