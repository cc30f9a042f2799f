"""
Values as different tools write them: JSON, Python's ``repr`` (pandas), Windows PowerShell.

PowerShell 5.1 wraps a list as ``{"value": […], "Count": 2}``, writes a list of one as its only
item, and an object deeper than ``-Depth`` as ``@{name=value; name=value}``.
"""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_T = TypeVar("_T")
#: Appended to the name of a column: by Kusto's ``union`` if the tables give it different types, and
#: by Log Analytics to every column of a custom table.
_TYPE = (
    "dynamic|string|guid|boolean|bool|datetime|date|timespan|int|long|real|double|decimal|[sgdbt]"
)
_SUFFIX = re.compile(rf"_(?:{_TYPE})\Z")
_HASH = re.compile(r"@\{(.*)\}\s*", re.DOTALL)
_ENTRY = re.compile(r"(?:\A|;\s*)(\w+)=(.*?)(?=;\s*\w+=|\Z)", re.DOTALL)
#: An escape that Python does not know makes `ast.literal_eval` print a warning.
_UNKNOWN_ESCAPE = re.compile(r"\\[^\\'\"abfnrtvxuUN0-7\n]")
_LONGEST_REPR = 256 * 1024  #: characters; a list of steps has some thousand
_LONGEST_KEPT = 16 * 1024  #: bytes
_MOST_KEPT = 512
_WRAPPER = {"value", "count"}
#: Cells in which pandas and databases write that there is no value.
_NOTHING = frozenset({"", "nan", "none", "null", "<na>", "nat"})


def loads(data: bytes) -> object:
    """
    JSON as Python values; raises `ValueError` if it is not JSON.

    The standard library accepts some input that msgspec refuses: half a surrogate pair, raw control
    characters, bytes that are not UTF-8.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return json.loads(data.decode(errors="replace"), strict=False)
        except ValueError:
            raise ValueError(str(error)) from None


class Memory(dict[bytes, _T]):
    """What was read in some bytes, as others wrote them: the last few, and none that are long."""

    def __init__(self, read: Callable[[bytes], _T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, data: bytes) -> _T:
        found = self._read(data)
        if len(data) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[data] = found
        return found


def is_empty(value: object) -> bool:
    """Whether a value says nothing: null, blank, or a list or object of nothing but such values."""
    inner = _unwrapped(value)
    if isinstance(inner, dict):
        return all(map(_is_nothing, inner.values()))
    if isinstance(inner, list):
        return all(
            _is_nothing(item) or (isinstance(item, dict) and is_empty(item)) for item in inner
        )
    return _is_nothing(inner)


def _is_nothing(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _NOTHING
    return value in (None, UNSET, [], {}) or value != value  # noqa: PLR0124 (NaN)


def is_fragment(value: object) -> bool:
    """Whether a text begins like a list but is not JSON."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return False
    try:
        loads(value.encode(errors="replace"))
    except (ValueError, RecursionError):
        return True
    return False


def text_of(value: object) -> str:
    """A string, or a whole number as one; anything else is empty."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    if isinstance(value, dict) and isinstance(inner := value.get("value"), str):
        return text_of(inner)  # a date of PowerShell's: value, DisplayHint, DateTime
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def object_of(value: object) -> dict[str, Any] | None:
    """An object or the text of one, by lower-case key; `None` for anything else."""
    plain = _from_text(value)
    return by_name(plain) if isinstance(plain, dict) else None


def items_of(value: object) -> list[Any] | None:
    """
    The items of a list or of the text of one that are not empty; a lone object is a list of one.

    `None` for anything else that is filled.
    """
    plain = _unwrapped(_from_text(value))
    if isinstance(plain, list):
        return [item for item in plain if not is_empty(item)]
    if is_empty(plain):
        return []
    return [plain] if isinstance(plain, dict) else None


def by_name(record: Mapping[str, object], exact: Collection[str] = ()) -> dict[str, Any]:
    """
    Values by key in lower case, without the type that some exports append to it.

    Of several spellings, the first that is filled wins: the `exact` one, then any other case, then
    those with a type.
    """
    values: dict[str, Any] = {}
    for key in sorted(record, key=lambda key: (key not in exact, _typed_name(key)[1])):
        name, value = _typed_name(key)[0], record[key]
        if name not in values or (is_empty(values[name]) and not is_empty(value)):
            values[name] = value
    return values


@lru_cache(maxsize=1024)
def _typed_name(key: str) -> tuple[str, bool]:
    """A key in lower case without its type, and whether it had one."""
    name, count = _SUFFIX.subn("", key.lower())
    return name, bool(count)


def unflattened(record: Mapping[str, object], outer: re.Pattern[str]) -> Mapping[str, object]:
    """
    A record with ``status.errorCode`` (pandas' ``json_normalize``) as an object ``status`` again.

    `outer` matches the keys concerned, with the object's name and the rest of the key as groups.
    """
    nested: dict[str, dict[str, object]] = {}
    for key, value in record.items():
        found = outer.fullmatch(key)
        if found and not _SUFFIX.search(f"_{found[2].lower()}"):
            nested.setdefault(found[1].lower(), {})[found[2]] = value
    return {**nested, **record} if nested else record


def _unwrapped(value: object) -> object:
    """The list that PowerShell wrapped; any other value as it is."""
    if isinstance(value, dict) and 0 < len(value) <= len(_WRAPPER):
        lowered = {str(key).lower(): item for key, item in value.items()}
        if "value" in lowered and lowered.keys() <= _WRAPPER:
            return lowered["value"]
    return value


def _from_text(value: object) -> object:
    """What a text with a list or an object says; any other value, and other text, as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if entries := _HASH.fullmatch(text):
        return dict(_ENTRY.findall(entries[1]))
    if text[:1] not in ("[", "{"):
        return value
    try:
        return loads(text.encode(errors="replace"))
    except (ValueError, RecursionError):
        return _from_repr(text)


def _from_repr(text: str) -> object:
    if len(text) > _LONGEST_REPR or _UNKNOWN_ESCAPE.search(text):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
