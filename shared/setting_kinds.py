"""What a setting's text may be: each kind says so in words, and knows which texts are of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.mfa.guid import is_guid

if TYPE_CHECKING:
    from collections.abc import Callable

_DIGITS = re.compile(r"[0-9]{1,9}")
_ACCOUNT_NAME = re.compile(r"[a-z0-9]{3,24}")
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
#: The fields of an NCRONTAB expression: least, most, and names that may stand for the numbers.
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    *((0, 59, ()), (0, 59, ()), (0, 23, ())),  # seconds, minutes, hours
    *((1, 31, ()), (1, 12, _MONTHS), (0, 6, _WEEKDAYS)),
)
_FIELDS_WITHOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """Which texts a setting takes."""

    words: str  #: as a sentence and the settings page say it; empty where the help says it all
    takes: Callable[[str], bool]  #: whether it takes a trimmed text that is not empty


def choice(*words: str) -> Kind:
    """One of a few words, in any case."""
    quoted = [f"`{word}`" for word in words]
    listed = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return Kind(listed, lambda text: text.lower() in words)


def number(least: int, most: int) -> Kind:
    """A whole number within bounds, both included."""
    return Kind(
        f"a whole number from {least} to {most}",
        lambda text: _DIGITS.fullmatch(text) is not None and least <= int(text) <= most,
    )


def split_list(text: str) -> list[str]:
    """A list separated by ``;``; blanks are dropped."""
    return [word.strip() for word in text.split(";") if word.strip()]


def _are_guids(text: str) -> bool:
    words = split_list(text)
    return bool(words) and all(map(is_guid, words))


def _is_schedule(text: str) -> bool:
    """
    Whether the Functions host takes it for an NCRONTAB expression.

    Source: NCrontab's ``CrontabFieldImpl``, which lets names be cut short; with five fields the
    host leaves the seconds out (``CronSchedule`` of azure-webjobs-sdk-extensions).
    """
    given = text.split()
    fields = _FIELDS[1:] if len(given) == _FIELDS_WITHOUT_SECONDS else _FIELDS
    return len(given) == len(fields) and all(
        _is_item(item, *field)
        for whole, field in zip(given, fields, strict=True)
        for item in whole.split(",")
    )


def _is_item(item: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """``*``, a value or a range of two, each with a step or without."""
    stretch, slash, step = item.partition("/")
    if slash and not (_DIGITS.fullmatch(step) and int(step) > 0):
        return False
    ends = stretch.split("-")
    return stretch == "*" or (
        len(ends) in (1, 2) and all(_is_value(end, least, most, names) for end in ends)
    )


def _is_value(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    if _DIGITS.fullmatch(text):
        return least <= int(text) <= most
    return bool(text) and any(name.startswith(text.lower()) for name in names)


TEXT = Kind("", lambda _: True)
FLAG = choice("true", "false")
GUID = Kind("a GUID", is_guid)
GUIDS = Kind("GUIDs separated by `;`", _are_guids)
SCHEDULE = Kind("NCRONTAB in UTC (second, minute, hour, day, month, weekday)", _is_schedule)
ACCOUNT_NAME = Kind(
    "3 to 24 small letters and digits", lambda text: _ACCOUNT_NAME.fullmatch(text) is not None
)
HOST = Kind("a host's name or address", lambda text: _HOST_NAME.fullmatch(text) is not None)
