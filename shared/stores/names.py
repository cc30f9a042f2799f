"""Checks names from outside before they become a path, a key or part of a query."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta

from shared.errors import BadInputError
from shared.mfa.window import HOURS_OF_DAY, Slice
from shared.stores.models import REPORT_FILES

_TOKEN = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CLAIM = re.compile(r"[0-9a-f]{64}")
_SLICE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2})-([0-9]{2}))?")
#: Whatever is in a report's folder belongs to the report.
_OWN_PATH = re.compile(
    r"(?:rollups/[^/]+/(?=[^/]+\.rollup\Z)|parts/[^/]+/(?=[^/]+\Z)|reports/[^/]+/(?=.{10}/))"
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T./].+"
)
_TABLE_KEY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:_.+)?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
_DELIVERY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z]+")
#: Tables whose rows belong to a tenant and a day.
BY_TENANT = {"ledger", "publications", "metrics", "deliveries"}
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_SHOWN_CHARACTERS = 40  #: of an invalid name, in the message
_STAMP = "%Y%m%dT%H%M%S%fZ"
SLOWEST_WRITER = timedelta(hours=1)  #: after it made its stamp; the host allows half of it
_TEXT_CHARACTERS = 2_000  #: of a stored reason; a Table property holds 32,768


def safe_tenant_id(text: str) -> str:
    """The tenant id in lower case: a GUID, or anything else that is safe in a path."""
    return _token(text, "tenant id")


def safe_run_id(text: str) -> str:
    """The run id in lower case."""
    return _token(text, "run id")


def safe_file_name(name: str) -> str:
    """The name, if it is one of a report's files."""
    if name not in REPORT_FILES:
        expected = ", ".join(REPORT_FILES)
        raise BadInputError(f"Invalid file name {_shown(name)}; expected one of {expected}.")
    return name


def safe_day(day: date) -> str:
    """The day as ``YYYY-MM-DD``."""
    if not isinstance(day, date):
        raise BadInputError(f"Invalid day {_shown(day)}; expected a date.")
    return date.isoformat(day)


def safe_slice_name(slice_: Slice) -> str:
    """The slice's own name, which begins with its day."""
    safe_day(slice_.day)
    if not 0 <= slice_.from_hour < slice_.to_hour <= HOURS_OF_DAY:
        hours = f"{slice_.from_hour} to {slice_.to_hour}"
        raise BadInputError(f"Invalid hours {hours}; expected a part of a day, 0 to 24.")
    return slice_.name


def slice_of(tenant_id: str, name: str) -> Slice:
    """The slice of that name; raises `ValueError` if there is none."""
    found = _SLICE.fullmatch(name)
    if found is None:
        raise ValueError(name)
    day, begin, end = found.groups()
    slice_ = Slice(tenant_id, date.fromisoformat(day), int(begin or 0), int(end or HOURS_OF_DAY))
    if slice_.name != name or slice_.from_hour >= slice_.to_hour:
        raise ValueError(name)
    return slice_


def is_own_row(table: str, partition: str, key: str) -> bool:
    """Whether this app may have written a row; others are foreign, and left alone."""
    try:
        if table in BY_TENANT:
            if safe_tenant_id(partition) != partition:
                return False
            if table == "deliveries":
                return bool(_DELIVERY.fullmatch(key))
            return slice_of(partition, key).is_whole_day or table == "ledger"
        if table == "claims":
            return not partition and bool(_CLAIM.fullmatch(key))
        return not partition and _token(key, "key") == key
    except (ValueError, BadInputError):
        return False


def day_of_path(path: str) -> str | None:
    """The day of a rollup's or a report's path; `None` if the file is foreign."""
    found = _OWN_PATH.fullmatch(path)
    return found[1] if found else None


def claim_name(key: str) -> str:
    """A claim's key, which may be any text, as a name of fixed length."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def stamp(time: str) -> str:
    """A time as ``20261124T020000000000Z``, so that stamps sort as the times do; naive is UTC."""
    try:
        moment = datetime.fromisoformat(time)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return f"{moment.astimezone(UTC):{_STAMP}}"
    except (TypeError, ValueError, OverflowError):
        raise BadInputError(f"Invalid time {_shown(time)}; expected ISO 8601.") from None


def is_later(stored: str, made: str) -> bool:
    """
    Whether a stored stamp is later than one that was just made.

    A stamp that is hours ahead was made by a wrong clock: no execution is that slow.
    """
    try:
        ahead = datetime.strptime(stored, _STAMP) - datetime.strptime(made, _STAMP)  # noqa: DTZ007
    except ValueError:
        return False
    return timedelta() < ahead <= SLOWEST_WRITER


def one_line(text: str) -> str:
    """A text that every store accepts: one line of printable characters, cut if too long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _TEXT_CHARACTERS else f"{line[: _TEXT_CHARACTERS - 1]}…"


def digest(content: bytes) -> str:
    """A digest of the content, in 32 characters."""
    return hashlib.sha256(content).hexdigest()[:32]


def row_key(day: str, name: str) -> str:
    """
    The key of a row for people: its day, and its name if it has one.

    Names come from logs and directories: any that is not of letters, digits and hyphens is
    replaced by a digest, which begins with a character that no such name has.
    """
    if not name:
        return day
    if _PLAIN_NAME.fullmatch(name):
        return f"{day}_{name}"
    return f"{day}_.{digest(name.encode('utf-8', 'surrogatepass'))}"


def day_of_key(key: str) -> str | None:
    """The day of the key of a row for people; `None` if the row is not of this app."""
    found = _TABLE_KEY.fullmatch(key)
    return found[1] if found else None


def _token(text: object, what: str) -> str:
    # ASCII first: the Kelvin sign is a "k" once it is in lower case.
    if isinstance(text, str) and text.isascii():
        name = text.lower()
        if _TOKEN.fullmatch(name) and ".." not in name and not name.endswith("."):
            if _WINDOWS_DEVICE.fullmatch(name):
                raise BadInputError(f"Invalid {what} {_shown(text)}; it is a device on Windows.")
            return name
    raise BadInputError(
        f"Invalid {what} {_shown(text)}; expected a GUID, or up to 64 letters, digits, ., - and _."
    )


def _shown(text: object) -> str:
    shown = ascii(text)
    return shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"
