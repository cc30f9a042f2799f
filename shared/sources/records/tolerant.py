"""
The slow way to read a record: any spelling of its keys, any type of its values.

The results are those of typed decoding (`shapes`), so that no other code sees a difference; the
parts that speak of MFA stay as they are, for `nested`. A value that cannot be understood counts as
missing; it never makes the record unreadable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shared.sources.records.nested import number_or_text
from shared.sources.records.plain import (
    by_name,
    is_empty,
    items_of,
    object_of,
    text_of,
    unflattened,
)
from shared.sources.records.shapes import COLUMNS, Envelope, Fields, Row, names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_FIELDS, _ENVELOPE, _ROW = names_of(Fields), names_of(Envelope), names_of(Row)
#: Lower-case keys of each attribute in a record without ``properties``, the preferred one first.
FLAT_KEYS = {
    attribute: (column.lower(), *([_FIELDS[attribute].lower()] if attribute in _FIELDS else []))
    for attribute, column in _ROW.items()
}
_FLATTENED = re.compile(r"(properties|status)[._](.+)", re.IGNORECASE)


def read_tolerantly(record: Mapping[str, object]) -> tuple[Fields, Envelope]:
    """A record as typed decoding would return it if its names and types were regular."""
    whole = unflattened(record, _FLATTENED)
    lowered = by_name(whole, _ENVELOPE.values())
    inner = lowered.get("properties")
    if (properties := object_of(inner)) is not None:
        exact = inner if isinstance(inner, dict) else properties
        properties = by_name(unflattened(exact, _FLATTENED), _FIELDS.values())
        fields = _fields(_filled(properties, {name: (key,) for name, key in _FIELDS.items()}))
        envelope = _envelope(_filled(lowered, {name: (key,) for name, key in _ENVELOPE.items()}))
        fields.correlation_id = fields.correlation_id or envelope.correlation
        return fields, envelope
    flat = by_name(whole, (*_FIELDS.values(), *COLUMNS.values()))
    values = _filled(flat, FLAT_KEYS)
    if _is_path(values.get("resource_id")):
        del values["resource_id"]
        if COLUMNS["resource_id"].lower() in flat:  # a row's own column, which is empty
            values["resource_id"] = None
    return _fields(values), _envelope(values)


def _filled(lowered: Mapping[str, object], keys: Mapping[str, Iterable[str]]) -> dict[str, object]:
    """For each attribute, the first value that is not empty; else `None` for null, or ""."""
    first_filled = {}
    for attribute, names in keys.items():
        values = [lowered[name.lower()] for name in names if name.lower() in lowered]
        if values:
            filled = (value for value in values if not is_empty(value))
            nothing = None if all(value is None for value in values) else ""
            first_filled[attribute] = next(filled, nothing)
    return first_filled


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/")


def _fields(values: Mapping[str, object]) -> Fields:
    return Fields(**_read(values, _FIELDS.keys()))


def _envelope(values: Mapping[str, object]) -> Envelope:
    return Envelope(**_read(values, _ENVELOPE.keys() - {"properties"}))


def _read(values: Mapping[str, object], attributes: Iterable[str]) -> dict[str, Any]:
    return {
        name: None if values[name] is None else _READERS.get(name, text_of)(values[name])
        for name in attributes
        if name in values
    }


def _flag_of(value: object) -> bool | None:
    words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    return value if isinstance(value, bool) else words.get(text_of(value).strip().lower())


def _types_of(value: object) -> list[str]:
    items = items_of(value)
    return [text_of(value)] if items is None else [text_of(item) for item in items]


#: Read by `nested`.
_FOR_NESTED = (
    "status",
    "authentication_details",
    "applied_conditional_access_policies",
    "further_policies",
    "agent",
)
_READERS: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(_FOR_NESTED, lambda value: value),
    "is_interactive": _flag_of,
    "sign_in_event_types": _types_of,
    "result_type": number_or_text,
}
