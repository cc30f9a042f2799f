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
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from uuid import uuid4

from shared.cli.functions import (
    MESSAGE_LIFETIME,
    Function,
    QueueMessage,
    answer_in,
    bodies_in,
    http_data,
    make_output,
    queue_data,
    read_functions,
    timer_data,
)
from shared.cli.loopback import HttpRequest, LoopbackServer
from shared.cli.routes import HttpRoute, Router
from shared.service.http.answers import Answer, problem
from shared.service.http.people import for_reader
from shared.service.messages import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    import azure.functions as func

    from shared.settings import Settings

_HOST_JSON = Path(__file__).parents[2] / "host.json"

_POISON = "-poison"
_POLLING_SECONDS = 1.0  #: how often `LocalHost.work_always` looks for what has become visible
_CLOSING_SECONDS = 2.0  #: how long `LocalHost.close` waits for running functions

_log = logging.getLogger(__name__)


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
        outcome = self._call(self.functions[name], timer_data(self._now()), {})
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
        inserted_at = now if lifetime is None else now + lifetime - MESSAGE_LIFETIME
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
        return answer_in(outcome.value)

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
        given = function.trigger(data, metadata)
        filled = {argument: make_output() for argument in function.outputs}
        future = future or self._begun()
        _start(partial(function.call, **{function.argument: given}, **filled), future)
        error = future.exception()
        if error:
            _log.error("Function %s failed", function.name, exc_info=error)
            return CallResult(None, error)
        for argument, queue in function.outputs.items():
            for body in bodies_in(filled[argument].get()):
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
