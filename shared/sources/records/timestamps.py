"""Timestamps as the logs write them, converted to one form whose text order is time order."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_LEAP_SECOND = ":60"
_LAST_TICK = ("23:59:59", "9999999")
_ISO = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[Tt ]({_CLOCK})(?:\.([0-9]{{1,9}}))? ?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
#: As Entra's logs write almost every time.
_REGULAR = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{7}(?:Z|\+00:00)"
)
_REGULAR_LENGTH = len("2026-11-23T08:15:00.0000000")
#: The Log Analytics portal's CSV, ``11/23/2026, 8:15:00.000 AM``. Other regional formats put the
#: day first and write "am", or use 24 hours: refused, because a guess may be a wrong day.
_PORTAL = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}),?\s+"
    r"(1[0-2]|0?[1-9]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,9}))?\s*(AM|PM)"
)
#: Windows PowerShell's ``ConvertTo-Json``: milliseconds since 1970, UTC; the offset only informs.
_POWERSHELL = re.compile(r"\\?/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)\\?/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC_ZONES = (None, "Z", "+00:00", "z", "+0000", "-00:00", "-0000")


def utc_text(text: str) -> str:
    """
    A timestamp as ``2026-11-23T08:15:00.0000000Z``; raises `ValueError` if it is not one.

    Accepts 0 to 9 fractional digits (Azure writes 7; more are cut off), ``T`` or a space, and
    ``Z``, an offset, or neither, which means UTC: Log Analytics leaves it out. A leap second,
    ``23:59:60`` in UTC, is the last tick before it, so that it is on its day for everybody.
    """
    if _REGULAR.fullmatch(text) and _is_day(text[:10]):
        return text[:_REGULAR_LENGTH] + "Z"
    iso = _ISO.fullmatch(text)
    if iso is None:
        return _from_powershell(text) or _from_portal(text)
    day, clock, fraction, zone = iso.groups()
    if clock.endswith(_LEAP_SECOND):
        return _leap_second(day, clock, zone)
    if zone not in _UTC_ZONES:
        day, clock = _to_utc(f"{day}T{clock}", zone)
    elif not _is_day(day):
        raise ValueError(text)
    return f"{day}T{clock}.{(fraction or '')[:7]:0<7}Z"


def _leap_second(day: str, clock: str, zone: str | None) -> str:
    before = utc_text(f"{day}T{clock.removesuffix(_LEAP_SECOND)}:59.{_LAST_TICK[1]}{zone or ''}")
    if before[11:19] != _LAST_TICK[0]:
        raise ValueError(clock)
    return before


def _to_utc(local: str, zone: str) -> tuple[str, str]:
    aware = datetime.fromisoformat(f"{local}{zone[:3]}:{zone[-2:]}")
    try:
        utc = aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(local) from error
    day, _, clock = utc.isoformat()[:19].partition("T")
    return day, clock


def _from_powershell(text: str) -> str:
    match = _POWERSHELL.fullmatch(text)
    if match is None:
        return ""
    try:
        instant = _EPOCH + timedelta(milliseconds=int(match[1]))
    except OverflowError as error:
        raise ValueError(text) from error
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}0Z"


def _from_portal(text: str) -> str:
    match = _PORTAL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    month, day, year, hour, minute, second, fraction, half = match.groups()
    on = date(int(year), int(month), int(day))
    hours = int(hour) % 12 + (12 if half == "PM" else 0)
    return utc_text(f"{on}T{hours:02}:{minute}:{second}.{fraction or 0}Z")


@lru_cache(maxsize=1024)
def _is_day(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True
