"""Each way in which one answer of Graph can be wrong, as a value for `SimulatedGraph.faults`."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from simulator.graph.api import GraphResponse, Transmission
from simulator.graph.faults import (
    cut,
    dead_skip_token,
    forge_next_link,
    garble,
    hang,
    refuse,
    repeat_link,
    reset,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.graph.api import Fault, GraphRequest, Respond

_links = count(1)


def instead(body: bytes, status: int = 200, **headers: str) -> Fault:
    """Another body than was asked for."""
    return lambda _request, _respond: GraphResponse(status, body, headers)


def endless_link(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The answer has a next page, at an address that no page has had before."""
    response = respond(request)
    page = json.loads(response.body)
    separator = "&" if "?" in request.target else "?"
    link = f"http://{request.headers['host']}{request.target}{separator}$skip={next(_links)}"
    if "value" not in page:
        return response
    return replace(response, body=json.dumps({**page, "@odata.nextLink": link}).encode())


def with_bytes(request: GraphRequest, respond: Respond) -> GraphResponse:
    """A byte that is not UTF-8, in the middle of the answer."""
    response = respond(request)
    middle = len(response.body) // 2
    return replace(response, body=response.body[:middle] + b"\xff" + response.body[middle:])


def within_batch(fault: Fault, is_meant: Callable[[str], bool]) -> Fault:
    """The same for the answers to those requests of a batch whose addresses are meant."""

    def spoil(request: GraphRequest, respond: Respond) -> GraphResponse:
        urls = {each["id"]: each["url"] for each in json.loads(request.body)["requests"]}
        response = respond(request)
        answers = [
            _spoilt(each, fault, request, urls[each["id"]]) if is_meant(urls[each["id"]]) else each
            for each in json.loads(response.body)["responses"]
        ]
        found = {"responses": [each for each in answers if each]}
        return replace(response, body=json.dumps(found).encode())

    return spoil


def _spoilt(
    answer: dict[str, Any], fault: Fault, batch: GraphRequest, url: str
) -> dict[str, Any] | None:
    """One answer of a batch as a fault leaves it; nothing if the fault is about a connection."""
    body = json.dumps(answer["body"]).encode()
    given = GraphResponse(answer["status"], body, answer.get("headers", {}))
    spoilt = fault(replace(batch, method="GET", target=url, body=b""), lambda _: given)
    if spoilt.transmission is not Transmission.COMPLETE:
        return None
    try:
        content = json.loads(spoilt.body)
    except (ValueError, RecursionError):
        content = spoilt.body.decode(errors="replace")
    return {**answer, "status": spoilt.status, "headers": dict(spoilt.headers), "body": content}


#: Graph goes wrong once and then answers as ever.
ONCE: dict[str, Fault] = {
    "429 with Retry-After": refuse(429, "TooManyRequests", retry_after="7"),
    "429 without Retry-After": refuse(429, "TooManyRequests"),
    "500": refuse(500, "InternalServerError"),
    "502, HTML": instead(b"<html>Bad gateway</html>", 502),
    "503 with Retry-After": refuse(503, "serviceNotAvailable", retry_after="120"),
    "504": refuse(504, "GatewayTimeout"),
    "reset": reset,
    "reset in mid-body": cut(0.5),
    "no answer, or a slow drip": hang,
    "truncated": garble,
    "empty": instead(b""),
    "malformed": instead(b'{"value": [}'),
    "not UTF-8": with_bytes,
    "HTML with 200": instead(b"<!doctype html><title>Sign in</title>"),
    "a nested bomb": instead(b'{"value":' + b"[" * 100_000),
    "expired token": refuse(401, "InvalidAuthenticationToken"),
}

#: Graph goes wrong in the same way as long as the run lasts.
LASTING: dict[str, Fault] = {
    "429 with Retry-After": ONCE["429 with Retry-After"],
    "500": ONCE["500"],
    "504": ONCE["504"],
    "reset in mid-body": ONCE["reset in mid-body"],
    "no answer, or a slow drip": hang,
    "HTML with 200": ONCE["HTML with 200"],
    "not UTF-8": with_bytes,
    "401": refuse(401, "InvalidAuthenticationToken"),
    "403": refuse(403, "Authorization_RequestDenied"),
    "404": refuse(404, "UnknownError"),
    "null": instead(b"null"),
    "a list": instead(b"[1, 2]"),
    "an object of other fields": instead(b'{"values": [{"x": 1}]}'),
    "a value of another kind": instead(b'{"value": {"id": 7}}'),
    "a list of null": instead(b'{"value": [null, 1, "x", {}]}'),
    "next link to another host": forge_next_link("https://graph.evil.example/v1.0/users"),
    "next link is not a text": instead(b'{"value": [], "@odata.nextLink": 5}'),
    "repeated next link": repeat_link,
    "endless next links": endless_link,
    "dead skip token": dead_skip_token,
}
