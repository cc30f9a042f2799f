"""
Runs the app over the simulated partner in production's worker library, for `tests/test_worker.py`.

Needs Python 3.13 or later.

Reads one call a line from standard input, ``{"function", "trigger", "data", "type", "metadata"}``,
and writes what came of it, ``{"ok", "returned", "outputs", "error"}``. The first line that it
writes is what the library indexed. ``native_invocation`` is the library's own way in without
protobuf; only the start needs its message classes, for which plain objects stand in.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

from azure_functions_runtime import handle_event, native_invocation
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.utils.threadpool import start_threadpool_executor


class Plain:
    """Any protobuf message: keeps what it is given."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


class BindingInfo(Plain):
    undefined, inout, out = None, 2, 1  # as the SDK numbers directions


class StatusResult(Plain):
    Success, Failure = "success", "failure"


class Protos:
    BindingInfo, StatusResult = BindingInfo, StatusResult

    def __getattr__(self, name):
        return Plain


def plain(datum):
    """A datum as JSON; bytes as text, which is all that this app answers."""
    if datum is None:
        return None
    if datum.type == "http":
        value = {
            "status": int(datum.value["status_code"].value),
            "headers": {name: each.value for name, each in datum.value["headers"].items()},
            "body": datum.value["body"].value.decode(),
        }
        return {"type": "http", "value": value}
    return {"type": datum.type, "value": datum.value}


def http(value):
    """The parts of a request, each a datum."""
    texts = {
        name: {key: Datum(text, "string") for key, text in value[name].items()}
        for name in ("headers", "query", "params")
    }
    single = {name: Datum(value[name], "string") for name in ("method", "url")}
    return Datum({**texts, **single, "body": Datum(value["body"].encode(), "bytes")}, "http")


async def start(folder):
    init = SimpleNamespace(capabilities={}, function_app_directory=folder)
    request = SimpleNamespace(
        request=SimpleNamespace(worker_init_request=init),
        properties={"host": "127.0.0.1", "protos": Protos()},
    )
    answer = await handle_event.worker_init_request(request)
    if answer.result.status != StatusResult.Success:
        sys.exit(f"{answer.result.exception.message}\n{answer.result.exception.stack_trace}")
    return (await handle_event.functions_metadata_request(request)).function_metadata_results


class Put:
    """Queues that keep what the app itself puts there."""

    def __init__(self):
        self.messages = []

    def put(self, queue, bodies, **_):
        self.messages += [[queue, body] for body in bodies]


async def call(known, given):
    kind = given["type"]
    data = http(given["data"]) if kind == "http" else Datum(given["data"], kind)
    metadata = {
        name: Datum(value, "int" if isinstance(value, int) else "string")
        for name, value in given.get("metadata", {}).items()
    }
    ok, returned, outputs, error, _ = await native_invocation.invocation_request_native(
        str(uuid4()), known[given["function"]], [(given["trigger"], data)], metadata
    )
    told = {name: plain(datum) for name, datum in outputs}
    return {"ok": ok, "returned": plain(returned), "outputs": told, "error": error}


async def together(service, known, given):
    """
    The names of functions in the order in which they end, called all at once.

    Every slice lasts until all other functions have ended.
    """
    slow = threading.Event()
    service.work = SimpleNamespace(collect=lambda *_: slow.wait(60) and [])
    others = sum(each["function"] != "collect_slice" for each in given)
    ended = []

    async def one(each):
        done = await call(known, each)
        ended.append([each["function"], done["ok"]])
        if sum(name != "collect_slice" for name, _ in ended) == others:
            slow.set()

    await asyncio.gather(*map(one, given))
    del service.work
    return ended


async def main(service, queues):
    start_threadpool_executor()
    indexed = await start(str(Path.cwd()))
    known = {each.name: each.function_id for each in indexed}
    bindings = {each.name: [json.loads(raw) for raw in each.raw_bindings] for each in indexed}
    print(json.dumps(bindings), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        given = json.loads(line)
        if isinstance(given, list):
            print(json.dumps(await together(service, known, given)), flush=True)
            continue
        answer = await call(known, given)
        answer["put"], queues.messages = queues.messages, []
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    from shared.settings import Settings
    from simulator.demo import simulated_service
    from tests.clock import real_now

    with simulated_service(Settings(), real_now) as service:
        service.queues = Put()
        asyncio.run(main(service, service.queues))
