"""What goes wrong with Graph: values for the `faults` of a `SimulatedGraph`."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from simulator.graph.api import GraphRefusalError, Transmission

if TYPE_CHECKING:
    from simulator.graph.api import Fault, GraphRequest, GraphResponse, Respond

_NEXT_LINK = "@odata.nextLink"


def refuse(status: int, code: str = "UnknownError", **headers: str) -> Fault:
    """
    An error instead of an answer; headers as keywords, ``retry_after="5"``.

    Code and headers are as Graph's. The message names a user, whom no log of ours may name.
    """
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    message = "Refused for adele.vance@northwindcloud.example."
    response = GraphRefusalError(status, code, message, named).response
    return lambda _request, _respond: response


def dead_skip_token(_: GraphRequest, __: Respond) -> GraphResponse:
    """The passing fault of long crawls: msgraph-sdk-powershell issue 1388."""
    message = "Invalid Skip Token, skip token is null or expired."
    return GraphRefusalError(HTTPStatus.BAD_REQUEST, "BadRequest", message).response


def reset(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The request is carried out, then the connection is reset."""
    return replace(respond(request), transmission=Transmission.RESET)


def hang(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The request is carried out, and no answer comes."""
    return replace(respond(request), transmission=Transmission.HANG)


def drip(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The answer comes byte by byte, each long before a time limit for the next one would end."""
    return replace(respond(request), transmission=Transmission.DRIP)


def exceed(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The answer's head announces half of its bytes; the rest comes where the next answer would."""
    return replace(respond(request), transmission=Transmission.EXCESS)


def swell(inflated_bytes: int) -> Fault:
    """A gzip bomb: an answer of so many bytes, a thousandth of that on the way."""

    def fault(request: GraphRequest, respond: Respond) -> GraphResponse:
        response = respond(request)
        body = gzip.compress(b" " * inflated_bytes)
        headers = {**response.headers, "Content-Encoding": "gzip"}
        return replace(response, body=body, headers=headers)

    return fault


def cut(sent_share: float = 0.5) -> Fault:
    """The answer breaks off after this share of its body."""

    def fault(request: GraphRequest, respond: Respond) -> GraphResponse:
        return replace(respond(request), transmission=Transmission.CUT, sent_share=sent_share)

    return fault


def garble(request: GraphRequest, respond: Respond) -> GraphResponse:
    """A proxy in between passes on half the body as if it were all of it."""
    response = respond(request)
    return replace(response, body=response.body[: len(response.body) // 2])


def no_utf8(request: GraphRequest, respond: Respond) -> GraphResponse:
    """One byte of a text in the answer's body has been flipped: it is no longer UTF-8."""
    response = respond(request)
    body = bytearray(response.body)
    body[body.rindex(b'"') - 1] |= 0x80
    return replace(response, body=bytes(body))


def forge_next_link(address: str) -> Fault:
    """The answer's link to the next page leads elsewhere."""

    def fault(request: GraphRequest, respond: Respond) -> GraphResponse:
        return _with_next_link(respond(request), address)

    return fault


def repeat_link(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The answer's link to the next page is the link that was just followed."""
    return _with_next_link(respond(request), f"http://{request.headers['host']}{request.target}")


def _with_next_link(response: GraphResponse, address: str) -> GraphResponse:
    page = json.loads(response.body)
    if "value" not in page:
        return response
    return replace(response, body=json.dumps({**page, _NEXT_LINK: address}).encode())
