"""Our own messages in real queues, and a queue that does not answer."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

import function_app
from shared.cli.functions import read_functions
from shared.mfa.window import Slice
from shared.service.current import use
from shared.service.messages import CollectSlice
from shared.settings import Settings
from shared.stores import open_queues
from shared.stores.azure.queues import AzureQueues
from tests.azurite import EmulatorCredential
from tests.service.world import (
    ENDING,
    TENANT,
    MemoryQueues,
    Scripted,
    ScriptedService,
    a_week,
    make_daily,
)

FUNCTIONS = {each.name: each.call for each in read_functions(function_app.app, Settings({}))}


def raw(azurite, queue):
    """A queue as anybody else sees it: nothing is decoded."""
    from azure.storage.queue import QueueClient

    return QueueClient.from_connection_string(
        azurite.connection_string, queue, api_version="2026-06-06"
    )


@pytest.fixture
def queue():
    """A queue that nobody has created yet."""
    return f"q{uuid4().hex}"


@pytest.mark.azurite
def test_a_message_lies_in_its_queue_as_the_functions_host_expects_it(azurite, queue) -> None:
    queues = open_queues(
        connection_string=azurite.connection_string, url="", credential=EmulatorCredential
    )

    queues.put(queue, ['{"a":"ü"}', "second"], lifetime=timedelta(hours=1))
    queues.put(queue, ["later"], delay=timedelta(hours=1))

    with raw(azurite, queue) as client:
        found = list(client.receive_messages())
    assert [b64decode(each.content).decode() for each in found] == ['{"a":"ü"}', "second"]
    assert {each.expires_on - each.inserted_on for each in found} == {timedelta(hours=1)}
    queues.close()


@pytest.mark.azurite
def test_the_queues_are_reached_by_identity_too(secured_azurite, queue) -> None:
    options = {"connection_verify": str(secured_azurite.certificate)}
    queues = AzureQueues.at(secured_azurite.queues_url, EmulatorCredential(), options)

    queues.put(queue, ["first"])
    queues.put(queue, ["second"])

    queues.close()


@pytest.mark.azurite
def test_a_message_of_another_app_goes_back_into_the_real_queue(azurite, tmp_path) -> None:
    import azure.functions as func

    foreign = CollectSlice(Slice(TENANT, ENDING), app="another").to_json()
    service = ScriptedService(
        make_daily(tmp_path, Scripted(a_week())), AzureWebJobsStorage=azurite.connection_string
    )
    filled: list[list[str]] = []

    class Output:
        def set(self, value):
            filled.append(value)

    with use(service):
        FUNCTIONS["collect_slice"](
            func.QueueMessage(body=foreign.encode()), slices=Output(), reports=Output()
        )

    assert filled == [[], []]
    assert service.store.ledger(TENANT, ENDING) == []
    with raw(azurite, "slices") as client:
        assert list(client.receive_messages()) == []  # not yet: the other app should get it
        assert client.get_queue_properties().approximate_message_count == 1
        client.clear_messages()


@contextmanager
def broken_queue():
    """A queue service that answers 503; its connection string."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(503)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/devstoreaccount1"
        yield (
            "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;"
            f"QueueEndpoint={url};BlobEndpoint={url};TableEndpoint={url}"
        )
        server.shutdown()


def start_run():
    import azure.functions as func

    request = func.HttpRequest("POST", "http://127.0.0.1/api/runs", headers={}, body=b"")
    return FUNCTIONS["start_run"](request)


def test_a_run_whose_messages_do_not_reach_the_queue_is_answered_quickly_and_is_not_there(
    tmp_path,
) -> None:
    """So the next call begins one, and uses up no place of the hour."""
    daily = make_daily(tmp_path, Scripted(a_week()))
    with broken_queue() as connection_string:
        service = ScriptedService(daily, AzureWebJobsStorage=connection_string, RUNS_PER_HOUR="1")
        with use(service):
            began = time.monotonic()
            refused = start_run()
            took = time.monotonic() - began
            assert service.partner.runs.newest() is None
            service.queues = MemoryQueues()
            begun = start_run()

    assert refused.status_code == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert json.loads(refused.get_body())["detail"].startswith("The run was not started")
    assert took < 10
    assert begun.status_code == 202
    assert len(service.queues.slices()) == 7


def test_without_the_host_s_storage_a_run_is_refused_with_a_sentence(tmp_path, caplog) -> None:
    with use(ScriptedService(make_daily(tmp_path, Scripted(a_week())))):
        refused = start_run()

    assert refused.status_code == 503
    assert "Setting AzureWebJobsStorage is not set" in caplog.text
