"""
Runs the function app on this machine: HTTP on loopback, queues and timers in this process.

This is ours, and not the Azure Functions host, which cannot be had from any package registry. It
knows nothing of the app but what the app itself says: triggers, routes, methods, queue names and
output bindings come from ``app.get_functions()``, and requests, messages and timers are made by the
public SDK's own converters, which production's worker uses too. It is smaller than the host:

* queues live in memory, and a message that failed is tried again at once, ``maxDequeueCount`` times
* timers go off when they are told to (`LocalHost.fire`); no schedule is kept
* no keys are asked for, as in Functions Core Tools; loopback only
"""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from concurrent.futures import Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import uuid4

from shared.cli.loopback import HttpRequest, LoopbackServer
from shared.cli.routes import HttpRoute, Router
from shared.service.http.answers import Answer, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import azure.functions as func

    from shared.settings import Settings

HOST_JSON = Path(__file__).parents[2] / "host.json"

_POISON = "-poison"
_MESSAGE_DAYS = 7  #: a queue message's life, as in Azure
_MOMENT_SECONDS = 2.0  #: how long a host that closes waits for the functions that are under way

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """A message in a queue."""

    queue: str
    body: str
    id: str
    inserted_at: datetime
    dequeue_count: int = 0  #: how often it has been taken out


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as far as the app tells of it."""

    name: str
    call: Callable[..., Any]
    kind: str  #: of trigger: ``httpTrigger``, ``queueTrigger`` or ``timerTrigger``
    argument: str  #: that the trigger's data is given as
    queue: str = ""  #: that it is triggered by
    route: str = ""
    methods: tuple[str, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)  #: argument and queue of each binding


class CallResult(NamedTuple):
    """What came of calling a function."""

    value: Any  #: what it returned
    error: BaseException | None  #: or what it raised


class LocalHost:
    """One app, its queues and its server."""

    def __init__(
        self, app: func.FunctionApp, settings: Settings, host_json: Path = HOST_JSON
    ) -> None:
        options = json.loads(host_json.read_bytes())["extensions"]
        self._prefix = str(options["http"]["routePrefix"])
        self._tries = int(options["queues"]["maxDequeueCount"])
        self.functions = {each.name: each for each in read_functions(app, settings)}
        triggered = [each for each in self.functions.values() if each.kind == "queueTrigger"]
        self._listeners = {each.queue: each for each in triggered}
        self._waiting: deque[Message] = deque()
        self._news = threading.Condition()
        self._under_way: set[Future[Any]] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def waiting(self) -> list[Message]:
        """The messages that nobody has taken yet, those that no function takes included."""
        with self._news:
            return list(self._waiting)

    def fire(self, name: str) -> None:
        """Let a timer go off now; what its function raises is raised here."""
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
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
        self._put(Message(queue, body, str(uuid4()), datetime.now(UTC)))

    def work(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Handle messages until none is left; tells how many are handled, of how many so far."""
        done = 0
        while (message := self._take()) is not None:
            self._handle(message)
            done += 1
            if on_progress:
                on_progress(done, done + len(self.waiting))

    def work_always(self) -> None:
        """Handle messages as they come, in a thread that ends with the host or this process."""

        def forever() -> None:
            while not self._is_closed:
                with self._news:
                    self._news.wait_for(
                        lambda: self._is_closed or any(map(self._is_heard, self._waiting))
                    )
                self.work()

        threading.Thread(target=forever, name="queues", daemon=True).start()

    def serve(self, port: int = 0) -> LoopbackServer:
        """The app's HTTP functions on a loopback port."""
        triggered = [each for each in self.functions.values() if each.kind == "httpTrigger"]
        routes = [
            HttpRoute(each.route, each.methods, partial(self.answer, each)) for each in triggered
        ]
        return LoopbackServer(Router(routes, self._prefix).answer, problem, port=port)

    def answer(self, function: Function, request: HttpRequest, params: dict[str, str]) -> Answer:
        """What one function answers to a request that its route matches."""
        outcome = self._call(function, http_data(request, params), {})
        if outcome.error:
            sentence = "The function failed; the log says why."
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)
        told = _converter("http").encode(outcome.value, expected_type=None).value
        headers = {name: datum.value for name, datum in told["headers"].items()}
        return Answer(int(told["status_code"].value), headers, told["body"].value)

    def close(self) -> None:
        """
        Take no more messages, and give what is under way a moment to end by itself.

        So what it works with can be closed next. What takes longer ends with the process, as when
        that is killed: every step may be.
        """
        with self._news:
            self._is_closed = True
            self._news.notify_all()
        wait(tuple(self._under_way), _MOMENT_SECONDS)

    def _is_heard(self, message: Message) -> bool:
        return message.queue in self._listeners

    def _put(self, message: Message) -> None:
        with self._news:
            self._waiting.append(message)
            self._news.notify_all()

    def _take(self) -> Message | None:
        with self._news:
            message = next(filter(self._is_heard, self._waiting), None)
            if message is None or self._is_closed:
                return None
            self._waiting.remove(message)
            return replace(message, dequeue_count=message.dequeue_count + 1)

    def _handle(self, message: Message) -> None:
        outcome = self._call(self._listeners[message.queue], *queue_data(message))
        if outcome.error is None:
            return
        if message.dequeue_count < self._tries:
            self._put(message)
        else:
            self.enqueue(f"{message.queue}{_POISON}", message.body)

    def _call(self, function: Function, data: Any, metadata: dict[str, Any]) -> CallResult:  # noqa: ANN401
        """Call a function; if it returns, its output bindings are delivered."""
        given = _converter(function.kind).decode(data, trigger_metadata=metadata)
        filled = {argument: _out() for argument in function.outputs}
        future: Future[Any] = Future()
        self._under_way.add(future)  # before it begins: a host that closes meanwhile has to wait
        future.add_done_callback(self._under_way.discard)
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
    A call in a thread of its own, as in the worker; what it raises is a value, and kept as one.

    An executor would not let the process end before all its calls have.
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
    """What the app says of its functions, with the settings in queue names (``%NAME%``) put in."""
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
    """The app's functions; it can be asked for them only once."""
    return app.get_functions()


def _converter(binding: str) -> Any:  # noqa: ANN401 (the SDK's converters share no type)
    """What turns data into a trigger's argument, or a function's value into data."""
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


def queue_data(message: Message) -> tuple[Any, dict[str, Any]]:
    """A message and what the host tells of it besides."""
    expires_at = message.inserted_at + timedelta(days=_MESSAGE_DAYS)
    metadata = {
        "Id": message.id,
        "PopReceipt": uuid4().hex,
        "InsertionTime": message.inserted_at.isoformat(),
        "ExpirationTime": expires_at.isoformat(),
        "NextVisibleTime": datetime.now(UTC).isoformat(),
    }
    texts = {name: _datum(text, "string") for name, text in metadata.items()}
    return _datum(message.body, "string"), {
        **texts,
        "DequeueCount": _datum(message.dequeue_count, "int"),
    }


def _bodies(value: object) -> list[str]:
    """The messages that an output binding was filled with: none, one, or a list."""
    if value is None:
        return []
    datum = _converter("queue").encode(value, expected_type=None)
    return list(json.loads(datum.value)) if datum.type == "json" else [str(datum.value)]


def _out() -> func.Out[Any]:
    """An output binding to be filled."""
    import azure.functions as func

    class Filled(func.Out[Any]):
        _value: Any = None

        def set(self, val: Any) -> None:  # noqa: ANN401 (as the SDK has it)
            self._value = val

        def get(self) -> Any:  # noqa: ANN401
            return self._value

    return Filled()
