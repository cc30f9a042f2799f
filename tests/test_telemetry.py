"""One line a use case, and spans and metrics of the same facts where they are asked for."""

from __future__ import annotations

import gzip
import json
import logging
import subprocess
import sys
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import dev
from shared import telemetry
from shared.telemetry import METRICS, note, say, use_case
from tests.service.simulated_app import TIMERS, SimulatedApp
from tests.service.world import TENANT

DAY = date(2026, 11, 23)


class Work:
    """Something with a chain of steps."""

    @use_case("read", lambda _: "tenant/2026-11-23")
    def read(self, rows):
        note(tenant=TENANT, day=DAY, rows=rows)
        if rows < 0:
            raise ValueError("a.person@contoso.com has no rows")
        return rows

    @use_case("count", lambda _: "tenant/2026-11-23")
    def count(self):
        return self.read(1) + self.read(2)


@pytest.fixture
def lines(caplog):
    """The lines that were logged, decoded."""
    caplog.set_level(logging.INFO, "shared.telemetry")

    def lines():
        own = (each for each in caplog.records if each.name == "shared.telemetry")
        return [json.loads(record.getMessage()) for record in own]

    return lines


@pytest.fixture
def made():
    """What spans and metrics were made."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.use(tracers, MeterProvider([reader]))
    yield exporter.get_finished_spans, reader
    telemetry.use(None, None)


def points(reader):
    """The newest value of each metric: a number, or how many were counted."""
    data = reader.get_metrics_data()
    (scope,) = data.resource_metrics[0].scope_metrics
    return {
        metric.name: [
            point.value if hasattr(point, "value") else point.count
            for point in metric.data.data_points
        ]
        for metric in scope.metrics
    }


def test_a_use_case_is_one_line_with_its_facts_and_its_seconds(lines) -> None:
    assert Work().read(3) == 3

    (line,) = lines()
    assert line.pop("seconds") >= 0
    assert line == {"event": "read", "tenant": TENANT, "day": "2026-11-23", "rows": 3}


def test_a_use_case_within_another_keeps_its_facts_to_itself(lines) -> None:
    Work().count()

    assert [(line["event"], line.get("rows")) for line in lines()] == [
        *(("read", 1), ("read", 2)),
        ("count", None),
    ]


def test_an_error_is_named_by_its_kind_and_never_quoted(lines, made) -> None:
    with pytest.raises(ValueError, match="has no rows"):
        Work().read(-1)

    (line,) = lines()
    assert (line["state"], line["error"]) == ("failed", "ValueError")
    (span,) = made[0]()
    assert span.attributes["mfa.error"] == "ValueError"
    assert not span.status.is_ok
    assert "a.person" not in json.dumps(line) + span.to_json()


def test_what_is_said_has_no_line_breaks_and_no_empty_facts(caplog) -> None:
    caplog.set_level(logging.INFO, "shared.telemetry")

    say("day complete", tenant='x"\n{"event":"day complete"}', day=DAY, reason=None)

    (line,) = caplog.messages
    assert "\n" not in line
    assert line.startswith('{"event":"day complete",')
    assert json.loads(line).keys() == {"event", "tenant", "day"}


def test_a_fact_outside_a_use_case_is_nobody_s(lines) -> None:
    note(rows=1)

    assert lines() == []


def test_all_steps_of_a_day_are_one_trace_and_their_numbers_metrics(tmp_path, made, lines) -> None:
    spans, reader = made
    app = SimulatedApp(tmp_path)

    for timer in TIMERS:
        app.fire(timer)
    app.drain()

    names = [span.name for span in spans()]
    assert names[0] == "plan"
    assert {"collect", "publish", "deliver"} < set(names)
    assert len({span.context.trace_id for span in spans()}) == 1
    found = points(reader)
    assert found.keys() == {name for _, name in METRICS.values()}
    assert found["mfa.report.completeness"] == [1.0]
    assert found["mfa.report.days_behind"] == [0]
    assert found["mfa.slices.owed"][0] >= 7
    complete = [line for line in lines() if line["event"] == telemetry.DAY_COMPLETE]
    assert complete[0] == {"event": "day complete", "tenant": TENANT, "day": str(app.ending)}
    assert len(lines()) == len(spans()) + len(complete)


def test_a_day_that_could_not_be_read_is_never_said_to_be_complete(tmp_path, lines) -> None:
    app = SimulatedApp(tmp_path)
    app.source.is_down = True

    for timer in TIMERS:
        app.fire(timer)
        app.drain()

    events = [line["event"] for line in lines()]
    assert "publish" in events
    assert telemetry.DAY_COMPLETE not in events
    assert {line.get("state") for line in lines() if line["event"] == "collect"} == {"failed"}


def test_no_line_names_anybody(tmp_path, caplog) -> None:
    caplog.set_level(logging.INFO, "shared.telemetry")
    app = SimulatedApp(tmp_path)
    for timer in TIMERS:
        app.fire(timer)
    app.drain()

    told = [record.getMessage() for record in caplog.records if record.name == "shared.telemetry"]
    assert told
    assert "@" not in "".join(told)


#: Sends one span and the metrics to a collector, as the app would.
PROGRAM = """
from shared import telemetry
from tests.test_telemetry import Work
telemetry.start("otlp")
Work().read(3)
"""


def test_a_collector_gets_spans_and_metrics_over_http() -> None:
    received: dict[str, list[str]] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.setdefault(self.path, []).append(json.dumps(json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=dev.ROOT,
            env={
                "PATH": "",
                "PYTHONPATH": str(dev.ROOT),
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            },
            check=True,
            timeout=60,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

    assert received.keys() == {"/v1/traces", "/v1/metrics"}
    for text in ("read", "mfa.rows", telemetry.NAME, "2026-11-23"):
        assert text in received["/v1/traces"][0]
    assert "mfa.use_case.seconds" in received["/v1/metrics"][0]


def test_without_being_asked_for_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        "import sys; from shared import telemetry; import function_app\n"
        "for kind in ('none', '', 'otpl'): telemetry.start(kind)\n"
        "with telemetry._telling('x', 'y'): telemetry.note(rows=1)\n"
        "print(*[name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=dev.ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""


def test_the_worker_s_own_providers_are_used_where_it_exports() -> None:
    telemetry.start("azure")
    try:
        assert Work().read(1) == 1  # with providers that do nothing here
    finally:
        telemetry.use(None, None)
