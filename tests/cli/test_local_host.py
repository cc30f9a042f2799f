"""The local host over real HTTP, with real messages, on loopback."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import azure.functions as func
import pytest

import function_app
from shared.cli import loopback
from shared.cli.local_host import LocalHost
from shared.errors import BadInputError, OutOfTimeError, SourceIncompleteError, StoreError
from shared.mfa.window import Slice
from shared.service.current import use
from shared.service.daily import GIVEN_UP
from shared.service.messages import CollectSlice
from shared.service.queues import PASSES
from shared.settings import Settings
from tests.delivery.mail.mail_sink import MailSink
from tests.service.world import (
    ENDING,
    TENANT,
    Clock,
    Scripted,
    ScriptedService,
    a_week,
    make_daily,
    run_day,
)

NOBODY = "dddddddd-0000-4000-8000-00000000000d"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def source():
    return Scripted(a_week(weak=2, strong=3))


@pytest.fixture
def service(tmp_path, source):
    with use(ScriptedService(make_daily(tmp_path, source))) as scripted:
        yield scripted


@pytest.fixture
def host(service):
    service.queues = LocalHost(function_app.app, service.settings, now=Clock())
    return service.queues


@pytest.fixture
def server(host):
    with host.serve() as serving:
        yield serving


@pytest.fixture
def ask(server):
    """Sends a request exactly as written, and returns status, headers and body."""

    def ask(target, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body=body, headers=named)
        response = connection.getresponse()
        read = response.status, response.headers, response.read()
        connection.close()
        return read

    return ask


def is_problem(response, status):
    got, headers, body = response
    assert got == status, body
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["status"] == status
    return True


@pytest.fixture
def published(service):
    run_day(service.partner.daily)


def test_three_missed_timers_in_the_wrong_order_and_a_mail_server_that_is_down_end_in_one_mail(
    tmp_path, source
) -> None:
    clock = Clock(datetime(2026, 11, 24, 9, tzinfo=UTC))
    smtp = {"MAILER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9"}
    people = {"REPORT_SENDER": "mfa@contoso.example", "REPORT_RECIPIENTS": "ann@contoso.example"}
    daily = make_daily(tmp_path, source, clock=clock)
    with use(ScriptedService(daily, **smtp, **people)) as service:
        host = LocalHost(function_app.app, service.settings, now=clock)
        service.queues = host
        for timer in ("mail_status", "plan_reports", "plan_slices"):
            host.fire(timer)
        host.work()  # an incomplete report is made first, then everything else
        row = daily.store.delivery(TENANT, ENDING, "mail")
        assert (row.state, row.reason[:29]) == ("not sent", "1 of 1 mails did not go out: ")

        with MailSink() as sink:
            service.settings.environment = {
                **service.settings.environment,
                "SMTP_PORT": str(sink.port),
            }
            clock.go_on(hours=4, minutes=1)  # what waited for a complete report comes, too
            host.work()

    assert host.waiting == []
    [received] = sink.received
    assert b"missing" not in received.content
    assert daily.store.delivery(TENANT, ENDING, "mail").state == "sent"


@pytest.mark.usefixtures("published")
def test_a_stored_page_is_served_and_not_sent_twice(ask) -> None:
    status, headers, body = ask("/api/report")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert int(headers["Content-Length"]) == len(body)

    status, again, body = ask("/api/report", If_None_Match=headers["ETag"])

    assert (status, body) == (304, b"")
    for name in ("ETag", "Content-Type", "Cache-Control"):
        assert again[name] == headers[name]  # a cache takes them over
    assert "Content-Security-Policy" not in again  # a cache keeps the page's own
    assert "Content-Length" not in again


@pytest.mark.usefixtures("published")
def test_head_returns_the_headers_of_the_page(ask) -> None:
    _, of_page, page = ask("/api/report")
    status, of_head, body = ask("/api/report", method="HEAD")

    assert (status, body) == (200, b"")
    assert int(of_head["Content-Length"]) == len(page)
    assert {**of_head, "Date": ""} == {**of_page, "Date": ""}


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("path", ["/api/report/", "/API/Report", f"/api/Reports/{TENANT}/LATEST"])
def test_routes_match_in_any_case_and_with_a_trailing_slash(ask, path) -> None:
    status, _, body = ask(path)

    if path.endswith("LATEST"):  # a parameter is as it is written
        assert status == 400
    else:
        assert status == 200
        assert body.startswith(b"<!doctype html>")


@pytest.mark.usefixtures("published")
def test_every_file_and_resource_is_served(ask) -> None:
    base = f"/api/reports/{TENANT}"
    for path in (
        *("/api", "/api/", "/api/reports", f"{base}/{ENDING}"),
        f"{base}/latest/report.json",
        f"{base}/latest/report.html",
        f"{base}/latest/all-api-requests.csv",
        f"{base}/{ENDING}/customers.csv",
        "/api/v1/nonMfaCompliantPartnerPrincipals",
        "/api/v1/applicationmfaadoptionstatus",
        "/api/v1/partnerRequests",
        "/api/health",
    ):
        assert ask(path)[0] == 200, path
    assert json.loads(ask(f"{base}/latest/report.json")[2])["metrics"]["portal"]["share"] == 0.6


PLACES = {"tenant_id": TENANT, "ending": "latest", "file": "accounts.csv", "name": "report.json"}


def targets(path, operation):
    """The addresses that a description names: without a query, and with each of its words."""
    places = dict.fromkeys(re.findall(r"{(\w+)}", path), "0" * 32) | PLACES
    target = "/api" + path.format(**places)
    yield target
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        words = schema.get("enum", [1 if schema.get("type") == "integer" else "x"])
        for word in words if parameter["in"] == "query" else ():
            yield f"{target}?{parameter['name']}={word}"


@pytest.mark.usefixtures("published")
def test_every_described_address_answers_as_its_description_says(ask) -> None:
    """Each word of each parameter, too. What is not read in this report is a problem: 404."""
    paths = json.loads(ask("/api/openapi.json")[2])["paths"]
    found = set()
    for path, operations in paths.items():
        for target in targets(path, operations["get"]) if "get" in operations else ():
            status, headers, body = ask(target)
            found.add(status)
            responses = operations["get"]["responses"]
            described = responses.get(str(status), responses["default"]).get("content", {})
            is_unread = status in (400, 404) and "state" not in json.loads(body)
            assert status in (200, 302) or is_unread, (target, body)
            assert headers["Content-Type"].partition(";")[0] in described, target

    assert {200, 404} <= found


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 404),
        ("/report", 404),
        ("/ap", 404),
        ("/api/nothing", 404),
        ("/api//report", 404),
        ("/api/report/more", 404),
        ("/api/reports?page=2", 404),
        ("/api/reports?days=none", 400),
        (f"/api/reports/{TENANT}", 404),
        (f"/api/reports/{TENANT}/latest/report.json/more", 404),
        (f"/api/reports/{TENANT}/2020-01-01", 404),
        ("/api/reports/x/latest", 400),
        (f"/api/reports/{TENANT}/..", 400),
        (f"/api/reports/{TENANT}/%2e%2e", 400),
        (f"/api/reports/{TENANT}/..%2f..%2f..%2fetc%2fpasswd", 400),
        (f"/api/reports/..%2f{TENANT}/latest", 400),
        (f"/api/reports/{TENANT}/latest/..%2freport.json", 400),
        (f"/api/reports/{TENANT}/latest/%2e%2e%2f%2e%2e%2fledger", 400),
        (f"/api/reports/{TENANT}/latest/..%5creport.json", 400),
        (f"/api/reports/{TENANT}/latest/report.json%00.csv", 400),
        (f"/api/reports/{TENANT}/latest/%ff%fe", 400),
        (f"/api/reports/{TENANT}/latest/nothing.csv", 400),
        (f"/api/reports/{TENANT}/latest/page.html", 400),
        (f"/api/reports/{TENANT}/../../api/report", 404),
        ("/api/runs/..%2f..", 400),
        ("/api/runs/" + "0" * 32, 404),
        ("/api/customers", 404),
        ("/api/customers.json", 404),
        ("/api/customers.csv?search=" + "x" * 200, 404),
        ("/api/" + "x" * 3000, 414),
        ("/api/reports/" + "x/" * 900, 404),
        ("/api/" + "x" * 70_000, 414),
    ],
)
def test_any_other_request_gets_a_problem_and_no_more(ask, target, status) -> None:
    assert is_problem(ask(target), status)


def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_does(ask) -> None:
    for path, method, allowed in (
        ("/api/report", "POST", "GET, HEAD"),
        ("/api/report", "DELETE", "GET, HEAD"),
        ("/api/runs", "GET", "POST"),
        ("/api/health", "OPTIONS", "GET, HEAD"),
    ):
        response = ask(path, method=method)
        assert is_problem(response, 405)
        assert response[1]["Allow"] == allowed


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW"])
def test_an_unknown_method_is_refused(ask, method) -> None:
    assert is_problem(ask("/api/report", method=method), 501)


def raw(server, data):
    """The response to bytes that no client would send."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/report HTTP/1.1\r\n\r\n",
        b"GET /api/report HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /api/report HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n",
    ],
)
def test_a_request_to_another_host_name_is_refused(server, head) -> None:
    """A site whose name was made to resolve to this machine must not read what is served here."""
    assert raw(server, head).startswith(b"HTTP/1.1 421 ")


def test_a_page_of_another_site_cannot_start_anything(ask, host) -> None:
    for origin in ("http://evil.example", "null", "https://127.0.0.1"):
        assert is_problem(ask("/api/runs", method="POST", Origin=origin), 403)
    assert host.waiting == []


def test_a_body_must_state_its_length_and_be_short(server) -> None:
    host = server.url.removeprefix("http://").encode()
    head = b"POST /api/runs HTTP/1.1\r\nHost: " + host + b"\r\n"

    assert b" 411 " in raw(server, head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert b" 411 " in raw(server, head + b"Content-Length: -1\r\n\r\n")
    assert b" 413 " in raw(server, head + b"Content-Length: 9999999999\r\n\r\n")


def test_nonsense_is_answered_or_dropped_and_the_server_carries_on(ask, server) -> None:
    for nonsense in (b"", b"\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET /%zz HTTP/9.9\r\n\r\n"):
        raw(server, nonsense)

    assert ask("/api/health")[0] == 200


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        (b"GET http://[::1 HTTP/1.1", b""),
        (b"GET //[ HTTP/1.1", b""),
        (b"GET /api/%ff%fe/\xff HTTP/1.1", b""),
        (b"GET  HTTP/1.1", b""),
        (b"GET / HTTP/1.1 x", b""),
        (b"\x00\x01 / HTTP/1.1", b""),
        (b"GET * HTTP/1.1", b""),
        (b"GET / HTTP/x.y", b""),
        (b"GET /api/report HTTP/1.1", b"no header\r\n"),
        (b"GET /api/report HTTP/1.1", b": empty\r\n"),
        (b"GET /api/report HTTP/1.1", b"Host: localhost\r\n"),
        (b"GET /api/report HTTP/1.1", b"X: 1\r\n" * 200),
        (b"GET /api/report HTTP/1.1", b"X: " + b"x" * 70_000 + b"\r\n"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", b""),
        (b"POST /api/runs HTTP/1.1", b"Content-Length: " + b"9" * 5_000 + b"\r\n"),
        (b"POST /api/runs HTTP/1.1", b"Content-Length: \xb2\r\n"),
        (b"POST /api/runs HTTP/1.1", b"Content-Length: 1\r\nContent-Length: 2\r\n"),
        (b"GET /api/reports/x/y HTTP/1.1", b""),
        (b"GET /api/reports/" + b"%00" * 20 + b"/latest HTTP/1.1", b""),
    ],
)
def test_every_malformed_request_is_answered_with_a_4xx(ask, server, line, headers) -> None:
    host = b"Host: " + server.url.removeprefix("http://").encode() + b"\r\n"

    answer = raw(server, line + b"\r\n" + host + headers + b"\r\n")

    assert re.match(rb"HTTP/1\.1 4\d\d ", answer), answer[:200]
    assert ask("/api/health")[0] == 200


@pytest.mark.parametrize("sent", [b"G", b"GET /api/report HTTP/1.1\r\nX: ", b"POST-BODY"])
def test_a_client_whose_request_drips_in_is_cut_off(server, monkeypatch, sent) -> None:
    monkeypatch.setattr(loopback, "_REQUEST_SECONDS", 0.3)
    address = server.url.removeprefix("http://")
    if sent == b"POST-BODY":
        head = f"POST /api/runs HTTP/1.1\r\nHost: {address}\r\nContent-Length: 900\r\n\r\n"
        sent = head.encode()
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=0.02) as connection:
        connection.sendall(sent)
        for _ in range(500):  # ten seconds
            try:
                connection.sendall(b"x")
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("a request of ten seconds was waited for")


@pytest.mark.usefixtures("published")
def test_many_requests_are_answered_at_once(ask) -> None:
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(ask("/api/report")[0])) for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 24


def test_it_listens_on_loopback_only_and_a_port_is_used_only_once(host, server) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    port = int(server.url.rpartition(":")[2])

    with pytest.raises(BadInputError, match="--port"):
        host.serve(port)


def test_a_run_can_be_started_and_followed_to_its_end(ask, host) -> None:
    status, headers, body = ask("/api/runs", method="POST", body=b"")
    assert status == 202
    where = headers["Location"]
    assert where == f"/api/runs/{json.loads(body)['id']}"
    assert len(host.waiting) == 7
    assert json.loads(ask(where)[2])["state"] == "accepted"
    again = ask("/api/runs", method="POST")
    assert is_problem(again, 409)
    assert again[1]["Location"] == where

    host.work()

    run = json.loads(ask(where)[2])
    assert (run["state"], run["reason"]) == ("done", None)
    assert ask("/api/report")[0] == 200
    assert host.waiting == []


def test_a_run_goes_on_by_itself_while_the_host_works(ask, host, service) -> None:
    published = threading.Event()
    publish = service.partner.daily.store.save_report

    def save_report(*given):
        publish(*given)
        published.set()

    object.__setattr__(service.partner.daily.store, "save_report", save_report)
    host.work_always()

    assert ask("/api/runs", method="POST")[0] == 202

    assert published.wait(60)
    assert ask("/api/report")[0] == 200


def test_the_functions_run_from_timer_to_report(host, service) -> None:
    progress = []

    host.fire("plan_slices")
    host.work(lambda done, total: progress.append((done, total)))

    assert progress == [*((number, 7) for number in range(1, 7)), (7, 8), (8, 8)]
    assert service.store.latest_ending(TENANT) == ENDING


def test_the_timer_for_reports_makes_one_of_what_there_is(host, service) -> None:
    host.fire("plan_reports")

    host.work()

    assert service.store.latest_ending(TENANT) == ENDING


def waiting_for(host):
    """What waits in which queue, and for how long."""
    return [(each.queue, each.visible_at - Clock()()) for each in host.waiting]


def test_a_slice_that_fails_is_tried_five_times_and_the_ledger_says_why(
    host, service, source
) -> None:
    source.days[ENDING] = [SourceIncompleteError("Graph failed 8 times in a row.")]
    host.fire("plan_slices")

    host.work()

    assert source.asked.count("2026-11-23") == 5
    assert source.asked.count("2026-11-22") == 1
    entry = next(e for e in service.store.ledger(TENANT, ENDING) if e.slice.day == ENDING)
    assert entry.reason == f"{GIVEN_UP} Graph failed 8 times in a row."
    assert waiting_for(host) == [("slices", PASSES[0])]


def test_a_report_that_fails_is_given_up_with_a_sentence(host, service, caplog) -> None:
    def fail(*_):
        raise StoreError("The storage account does not answer.")

    object.__setattr__(service.partner.daily.store, "save_report", fail)
    host.fire("plan_reports")

    host.work()

    assert waiting_for(host) == [("reports", PASSES[0])]
    assert caplog.text.count("Function publish_report failed") == 5
    assert "The report of 2026-11-23 was given up after repeated tries." in caplog.text


def test_a_message_that_is_not_a_slice_is_set_aside(host, caplog) -> None:
    host.enqueue("slices", "{}")

    host.work()

    assert [message.queue for message in host.waiting] == ["set-aside"]
    assert "A message of slices is set aside" in caplog.text


def test_the_halves_of_a_slice_go_back_into_the_queue(host, source) -> None:
    source.days["2026-11-23"] = [OutOfTimeError("The execution's time is used up.")]
    host.enqueue("slices", CollectSlice(Slice(TENANT, ENDING)).to_json())

    host.work()

    assert source.asked == ["2026-11-23", "2026-11-23T00-12", "2026-11-23T12-24"]


def test_an_error_of_a_timer_function_is_raised(host, service) -> None:
    service.partner.daily.source.reach_days = lambda _: 1 // 0

    with pytest.raises(ZeroDivisionError):
        host.fire("plan_slices")


def test_a_slice_of_a_tenant_that_is_not_configured_is_never_collected_as_the_partners(
    host, service, source
) -> None:
    host.enqueue("slices", CollectSlice(Slice(NOBODY, ENDING)).to_json())

    host.work()

    assert source.asked == []
    assert service.store.ledger(NOBODY, ENDING) == []
    assert [message.queue for message in host.waiting] == ["slices"]  # given back


def test_a_host_that_is_closed_takes_no_more_messages(service, source, monkeypatch) -> None:
    monkeypatch.setattr(
        "shared.cli.local_host._CLOSING_SECONDS", 60.0
    )  # so that nothing still runs
    with LocalHost(function_app.app, service.settings, now=Clock()) as host:
        host.fire("plan_slices")
        host.work_always()
        host.close()
        asked = len(source.asked)
        host.enqueue("slices", CollectSlice(Slice(TENANT, ENDING)).to_json())
        host.work()

    assert len(source.asked) == asked
    assert host.waiting


def test_a_host_that_closes_waits_for_running_functions(service, source, monkeypatch) -> None:
    monkeypatch.setattr(
        "shared.cli.local_host._CLOSING_SECONDS", 60.0
    )  # a loaded machine takes longer
    begun, closing = threading.Event(), threading.Event()
    sign_ins = source.sign_ins

    def slowly(slice_):
        begun.set()
        assert closing.wait(60)
        return sign_ins(slice_)

    source.sign_ins = slowly
    host = LocalHost(function_app.app, service.settings, now=Clock())
    host.enqueue("slices", CollectSlice(Slice(TENANT, ENDING)).to_json())
    worker = threading.Thread(target=host.work)
    worker.start()
    assert begun.wait(60)
    threading.Thread(target=closing.set).start()

    host.close()

    assert service.store.ledger(TENANT, ENDING)
    worker.join()


STUCK = """
import sys, threading
import azure.functions as func
from shared.cli import loopback
from shared.cli.local_host import LocalHost
from shared.clock import utc_now
from shared.settings import Settings

app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="0 0 0 * * *")
def never_ends(timer: func.TimerRequest) -> None:
    print("begun", flush=True)
    threading.Event().wait()

try:
    with LocalHost(app, Settings({}), now=utc_now) as host:
        host.fire("never_ends")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process alone")
def test_a_function_that_never_ends_does_not_keep_the_process_alive() -> None:
    command = [sys.executable, "-c", STUCK]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(30) == 130
        finally:
            process.kill()


@contextmanager
def app_of(*functions):
    """The host of an app made for a test."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for function in functions:
        function(app)
    yield LocalHost(app, Settings({"OUTBOX_FOLDER": "resolved"}), now=Clock())


def test_a_message_comes_with_its_metadata() -> None:
    received = []

    def listen(app):
        @app.queue_trigger(arg_name="message", queue_name="%OUTBOX_FOLDER%", connection="Any")
        def listener(message: func.QueueMessage) -> None:
            received.append(message)
            raise ZeroDivisionError

    with app_of(listen) as host:
        host.enqueue("resolved", "ä")
        host.work()

    assert [message.dequeue_count for message in received] == [1, 2, 3, 4, 5]
    assert {message.get_body().decode() for message in received} == {"ä"}
    assert len({message.id for message in received}) == 1
    assert all(message.insertion_time and message.expiration_time for message in received)


@pytest.mark.parametrize(
    ("value", "bodies"), [("one", ["one"]), (["a", "b"], ["a", "b"]), ([], []), (None, [])]
)
def test_an_output_may_be_one_message_or_many_or_none(value, bodies) -> None:
    def write(app):
        @app.timer_trigger(arg_name="timer", schedule="0 0 0 * * *")
        @app.queue_output(arg_name="out", queue_name="outbox", connection="Any")
        def writer(timer: func.TimerRequest, out: func.Out[str]) -> None:
            assert timer.past_due is False
            out.set(value)

    with app_of(write) as host:
        host.fire("writer")

    assert [(message.queue, message.body) for message in host.waiting] == [
        ("outbox", body) for body in bodies
    ]


def test_a_function_that_fails_sends_nothing() -> None:
    def write(app):
        @app.route("write", methods=["GET"])
        @app.queue_output(arg_name="out", queue_name="outbox", connection="Any")
        def writer(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
            out.set(f"never {req.url}")
            raise ZeroDivisionError("the secret")

    with app_of(write) as host, host.serve() as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        connection.request("GET", "/api/write")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()

    assert answer.status == 500
    assert b"secret" not in body
    assert host.waiting == []


def test_a_literal_route_wins_over_a_parameter() -> None:
    def one(app):
        @app.route("{any}/{thing}", methods=["GET"])
        def anything(req: func.HttpRequest) -> func.HttpResponse:
            return func.HttpResponse(json.dumps(["any", dict(req.route_params), dict(req.params)]))

    def other(app):
        @app.route("things/first", methods=["GET"])
        def first(req: func.HttpRequest) -> func.HttpResponse:
            return func.HttpResponse(f"first {req.method}")

    with app_of(one, other) as host, host.serve() as server:

        def get(path):
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
            connection.request("GET", path)
            body = connection.getresponse().read()
            connection.close()
            return body.decode()

        assert get("/api/things/first") == "first GET"
        parameters = json.loads(get("/api/things/a%20b%2Fc?x=1&y=%C3%A4"))

    assert parameters == ["any", {"any": "things", "thing": "a b/c"}, {"x": "1", "y": "ä"}]
