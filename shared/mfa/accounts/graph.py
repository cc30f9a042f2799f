"""What all values that mirror Microsoft Graph share."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

import msgspec

_OF_WINDOWS_POWERSHELL = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")  # milliseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OpenWord(StrEnum):
    """A word of an enumeration that Graph may extend; case is ignored."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        folded = str(value).casefold()
        known = (word for word in cls if word.value.casefold() == folded)
        return next(known, cls("unknownFutureValue"))


class GraphObject(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An object that Graph returns: camelCase names, unknown keys ignored."""


def flag_words(value: str | tuple[str, ...] | None) -> frozenset[str]:
    """The lower-case words of a Graph flags enumeration: comma-separated text, or a list."""
    parts = value.split(",") if isinstance(value, str) else value or ()
    return frozenset(part.strip().lower() for part in parts if part.strip())


def id_key(graph_id: str) -> str:
    """The form in which ids are compared: exports differ in the case of GUIDs."""
    return graph_id.lower()


def instant_of(value: object) -> str:
    """
    A moment as Graph or PowerShell writes it, in the format of `SignIn.created_at`.

    Empty if it is none, or not understood. Without an offset it is UTC.
    """
    found = _OF_WINDOWS_POWERSHELL.fullmatch(value) if isinstance(value, str) else None
    try:
        if found:
            moment = _EPOCH + timedelta(milliseconds=int(found[1]))
        else:
            moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}0Z"
