"""Our own JSON documents: one object that says which format it has, and in which version."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

_T = TypeVar("_T")

#: A directory of 640,000 accounts has a third of that; a few kilobytes of gzip can hold gigabytes.
LONGEST_BYTES = 2**30
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class _Heading(msgspec.Struct):
    format: str | None = None
    version: int | None = None


def read_document(path: Path, kind: type[_T], what: str, heading: tuple[str, int]) -> _T:
    """
    The document in *path*: plain or gzip (told by content), with or without BOM.

    Raises `BadInputError` with one sentence that says what is wrong, where, and what is expected;
    *what* is the kind of file in words, *heading* its format and version.
    """
    document = _without_bom(_content(path))
    found = _decode(document, _Heading, path, what)
    format_, version = heading
    if found.format != format_:
        raise BadInputError(f'{path} has format {_shown(found.format)}, not "{format_}".')
    if found.version != version:
        raise BadInputError(f"{path} has version {_shown(found.version)}, not {version}.")
    return _decode(document, kind, path, what)


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            with gzip.open(BytesIO(data)) as file:
                data = file.read(LONGEST_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInputError(f"{path} is a gzip file that is damaged or cut short.") from error
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > LONGEST_BYTES:
        raise BadInputError(f"{path} is longer than {LONGEST_BYTES >> 20:,} MiB; no document is.")
    if not data.strip():
        raise BadInputError(f"{path} is empty.")
    return data


def _without_bom(data: bytes) -> bytes | memoryview:
    return memoryview(data)[len(_BOM) :] if data.startswith(_BOM) else data


def _decode(document: bytes | memoryview, kind: type[_T], path: Path, what: str) -> _T:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError as error:
        fault, _, where = str(error).partition(" - at ")
        place = f" at {where.strip('`')}" if where else ""
        raise BadInputError(f"{path} is not {what}{place}: {_lower(fault)}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path} is not UTF-8 JSON: {error}.") from error
    except RecursionError:
        raise BadInputError(f"{path} is not {what}: it is nested too deeply.") from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _shown(value: object) -> str:
    return "none" if value is None else f'"{value}"'
