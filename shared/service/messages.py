"""
The messages in the queues, as JSON text: one slice to collect, one report to publish.

Every message names its tenant, so that it can never be taken for another one's.
"""

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
        """Read a message; raises `BadInputError` if the text is not one of this kind."""
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise BadInputError(f"This message is not a {cls.__name__}: {error}.") from error


class CollectSlice(_Message, frozen=True):
    """Collect one slice, for the daily timer or as part of a run that somebody started."""

    slice: Slice
    run_id: str = ""  #: empty for the timer
    planned: tuple[date, ...] = ()  #: every day of that run; it ends when all of them are entered

    @property
    def tenant_id(self) -> str:
        """Whose sign-ins these are."""
        return self.slice.tenant_id


class PublishReport(_Message, frozen=True):
    """Make the report of one tenant that ends on one day."""

    tenant_id: str
    ending: date
    newest: date  #: the newest closed day when this was planned; accounts are read for it alone
