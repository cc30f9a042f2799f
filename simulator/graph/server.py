"""Serves a simulated Graph on a loopback port, connections that break included."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.cli.loopback import LoopbackHandler, LoopbackServer
from simulator.graph.api import (
    GraphRefusalError,
    GraphRequest,
    GraphResponse,
    SimulatedGraph,
    Transmission,
)

if TYPE_CHECKING:
    from http import HTTPStatus

    from shared.cli.loopback import HttpRequest, Response

_LONGEST_STALL_SECONDS = 3600.0
_DRIP_SECONDS = 0.01
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  #: ``SO_LINGER``: on, for 0 seconds


class GraphServer(LoopbackServer):
    """A simulated Graph on a free loopback port; `url` is a value for ``GRAPH_ENDPOINT``."""

    def __init__(self, graph: SimulatedGraph) -> None:
        self.graph = graph
        super().__init__(self._answer, _refuse, handler=_Handler)

    def _answer(self, request: HttpRequest) -> GraphResponse:
        graph_request = GraphRequest(request.method, request.target, request.headers, request.body)
        response = self.graph.answer(graph_request)
        return replace(response, headers={"Content-Type": "application/json", **response.headers})


def _refuse(status: HTTPStatus, sentence: str) -> GraphResponse:
    return GraphRefusalError(status, status.name, sentence).response


class _Handler(LoopbackHandler):
    """Breaks the connection where the response says so."""

    def send(self, response: Response) -> None:
        match response:
            case GraphResponse(transmission=Transmission.CUT):
                self.send_head(response)
                self.wfile.write(response.body[: int(len(response.body) * response.sent_share)])
                self.close_connection = True
            case GraphResponse(transmission=Transmission.HANG):
                self.server.closing.wait(_LONGEST_STALL_SECONDS)
                self.close_connection = True
            case GraphResponse(transmission=Transmission.DRIP):
                self.send_head(response)
                for byte in response.body:
                    self.wfile.write(bytes([byte]))
                    if self.server.closing.wait(_DRIP_SECONDS):
                        break
                self.close_connection = True
            case GraphResponse(transmission=Transmission.EXCESS):
                self.send_head(replace(response, body=response.body[: len(response.body) // 2]))
                self.wfile.write(response.body)
            case GraphResponse(transmission=Transmission.RESET):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                self.connection.close()
                self.close_connection = True
            case _:
                super().send(response)
