"""What people order by POST: the body that says what, the answers, and the refusals."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from shared.decoding import decode_json
from shared.errors import ConflictError, NewerError, StoreError, TooOftenError
from shared.service.addresses import run_address
from shared.service.http.answers import RefusedError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.service.http.answers import Answer
    from shared.service.mail_requests import MailRequests
    from shared.service.runs import Runs
    from shared.stores.models import Run
    from shared.stores.store import Store

_NOT_STARTED = (
    "{what} was not started, because the storage with its queue does not answer. Try again in a "
    "minute."
)

_RUN_ID = re.compile(r"[0-9a-f]{32}")

OrderT = TypeVar("OrderT", bound=msgspec.Struct)

_log = logging.getLogger(__name__)


class RunOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST runs``."""

    day: date | None = None  #: the day to pull again; without one, whatever is owed


class MailOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST mails``."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")] = ""  #: to ask for one mail twice


def start_run(body: bytes, runs: Callable[[], Runs]) -> Answer:
    """Start the run that a body orders; raises `RefusedError`."""
    order, opened = read_run_order(body), runs()
    with refusing("The run", opened.newest):
        return _accepted(opened.start(order.day))


def start_mail(
    body: bytes, mails: Callable[[], MailRequests], newest: Callable[[], date]
) -> Answer:
    """Queue the mail that a body orders, of the newest report; raises `RefusedError`."""
    order, opened, ending = read_mail_order(body), mails(), newest()
    with refusing("The mail", opened.log.newest):
        return _accepted(opened.start(ending, order.id))


def _accepted(run: Run) -> Answer:
    headers = {"Location": run_address(run.id)}
    return json_answer(HTTPStatus.ACCEPTED, {"id": run.id}, headers=headers)


def run_state(run_id: str, store: Store, tenant_id: str) -> Answer:
    """The state of a tenant's run; raises `RefusedError` for an id that is not one of them."""
    if not _RUN_ID.fullmatch(run_id):
        sentence = "Invalid run id; expected 32 hexadecimal digits."
        raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
    run = store.run(run_id)
    if run is None or run.tenant_id != tenant_id:
        raise RefusedError(HTTPStatus.NOT_FOUND, "This run does not exist.")
    return json_answer(
        HTTPStatus.OK,
        {
            "id": run.id,
            "state": run.state,
            "asked_at": run.asked_at,
            "finished_at": run.finished_at or None,
            "reason": run.reason or None,
        },
    )


def read_mail_order(body: bytes) -> MailOrder:
    """Read the body of ``POST mails``, which may be empty; raises `RefusedError` (400)."""
    return _read(body, MailOrder, f'{{"id":"{"0" * 32}"}}')


def read_run_order(body: bytes) -> RunOrder:
    """Read the body of ``POST runs``, which may be empty; raises `RefusedError` (400)."""
    return _read(body, RunOrder, '{"day":"2026-11-23"}')


def _read(body: bytes, kind: type[OrderT], example: str) -> OrderT:
    def refuse(reason: str) -> RefusedError:
        sentence = f"Invalid body ({reason}); expected none, or JSON such as {example}."
        return RefusedError(HTTPStatus.BAD_REQUEST, sentence)

    return decode_json(body, kind, refuse) if body.strip() else kind()


@contextmanager
def refusing(what: str, newest: Callable[[], Run | None]) -> Iterator[None]:
    """
    Turn why something cannot be started now into a `RefusedError`.

    409 with the address of the one that is under way, 429 with when to come again, 503 if its
    messages did not get into the queue: then nothing was started.
    """
    try:
        yield
    except ConflictError as error:
        active = None if isinstance(error, NewerError) else newest()
        headers = {"Location": run_address(active.id)} if active else {}
        raise RefusedError(HTTPStatus.CONFLICT, str(error), headers) from error
    except TooOftenError as error:
        headers = {"Retry-After": str(error.retry_after_seconds)}
        raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, str(error), headers) from error
    except StoreError as error:
        _log.exception("%s was not started", what)
        sentence, headers = _NOT_STARTED.format(what=what), {"Retry-After": "60"}
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers) from error
