"""
Which of many records are wanted, by the few fields that decide.

Decoding only these takes two thirds of the time that all fields take, and most records of a log are
of other applications. Their day and log are counted as `parse_sign_in` would; records that it may
read in another way (see `decoding`) have no result here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from shared.decoding import UNREADABLE
from shared.mfa.guid import NO_GUID
from shared.mfa.sign_in import SignInEventType
from shared.sources.records.batches import EVENT_IN, Columns, Short, columns_of, read_all
from shared.sources.records.evidence import EVENT_OF_FLAG, event_of_log
from shared.sources.records.parsing import tidy_ids
from shared.sources.records.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

_GUID_LENGTH = len(NO_GUID)
_DAY_LENGTH = len("2026-11-23")
#: A key with which a record would be of another shape, or might have another meaning.
_Never = UnsetType


class _Placed(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    created_date_time: str
    app_id: str
    resource_id: str | None
    sign_in_event_types: _Never = UNSET


class _InLog(msgspec.Struct, gc=False):
    """A record of a diagnostic setting."""

    category: Short
    properties: _Placed


class _OfGraph(_Placed, rename="camel", gc=False, kw_only=True):
    properties: _Never = UNSET
    row_created: _Never = msgspec.field(default=UNSET, name="CreatedDateTime")
    row_received: _Never = msgspec.field(default=UNSET, name="TimeGenerated")
    row_resource: _Never = msgspec.field(default=UNSET, name="ResourceIdentity")


class _OfBeta(_OfGraph, rename="camel", gc=False, kw_only=True):
    sign_in_event_types: Raw  # type: ignore[assignment]


class _OfVersion1(_OfGraph, rename="camel", gc=False, kw_only=True):
    is_interactive: bool
    user_id: str


class _Row(msgspec.Struct, gc=False, kw_only=True):
    """A row of a Log Analytics table."""

    created_date_time: str = msgspec.field(name="CreatedDateTime")
    app_id: str = msgspec.field(name="AppId")
    resource_id: str = msgspec.field(name="ResourceIdentity")
    table: Short = msgspec.field(name="Type")
    category: Short = msgspec.field(default="", name="Category")
    types: _Never = msgspec.field(default=UNSET, name="SignInEventTypes")
    properties: _Never = UNSET
    graph_created: _Never = msgspec.field(default=UNSET, name="createdDateTime")
    graph_app: _Never = msgspec.field(default=UNSET, name="appId")
    graph_resource: _Never = msgspec.field(default=UNSET, name="resourceId")


_Events = list[SignInEventType]


def _of_beta(records: Sequence[_OfBeta]) -> tuple[Columns, _Events]:
    of = columns_of(records)
    return of, list(read_all(EVENT_IN, of["sign_in_event_types"]))


def _of_version_1(records: Sequence[_OfVersion1]) -> tuple[Columns, _Events]:
    of = columns_of(records)
    return of, [
        EVENT_OF_FLAG[flag] if _are_long([user]) else SignInEventType.NOT_GIVEN
        for flag, user in zip(of["is_interactive"], of["user_id"], strict=True)
    ]


def _in_log(records: Sequence[_InLog]) -> tuple[Columns, _Events]:
    events = [event_of_log(record.category) for record in records]
    return columns_of([record.properties for record in records]), events


def _rows(records: Sequence[_Row]) -> tuple[Columns, _Events]:
    of = columns_of(records)
    logs = zip(of["category"], of["table"], strict=True)
    return of, [event_of_log(category) or event_of_log(table) for category, table in logs]


def _are_long(ids: Sequence[str]) -> bool:
    """Whether ids are as long as a GUID, and no word for nothing (``null``)."""
    return {*map(len, ids)} == {_GUID_LENGTH}


_SHAPES: tuple[tuple[Callable[[bytes], Any], Callable[[Any], tuple[Columns, _Events]]], ...] = (
    (msgspec.json.Decoder(list[_OfBeta]).decode, _of_beta),
    (msgspec.json.Decoder(list[_InLog]).decode, _in_log),
    (msgspec.json.Decoder(list[_Row]).decode, _rows),
    (msgspec.json.Decoder(list[_OfVersion1]).decode, _of_version_1),
)
_raws_decoder = msgspec.json.Decoder(list[Raw])
Unwanted = tuple[str, SignInEventType, int]  #: how many records of a day and a log


def wanted_of(array: bytes, ids: Collection[str]) -> list[Unwanted | bytes] | None:
    """
    The records in a JSON array that have one of the ids, and in place of others how many there are.

    `None` if the records are not regular, or of several shapes.
    """
    for decode, read in _SHAPES:  # those of another shape fail with the first record
        try:
            records = decode(array)
            return _wanted(array, *read(records), ids) if records else []
        except UNREADABLE:
            pass
    return None


def _wanted(
    array: bytes, of: Columns, events: _Events, ids: Collection[str]
) -> list[Unwanted | bytes] | None:
    apps, resources = tidy_ids(of["app_id"]), tidy_ids(of["resource_id"])
    is_path = "\n/" in "\n".join(("", *resources))  # of a row, not an id
    if is_path or not (_are_long(apps) and all(events)):
        return None
    days = [time[:_DAY_LENGTH] for time in map(utc_text, of["created_date_time"])]
    if not {*apps, *resources}.isdisjoint(ids):
        each = zip(days, events, apps, resources, _raws_decoder.decode(array), strict=True)
        return [
            bytes(raw) if app in ids or resource in ids else (day, event, 1)
            for day, event, app, resource, raw in each
        ]
    if len({*days}) == 1:
        return [(days[0], event, count) for event, count in Counter(events).items()]
    return [(day, event, 1) for day, event in zip(days, events, strict=True)]
