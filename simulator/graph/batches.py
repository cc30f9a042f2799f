"""``POST /{version}/$batch``: up to twenty requests, each answered on its own."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

from simulator.graph.api import (
    GraphRequest,
    GraphResponse,
    Route,
    SimulatedGraph,
    json_response,
)
from simulator.graph.lists import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LARGEST_BATCH = 20
_INNER_TOKEN = "inner"  # noqa: S105 (the batch itself came with a real one)


class Batches:
    """
    Answers batches from routes.

    The requests within batches go to `inner`, a `SimulatedGraph` with its own log and its own
    faults, which count the requests of all batches.
    """

    def __init__(
        self, routes: Iterable[Route], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.inner = SimulatedGraph(routes, tokens=[_INNER_TOKEN], clock=clock)

    def routes(self) -> list[Route]:
        """The routes for a `SimulatedGraph`."""
        return [Route("POST", re.compile(r"/(v1\.0|beta)/\$batch"), self._answer)]

    def _answer(self, request: GraphRequest, match: re.Match[str]) -> GraphResponse:
        try:
            requests = json.loads(request.body)["requests"]
            by_id = {each["id"]: _inner_request(request, match[1], each) for each in requests}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise bad_request("Invalid batch payload format.") from None
        if len(requests) > LARGEST_BATCH:
            message = f"Number of batch request steps exceeds the maximum of {LARGEST_BATCH}."
            raise bad_request(message)
        if len(by_id) < len(requests):
            raise bad_request("Request Ids should be unique.")
        responses = [_inner(id_, self.inner.answer(each)) for id_, each in by_id.items()]
        return json_response({"responses": responses[::-1]})  # no order is promised


def _inner_request(outer: GraphRequest, version: str, given: dict[str, Any]) -> GraphRequest:
    """A request of the batch; it has its own headers, and none of the batch's."""
    headers = {name.lower(): value for name, value in given.get("headers", {}).items()}
    headers |= {"host": outer.headers["host"], "authorization": f"Bearer {_INNER_TOKEN}"}
    return GraphRequest(given["method"], f"/{version}{given['url']}", headers)


def _inner(id_: str, response: GraphResponse) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **response.headers}
    body = json.loads(response.body)
    return {"id": id_, "status": int(response.status), "headers": headers, "body": body}
