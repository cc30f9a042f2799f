"""What every value that mirrors Microsoft Graph has in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec


class OpenWord(StrEnum):
    """A word of an enumeration that Graph may extend; upper and lower case count as equal."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        folded = str(value).casefold()
        known = (word for word in cls if word.value.casefold() == folded)
        return next(known, cls("unknownFutureValue"))


class GraphObject(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What Graph returns: camelCase names, unknown keys ignored."""
