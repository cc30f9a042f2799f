"""
Recognises records without any of the wanted ids, without decoding them.

Decoding a record costs ten times as much as searching it, and few records of a tenant's log concern
Partner Center. The search only skips records: those in which it finds something are decoded, and
the decoded fields decide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import stringzilla

from shared.mfa.guid import NO_GUID
from shared.sources.records.evidence import EVENT_OF_FLAG, event_of_log, event_of_types
from shared.sources.records.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from shared.mfa.sign_in import SignInEventType

#: Precedes the two hexadecimal digits of a character. The search misses ids with escaped
#: characters, so a record in which a character that may be an id's is escaped is decoded.
_ESCAPE = b"\\u00"
_ESCAPED_ID_CHARACTERS = frozenset(
    f"{ord(character):02x}".encode() for character in "-0123456789abcdefABCDEF"
)
#: The characters of an id that have no upper case.
_CASELESS = re.compile(r"[0-9-]+")
#: Spellings of the key of a record's time, with the quotation mark that opens its value.
_TIME_KEYS = tuple(
    f'"{name}":{space}"'.encode()
    for name in ("createdDateTime", "CreatedDateTime")
    for space in ("", " ")
)
#: Spellings of the keys that say which application asked for which resource; without them a record
#: may concern Partner Center without an id.
_PLACE_KEYS = (
    tuple(f'"{name}":{space}"'.encode() for name in ("appId", "AppId") for space in ("", " ")),
    tuple(f'"{name}":'.encode() for name in ("resourceId", "ResourceIdentity")),
)
_USER_KEYS = tuple(
    f'"{name}":{space}"'.encode() for name in ("userId", "UserId") for space in ("", " ")
)
#: What says of which log a record is, the field that decides first.
_KIND_MARKS = (
    re.compile(rb'"signInEventTypes": ?\["(\w+)"\]'),
    re.compile(rb'"category": ?"(\w+)"'),
    re.compile(rb'"Type": ?"(\w+)"'),
    re.compile(rb'"isInteractive": ?(true|false)'),
)
_EVENTS_OF: tuple[Callable[[str], SignInEventType], ...] = (
    event_of_types,
    event_of_log,
    event_of_log,
    lambda flag: EVENT_OF_FLAG[flag == "true"],
)
_ZONES = (b"Z", b"+00:00")
NO_ID = NO_GUID.encode()  #: as good as an empty text
_QUOTE, _ZERO = b'"0'
_OPENING = re.compile(rb'\{\s*"[^"]*"\s*:')
_LISTS = re.compile(rb'\{\s*"(?:value|records|tables|@odata[^"]*)"')

_find = stringzilla.find
Block = bytes | bytearray


class Skimmer:
    """
    Searches the records of one file for ids, in any mixture of upper and lower case.

    A record may be counted without decoding once another that begins the same way was decoded.
    """

    def __init__(self, ids: Collection[str]) -> None:
        self._needles = sorted({_needle(wanted) for wanted in ids})
        self._known_openings: set[bytes] = set()
        self._seen: dict[bytes, Skimmed] = {}  #: the last record of each kind

    def hits(self, block: Block, end: int) -> list[int]:
        """One position in each line of ``block[:end]`` that may contain an id, sorted."""
        positions = []
        for needle in self._needles:
            at = _find(block, needle, 0, end)
            while 0 <= at < end:
                positions.append(at)
                at = block.find(b"\n", at)
                at = _find(block, needle, at, end) if at >= 0 else end
        return sorted(positions + _escapes(block, end))

    def may_concern(self, record: bytes) -> bool:
        """Whether a record may contain an id."""
        for needle in self._needles:
            if _find(record, needle) >= 0:
                return True
        return bool(_escapes(record, len(record)))

    def learn(self, record: bytes) -> None:
        """Remember how a decoded record begins."""
        is_known = record.startswith(tuple(self._known_openings))
        if not is_known and (opening := _OPENING.match(record)):
            self._known_openings.add(opening[0])

    def look(self, record: bytes) -> Skimmed | None:
        """Skim a record without an id; returns `None` if it has to be decoded."""
        for last in self._seen.values():
            if _is_like(record, last):
                return last
        seen = _skim(record)
        if seen and seen.opening in self._known_openings:
            if seen.zone:
                self._seen[seen.kind.mark] = seen
            return seen
        return None

    def kinds_like(self, pattern: Skimmed) -> list[Kind]:
        """The kind of a record, and those of others that were skimmed and are spelled like it."""
        others = (seen.kind for seen in self._seen.values() if seen.spelling == pattern.spelling)
        return list(dict.fromkeys([pattern.kind, *others]))


class Kind(NamedTuple):
    """What records of one log look like."""

    mark: bytes  #: what says of which log they are, as spelled
    is_before_time: bool  #: where that stands
    place_keys: tuple[bytes, ...]  #: the keys of application and resource, as spelled
    event: SignInEventType


class Skimmed(NamedTuple):
    """What skimming finds in a regular record."""

    opening: bytes  #: its brace and first key, with the colon
    time_key: bytes  #: the key of its time, as spelled, up to the quotation mark of the value
    zone: bytes  #: how its time says that it is UTC; empty if it does in another way, or is not
    day: str  #: UTC
    kind: Kind

    @property
    def spelling(self) -> tuple[bytes, bytes, bytes]:
        """All but the day and the kind."""
        return self.opening, self.time_key, self.zone


def _skim(record: bytes) -> Skimmed | None:
    """
    Skim a record, if it is regular.

    A regular record is one object from its first to its last byte, with one ``createdDateTime``,
    with a field that says of which log of sign-ins it is, and without a second beginning before
    that time (a truncated line may continue with the next one).
    Nothing else is checked: broken JSON elsewhere goes unnoticed, and so may an invalid hour.
    """
    opening = _OPENING.match(record)
    if not opening or record[-1:] != b"}" or _LISTS.match(record):
        return None
    times = [(key, at) for key in _TIME_KEYS if (at := _find(record, key)) >= 0]
    if len(times) != 1:
        return None
    key, at = times[0]
    start = at + len(key)
    if _find(record, key, start) >= 0 or _find(record, opening[0], 1, start) >= 0:
        return None
    text = record[start : record.find(b'"', start)]
    zone = next((zone for zone in _ZONES if text.endswith(zone)), b"")
    kind = _kind(record, at)
    if not kind:
        return None
    try:
        return Skimmed(opening[0], key, zone, utc_text(text.decode())[:10], kind)
    except ValueError:
        return None


def _kind(record: bytes, time: int) -> Kind | None:
    """The kind of a record with that position of its time, if it is said regularly."""
    for event_of, pattern in zip(_EVENTS_OF, _KIND_MARKS, strict=True):
        if mark := pattern.search(record):
            event, place_keys = event_of(mark[1].decode()), _place_keys(record, mark[0])
            is_known = event and place_keys
            return Kind(mark[0], mark.end() < time, place_keys, event) if is_known else None
    return None


def _place_keys(record: bytes, kind_mark: bytes) -> tuple[bytes, ...]:
    """The keys of application and resource as spelled; empty if one is missing."""
    wanted = list(_PLACE_KEYS)
    if kind_mark.endswith(b"false"):  # an application's sign-in has the same flag
        wanted.append(_USER_KEYS)
    found = (
        next((key for key in keys if are_filled(record, (key,), 0, len(record))), b"")
        for keys in wanted
    )
    keys = tuple(filter(None, found))
    return keys if len(keys) == len(wanted) else ()


def _is_like(record: bytes, last: Skimmed) -> bool:
    """Whether `_skim` would find the same in a record as in the last one."""
    opening, time_key, zone, day, kind = last
    at = _find(record, time_key) + len(time_key)
    end = record.find(b'"', at)
    return (
        len(time_key) < at < end
        and record.startswith(opening)
        and record.endswith(b"}")
        and record.startswith(day.encode(), at)
        and record.startswith(zone, end - len(zone))
        and _find(record, time_key, end) < 0
        and _find(record, opening, 1, at) < 0
        and _find(record, kind.mark) >= 0
        and are_filled(record, kind.place_keys, 0, len(record))
    )


def are_filled(block: Block, keys: Iterable[bytes], start: int, end: int) -> bool:
    """
    Whether a record has all of the keys.

    One that ends in a quotation mark must open a text that is neither empty nor an id of zeros.
    """
    for key in keys:
        at = _find(block, key, start, end)
        if at < 0 or (key[-1] == _QUOTE and _is_nothing(block, at + len(key))):
            return False
    return True


def _is_nothing(block: Block, at: int) -> bool:
    return block[at] == _QUOTE or (block[at] == _ZERO and block.startswith(NO_ID, at))


def _needle(wanted: str) -> bytes:
    """
    The longest part of an id that is independent of case: ``-9193-47`` of a GUID.

    If there is none, a character that every record contains, so that all are decoded.
    """
    return max(_CASELESS.findall(wanted), key=len, default=":").encode()


def _escapes(block: Block, end: int) -> list[int]:
    positions = []
    at = _find(block, _ESCAPE, 0, end)
    while at >= 0:
        if bytes(block[at + 4 : at + 6]).lower() in _ESCAPED_ID_CHARACTERS:
            positions.append(at)
        at = _find(block, _ESCAPE, at + 1, end)
    return positions
