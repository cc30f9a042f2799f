"""
From one record's bytes to the fields that are used, typed.

Regular records are decoded directly into `shapes`, into the shape that their keys indicate.
Irregular ones (keys in another case, values of another type, broken characters) are read slowly by
`tolerant`, with the same result.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain, compress, repeat
from operator import is_
from typing import TYPE_CHECKING, NoReturn, cast

import msgspec
import stringzilla
from msgspec.structs import astuple

from shared.decoding import UNREADABLE
from shared.errors import MfaStatusError
from shared.sources.records.plain import loads
from shared.sources.records.shapes import Envelope, Fields, Row, Status, names_of
from shared.sources.records.tolerant import FLAT_KEYS, read_tolerantly

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from shared.mfa.sign_in import SignIn


_fields_decoder = msgspec.json.Decoder(Fields)
_envelope_decoder = msgspec.json.Decoder(Envelope)
_row_decoder = msgspec.json.Decoder(Row)
_find = stringzilla.find
NO_ENVELOPE = Envelope()
_ROW_KEYS = (b'"CreatedDateTime"', b'"TimeGenerated"')
_Keys = dict[str, tuple[bytes, ...]]
_AFTER_KEY = (b'"', b"_", b".")
_LOWER = bytes(range(256)).lower()


class UnreadableError(MfaStatusError):
    """Not a sign-in record, or one without a valid time; the message says why."""


class OtherLogError(UnreadableError):
    """A record of a log that does not hold sign-ins."""

    def __init__(self, log: str) -> None:
        super().__init__(f"it is a record of {log}, not a sign-in")
        self.log = log


class UnplacedError(UnreadableError):
    """A user's sign-in that does not say which application asked, or for what."""

    def __init__(self, lacks: str, sign_in: SignIn) -> None:
        super().__init__(f"it does not say {lacks}, so it may concern Partner Center")
        self.sign_in = sign_in


def decode_record(record: bytes) -> tuple[Fields, Envelope]:
    """The fields of a JSON object of any shape; raises `UnreadableError` if it is not an object."""
    try:
        typed = _decode_typed(record)
    except UNREADABLE:
        typed = None
    return typed or read_tolerantly(object_of(record))


def object_of(record: bytes) -> dict[str, object]:
    """A JSON object as Python values; raises `UnreadableError` if it is not an object."""
    try:
        values = loads(record)
    except RecursionError:
        refuse("it is nested too deeply")
    except ValueError as error:
        refuse(f"it is not valid JSON: {error}")
    if not isinstance(values, dict):
        refuse(f"it is not a JSON object but {_kind(values)}")
    return values


def refuse(reason: str) -> NoReturn:
    """Raise `UnreadableError`, without the error that led to it."""
    raise UnreadableError(reason) from None


def _kind(values: object) -> str:
    kinds = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(values), "a number")


def _decode_typed(record: bytes) -> tuple[Fields, Envelope] | None:
    """The record in the shape that its keys indicate; `None` if it is irregular."""
    if _find(record, b'"properties"') >= 0:
        envelope = _envelope_decoder.decode(record)
        fields = envelope.properties
        if not isinstance(fields, Fields) or _is_irregular(record, fields, envelope):
            return None
        fields.correlation_id = fields.correlation_id or envelope.correlation
        return fields, envelope
    if any(_find(record, key) >= 0 for key in _ROW_KEYS):
        row = cast("Fields", _row_decoder.decode(record))
        return None if _is_irregular(record, row) else (row, cast("Envelope", row))
    fields = _fields_decoder.decode(record)
    return None if _is_row(fields) or _is_irregular(record, fields) else (fields, NO_ENVELOPE)


def _is_row(fields: Fields) -> bool:
    return isinstance(fields.resource_id, str) and fields.resource_id.startswith("/")


def _is_irregular(record: bytes, fields: Fields, *envelope: Envelope) -> bool:
    """Whether a key, or one inside status or steps, may have another spelling."""
    return _has_irregular_part(fields) or _misspells(record, fields, *envelope)


def _has_irregular_part(fields: Fields) -> bool:
    status, steps = fields.status, fields.authentication_details
    if isinstance(status, Status) and not status.is_regular:
        return True
    if isinstance(steps, list):
        for step in steps:
            if not step.is_regular:
                return True
    return False


def _misspells(record: bytes, *parts: msgspec.Struct) -> bool:
    """Whether a missing key may be present in another spelling."""
    absent = [*chain.from_iterable(map(_absent_keys, parts))]
    return bool(absent) and count_keys(lowered(record), absent) > 0


def _absent_keys(part: msgspec.Struct) -> tuple[bytes, ...]:
    """How the keys begin that may hold, in another spelling, what a part of a record lacks."""
    return _keys_of(type(part), bytes(map(is_, astuple(part), repeat(msgspec.UNSET))))


@lru_cache(maxsize=256)
def _keys_of(shape: type[msgspec.Struct], is_absent: bytes) -> tuple[bytes, ...]:
    """The keys of a shape's attributes that are absent: most records lack the same ones."""
    return tuple(chain.from_iterable(compress(KEYS[shape].values(), is_absent)))


def lowered(record: bytes) -> bytes:
    """Records in lower case, but for letters beyond ASCII."""
    in_lower: bytes = stringzilla.translate(record, _LOWER)  # fast, unlike `bytes.lower`
    return in_lower


def count_keys(records: bytes, keys: Iterable[bytes]) -> int:
    """How often keys are in `lowered` records, also with a type appended or an inner field's."""
    return sum(_count_key(records, key) for key in keys)


def _count_key(records: bytes, key: bytes) -> int:
    count, at = 0, _find(records, key)
    while at >= 0:
        end = at + len(key)
        count += records[end : end + 1] in _AFTER_KEY
        at = _find(records, key, end)
    return count


def _keys(shape: type[msgspec.Struct], *, without: Collection[str] = ()) -> _Keys:
    return {
        attribute: ()
        if attribute in without
        else tuple(f'"{key}'.encode() for key in {name.lower(), *FLAT_KEYS.get(attribute, ())})
        for attribute, name in names_of(shape).items()
    }


#: For each attribute of a shape, how all keys that may hold it begin: `"`, lower case. An envelope
#: never has the attributes that only a row fills, and always has ``properties``. Only Graph's beta
#: of one cloud has ``agent``, so a misspelled one is not worth a search.
KEYS: dict[type[msgspec.Struct], _Keys] = {
    Fields: _keys(Fields, without=("agent",)),
    Envelope: _keys(Envelope, without=("received", "table", "further_policies", "properties")),
    Row: _keys(Row, without=("agent",)),
}
