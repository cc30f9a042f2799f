"""
What the app says of its own work: one line a use case; spans and metrics where ``TELEMETRY`` asks.

The line is JSON, so that queries and alert rules can read it (infra/app/alerts.bicep). It names
tenants, days, counts and seconds, never people. A use case's facts are noted where they are known,
however deep below it. Spans and metrics are made of the same facts, by OpenTelemetry, which is
imported only then. All steps of a day have one trace, whose id follows from the tenant and the day:
so no message has to carry it.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial, wraps
from time import perf_counter
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.metrics import Meter, MeterProvider
    from opentelemetry.trace import Span, Tracer, TracerProvider

NAME = "partner-mfa-status"
DAY_COMPLETE = "day complete"  #: the line whose absence is an alarm
#: A use case's numbers, by the name of the metric that each becomes, and what kind of one.
METRICS = {
    "owed": ("gauge", "mfa.slices.owed"),
    "rows": ("counter", "mfa.rows.read"),
    "completeness": ("gauge", "mfa.report.completeness"),
    "days_behind": ("gauge", "mfa.report.days_behind"),
    "seconds": ("histogram", "mfa.use_case.seconds"),
}

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger(__name__)
_facts: ContextVar[dict[str, object] | None] = ContextVar("facts", default=None)


def use_case(
    name: str, chain: Callable[[S], str]
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """Say when a method has ended, and how; `chain` names the chain of steps that it is one of."""

    def decorate(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        @wraps(method)
        def told(self: S, *arguments: P.args, **options: P.kwargs) -> R:
            with _telling(name, chain(self)):
                return method(self, *arguments, **options)

        return told  # type: ignore[return-value]  # mypy cannot see that `self` is the same

    return decorate


def note(**facts: object) -> None:
    """Add facts to the use case that this is part of, if there is one; the latest counts."""
    known = _facts.get()
    if known is not None:
        known.update(facts)


def say(event: str, **facts: object) -> None:
    """Log one line about something that happened."""
    line = {"event": event} | {name: fact for name, fact in facts.items() if fact is not None}
    _log.info("%s", msgspec.json.encode(line).decode())


def start(kind: str) -> None:
    """
    Make spans and metrics from now on, as the setting TELEMETRY says; an invalid one makes none.

    ``otlp`` sends them, ``azure`` leaves that to the worker.
    """
    if kind == "otlp":
        use(*_otlp_providers())
    elif kind == "azure":
        from opentelemetry.metrics import get_meter_provider
        from opentelemetry.trace import get_tracer_provider

        use(get_tracer_provider(), get_meter_provider())


def use(tracers: TracerProvider | None, meters: MeterProvider | None) -> None:
    """Make spans and metrics with these from now on; with neither, none are made."""
    global _made_with  # noqa: PLW0603 (one per process is the point)
    _made_with = None
    if tracers and meters:
        meter = meters.get_meter(NAME)
        instruments = {fact: _instrument(meter, *of) for fact, of in METRICS.items()}
        _made_with = _MadeWith(tracers.get_tracer(NAME), instruments)


class _Instrument(Protocol):
    def __call__(self, amount: Any, attributes: Any = ..., /) -> None: ...  # noqa: ANN401


class _MadeWith(NamedTuple):
    tracer: Tracer
    instruments: dict[str, _Instrument]


_made_with: _MadeWith | None = None


@contextmanager
def _telling(name: str, chain: str) -> Iterator[None]:
    facts: dict[str, object] = {}
    token = _facts.set(facts)
    begun = perf_counter()
    try:
        with _span(name, chain) as span:
            try:
                yield
            except BaseException as error:
                facts |= {"state": "failed", "error": type(error).__name__}
                raise
            finally:
                facts["seconds"] = round(perf_counter() - begun, 3)
                _describe(span, facts)
    finally:
        _facts.reset(token)
        say(name, **facts)
        _measure(name, facts)


def _describe(span: Span | None, facts: dict[str, object]) -> None:
    """Put facts on a span; of an error its kind only, because its text may name somebody."""
    if span is None:
        return
    from opentelemetry.trace import StatusCode

    span.set_attributes({f"mfa.{name}": _plain(fact) for name, fact in facts.items()})
    if "error" in facts:
        span.set_status(StatusCode.ERROR)


def _span(name: str, chain: str) -> AbstractContextManager[Span | None]:
    if _made_with is None:
        return nullcontext()
    from opentelemetry.trace import (
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        get_current_span,
        set_span_in_context,
    )

    begin = partial(
        _made_with.tracer.start_as_current_span,
        name,
        record_exception=False,
        set_status_on_exception=False,
    )
    if get_current_span().get_span_context().is_valid:  # the host has begun one
        return begin()
    digest = hashlib.sha256(chain.encode()).digest()
    ids = int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big")
    begun = SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    context = set_span_in_context(NonRecordingSpan(begun))
    return begin(context)


def _measure(name: str, facts: dict[str, object]) -> None:
    if _made_with is None:
        return
    attributes = {"use_case": name, "state": str(facts.get("state", "done"))}
    for fact, record in _made_with.instruments.items():
        if isinstance(amount := facts.get(fact), (int, float)):
            record(amount, attributes)


def _instrument(meter: Meter, kind: str, name: str) -> _Instrument:
    if kind == "counter":
        return meter.create_counter(name).add
    if kind == "gauge":
        return meter.create_gauge(name).set
    return meter.create_histogram(name, unit="s").record


def _plain(fact: object) -> str | int | float:
    return fact if isinstance(fact, (int, float)) else str(fact)


def _otlp_providers() -> tuple[TracerProvider, MeterProvider]:
    """
    Send over HTTP to where the SDK's own variables say (``OTEL_EXPORTER_OTLP_ENDPOINT``).

    As JSON: protobuf would be a second copy of what the Functions worker brings along.
    """
    from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": NAME})
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    return tracers, MeterProvider([reader], resource)
