"""The messages in the queues: one slice to collect, one report to publish. JSON text."""

from __future__ import annotations

from datetime import date
from typing import Self

import msgspec

from shared.errors import BadInputError
from shared.mfa.window import Slice


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    def to_json(self) -> str:
        """The text of the message."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """The errand of a message; `BadInputError` if the text is none, as it will ever be."""
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise BadInputError(f"This message is no {cls.__name__}: {error}.") from error


class CollectSlice(_Message, frozen=True):
    """Collect one slice, for the timer's sake or as part of a run that somebody started."""

    slice: Slice
    run_id: str = ""  #: empty: the timer's
    planned: tuple[date, ...] = ()  #: every day of that run; the run is over when all are entered


class PublishReport(_Message, frozen=True):
    """Make the report that ends on a day."""

    ending: date
    newest: date  #: the newest closed day when this was planned; only its accounts are read
