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
_MOST_SHOWN = 80  #: characters of a wrong value that are repeated


class _Document(msgspec.Struct):
    exceptions: list[Any]  #: looked at one by one, so that a sentence can name entry and field


class _WrongEntryError(Exception):
    """What is wrong with an entry, without saying which file and entry."""


def read_exceptions(path: Path) -> tuple[AcceptedException, ...]:
    """
    The exceptions in *path*, in the order in which they are written.

    Raises `BadInputError` with one sentence that names the file, the entry by its number (from 1),
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


def _keep(kept: dict[str, AcceptedException], one: AcceptedException) -> None:
    """Add to those *kept* so far, by account in lower case; none was left out, so place counts."""
    name = one.account.lower()
    if name in kept:
        first = list(kept).index(name) + 1
        raise _WrongEntryError(f"account {_shown(one.account)} is in entry {first} already")
    kept[name] = one


def _exception(entry: object) -> AcceptedException:
    if not isinstance(entry, dict):
        raise _WrongEntryError(f"it is no object with the fields {', '.join(_FIELDS)}")
    told = {name: _text(entry, name) for name in _FIELDS}
    return AcceptedException(**(told | {"expires": _day(told["expires"])}))  # type: ignore[arg-type]


def _text(entry: dict[str, object], name: str) -> str:
    value = entry.get(name)
    if value is None:
        raise _WrongEntryError(f"{name} is missing")
    if not isinstance(value, str):
        raise _WrongEntryError(f"{name} is {_shown(value)}; expected is a text")
    if not value.strip():
        raise _WrongEntryError(f"{name} is blank")
    return value.strip()


def _day(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _WrongEntryError(f"expires is {_shown(text)}; expected is a date, YYYY-MM-DD")


def _shown(value: object) -> str:
    """A value as it may be printed: without characters that act on a terminal."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
