"""What all values that mirror Microsoft Graph share."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec


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
