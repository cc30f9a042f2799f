"""A tenant's directory from a file (``--directory``), made by pasting Graph answers together."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.errors import BadInputError
from shared.mfa.accounts.directory import FORMAT, VERSION, Directory

if TYPE_CHECKING:
    from pathlib import Path

_T = TypeVar("_T")

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class _Heading(msgspec.Struct):
    format: str | None = None
    version: int | None = None


def read_directory(path: Path) -> Directory:
    """
    The directory in *path*: one JSON object, plain or gzip (told by content), with or without BOM.

    Raises `BadInputError` with one sentence that says what is wrong, where, and what is expected.
    """
    document = _without_bom(_content(path))
    heading = _decode(document, _Heading, path)
    if heading.format != FORMAT:
        raise BadInputError(f'{path} has format {_shown(heading.format)}, not "{FORMAT}".')
    if heading.version != VERSION:
        raise BadInputError(f"{path} has version {_shown(heading.version)}, not {VERSION}.")
    return _decode(document, Directory, path)


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(_GZIP) else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInputError(f"{path} is a gzip file that is damaged or cut short.") from error
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error


def _without_bom(data: bytes) -> bytes | memoryview:
    return memoryview(data)[len(_BOM) :] if data.startswith(_BOM) else data


def _decode(document: bytes | memoryview, kind: type[_T], path: Path) -> _T:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        place = f" at {where.strip('`')}" if where else ""
        raise BadInputError(f"{path} is not a directory file{place}: {_lower(what)}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path} is not UTF-8 JSON: {_lower(str(error))}.") from error


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _shown(value: object) -> str:
    return "none" if value is None else f'"{value}"'
