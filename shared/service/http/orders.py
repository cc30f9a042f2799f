"""What people order by POST: the body that says what, and the refusals."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec

from shared.decoding import decode_json
from shared.errors import ConflictError, NewerError, StoreError, TooOftenError
from shared.service.addresses import run_address
from shared.service.http.answers import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.stores.models import Run

_NOT_STARTED = (
    "{what} was not started, because the storage with its queue does not answer. Try again in a "
    "minute."
)

OrderT = TypeVar("OrderT", bound=msgspec.Struct)

_log = logging.getLogger(__name__)


class RunOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST runs``."""

    day: date | None = None  #: the day to pull again; without one, whatever is owed


class MailOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST mails``."""

    id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")] = ""  #: to ask for one mail twice


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
