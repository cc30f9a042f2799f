"""
The app's functions as it describes them, and their data as production's worker has it.

Arguments and results go through the public SDK's own converters, which that worker uses too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from shared.service.http.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import azure.functions as func

    from shared.cli.loopback import HttpRequest
    from shared.settings import Settings

MESSAGE_LIFETIME = timedelta(days=7)  #: of a queue message, as in Azure


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

    def trigger(self, data: Any, metadata: dict[str, Any]) -> Any:  # noqa: ANN401
        """The trigger's argument, from data as the worker gets it."""
        return _converter(self.kind).decode(data, trigger_metadata=metadata)


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


def timer_data(now: datetime) -> Any:  # noqa: ANN401
    """A timer that fires now, as the worker gets it."""
    moment = f"{now:%Y-%m-%dT%H:%M:%S.%f}Z"
    timer = {
        "IsPastDue": False,
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {"Last": moment, "LastUpdated": moment},
    }
    return _datum(json.dumps(timer), "json")


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
    expires_at = message.inserted_at + MESSAGE_LIFETIME
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


def answer_in(value: object) -> Answer:
    """The answer that an HTTP function returned."""
    response = _converter("http").encode(value, expected_type=None).value
    headers = {name: datum.value for name, datum in response["headers"].items()}
    return Answer(int(response["status_code"].value), headers, response["body"].value)


def bodies_in(value: object) -> list[str]:
    """The messages in an output binding: none, one, or a list."""
    if value is None:
        return []
    datum = _converter("queue").encode(value, expected_type=None)
    return list(json.loads(datum.value)) if datum.type == "json" else [str(datum.value)]


def make_output() -> func.Out[Any]:
    """An output binding that a function can set."""
    import azure.functions as func

    class Output(func.Out[Any]):
        _value: Any = None

        def set(self, val: Any) -> None:  # noqa: ANN401 (as the SDK has it)
            self._value = val

        def get(self) -> Any:  # noqa: ANN401
            return self._value

    return Output()
