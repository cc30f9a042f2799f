"""
The slow way to read a record: any spelling of its keys, any type of its values.

The results are those of typed decoding (`shapes`), so that no other code sees a difference. A value
that cannot be understood counts as missing; it never makes the record unreadable.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from shared.mfa.sign_in import Evidence
from shared.sources.records.evidence import text_evidence
from shared.sources.records.shapes import (
    COLUMNS,
    AppliedPolicy,
    AppliedStrength,
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
#: Lower-case keys of each attribute in a record without ``properties``, the preferred one first.
FLAT_KEYS = {
    attribute: (column.lower(), *([_FIELDS[attribute].lower()] if attribute in _FIELDS else []))
    for attribute, column in _ROW.items()
}

_T = TypeVar("_T")

_steps_decoder = msgspec.json.Decoder(list[AuthenticationStep])
_policies_decoder = msgspec.json.Decoder(list[AppliedPolicy])
_status_decoder = msgspec.json.Decoder(Status)


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


def read_tolerantly(record: Mapping[str, object]) -> tuple[Fields, Envelope]:
    """A record as typed decoding would return it if its names and types were regular."""
    lowered = _lowered(record, _ENVELOPE.values())
    inner = _object(lowered.get("properties"))
    if inner is not None:
        properties = _lowered(inner, _FIELDS.values())
        fields = _fields(_filled(properties, {name: (key,) for name, key in _FIELDS.items()}))
        envelope = _envelope(_filled(lowered, {name: (key,) for name, key in _ENVELOPE.items()}))
        fields.correlation_id = fields.correlation_id or envelope.correlation
        return fields, envelope
    flat = _lowered(record, (*_FIELDS.values(), *COLUMNS.values()))
    values = _filled(flat, FLAT_KEYS)
    if _is_path(values.get("resource_id")):
        del values["resource_id"]
    return _fields(values), _envelope(values)


def _lowered(record: Mapping[str, object], exact: Iterable[str]) -> dict[str, object]:
    """Values by lower-case key; of several spellings of a key, the exact one wins."""
    lowered = {str(key).lower(): value for key, value in record.items()}
    lowered.update((key.lower(), record[key]) for key in exact if key in record)
    return lowered


def _filled(lowered: Mapping[str, object], keys: Mapping[str, Iterable[str]]) -> dict[str, object]:
    """For each attribute, the first value that is not empty; `None` if all are."""
    first_filled = {}
    for attribute, names in keys.items():
        values = [lowered[name.lower()] for name in names if name.lower() in lowered]
        if values:
            filled = (value for value in values if value not in (None, "", []))
            first_filled[attribute] = next(filled, None)
    return first_filled


def _is_path(value: object) -> bool:
    return isinstance(value, str) and value.startswith("/")


def _fields(values: Mapping[str, object]) -> Fields:
    return Fields(**_read(values, _FIELDS.keys()))


def _envelope(values: Mapping[str, object]) -> Envelope:
    return Envelope(**_read(values, _ENVELOPE.keys() - {"properties"}))


def _read(values: Mapping[str, object], attributes: Iterable[str]) -> dict[str, Any]:
    return {
        name: _READERS.get(name, text_of)(values[name]) for name in attributes if name in values
    }


def text_of(value: object) -> str:
    """A string, or a whole number as one; anything else is empty."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode(errors="replace").decode()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def status_of(value: object) -> Status:
    """``status``, an object or the text of one."""
    if (status := _decoded(_status_decoder, value)) is not None:
        return status
    values = {key.lower(): item for key, item in (_object(value) or {}).items()}
    details = text_of(values.get("additionaldetails"))
    return Status(_number_or_text(values.get("errorcode")), details)


def steps_of(value: object) -> list[AuthenticationStep]:
    """
    ``authenticationDetails``, a list or the text of one.

    Text that is not valid JSON (truncated when it was copied) counts as a step only if it contains
    evidence: a fragment must not prove that there were steps without MFA.
    """
    if (steps := _decoded(_steps_decoder, value)) is not None:
        return steps
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
    if (policies := _decoded(_policies_decoder, value)) is not None:
        return policies
    return [
        AppliedPolicy(
            text_of(_get(item, "result")),
            [text_of(control) for control in _list(_get(item, "enforcedgrantcontrols")) or []],
            _strength_of(_get(item, "authenticationstrength")),
        )
        for item in _list(value) or []
    ]


def _strength_of(value: object) -> AppliedStrength:
    return AppliedStrength(
        text_of(_get(value, "authenticationstrengthid")),
        text_of(_get(value, "authenticationstrengthresult")),
    )


def _decoded(decoder: msgspec.json.Decoder[_T], value: object) -> _T | None:
    if not isinstance(value, str):
        return None
    try:
        return decoder.decode(value)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None


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
    """The items of a list that are not null; an object counts as a list of one."""
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
    values = {name.lower(): value for name, value in (_object(item) or {}).items()}
    return values.get(key)


_READERS: dict[str, Callable[[object], Any]] = {
    "status": status_of,
    "authentication_details": steps_of,
    "applied_conditional_access_policies": policies_of,
    "further_policies": policies_of,
    "is_interactive": _flag_of,
    "sign_in_event_types": _types_of,
    "result_type": _number_or_text,
}
