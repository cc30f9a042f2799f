"""
One record's bytes to the fields that are used, typed.

Regular records are decoded straight into `shapes`, in the shape that their keys point to. Irregular
ones (keys in the wrong case, values of another type, broken characters) are read slowly by
`tolerant`, with the same meaning.
"""

from __future__ import annotations

from itertools import compress, repeat
from operator import is_
from typing import TYPE_CHECKING, NoReturn, cast

import msgspec
import stringzilla
from msgspec.structs import astuple

from shared.errors import MfaStatusError
from shared.sources.records.shapes import Envelope, Fields, Row, names_of
from shared.sources.records.tolerant import FLAT_KEYS, loads, read_tolerantly

if TYPE_CHECKING:
    from collections.abc import Collection

_fields_decoder = msgspec.json.Decoder(Fields)
_envelope_decoder = msgspec.json.Decoder(Envelope)
_row_decoder = msgspec.json.Decoder(Row)
_find = stringzilla.find
_NO_ENVELOPE = Envelope()
_LOWER = bytes(range(256)).lower()


class UnreadableError(MfaStatusError):
    """No sign-in record, or one that cannot be placed in time; the message says why."""


def decode_record(record: bytes) -> tuple[Fields, Envelope]:
    """The fields of a JSON object, whatever its shape; `UnreadableError` if it is none."""
    try:
        typed = _decode_typed(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        typed = None
    return typed or read_tolerantly(object_of(record))


def object_of(record: bytes) -> dict[str, object]:
    """A JSON object whole, as Python values; `UnreadableError` if it is none."""
    try:
        values = loads(record)
    except RecursionError:
        refuse("it is nested too deep")
    except ValueError as error:
        refuse(f"it is no JSON: {error}")
    if not isinstance(values, dict):
        refuse(f"it is no JSON object but {_kind(values)}")
    return values


def refuse(reason: str) -> NoReturn:
    """Raise `UnreadableError`, which says all there is to say."""
    raise UnreadableError(reason) from None


def _kind(values: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(values), "a number")


def _decode_typed(record: bytes) -> tuple[Fields, Envelope] | None:
    """The record in the shape that its keys point to; `None` if it is irregular."""
    if _find(record, b'"properties"') >= 0:
        envelope = _envelope_decoder.decode(record)
        fields = envelope.properties
        if not isinstance(fields, Fields) or _misspells(record, fields, envelope):
            return None
        fields.correlation_id = fields.correlation_id or envelope.correlation
        return fields, envelope
    if _find(record, b'"CreatedDateTime"') >= 0 or _find(record, b'"TimeGenerated"') >= 0:
        row = _row_decoder.decode(record)
        return None if _misspells(record, row) else (cast("Fields", row), cast("Envelope", row))
    fields = _fields_decoder.decode(record)
    is_row = isinstance(fields.resource_id, str) and fields.resource_id.startswith("/")
    return None if is_row or _misspells(record, fields) else (fields, _NO_ENVELOPE)


def _misspells(record: bytes, *parts: msgspec.Struct) -> bool:
    """Whether a key that is not there may be there after all, in another spelling."""
    absent = [
        keys
        for part in parts
        for keys in compress(_KEYS[type(part)], map(is_, astuple(part), repeat(msgspec.UNSET)))
    ]
    if not absent:
        return False
    lowered = stringzilla.translate(record, _LOWER)  # eight times as fast as `bytes.lower`
    return any(_find(lowered, key) >= 0 for keys in absent for key in keys)


def _keys(shape: type[msgspec.Struct], *, but: Collection[str] = ()) -> list[tuple[bytes, ...]]:
    """For each attribute of a shape the keys, quoted and in lower case, that would fill it too."""
    return [
        ()
        if attribute in but
        else tuple(f'"{key}"'.encode() for key in {name.lower(), *FLAT_KEYS.get(attribute, ())})
        for attribute, name in names_of(shape).items()
    ]


#: An envelope has none of the attributes that only a row fills, and its ``properties`` are there.
_KEYS = {
    Fields: _keys(Fields),
    Envelope: _keys(Envelope, but=("received", "table", "further_policies", "properties")),
    Row: _keys(Row),
}
