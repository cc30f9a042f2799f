"""
Numbers, dates and names for readers: in English and UTC, the same on every machine.

Times are shown in the zone of `appearance`, too, if there is one. Days are UTC days.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from shared.delivery import appearance
from shared.delivery.language import Name
from shared.mfa.percent import percent as percent_of

if TYPE_CHECKING:
    from collections.abc import Iterable

NBSP = "\u00a0"  #: keeps a number and its unit on one line
NAME_LIMIT = 120  #: characters of a name that are shown; longer names only break the page

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# Controls, invisible characters and everything that reorders or fakes the text around it. The two
# joiners U+200C and U+200D stay: Persian and Indic names need them.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)
# Marks over or under a letter; more than three would be drawn over the neighbouring lines.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_UTC_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?Z")
_STACKED_MARKS = re.compile(f"({_MARK}{{3}}){_MARK}+")


def percent(share: float | None) -> str:
    """A share by the rule of `shared.mfa.percent`, kept on one line; `None` is ``unknown``."""
    return "unknown" if share is None else unbroken(percent_of(share))


def unbroken(text: str) -> str:
    """The text with every percentage kept on one line."""
    return text.replace(" %", f"{NBSP}%")


def thousands(number: int) -> str:
    """``48,213``."""
    return f"{number:,}"


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 request``, ``48,213 requests``; `many` is the plural if it does not just end in s."""
    return f"{thousands(number)} {one if number == 1 else many or one + 's'}"


def listed(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; empty for an empty list."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def capitalised(text: str) -> str:
    """The text with its first letter in upper case and the rest unchanged."""
    return f"{text[:1].upper()}{text[1:]}"


def long_day(day: date) -> str:
    """``23 November 2026``."""
    return f"{day.day}{NBSP}{_MONTHS[day.month - 1]}{NBSP}{day.year}"


def short_day(day: date) -> str:
    """``23 Nov``."""
    return f"{day.day}{NBSP}{_MONTHS[day.month - 1][:3]}"


def month_name(month: int) -> str:
    """``November``, for 11."""
    return _MONTHS[month - 1]


def weekday(day: date) -> str:
    """``Monday``."""
    return _WEEKDAYS[day.weekday()]


def span(start: date, ending: date) -> str:
    """``17–23 November 2026``; month and year appear twice only if they change."""
    if start.year != ending.year:
        return f"{long_day(start)} – {long_day(ending)}"
    if start.month != ending.month:
        return f"{start.day}{NBSP}{_MONTHS[start.month - 1]} – {long_day(ending)}"
    return f"{start.day}–{long_day(ending)}"


def days_by_reason(reasons: Iterable[tuple[date, str]]) -> dict[str, str]:
    """Each reason with its days in words, in the order of their first days."""
    days: dict[str, set[date]] = {}
    for day, reason in sorted(reasons):
        days.setdefault(harmless(reason), set()).add(day)
    return {reason: days_in_words(found) for reason, found in days.items()}


def days_in_words(days: Iterable[date]) -> str:
    """``17–19 November 2026 and 21 November 2026``: consecutive days become one range."""
    ranges: list[list[date]] = []
    for day in sorted(days):
        if ranges and day - ranges[-1][-1] == timedelta(days=1):
            ranges[-1].append(day)
        else:
            ranges.append([day])
    return listed([_range(found[0], found[-1]) for found in ranges])


def _range(first: date, last: date) -> str:
    return long_day(first) if first == last else span(first, last)


def instant(text: str) -> str:
    """
    ``23 November 2026, 08:15 UTC`` from an ISO text in UTC; any other text unchanged.

    With a zone, ``23 November 2026, 08:15 UTC (09:15 Europe/Berlin)``.
    """
    moment = _moment(text)
    if moment is None:
        return text
    local = _local(moment)
    in_zone = f" ({local}{NBSP}{zone_name()})" if local else ""
    return f"{long_day(moment)}, {moment:%H:%M}{NBSP}UTC{in_zone}"


def short_instant(text: str) -> str:
    """``23 Nov, 08:15`` from an ISO text in UTC, for tables whose header says `clock_words`."""
    moment = _moment(text)
    if moment is None:
        return text
    local = _local(moment)
    return f"{short_day(moment)}, {moment:%H:%M}{f' ({local})' if local else ''}"


def clock_words() -> str:
    """``UTC``, or ``UTC (Europe/Berlin)``: what the times of a table are in."""
    return f"UTC ({zone_name()})" if appearance.current().zone else "UTC"


def zone_name() -> str:
    """The zone's name, in every language."""
    return Name(appearance.current().zone)


def _local(moment: datetime) -> str:
    """The time in the zone, with the day if it is another; empty without a zone."""
    zone = appearance.current().zone
    if zone is None:
        return ""
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    day = "" if local.date() == moment.date() else f"{short_day(local)}, "
    return f"{day}{local:%H:%M}"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text[:19]).replace(tzinfo=None)
    except ValueError:
        return None


def utc_time(text: str) -> str:
    """
    ``2026-11-23T08:15:00.0000000Z`` from ``2026-11-23T08:15:00Z``, for files.

    All times have seven digits, so that they sort as texts. Any other text stays as it is.
    """
    if not (found := _UTC_TIME.fullmatch(text)):
        return text
    seconds, fraction = found.groups("")
    return f"{seconds}.{fraction[:7]:0<7}Z"


def harmless(text: str) -> str:
    """
    Text from a log without anything that affects the text around it.

    The people who sign in choose these names. Control, invisible and direction-changing characters
    are shown as their code (``[U+202E]``), so that ``gpj.exe`` cannot pass for a picture.
    """
    if text.isascii() and text.isprintable():  # nearly every text
        return text
    return _STACKED_MARKS.sub(r"\1", _HARMFUL.sub(_code_point, text))


def _code_point(match: re.Match[str]) -> str:
    return f"[U+{ord(match[0]):04X}]"


def shorten(text: str, limit: int = NAME_LIMIT) -> str:
    """The text, visibly cut off after `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def name_of(*candidates: str) -> str:
    """The first name that is not blank, made harmless and shortened; else ``(no name)``."""
    name = next((text for text in candidates if text.strip()), "")
    return Name(shorten(harmless(name))) or "(no name)"


_QUOTES = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")


def plain_quotes(sentence: str) -> str:
    """Our own sentence without curly quotes: Excel garbles them unless it knows it reads UTF-8."""
    return sentence.translate(_QUOTES)
