"""
The app in production's own worker library, compared with the local host, function by function.

The library (`azure-functions-runtime`) needs Python 3.13 or later. Where the suite itself runs on
less, it is driven in a process of another Python, in an environment that uv makes of
requirements-dev.txt.
What the Functions host does around the worker, nobody can try here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

import dev
import function_app
from shared.cli.functions import QueueMessage, http_data, index, queue_data, read_functions
from shared.cli.local_host import LocalHost
from shared.cli.loopback import HttpRequest
from shared.service.messages import CollectSlice, DeliverReport, PublishReport
from shared.settings import Settings
from shared.stores.folder_lock import FolderLock
from simulator.demo import simulated_service
from simulator.tenants.partner import TENANT_ID
from tests.clock import real_now

pytestmark = pytest.mark.worker

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "worker"
REQUIREMENTS = ROOT / "requirements-dev.txt"
NEEDED = (3, 13)
_INSTALL_SECONDS = 600
NOW = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)


def python_of_the_worker() -> str:
    """A Python with the library; this one, if it is such a one. Skips where there is none."""
    if sys.version_info[:2] >= NEEDED and importlib.util.find_spec("azure_functions_runtime"):
        return sys.executable
    python, uv = newer_python(), shutil.which("uv") or bundled_uv()
    if python is None:
        pytest.skip("the worker library needs Python 3.13 or later, and none was found")
    if uv is None:
        pytest.skip("the worker library's environment is made by uv, and none was found")
    return environment(python, uv)


def newer_python() -> str | None:
    """The newest Python with the library that runs: on PATH, or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        candidate
        for minor in range(dev.NEWEST[1], NEEDED[1] - 1, -1)
        for candidate in (shutil.which(f"python3.{minor}"), *pyenv.glob(f"3.{minor}.*/bin/python3"))
    ]
    return next((str(each) for each in candidates if each and is_wanted(each)), None)


def is_wanted(python: str | Path) -> bool:
    code = f"import sys; assert sys.version_info[:2] >= {NEEDED}"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode == 0


def bundled_uv() -> str | None:
    found = sorted(ROOT.glob(".venv*/bin/uv")) + sorted(ROOT.glob(".venv*/Scripts/uv.exe"))
    return str(found[0]) if found else None


def environment(python: str, uv: str) -> str:
    """An environment with everything of requirements-dev.txt; the first process makes it."""
    folder = TOOLS / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    made = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with FolderLock(TOOLS / ".lock"):
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            set_up([uv, "venv", "--quiet", "--python", python, str(folder)])
            sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(made)]
            set_up([*sync, str(REQUIREMENTS)])
            (folder / "whole").touch()
    return str(made)


def set_up(command: list[str]) -> None:
    done = subprocess.run(
        command, timeout=_INSTALL_SECONDS, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.split())[-500:]
        if os.environ.get("CI"):  # where a gap in the tests must not pass for a success
            pytest.fail(f"the worker's environment could not be made: {said}")
        pytest.skip(f"the worker's environment could not be made: {said}")


class Worker:
    """The library in a process of its own, which `tests/worker/drive.py` runs."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [python_of_the_worker(), str(ROOT / "tests" / "worker" / "drive.py")],
            cwd=ROOT,
            env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        self.indexed = self._read()

    def call(self, name, data, metadata=None):
        """What came of calling a function with the data of its trigger, a datum of the SDK's."""
        return self._ask(self._given(name, data, metadata))

    def call_together(self, calls):
        """The functions of some calls and whether they succeeded, in the order of their ends."""
        return self._ask([self._given(*each) for each in calls])

    def _given(self, name, data, metadata=None):
        trigger = next(b["name"] for b in self.indexed[name] if b["type"].endswith("Trigger"))
        given = {"function": name, "trigger": trigger, "data": plain(data), "type": data.type}
        given["metadata"] = {key: datum.value for key, datum in (metadata or {}).items()}
        return given

    def _ask(self, given):
        self._in.write(json.dumps(given) + "\n")
        self._in.flush()
        return self._read()

    def close(self):
        self._in.close()
        self._out.close()
        assert self._process.wait(60) == 0

    def _read(self):
        line = self._out.readline()
        assert line, "the worker library did not start, or ended"
        return json.loads(line)


def plain(datum):
    """A datum as JSON."""
    if datum.type != "http":
        return datum.value
    told = {
        name: {key: each.value for key, each in part.items()} if isinstance(part, dict) else part
        for name, part in datum.value.items()
    }
    return {
        name: part
        if isinstance(part, dict)
        else part.value.decode()
        if name == "body"
        else part.value
        for name, part in told.items()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("worker")


@pytest.fixture(scope="module")
def environment_of_both(folder):
    local = json.loads((ROOT / "local.settings.example.json").read_bytes())["Values"]
    return {
        "STORE": "local",
        "STORE_FOLDER": str(folder / "store"),
        "OUTBOX_FOLDER": str(folder / "outbox"),
        "PYTHON_THREADPOOL_THREAD_COUNT": local["PYTHON_THREADPOOL_THREAD_COUNT"],
        "REPORT_SENDER": "mfa-status@northwindcloud.example",
        "REPORT_RECIPIENTS": "security@northwindcloud.example",
    }


@pytest.fixture(scope="module")
def worker(environment_of_both):
    started = Worker(environment_of_both)
    yield started
    started.close()


@pytest.fixture(scope="module")
def host(environment_of_both):
    """The local host over the very same store."""
    settings = Settings(environment_of_both)
    with simulated_service(settings, real_now):
        yield LocalHost(function_app.app, settings, now=real_now)


def message(body):
    return queue_data(QueueMessage("any", body, "1", NOW, NOW, 1), NOW)


def timer():
    from azure.functions.meta import Datum

    return Datum('{"IsPastDue": false}', "json")


def request(path, params=None, method="GET", **headers):
    return http_data(HttpRequest(method, path, headers), params or {})


def test_it_indexes_every_function_with_the_bindings_that_the_sdk_tells_of(worker) -> None:
    told = {
        each.get_function_name(): json.loads(each.get_function_json())["bindings"]
        for each in index(function_app.app)
    }

    assert worker.indexed == told


def test_the_daily_run_goes_through_it_from_timer_to_mail(worker, folder) -> None:
    planned = worker.call("plan_slices", timer())
    assert planned["ok"], planned["error"]
    slices = json.loads(planned["outputs"]["slices"]["value"])
    assert len(slices) == 29

    due = []
    for body in slices:
        done = worker.call("collect_slice", *message(body))
        assert done["ok"], done["error"]
        assert done["outputs"]["slices"] == {"type": "json", "value": "[]"}
        due += json.loads(done["outputs"]["reports"]["value"])

    newest, earlier = map(PublishReport.from_json, due)  # the first seven days are in, then all
    assert newest.then == ()
    assert len([earlier.ending, *earlier.then]) == 23
    done = worker.call("publish_report", *message(due[0]))
    assert done["ok"], done["error"]
    assert done["outputs"]["reports"] == {"type": "json", "value": "[]"}
    [early] = json.loads(done["outputs"]["deliveries"]["value"])
    done = worker.call("publish_report", *message(due[1]))
    (then,) = json.loads(done["outputs"]["reports"]["value"])
    assert PublishReport.from_json(then).ending == earlier.then[0]

    owed = worker.call("plan_reports", timer())
    assert len(json.loads(owed["outputs"]["reports"]["value"])) == 1

    assert worker.call("deliver_report", *message(early))["ok"]
    assert not (folder / "outbox").exists()  # nobody is written to before the timer
    opened = worker.call("mail_status", timer())
    assert opened["ok"], opened["error"]
    assert json.loads(opened["outputs"]["deliveries"]["value"]) == [early]
    for _ in range(2):
        mailed = worker.call("deliver_report", *message(early))
        assert mailed["ok"], mailed["error"]
    assert len(list((folder / "outbox").rglob("*.eml"))) == 1


def test_a_failure_is_told_to_the_host_and_poison_is_entered(worker) -> None:
    unheard = DeliverReport(TENANT_ID, NOW.date(), "mail").to_json()
    for function in ("collect_slice", "publish_report", "abandon_slice", "abandon_report"):
        done = worker.call(function, *message(unheard))
        assert done["ok"], done["error"]
        assert done["put"] == [["set-aside", unheard]]


def test_deliveries_are_read_there_too(worker) -> None:
    delivery = message(DeliverReport(TENANT_ID, NOW.date(), "mail").to_json())

    for function in ("deliver_report", "abandon_delivery"):
        done = worker.call(function, *delivery)
        assert done["ok"], done["error"]


def test_every_http_function_answers_as_on_the_local_host(worker, host) -> None:
    report = {"tenant_id": TENANT_ID, "ending": "latest"}
    asked = {
        "get_report": ("/api/report", {}),
        "get_report_page": (f"/api/reports/{TENANT_ID}/latest", report),
        "get_report_file": (
            f"/api/reports/{TENANT_ID}/latest/accounts.csv",
            {**report, "file": "accounts.csv"},
        ),
        "get_index": ("/api/", {}),
        "get_reports": ("/api/reports", {}),
        "get_customers": ("/api/customers", {}),
        "get_customer": ("/api/customers/x", {"tenant_id": "x"}),
        "get_accounts": ("/api/accounts", {}),
        "get_accounts_json": ("/api/accounts.json", {}),
        "get_accounts_csv": ("/api/accounts.csv", {}),
        "get_account": ("/api/accounts/x", {"object_id": "x"}),
        "get_applications": ("/api/applications", {}),
        "get_application": ("/api/applications/x", {"app_id": "x"}),
        "get_probe": ("/api/probe", {}),
        "get_openapi": ("/api/openapi.json", {}),
        "get_favicon": ("/api/favicon.ico", {}),
        "get_robots": ("/api/robots.txt", {}),
        "get_customers_json": ("/api/customers.json", {}),
        "get_customers_csv": ("/api/customers.csv", {}),
        "get_permissions": ("/api/permissions", {}),
        "get_run": ("/api/runs/x", {"run_id": "x"}),
        "get_principals": ("/api/v1/nonMfaCompliantPartnerPrincipals", {}),
        "get_adoption": ("/api/v1/applicationmfaadoptionstatus", {}),
        "get_partner_requests": ("/api/v1/partnerRequests", {}),
        "get_for_script": ("/api/scripts/report.json", {"name": "report.json"}),
    }
    of_http = {name for name, each in host.functions.items() if each.kind == "httpTrigger"}
    assert asked.keys() == of_http - {"start_run", "start_mail", "get_health"}

    for name, (path, params) in asked.items():
        sent = HttpRequest("GET", path, {})
        ours = host.answer(host.functions[name], sent, params)
        theirs = worker.call(name, request(path, params))["returned"]["value"]
        assert theirs["status"] == ours.status, name
        assert theirs["body"] == ours.body.decode(), name
        assert lower(theirs["headers"]) == lower(ours.headers), name


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def test_what_was_not_changed_is_not_sent_again_there_either(worker_in_azure) -> None:
    reader = principal(*READER)
    first = worker_in_azure.call("get_report", request("/api/report", **reader))

    known = {"if-none-match": first["returned"]["value"]["headers"]["ETag"]}
    again = worker_in_azure.call("get_report", request("/api/report", **reader, **known))

    assert again["returned"]["value"]["status"] == 304


def test_health_and_runs_work_there_too(worker) -> None:
    health = worker.call("get_health", request("/api/health"))["returned"]["value"]
    assert health["status"] == 200
    assert json.loads(health["body"])["python"].startswith("3.")

    started = worker.call("start_run", request("/api/runs", method="POST"))
    assert started["returned"]["value"]["status"] == 202
    messages = [body for queue, body in started["put"] if queue == "slices"]
    run_id = json.loads(started["returned"]["value"]["body"])["id"]
    assert {CollectSlice.from_json(body).run_id for body in messages} == {run_id}
    assert "slices" not in started["outputs"]


def test_health_is_answered_while_every_slice_that_the_host_hands_out_is_slow(worker) -> None:
    """With the number of threads that the settings name."""
    queues = json.loads((ROOT / "host.json").read_bytes())["extensions"]["queues"]
    kinds = [each.kind for each in read_functions(function_app.app, Settings({}))]
    for_each = queues["batchSize"] + queues["newBatchThreshold"]
    at_once = kinds.count("queueTrigger") * for_each
    slow = [("collect_slice", *message("{}"))] * at_once

    ended = worker.call_together([*slow, ("get_health", request("/api/health"))])

    assert ended == [["get_health", True], *[["collect_slice", True]] * at_once]


CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}
IN_FRONT = {"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_SITE_NAME": "func-mfa"}
READER = [("amr", "mfa"), ("roles", "Report.Read")]


@pytest.fixture(scope="module")
def worker_in_azure(environment_of_both, tmp_path_factory):
    """A day's report, and the platform's authentication in front as its environment tells of it."""
    from shared.service.day_run import collect_owed, publish_owed

    folder = tmp_path_factory.mktemp("published")
    environment = environment_of_both | {"STORE_FOLDER": str(folder)}
    with simulated_service(Settings(environment), real_now) as service:
        collect_owed(service.partner.daily, service.today, lambda *_: None)
        publish_owed(service.partner.daily, service.today, lambda *_: None)
    started = Worker(environment | IN_FRONT)
    yield started
    started.close()


def principal(*claims):
    claims = (*claims, ("tid", TENANT_ID))
    told = {"auth_typ": "aad", "claims": [{"typ": typ, "val": val} for typ, val in claims]}
    return {"X-MS-CLIENT-PRINCIPAL": b64encode(json.dumps(told).encode()).decode()}


@pytest.mark.parametrize(
    ("function", "method", "headers", "status"),
    [
        ("get_report", "GET", {}, 401),
        ("get_report", "GET", {"X-MS-CLIENT-PRINCIPAL": "forged"}, 401),
        ("get_report", "GET", principal(("amr", "pwd"), ("roles", "Report.Read")), 401),
        ("get_report", "GET", principal(("amr", "mfa")), 403),
        ("get_report", "GET", principal(("amr", "mfa"), ("roles", "Customers.Read")), 403),
        ("get_report", "GET", principal(*READER), 200),
        ("get_report", "GET", principal(("idtyp", "app"), ("roles", "Report.Read")), 200),
        ("get_customers", "GET", principal(*READER), 403),
        ("get_customers", "GET", principal(*READER, ("roles", "Customers.Read")), 200),
        ("start_run", "POST", principal(*READER), 403),
        ("start_run", "POST", principal(*READER, ("roles", "Report.Run")) | CROSS_SITE, 403),
        ("get_health", "GET", principal(("amr", "mfa")), 200),
        ("get_for_script", "GET", principal(*READER), 404),
    ],
)
def test_authenticated_and_refused_requests_are_told_apart_there(
    worker_in_azure, function, method, headers, status
) -> None:
    wanted = {"name": "report.json"} if function == "get_for_script" else {}

    told = worker_in_azure.call(
        function, request(f"/api/{function}", wanted, method=method, **headers)
    )

    answer = told["returned"]["value"]
    assert answer["status"] == status, answer["body"]
    assert ("WWW-Authenticate" in answer["headers"]) == (status == 401)
    assert told["outputs"].get("slices", {}).get("value") in (None, "[]", "")


def test_in_azure_without_authentication_in_front_the_worker_refuses_everybody(
    environment_of_both,
) -> None:
    started = Worker(environment_of_both | {"WEBSITE_SITE_NAME": "func-mfa"})

    told = started.call("get_report", request("/api/report", **principal(*READER)))
    started.close()

    assert told["returned"]["value"]["status"] == 403


def test_nothing_of_the_app_is_left_untried() -> None:
    """What is called above, by name: a new function has to be added there."""
    source = Path(__file__).read_text("utf-8")

    for function in index(function_app.app):
        assert f'"{function.get_function_name()}"' in source, function.get_function_name()
