"""
Runs the function app on this machine: HTTP on loopback, queues and timers in this process.

The Azure Functions host is in no package registry, so this stands in for it. Everything it knows
about the app comes from the app: triggers, routes, methods, queue names and output bindings from
``app.get_functions()``, and requests, messages and timers from the public SDK's own converters,
which production's worker uses too. It does less than the host:

* queues are in memory, and a failed message is tried again at once, ``maxDequeueCount`` times
* timers fire on request (`LocalHost.fire`); schedules are ignored
* no keys are required, as in Functions Core Tools; it listens on loopback only
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import uuid4

from shared.cli.loopback import HttpRequest, LoopbackServer
from shared.cli.routes import HttpRoute, Router
from shared.service.http.answers import Answer, problem
from shared.service.http.people import for_reader
from shared.service.messages import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import azure.functions as func

    from shared.settings import Settings

_HOST_JSON = Path(__file__).parents[2] / "host.json"

_POISON = "-poison"
_MESSAGE_DAYS = 7  #: lifetime of a queue message, as in Azure
_POLLING_SECONDS = 1.0  #: how often `LocalHost.work_always` looks for what has become visible
_CLOSING_SECONDS = 2.0  #: how long `LocalHost.close` waits for running functions

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message in a queue."""

    queue: str
    body: str
    id: str
    inserted_at: datetime
    visible_at: datetime  #: nobody gets it before
    dequeue_count: int = 0  #: how often it has been dequeued


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as the app describes it."""

    name: str
    call: Callable[..., Any]
    kind: str  #: of trigger: ``httpTrigger``, ``queueTrigger`` or ``timerTrigger``
    argument: str  #: name of the trigger's argument
    queue: str = ""  #: the queue that triggers it
    route: str = ""
    methods: tuple[str, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)  #: argument to queue, per output binding


class CallResult(NamedTuple):
    """What a function returned or raised."""

    value: Any
    error: BaseException | None


class LocalHost:
    """One app, its queues and its server."""

    def __init__(
        self, app: func.FunctionApp, settings: Settings, *, now: Callable[[], datetime]
    ) -> None:
        """`now` returns the time in UTC, which messages and timers carry."""
        options = json.loads(_HOST_JSON.read_bytes())["extensions"]
        self._now = now
        self._prefix = str(options["http"]["routePrefix"])
        self._tries = int(options["queues"]["maxDequeueCount"])
        self.functions = {each.name: each for each in read_functions(app, settings)}
        triggered = [each for each in self.functions.values() if each.kind == "queueTrigger"]
        self._listeners = {each.queue: each for each in triggered}
        self._waiting: deque[QueueMessage] = deque()
        self._changed = threading.Condition()
        self._running: set[Future[Any]] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> list[QueueMessage]:
        """The messages in all queues, including those that no function listens to."""
        with self._changed:
            return list(self._waiting)

    def fire(self, name: str) -> None:
        """Fire a timer now; raises what its function raises."""
        now = f"{self._now():%Y-%m-%dT%H:%M:%S.%f}Z"
        timer = {
            "IsPastDue": False,
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {"Last": now, "LastUpdated": now},
        }
        outcome = self._call(self.functions[name], _datum(json.dumps(timer), "json"), {})
        if outcome.error:
            raise outcome.error

    def enqueue(self, queue: str, body: str) -> None:
        """Put a message into a queue."""
        self.put(queue, [body])

    def put(
        self,
        queue: str,
        bodies: Sequence[str],
        *,
        delay: timedelta = AT_ONCE,
        lifetime: timedelta | None = None,
    ) -> None:
        """Put messages into a queue, visible after `delay`; they expire after `lifetime`."""
        now = self._now()
        inserted_at = now if lifetime is None else now + lifetime - timedelta(days=_MESSAGE_DAYS)
        for body in bodies:
            self._put(QueueMessage(queue, body, str(uuid4()), inserted_at, now + delay))

    def work(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """
        Handle messages until none is visible; reports how many are done, of how many so far.

        What becomes visible only later stays in its queue.
        """
        done = 0
        while (taken := self._take()) is not None:
            self._handle(*taken)
            done += 1
            if on_progress:
                on_progress(done, done + sum(map(self._is_ready, self.waiting)))

    def work_always(self) -> None:
        """Handle messages as they arrive, in a thread that ends with the host or this process."""

        def forever() -> None:
            while not self._is_closed:
                with self._changed:
                    self._changed.wait_for(
                        lambda: self._is_closed or any(map(self._is_ready, self._waiting)),
                        _POLLING_SECONDS,
                    )
                self.work()

        threading.Thread(target=forever, name="queues", daemon=True).start()

    def serve(self, port: int = 0) -> LoopbackServer:
        """The app's HTTP functions on a loopback port."""
        triggered = [each for each in self.functions.values() if each.kind == "httpTrigger"]
        routes = [
            HttpRoute(each.route, each.methods, partial(self.answer, each)) for each in triggered
        ]
        router = Router(routes, self._prefix)

        def answer(request: HttpRequest) -> Answer:
            return for_reader(router.answer(request), request.headers)

        return LoopbackServer(answer, problem, port=port)

    def answer(self, function: Function, request: HttpRequest, params: dict[str, str]) -> Answer:
        """A function's answer to a request that its route matches."""
        outcome = self._call(function, http_data(request, params), {})
        if outcome.error:
            sentence = "The function failed; the log says why."
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)
        response = _converter("http").encode(outcome.value, expected_type=None).value
        headers = {name: datum.value for name, datum in response["headers"].items()}
        return Answer(int(response["status_code"].value), headers, response["body"].value)

    def close(self) -> None:
        """
        Take no more messages, and give running functions a moment to finish.

        What they use can be closed next. A function that takes longer ends with the process, as if
        it were killed, which is safe after every step.
        """
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        wait(tuple(self._running), _CLOSING_SECONDS)

    def _is_ready(self, message: QueueMessage) -> bool:
        return message.queue in self._listeners and message.visible_at <= self._now()

    def _put(self, message: QueueMessage) -> None:
        with self._changed:
            self._waiting.append(message)
            self._changed.notify_all()

    def _take(self) -> tuple[QueueMessage, Future[Any]] | None:
        """A message, and what becomes of it: from then on `close` waits for that."""
        with self._changed:
            message = next(filter(self._is_ready, self._waiting), None)
            if message is None or self._is_closed:
                return None
            self._waiting.remove(message)
            return replace(message, dequeue_count=message.dequeue_count + 1), self._begun()

    def _handle(self, message: QueueMessage, future: Future[Any]) -> None:
        function = self._listeners[message.queue]
        outcome = self._call(function, *queue_data(message, self._now()), future)
        if outcome.error is None:
            return
        if message.dequeue_count < self._tries:
            self._put(message)
        else:
            self.enqueue(f"{message.queue}{_POISON}", message.body)

    def _begun(self) -> Future[Any]:
        """The future of a call, before it starts, so that `close` waits for it."""
        future: Future[Any] = Future()
        self._running.add(future)
        future.add_done_callback(self._running.discard)
        return future

    def _call(
        self,
        function: Function,
        data: Any,  # noqa: ANN401
        metadata: dict[str, Any],
        future: Future[Any] | None = None,
    ) -> CallResult:
        """Call a function; if it returns, deliver its output bindings."""
        given = _converter(function.kind).decode(data, trigger_metadata=metadata)
        filled = {argument: _out() for argument in function.outputs}
        future = future or self._begun()
        _start(partial(function.call, **{function.argument: given}, **filled), future)
        error = future.exception()
        if error:
            _log.error("Function %s failed", function.name, exc_info=error)
            return CallResult(None, error)
        for argument, queue in function.outputs.items():
            for body in _bodies(filled[argument].get()):
                self.enqueue(queue, body)
        return CallResult(future.result(), None)


def _start(call: Callable[[], Any], future: Future[Any]) -> None:
    """
    Call in a thread of its own, as the worker does; the future gets what it returns or raises.

    An executor would keep the process alive until all its calls have ended.
    """
    threading.Thread(target=_fulfil, args=(future, call), name="function", daemon=True).start()


def _fulfil(future: Future[Any], call: Callable[[], Any]) -> None:
    def keep(_kind: object, error: BaseException | None, _traceback: object) -> bool:
        if error:
            future.set_exception(error)
        return True

    with ExitStack() as kept:
        kept.push(keep)
        future.set_result(call())


def read_functions(app: func.FunctionApp, settings: Settings) -> list[Function]:
    """The app's functions, with the settings in queue names (``%NAME%``) filled in."""
    return [_read_function(function, settings.resolve) for function in index(app)]


def _read_function(function: Any, resolved: Callable[[str], str]) -> Function:  # noqa: ANN401
    trigger = function.get_trigger()
    queues = [binding for binding in function.get_bindings() if binding.type == "queue"]
    return Function(
        name=function.get_function_name(),
        call=function.get_user_function(),
        kind=trigger.type,
        argument=trigger.name,
        queue=resolved(getattr(trigger, "queue_name", "")),
        route=getattr(trigger, "route", ""),
        methods=tuple(str(method.value) for method in getattr(trigger, "methods", None) or ()),
        outputs={binding.name: resolved(binding.queue_name) for binding in queues},
    )


@cache
def index(app: func.FunctionApp) -> list[func.Function]:
    """The app's functions, which the SDK returns only once."""
    return app.get_functions()


def _converter(binding: str) -> Any:  # noqa: ANN401 (the SDK's converters share no type)
    """Converts data to a trigger's argument, or a function's return value to data."""
    from azure.functions import meta

    return meta.get_binding_registry().get(binding)  # type: ignore[no-untyped-call]


def _datum(value: object, kind: str) -> Any:  # noqa: ANN401
    from azure.functions.meta import Datum

    return Datum(value, kind)


def http_data(request: HttpRequest, params: dict[str, str]) -> Any:  # noqa: ANN401
    """A request and its route's parameters as the worker gets them."""

    def texts(values: Mapping[str, str]) -> dict[str, Any]:
        return {name: _datum(value, "string") for name, value in values.items()}

    whole = {
        "method": _datum(request.method, "string"),
        "url": _datum(request.url, "string"),
        "headers": texts(request.headers),
        "query": texts(request.query),
        "params": texts(params),
        "body": _datum(request.body, "bytes"),
    }
    return _datum(whole, "http")


def queue_data(message: QueueMessage, now: datetime) -> tuple[Any, dict[str, Any]]:
    """A message as the worker gets it, and its metadata."""
    expires_at = message.inserted_at + timedelta(days=_MESSAGE_DAYS)
    metadata = {
        "Id": message.id,
        "PopReceipt": uuid4().hex,
        "InsertionTime": message.inserted_at.isoformat(),
        "ExpirationTime": expires_at.isoformat(),
        "NextVisibleTime": now.isoformat(),
    }
    texts = {name: _datum(text, "string") for name, text in metadata.items()}
    return _datum(message.body, "string"), {
        **texts,
        "DequeueCount": _datum(message.dequeue_count, "int"),
    }


def _bodies(value: object) -> list[str]:
    """The messages in an output binding: none, one, or a list."""
    if value is None:
        return []
    datum = _converter("queue").encode(value, expected_type=None)
    return list(json.loads(datum.value)) if datum.type == "json" else [str(datum.value)]


def _out() -> func.Out[Any]:
    """An output binding that a function can set."""
    import azure.functions as func

    class Output(func.Out[Any]):
        _value: Any = None

        def set(self, val: Any) -> None:  # noqa: ANN401 (as the SDK has it)
            self._value = val

        def get(self) -> Any:  # noqa: ANN401
            return self._value

    return Output()
