"""
The messages in the queues, as JSON text: a slice to collect, a report to publish or to deliver.

Every message names its tenant and its app, so that it can never be taken for another one's: two
apps may share a storage account, by mistake or after a setting was changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TypeAlias, TypeVar

import msgspec

from shared.decoding import decode_json
from shared.errors import BadInputError
from shared.mfa.window import Slice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

AT_ONCE = timedelta()


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all messages have in common."""

    queue: ClassVar[str]  #: the name of the queue that it goes into

    app: str = ""  #: the app that put it there; empty in messages of releases before this field

    def to_json(self) -> str:
        """The text of the message."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Read a message; raises `BadInputError` if the text is not one of this kind."""

        def bad(reason: str) -> BadInputError:
            return BadInputError(f"This message is not a {cls.__name__}: {reason}.")

        return decode_json(text, cls, bad)


class CollectSlice(Message, frozen=True):
    """Collect one slice, for the daily timer or as part of a run that somebody started."""

    queue: ClassVar[str] = "slices"

    slice: Slice
    run_id: str = ""  #: empty for the timer
    planned: tuple[date, ...] = ()  #: every day of its plan; that ends when all of them are entered
    planned_at: str = ""  #: when the plan was made, UTC; empty in messages of earlier releases

    @property
    def tenant_id(self) -> str:
        """Whose sign-ins these are."""
        return self.slice.tenant_id

    @property
    def last_day(self) -> date:
        """The latest day that it is about."""
        return self.slice.day


class PublishReport(Message, frozen=True):
    """Make the report of one tenant that ends on one day."""

    queue: ClassVar[str] = "reports"

    tenant_id: str
    ending: date
    newest: date  #: the newest closed day when this was planned; accounts are read for it alone
    then: tuple[date, ...] = ()  #: the endings to publish afterwards, in this order
    run_id: str = ""  #: the run that is done with the last of them; empty for the timer

    @property
    def last_day(self) -> date:
        """The latest day that it is about."""
        return max(self.ending, self.newest, *self.then)


class DeliverReport(Message, frozen=True, omit_defaults=True):
    """Make one tenant's stored report known."""

    queue: ClassVar[str] = "deliveries"

    tenant_id: str
    ending: date
    channel: str  #: ``mail`` or ``teams``
    request: str = ""  #: the id of what somebody asked for; empty for the day's own

    @property
    def last_day(self) -> date:
        """The latest day that it is about."""
        return self.ending


MessageT = TypeVar("MessageT", bound=Message)
AnyMessage: TypeAlias = CollectSlice | PublishReport | DeliverReport
AnyMessageT = TypeVar("AnyMessageT", CollectSlice, PublishReport, DeliverReport)


class Queues(Protocol):
    """The queues themselves: in a storage account, or in the memory of the local host."""

    def put(
        self,
        queue: str,
        bodies: Sequence[str],
        *,
        delay: timedelta = AT_ONCE,
        lifetime: timedelta | None = None,
    ) -> None:
        """
        Put messages into a queue, visible after `delay`; raises `StoreError` if it cannot.

        After `lifetime` they are removed; `None` is the queue's own default of seven days.
        """


@dataclass(frozen=True, slots=True)
class Sender:
    """Puts this app's messages into the queues, where an output binding would be too late."""

    app: str  #: what its messages say in `Message.app`
    queues: Callable[[], Queues]  #: opened when first needed

    def stamped(self, messages: Iterable[MessageT]) -> list[MessageT]:
        """The messages as this app's."""
        return [msgspec.structs.replace(message, app=self.app) for message in messages]

    def send(self, messages: Iterable[Message], *, delay: timedelta = AT_ONCE) -> None:
        """Put messages into their queues; raises `StoreError` if one could not be put."""
        by_queue: dict[str, list[str]] = {}
        for message in self.stamped(messages):
            by_queue.setdefault(message.queue, []).append(message.to_json())
        for queue, bodies in by_queue.items():
            self.queues().put(queue, bodies, delay=delay)
