"""The one HTTP client of a process: shared by threads and tenants, and closed with the process."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from shared.endpoints import make_endpoint
from shared.http_client import HttpClient
from shared.identity import GraphClient, Login, open_graph
from shared.service.composition import Service
from shared.settings import Settings
from simulator.graph.api import GraphResponse
from simulator.graph.server import GraphServer
from simulator.simulation import make_graph
from tests.sources.graph.graph_doubles import partner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.graph.api import SimulatedGraph

TOKENS = ("first", "second", "third", "fourth")
PATH = "/v1.0/organization"


@pytest.fixture
def site() -> SimulatedGraph:
    made, _, _ = make_graph(partner())
    made.tokens = {*TOKENS}
    return made


@pytest.fixture
def server(site) -> Iterator[GraphServer]:
    with GraphServer(site) as running:
        yield running


@pytest.fixture
def http() -> Iterator[HttpClient]:
    with HttpClient() as made:
        yield made


def tenant(server: GraphServer, token: str, http: HttpClient | None) -> GraphClient:
    return open_graph(make_endpoint("GRAPH_ENDPOINT", server.url, token), Login(), http=http)


def test_tenants_at_once_never_send_each_others_tokens(site, server, http) -> None:
    def ask(token: str) -> list[int]:
        with tenant(server, token, http) as graph:
            asked = (graph.get(f"{graph.url}{PATH}", headers={"x-of": token}) for _ in range(5))
            return [answer.status for answer in asked]

    with ThreadPoolExecutor(len(TOKENS)) as threads:
        statuses = [*threads.map(ask, TOKENS)]

    assert statuses == [[200] * 5] * len(TOKENS)
    sent = [each.request.headers for each in site.requests]
    assert len(sent) == 5 * len(TOKENS)
    assert {(each["x-of"], each["authorization"]) for each in sent} == {
        (token, f"Bearer {token}") for token in TOKENS
    }


def test_a_cookie_is_never_kept(site, server, http) -> None:
    set_cookie = {"Set-Cookie": "who=first; Path=/"}
    site.faults = {1: lambda *_: GraphResponse(200, b"{}", set_cookie)}
    with tenant(server, "first", http) as graph:
        assert "set-cookie" in graph.get(f"{graph.url}{PATH}").headers
        graph.get(f"{graph.url}{PATH}")

    assert ["cookie" in each.request.headers for each in site.requests] == [False, False]


def test_clients_share_one_and_it_stays_open_for_the_next(server, http, monkeypatch) -> None:
    made = []
    make = httpx.AsyncClient

    def counted(**options):
        made.append(make(**options))
        return made[-1]

    monkeypatch.setattr(httpx, "AsyncClient", counted)
    for token in TOKENS:
        with tenant(server, token, http) as graph:
            assert graph.get(f"{graph.url}{PATH}").status == 200

    assert len(made) == 1
    assert not made[0].is_closed
    http.close()
    assert made[0].is_closed
    assert threads_of_http() == []


def test_a_client_of_its_own_is_closed_with_it(server) -> None:
    with tenant(server, "first", None) as graph:
        graph.get(f"{graph.url}{PATH}")
        assert len(threads_of_http()) == 1

    assert threads_of_http() == []


def test_a_client_that_nobody_closes_ends_when_nobody_has_it(server) -> None:
    http = HttpClient()
    with tenant(server, "first", http) as graph:
        graph.get(f"{graph.url}{PATH}")
    (thread,) = threads_of_http()

    del http, graph
    gc.collect()

    thread.join(timeout=10)
    assert not thread.is_alive()


def test_a_request_under_way_ends_with_the_client() -> None:
    http, begun = HttpClient(), threading.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as thread:
        request = thread.submit(http.run, wait())
        begun.wait()
        http.close()

        assert isinstance(request.exception(), ConnectionError)


def test_a_service_has_one_for_slices_and_directories_and_none_for_mails(server) -> None:
    given = Settings(
        {
            "TENANT_ID": "00000000-0000-4000-8000-000000000001",
            "GRAPH_ENDPOINT": server.url,
            "GRAPH_TOKEN": "first",
        }
    )
    service = Service(given)
    access = service.partner.access

    with access.open_graph() as graph, service.open_partner_graph() as mailing:
        assert [each.get(f"{graph.url}{PATH}").status for each in (graph, mailing)] == [200, 200]
        assert access.http is service.http
        assert len(threads_of_http()) == 2
    assert len(threads_of_http()) == 1
    service.close()
    assert threads_of_http() == []


def threads_of_http() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "http"]
