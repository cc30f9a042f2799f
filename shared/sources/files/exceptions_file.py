"""Accepted exceptions from a file (``--exceptions``); the format is in ``docs/exceptions.md``."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from shared.errors import BadInputError
from shared.mfa.accounts.exceptions import FORMAT, VERSION, AcceptedException
from shared.sources.files.documents import read_document

if TYPE_CHECKING:
    from pathlib import Path

_FIELDS = tuple(field.name for field in msgspec.structs.fields(AcceptedException))
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_SHOWN = 80  #: characters of an invalid value that an error repeats


class _Document(msgspec.Struct):
    exceptions: list[Any]  #: checked one by one, so that errors can name entry and field


class _WrongEntryError(Exception):
    """What is wrong with an entry; the message does not name file and entry."""


def read_exceptions(path: Path) -> tuple[AcceptedException, ...]:
    """
    The exceptions in `path`, in their order in the file.

    Raises `BadInputError` with one sentence that names the file, the number of the entry (from 1),
    and the field.
    """
    document = read_document(path, _Document, "an exceptions file", (FORMAT, VERSION))
    kept: dict[str, AcceptedException] = {}
    for number, entry in enumerate(document.exceptions, start=1):
        try:
            _keep(kept, _exception(entry))
        except _WrongEntryError as error:
            raise BadInputError(f"{path}, entry {number}: {error}.") from error
    return tuple(kept.values())


def _keep(kept: dict[str, AcceptedException], exception: AcceptedException) -> None:
    """Add to those `kept` so far, by account in lower case, in their order in the file."""
    name = exception.account.lower()
    if name in kept:
        first = list(kept).index(name) + 1
        raise _WrongEntryError(f"account {_shown(exception.account)} is in entry {first} already")
    kept[name] = exception


def _exception(entry: object) -> AcceptedException:
    if not isinstance(entry, dict):
        raise _WrongEntryError(f"it is not an object with the fields {', '.join(_FIELDS)}")
    values = {name: _text(entry, name) for name in _FIELDS}
    return AcceptedException(**(values | {"expires": _day(values["expires"])}))  # type: ignore[arg-type]


def _text(entry: dict[str, object], name: str) -> str:
    value = entry.get(name)
    if value is None:
        raise _WrongEntryError(f"{name} is missing")
    if not isinstance(value, str):
        raise _WrongEntryError(f"{name} is {_shown(value)}; expected a string")
    if not value.strip():
        raise _WrongEntryError(f"{name} is blank")
    return value.strip()


def _day(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _WrongEntryError(f"expires is {_shown(text)}; expected a date, YYYY-MM-DD")


def _shown(value: object) -> str:
    """A value that is safe to print: without terminal control characters."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
