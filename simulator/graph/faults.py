"""What goes wrong with Graph: faults for the plan of a `Site`, by the number of a request."""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from simulator.graph.site import Wire, refusal, spoil

if TYPE_CHECKING:
    from simulator.graph.site import Fault, GraphRequest, GraphResponse, Respond

_NEXT_LINK = "@odata.nextLink"


def refuse(status: int, code: str = "UnknownError", **headers: str) -> Fault:
    """
    An error instead of an answer; headers as keywords, ``retry_after="5"``.

    The code and the headers are Graph's; the message names somebody, which no log of ours may.
    """
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}

    def fault(_: GraphRequest, __: Respond) -> GraphResponse:
        return refusal(status, code, "Refused for adele.vance@northwindcloud.example.", named)

    return fault


def dead_skip_token(_: GraphRequest, __: Respond) -> GraphResponse:
    """The passing fault of long crawls: msgraph-sdk-powershell issue 1388."""
    message = "Invalid Skip Token, skip token is null or expired."
    return refusal(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def reset(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The request is worked on, then the connection is reset."""
    return spoil(respond(request), Wire.RESET)


def hang(request: GraphRequest, respond: Respond) -> GraphResponse:
    """The request is worked on, and no answer comes."""
    return spoil(respond(request), Wire.HANG)


def cut(shown: float = 0.5) -> Fault:
    """The answer breaks off after this part of its body."""

    def fault(request: GraphRequest, respond: Respond) -> GraphResponse:
        return spoil(respond(request), Wire.CUT, shown)

    return fault


def garble(request: GraphRequest, respond: Respond) -> GraphResponse:
    """A proxy on the way passes on half the body as if it were the whole."""
    response = respond(request)
    return replace(response, body=response.body[: len(response.body) // 2])


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
