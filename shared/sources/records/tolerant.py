"""
The slow way to read a record: any spelling of its keys, any type of its values.

Its results are those of typed decoding (`shapes`), so that nothing after it knows the difference.
A value that cannot be made sense of counts as not told; it never stops the record.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from shared.mfa.sign_in import Evidence
from shared.sources.records.evidence import text_evidence
from shared.sources.records.shapes import (
    COLUMNS,
    AppliedPolicy,
    AuthenticationStep,
    Envelope,
    Fields,
    Row,
    Status,
    names_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_FIELDS, _ENVELOPE, _ROW = names_of(Fields), names_of(Envelope), names_of(Row)
#: Lower-case keys that a record without ``properties`` may have a value under, the better first.
FLAT_KEYS = {
    attribute: (column.lower(), *([_FIELDS[attribute].lower()] if attribute in _FIELDS else []))
    for attribute, column in _ROW.items()
}

_steps_decoder = msgspec.json.Decoder(list[AuthenticationStep])
_policies_decoder = msgspec.json.Decoder(list[AppliedPolicy])
_status_decoder = msgspec.json.Decoder(Status)


def loads(data: bytes) -> object:
    """
    JSON as Python values; `ValueError` if it is none.

    What msgspec refuses the standard library may still take: half a surrogate pair, raw control
    characters, bytes that are not UTF-8.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return json.loads(data.decode(errors="replace"), strict=False)
        except ValueError:
            raise ValueError(str(error)) from None


def read_tolerantly(record: Mapping[str, object]) -> tuple[Fields, Envelope]:
    """A record as typed decoding would give it, had its writer kept to names and types."""
    lowered = _lowered(record, _ENVELOPE.values())
    inner = _object(lowered.get("properties"))
    if inner is not None:
        properties = _lowered(inner, _FIELDS.values())
        fields = _fields(_told(properties, {name: (key,) for name, key in _FIELDS.items()}))
        envelope = _envelope(_told(lowered, {name: (key,) for name, key in _ENVELOPE.items()}))
        fields.correlation_id = fields.correlation_id or envelope.correlation
        return fields, envelope
    flat = _lowered(record, (*_FIELDS.values(), *COLUMNS.values()))
    told = _told(flat, FLAT_KEYS)
    if _is_path(told.get("resource_id")):
        del told["resource_id"]
    return _fields(told), _envelope(told)


def _lowered(record: Mapping[str, object], exact: Iterable[str]) -> dict[str, object]:
    """Values by key in lower case; of several spellings of a key, the exact one wins."""
    lowered = {str(key).lower(): value for key, value in record.items()}
    lowered.update((key.lower(), record[key]) for key in exact if key in record)
    return lowered


def _told(lowered: Mapping[str, object], keys: Mapping[str, Iterable[str]]) -> dict[str, object]:
    """Of the values that are there for each attribute the first that is not empty."""
    told = {}
    for attribute, names in keys.items():
        values = [lowered[name.lower()] for name in names if name.lower() in lowered]
        if values:
            filled = (value for value in values if value not in (None, "", []))
            told[attribute] = next(filled, None)
    return told


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/")


def _fields(told: Mapping[str, object]) -> Fields:
    return Fields(**_read(told, _FIELDS.keys()))


def _envelope(told: Mapping[str, object]) -> Envelope:
    return Envelope(**_read(told, _ENVELOPE.keys() - {"properties"}))


def _read(told: Mapping[str, object], attributes: Iterable[str]) -> dict[str, Any]:
    return {name: _READERS.get(name, text_of)(told[name]) for name in attributes if name in told}


def text_of(value: object) -> str:
    """A text, or a whole number as one."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def status_of(value: object) -> Status:
    """``status``, an object or the text of one."""
    if isinstance(value, str):
        try:
            return _status_decoder.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            pass
    told = {key.lower(): item for key, item in (_object(value) or {}).items()}
    details = text_of(told.get("additionaldetails"))
    return Status(_number_or_text(told.get("errorcode")), details)


def steps_of(value: object) -> list[AuthenticationStep]:
    """
    ``authenticationDetails``, a list or the text of one.

    A text that is no JSON (cut off by whoever copied it) tells of a step only if it holds evidence:
    that there were steps without MFA must not be read out of rubble.
    """
    if isinstance(value, str):
        try:
            return _steps_decoder.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            pass
    items = _list(value)
    if items is not None:
        return [
            AuthenticationStep(text_of(_get(item, "authenticationstepresultdetail")))
            for item in items
        ]
    text = text_of(value)
    proves = text_evidence(text) in (Evidence.SATISFIED, Evidence.SKIPPED)
    return [AuthenticationStep(text)] if proves else []


def policies_of(value: object) -> list[AppliedPolicy]:
    """``appliedConditionalAccessPolicies``, a list or the text of one."""
    if isinstance(value, str):
        try:
            return _policies_decoder.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            pass
    return [
        AppliedPolicy(
            text_of(_get(item, "result")),
            [text_of(control) for control in _list(_get(item, "enforcedgrantcontrols")) or []],
        )
        for item in _list(value) or []
    ]


def _flag_of(value: object) -> bool | None:
    words = {"true": True, "1": True, "false": False, "0": False}
    return value if isinstance(value, bool) else words.get(text_of(value).strip().lower())


def _types_of(value: object) -> list[str]:
    items = _list(value)
    return [text_of(value)] if items is None else [text_of(item) for item in items]


def _number_or_text(value: object) -> int | str | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else text_of(value)


def _object(value: object) -> dict[str, Any] | None:
    plain = _from_text(value, "{")
    return plain if isinstance(plain, dict) else None


def _list(value: object) -> list[Any] | None:
    """A list of what is not null; a lone object is a list of one."""
    plain = _from_text(value, "[{")
    if isinstance(plain, dict):
        return [plain]
    return [item for item in plain if item is not None] if isinstance(plain, list) else None


def _from_text(value: object, openings: str) -> object:
    if not isinstance(value, str) or not value.lstrip().startswith(tuple(openings)):
        return value
    try:
        return loads(value.encode(errors="replace"))
    except (ValueError, RecursionError):
        return value


def _get(item: object, key: str) -> object:
    told = {name.lower(): value for name, value in (_object(item) or {}).items()}
    return told.get(key)


_READERS: dict[str, Callable[[object], Any]] = {
    "status": status_of,
    "authentication_details": steps_of,
    "applied_conditional_access_policies": policies_of,
    "further_policies": policies_of,
    "is_interactive": _flag_of,
    "sign_in_event_types": _types_of,
    "result_type": _number_or_text,
}
