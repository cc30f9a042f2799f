"""The function app as the host will index it, and what only the host would refuse."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from base64 import b64encode
from datetime import date
from importlib.metadata import distributions
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pytest

import function_app
from shared.cli import routes
from shared.cli.functions import read_functions
from shared.service.addresses import API, REPORTS, report_address, run_address
from shared.service.http.callers import Role
from shared.service.http.health import VERSION
from shared.service.packages import COMPILED
from shared.settings import SETTINGS, Settings

ROOT = Path(__file__).resolve().parent.parent
TENANT = "cccccccc-0000-4000-8000-00000000000c"
HOST = json.loads((ROOT / "host.json").read_bytes())
FUNCTIONS = {each.name: each for each in read_functions(function_app.app, Settings({}))}
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
HTTP = {name: each for name, each in FUNCTIONS.items() if each.kind == "httpTrigger"}

#: The most that the host hands out: so many for each function that a queue triggers.
MESSAGES_AT_ONCE = sum(each.kind == "queueTrigger" for each in FUNCTIONS.values()) * (
    HOST["extensions"]["queues"]["batchSize"] + HOST["extensions"]["queues"]["newBatchThreshold"]
)
ROUTES = {
    "get_report": "GET report",
    "get_index": "GET {root:maxlength(0)?}",
    "get_reports": "GET reports",
    "get_report_page": "GET reports/{tenant_id}/{ending}",
    "get_report_file": "GET reports/{tenant_id}/{ending}/{file}",
    "get_accounts": "GET accounts",
    "get_accounts_json": "GET accounts.json",
    "get_accounts_csv": "GET accounts.csv",
    "get_account": "GET accounts/{object_id}",
    "get_applications": "GET applications",
    "get_application": "GET applications/{app_id}",
    "get_customers": "GET customers",
    "get_customers_json": "GET customers.json",
    "get_customers_csv": "GET customers.csv",
    "get_customer": "GET customers/{tenant_id}",
    "get_permissions": "GET permissions",
    "start_run": "POST runs",
    "start_mail": "POST mails",
    "get_run": "GET runs/{run_id}",
    "get_openapi": "GET openapi.json",
    "get_favicon": "GET favicon.ico",
    "get_robots": "GET robots.txt",
    "get_health": "GET health",
    "get_probe": "GET probe",
    "get_principals": "GET v1/nonMfaCompliantPartnerPrincipals",
    "get_adoption": "GET v1/applicationmfaadoptionstatus",
    "get_partner_requests": "GET v1/partnerRequests",
    "get_for_script": "GET scripts/{name}",
}


def bindings(name):
    """A function's bindings as its ``function.json`` would have them."""
    from shared.cli.functions import index

    function = next(each for each in index(function_app.app) if each.get_function_name() == name)
    return json.loads(function.get_function_json())["bindings"]


def binding(name, kind):
    return next(each for each in bindings(name) if each["type"] == kind)


def test_every_route_of_the_contract_is_there_and_no_other() -> None:
    assert {name: f"{each.methods[0]} {each.route}" for name, each in HTTP.items()} == ROUTES


def test_whatever_can_be_got_can_be_asked_for_its_head() -> None:
    methods = {name: each.methods for name, each in HTTP.items()}

    assert methods.pop("start_run") == methods.pop("start_mail") == ("POST",)
    assert {*methods.values()} == {("GET", "HEAD")}


def test_timers_plan_and_mail() -> None:
    timers = [name for name, each in FUNCTIONS.items() if each.kind == "timerTrigger"]

    assert timers == ["plan_slices", "plan_reports", "mail_status"]
    for name in timers:
        trigger = binding(name, "timerTrigger")
        assert trigger["useMonitor"] is True
        assert "runOnStartup" not in trigger  # it would run at every cold start and scale-out


def test_queues_lead_from_planning_to_publishing() -> None:
    triggered = {n: each.queue for n, each in FUNCTIONS.items() if each.kind == "queueTrigger"}
    filled = {
        name: sorted(each.outputs.values()) for name, each in FUNCTIONS.items() if each.outputs
    }

    assert triggered == {
        "collect_slice": "slices",
        "abandon_slice": "slices-poison",
        "publish_report": "reports",
        "abandon_report": "reports-poison",
        "deliver_report": "deliveries",
        "abandon_delivery": "deliveries-poison",
    }
    assert filled == {
        "plan_slices": ["slices"],
        "collect_slice": ["reports", "slices"],
        "abandon_slice": ["reports"],
        "plan_reports": ["reports"],
        "publish_report": ["deliveries", "reports"],
        "mail_status": ["deliveries"],
    }


def test_nothing_else_is_in_the_app() -> None:
    queued = {"plan_slices", "plan_reports", "mail_status", "collect_slice", "abandon_slice"}
    queued |= {"publish_report", "abandon_report", "deliver_report", "abandon_delivery"}

    assert FUNCTIONS.keys() == {*queued, *ROUTES}


def test_only_what_is_for_scripts_asks_for_a_key() -> None:
    levels = {name: binding(name, "httpTrigger")["authLevel"] for name in HTTP}

    assert levels.pop("get_for_script") == "FUNCTION"
    assert set(levels.values()) == {"ANONYMOUS"}


@pytest.mark.parametrize("name", ROUTES)
def test_in_azure_every_function_refuses_whom_the_platform_does_not_name(name, tmp_path) -> None:
    """Whatever a header says: nobody has switched authentication on."""
    import azure.functions as func

    from shared.service.composition import Service
    from shared.service.current import use

    settings = {"WEBSITE_SITE_NAME": "func", "TENANT_ID": TENANT, "STORE_FOLDER": str(tmp_path)}
    roles = [{"typ": "roles", "val": role} for role in Role]
    claims = [{"typ": "amr", "val": "mfa"}, {"typ": "tid", "val": TENANT}, *roles]
    told = {"auth_typ": "aad", "claims": claims}
    forged = b64encode(json.dumps(told).encode()).decode()
    params = dict.fromkeys(re.findall(r"\{(\w+)\}", HTTP[name].route), "x")
    request = func.HttpRequest(
        HTTP[name].methods[0],
        f"https://func.example/api/{HTTP[name].route}",
        headers={"X-MS-CLIENT-PRINCIPAL": forged},
        route_params=params,
        body=b"",
    )
    outputs = dict.fromkeys(HTTP[name].outputs)  # would fail if it were filled

    with use(Service(Settings(settings))):
        answer = HTTP[name].call(request, **outputs)

    assert answer.status_code == (404 if name == "get_for_script" else 403)


def test_every_setting_that_the_host_has_to_resolve_is_one_of_ours() -> None:
    named = set(re.findall(r"%([^%]*)%", json.dumps([bindings(name) for name in FUNCTIONS])))

    assert named == {"PULL_SCHEDULE", "REPORT_SCHEDULE", "MAIL_SCHEDULE"}
    assert named <= DEFAULTS.keys()


def test_every_queue_is_in_the_host_s_own_storage() -> None:
    of_queues = [
        each["connection"]
        for name in FUNCTIONS
        for each in bindings(name)
        if each["type"].startswith("queue")
    ]

    assert set(of_queues) == {"AzureWebJobsStorage"}


def is_queue_name(name):
    """Azure: 3 to 63 small letters, digits and single hyphens, a letter or digit at each end."""
    return 3 <= len(name) <= 63 and bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name))


def test_queue_names_are_such_as_azure_takes() -> None:
    queues = {each.queue for each in FUNCTIONS.values() if each.queue}

    for name in {*queues, *(f"{queue}-poison" for queue in queues)}:
        assert is_queue_name(name), name
    assert not any(map(is_queue_name, ("Slices", "ab", "a--b", "-ab", "ab-", "a_b", "a" * 64)))


def numbered(names, first):
    """Names of three letters each, and their numbers."""
    return {names[n : n + 3]: first + n // 3 for n in range(0, len(names), 3)}


FIELDS = {
    "second": (0, 59, {}),
    "minute": (0, 59, {}),
    "hour": (0, 23, {}),
    "day": (1, 31, {}),
    "month": (1, 12, numbered("janfebmaraprmayjunjulaugsepoctnovdec", 1)),
    "weekday": (0, 7, numbered("sunmontuewedthufrisat", 0)),
}


def is_schedule(text):
    """NCRONTAB with its six fields: ``*``, numbers, names, ranges, lists, steps."""
    fields = text.split(" ")
    return len(fields) == len(FIELDS) and all(
        is_field(part, *FIELDS[name])
        for name, field in zip(FIELDS, fields, strict=True)
        for part in field.split(",")
    )


def is_field(part, least, most, names):
    matched = re.fullmatch(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
    if not matched:
        return False
    ends = [names.get(end.lower(), end) for end in matched.groups()[:2] if end is not None]
    if not all(str(end).isdecimal() and least <= int(end) <= most for end in ends):
        return False
    step = matched[3]
    return [int(end) for end in ends] == sorted(map(int, ends)) and (step is None or int(step) > 0)


def test_the_default_schedules_are_such_as_the_host_takes() -> None:
    for name in ("PULL_SCHEDULE", "REPORT_SCHEDULE", "MAIL_SCHEDULE"):
        assert is_schedule(DEFAULTS[name]), name

    assert is_schedule("0 */5 8-18 1,15 jan-jun Mon-Fri")
    for wrong in ("15 2 * * *", "0 60 2 * * *", "0 15 24 * * *", "0 15 2 0 * *", "0 a 2 * * *"):
        assert not is_schedule(wrong)
    for wrong in ("0 15 2 * * 8", "0 5-3 2 * * *", "0 */0 2 * * *", "0 15  2 * * *", "@daily"):
        assert not is_schedule(wrong)


def test_the_day_goes_by_in_order() -> None:
    hours = [
        int(DEFAULTS[name].split()[2])
        for name in ("PULL_SCHEDULE", "REPORT_SCHEDULE", "MAIL_SCHEDULE")
    ]

    assert hours == sorted(set(hours))


def can_meet(one, other):
    """Whether two routes fit some path alike: then only a literal could tell them apart."""
    ones, others = one.lower().split("/"), other.lower().split("/")
    return len(ones) == len(others) and all(
        a == b or (a.startswith("{") and b.startswith("{"))
        for a, b in zip(ones, others, strict=True)
    )


def test_no_two_routes_are_after_the_same_address() -> None:
    for one, other in combinations([each.route for each in HTTP.values()], 2):
        assert not can_meet(one, other), f"{one} and {other}"
    assert can_meet("runs/{a}", "RUNS/{b}")
    assert not can_meet("runs/{a}", "runs/health")


def test_routes_are_such_as_the_host_takes() -> None:
    for each in HTTP.values():
        if each.route == routes.ROOT:
            continue
        for segment in each.route.split("/"):
            assert re.fullmatch(r"\{[a-z_]+\}|[A-Za-z0-9][A-Za-z0-9.-]*", segment), each.route
        assert each.route.split("/")[0].lower() not in ("admin", "runtime", "webhooks")


def test_addresses_in_pages_and_mails_are_those_of_the_routes() -> None:
    page, run = HTTP["get_report_page"].route, HTTP["get_run"].route

    assert HOST["extensions"]["http"]["routePrefix"] == API.strip("/")
    address = report_address("{tenant_id}", date(2026, 11, 23))
    assert address.replace("2026-11-23", "{ending}") == f"{API}/{page}"
    assert f"{API}/{HTTP['get_reports'].route}" == REPORTS
    assert run_address("{run_id}") == f"{API}/{run}"


def seconds(text):
    hours, minutes, rest = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + rest


KNOWN_KEYS = {
    "": {"version", "functionTimeout", "extensionBundle", "extensions", "logging"},
    "extensionBundle": {"id", "version"},
    "extensions": {"http", "queues"},
    "extensions.http": {"routePrefix", "maxConcurrentRequests", "maxOutstandingRequests", "hsts"},
    "extensions.queues": {
        *("batchSize", "newBatchThreshold", "maxDequeueCount", "visibilityTimeout"),
        *("messageEncoding", "maxPollingInterval"),
    },
    "logging": {"logLevel", "applicationInsights"},
    "logging.applicationInsights": {"samplingSettings"},
    "logging.applicationInsights.samplingSettings": {"isEnabled", "excludedTypes"},
}


def test_the_host_s_own_file_has_no_key_that_it_would_overlook() -> None:
    for path, known in KNOWN_KEYS.items():
        section = HOST
        for name in filter(None, path.split(".")):
            section = section[name]
        assert section.keys() <= known, path


def test_the_host_s_own_file_has_sane_values() -> None:
    from shared.service.sign_in_sources import READING_SECONDS

    queues = HOST["extensions"]["queues"]
    assert HOST["version"] == "2.0"
    assert HOST["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.*, 5.0.0)",
    }
    assert seconds(HOST["functionTimeout"]) == 30 * 60
    to_enter_what_was_read = seconds(HOST["functionTimeout"]) - READING_SECONDS
    assert to_enter_what_was_read > 120
    assert queues["maxDequeueCount"] == 5
    assert 1 <= queues["batchSize"] <= 32
    assert 0 <= queues["newBatchThreshold"] <= 32
    assert 60 <= seconds(queues["visibilityTimeout"]) <= 600
    assert queues["messageEncoding"] == "base64"


def test_pages_have_threads_however_many_messages_are_handled() -> None:
    """Also each message, which else would wait for one while its own time runs."""
    values = json.loads((ROOT / "local.settings.example.json").read_bytes())["Values"]

    assert int(values["PYTHON_THREADPOOL_THREAD_COUNT"]) >= MESSAGES_AT_ONCE + 16


def test_the_example_of_local_settings_names_nothing_unknown_and_no_secret() -> None:
    values = json.loads((ROOT / "local.settings.example.json").read_bytes())["Values"]
    of_the_host = {
        "FUNCTIONS_WORKER_RUNTIME",
        "AzureWebJobsStorage",
        "PYTHON_THREADPOOL_THREAD_COUNT",
    }

    assert values.keys() - of_the_host <= DEFAULTS.keys()
    assert not any(re.search("KEY|TOKEN|PASSWORD|CONNECTION_STRING", name) for name in values)
    assert values["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
    assert {name for name in DEFAULTS if name.endswith("_SCHEDULE")} <= values.keys()


HEAVY = (
    "msgraph",
    "azure.identity",
    "azure.data.tables",
    "azure.storage.blob",
    "azure.storage.queue",
    "jinja2",
    "httpx",
)


def in_a_fresh_process(code, environment=None):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment or {},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_it_loads_with_an_empty_environment_and_nothing_heavy() -> None:
    loaded = in_a_fresh_process("import function_app, sys; print(*sys.modules)")

    assert "function_app" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_it_loads_hardly_more_than_the_sdk_itself() -> None:
    count = "import sys; print(len(sys.modules))"
    of_the_sdk = int(in_a_fresh_process(f"import azure.functions; {count}")[0])
    of_the_app = int(in_a_fresh_process(f"import function_app; {count}")[0])

    assert of_the_app - of_the_sdk <= 2


def test_another_package_of_our_name_is_said_in_one_sentence_at_first_use(tmp_path) -> None:
    """The worker appends the app's folder to the path, so an earlier package wins."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    code = f"""
import sys, types
sys.path = [path for path in sys.path if path] + [{str(ROOT)!r}]
import azure.functions as func
import function_app
found = function_app.app.get_functions()
functions = {{each.get_function_name(): each.get_user_function() for each in found}}
request = func.HttpRequest("GET", "http://localhost/api/health", headers={{}}, body=b"")
answer = functions["get_health"](request)
print(answer.status_code, answer.get_body().decode())
try:
    functions["plan_slices"](None, slices=types.SimpleNamespace(set=print))
except ImportError as error:
    print(error)
"""

    said = " ".join(in_a_fresh_process(code, {"PYTHONPATH": str(tmp_path)}))

    sentence = (
        f"Another package called shared, {tmp_path / 'shared'}, hides this app's own, "
        f"{ROOT / 'shared'}: remove it, or take it off the path (PYTHONPATH)."
    )
    assert said == f"503 {sentence} {sentence}"


#: Whose compiled code only makes them, or us, faster: they, and we, load without it.
FASTER = [
    *(["isal"] if sys.platform == "linux" else []),
    *("aiohttp", "charset-normalizer", "frozenlist", "markupsafe", "multidict", "propcache"),
    "yarl",
]
CALLS = f"""
import sys, types
sys.path.append({str(ROOT)!r})
import azure.functions as func
import function_app
found = function_app.app.get_functions()
functions = {{each.get_function_name(): each.get_user_function() for each in found}}
for name in ("get_health", "get_report", "get_probe"):
    request = func.HttpRequest("GET", "http://localhost/api/health", headers={{}}, body=b"")
    answer = functions[name](request)
    print(answer.status_code, answer.get_body().decode())
try:
    functions["plan_slices"](None, slices=types.SimpleNamespace(set=print))
except ImportError as error:
    print(error)
"""


def test_a_package_that_was_built_for_another_python_is_said_everywhere(tmp_path) -> None:
    (tmp_path / "msgspec").mkdir()
    (tmp_path / "msgspec" / "__init__.py").write_text("from ._core import Struct\n")
    (tmp_path / "msgspec" / "_core.cpython-39-x86_64-linux-gnu.so").touch()

    said = " ".join(in_a_fresh_process(CALLS, {"PYTHONPATH": str(tmp_path)}))

    why = (
        f"These packages do not load in Python {platform.python_version()}, because they were "
        "built for Python 3.9: msgspec. A remote build may take another Python than the app's: "
        "deploy it from a local build, as docs/operating.md says."
    )
    assert said == f"503 {why} 503 {why} 503 unavailable {why}"  # the probe is asked by strangers


def test_every_pinned_package_with_compiled_code_is_tried_or_can_do_without() -> None:
    names = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    installed = {each.name.lower(): each.files or [] for each in distributions()}
    compiled = {
        name
        for name in names
        if any(file.suffix in (".so", ".pyd") for file in installed.get(name, ()))
    }

    assert compiled == {*COMPILED, *FASTER}
    for module in COMPILED.values():
        assert find_spec(module)


@pytest.mark.parametrize("path", ["api/report", "api/health", "api/v1/partnerRequests"])
def test_a_page_from_a_local_store_is_served_without_anything_heavy(path, tmp_path) -> None:
    code = f"""
import sys
import azure.functions as func
import function_app
from shared.cli.functions import read_functions
from shared.settings import Settings
routes = {{f.route: f.call for f in read_functions(function_app.app, Settings({{}}))}}
request = func.HttpRequest("GET", "http://localhost/{path}", headers={{}}, body=b"")
answer = routes["{path.removeprefix("api/")}"](request)
print(answer.status_code, *sys.modules)
"""
    environment = {
        "TENANT_ID": "cccccccc-0000-4000-8000-00000000000c",
        "STORE_FOLDER": str(tmp_path),
    }

    status, *loaded = in_a_fresh_process(code, environment)

    assert status == ("200" if path == "api/health" else "404")
    assert [name for name in HEAVY if name in loaded] == []


def test_the_version_that_is_told_is_the_project_s() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
