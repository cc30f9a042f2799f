"""Many clients read all routes while reports are published again: nothing torn, no 5xx."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from itertools import count, cycle, islice
from statistics import quantiles
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple

import msgspec
import pytest

import function_app
from shared.cli.local_host import LocalHost
from shared.mfa.report import Report
from shared.settings import Settings
from shared.stores.models import REPORT_FILES, MetricsRow
from simulator.tenants.partner import TENANT_ID
from tests.faults.routes import NO_RUN, addresses, assert_all_routes_are_asked
from tests.faults.small_partner import NOON, TODAY, open_partner

ENDING = TODAY - timedelta(days=1)
CLIENTS, REQUESTS = 32, 60  #: in a whole run
SMALL_CLIENTS, FEW_REQUESTS = 8, 12
#: Whose answers are a stored file, byte by byte; the others are made of several.
PAGES = {
    "report": "page.html",
    "customers.json": "customers.json",
    "customers.csv": "customers.csv",
    "accounts.json": "accounts.json",
    "accounts.csv": "accounts.csv",
}


class Reply(NamedTuple):
    target: str
    status: int
    body: bytes
    seconds: float


@pytest.fixture
def partner(tmp_path):
    with open_partner(tmp_path / "store", settings={"SCRIPT_KEYS": "true"}) as partner:
        partner.run()
        yield partner


def stored_files(store) -> dict[str, bytes]:
    found = {name: store.report_file(TENANT_ID, ENDING, name) for name in REPORT_FILES}
    return {name: file.content for name, file in found.items() if file}


def published_again(store, versions, stop) -> None:
    """Publish the versions of the report in turn until it is time to stop."""
    report = Report.from_json(versions[0]["report.json"])
    for number, files in zip(count(1), cycle(versions)):
        if stop.is_set():
            return
        at = f"{NOON + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}"
        row = MetricsRow.of(msgspec.structs.replace(report, generated_at=at))
        store.save_report(row, files)


def other_version(name: str, content: bytes) -> bytes:
    """Other bytes that say the same; nothing may follow compressed ones."""
    return content if name.endswith((".gz", ".xlsx")) else content + b"\n"


def stored_name(target: str) -> str | None:
    """The file that is the answer, if it is one."""
    if target.startswith(("reports/", "scripts/")):
        name = target.rpartition("/")[2]
        return name if name in REPORT_FILES else None
    return PAGES.get(target)


def client(port: int, targets: list[str], first: int, number: int) -> list[Reply]:
    """Ask for so many targets in turn, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    replies = []
    for target in islice(cycle(targets), first, first + number):
        start = monotonic()
        connection.request("GET", f"/api/{target}")
        answer = connection.getresponse()
        body = answer.read()
        replies.append(Reply(target, answer.status, body, monotonic() - start))
    connection.close()
    return replies


def test_clients_get_whole_answers_while_reports_are_published_again(partner, kit) -> None:
    clients, number = (CLIENTS, REQUESTS) if kit.is_whole else (SMALL_CLIENTS, FEW_REQUESTS)
    by_route = addresses(partner.opened(), ENDING)
    assert_all_routes_are_asked(by_route)
    targets = [target for each in by_route.values() for target in each]
    files = stored_files(partner.opened())
    versions = [files, {name: other_version(name, files[name]) for name in files}]
    stop = Event()
    writer = Thread(target=published_again, args=(partner.opened(), versions, stop))
    host = LocalHost(function_app.app, Settings(partner.environment), now=partner.clock)
    with partner.used(), host, host.serve() as server, ThreadPoolExecutor(clients) as pool:
        writer.start()
        try:
            port = int(server.url.rpartition(":")[2])
            firsts = range(0, clients * number, number)
            asked = [pool.submit(client, port, targets, first, number) for first in firsts]
            replies = [reply for future in asked for reply in future.result()]
        finally:
            stop.set()
            writer.join()

    assert {reply.target for reply in replies} == set(targets)
    wrong = {each.target: each.status for each in replies if each.status != HTTPStatus.OK}
    assert wrong == {NO_RUN: HTTPStatus.NOT_FOUND}
    for reply in replies:
        if name := stored_name(reply.target):
            assert reply.body in (versions[0][name], versions[1][name])
    times = quantiles([reply.seconds * 1000 for reply in replies], n=100)
    outcome = f"no torn read, no 5xx; p50 {times[49]:.0f} ms, p99 {times[98]:.0f} ms"
    kit.record(
        "Load", "reports published again", f"{clients} clients, all routes", outcome, len(replies)
    )
