"""The HTTP server on loopback, as anything that answers requests may use it."""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field

import pytest

from shared.cli.loopback import HttpRequest, LoopbackServer
from simulator.graph.api import SimulatedGraph
from simulator.graph.faults import hang
from simulator.graph.server import GraphServer


@dataclass
class Text:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def ask(server, target, method="GET", body=None, **headers):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_function_gets_the_request_as_sent_and_its_response_is_returned() -> None:
    requests: list[HttpRequest] = []

    def answer(request):
        requests.append(request)
        return Text(207, b"several")

    with LoopbackServer(answer, lambda status, sentence: Text(status, sentence.encode())) as server:
        response = ask(server, "/a%20b?x=1&x=2&y=%C3%A4&z", "POST", b"{}", Accept="text/plain")

    [request] = requests
    assert response == (207, b"several")
    assert (request.method, request.path, request.body) == ("POST", "/a%20b", b"{}")
    assert request.query == {"x": "2", "y": "ä", "z": ""}
    assert request.headers["accept"] == "text/plain"
    assert request.url == f"{server.url}/a%20b?x=1&x=2&y=%C3%A4&z"


def test_the_simulated_graph_refuses_another_host_name_in_graph_s_shape() -> None:
    graph = SimulatedGraph([], tokens=["good"])

    with GraphServer(graph) as server:
        status, body = ask(server, "/v1.0/users", Host="evil.example")

    assert status == 421
    assert b'"code": "MISDIRECTED_REQUEST"' in body
    assert graph.requests == []


def test_a_server_that_closes_ends_the_connections_that_hang() -> None:
    graph = SimulatedGraph([], tokens=[], faults={1: hang})
    answering = threading.Event()
    answer = graph.answer

    def answer_and_tell(request):
        answering.set()
        return answer(request)

    graph.answer = answer_and_tell  # type: ignore[method-assign]
    errors: list[BaseException] = []

    def wait_for_an_answer(server):
        with pytest.raises(http.client.RemoteDisconnected) as raised:
            ask(server, "/v1.0/users")
        errors.append(raised.value)

    with GraphServer(graph) as server:
        client = threading.Thread(target=wait_for_an_answer, args=[server])
        client.start()
        assert answering.wait(30)
    client.join(30)

    assert len(errors) == 1
