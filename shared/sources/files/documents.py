"""Our own JSON documents: one object that names its format and version."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.decoding import UNREADABLE
from shared.errors import BadInputError
from shared.mfa.accounts.directory import FORMAT, VERSION, Directory

if TYPE_CHECKING:
    from pathlib import Path

_T = TypeVar("_T")

#: Three times a directory of 640,000 accounts. A few kilobytes of gzip can hold gigabytes.
LONGEST_BYTES = 2**30
_PIECE_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class _Header(msgspec.Struct):
    format: str | None = None
    version: int | None = None


def read_document(path: Path, kind: type[_T], what: str, header: tuple[str, int]) -> _T:
    """
    The document in `path`: plain or gzip (recognised by content), with or without BOM.

    `what` is the kind of file in words, `header` its format and version. Raises `BadInputError`
    with one sentence that says what is wrong, where, and what is expected.
    """
    document = _without_bom(_content(path))
    found = _decode(document, _Header, path, what)
    format_, version = header
    if found.format != format_:
        raise BadInputError(f'{path} has format {_shown(found.format)}, not "{format_}".')
    if found.version != version:
        raise BadInputError(f"{path} has version {_shown(found.version)}, not {version}.")
    return _decode(document, kind, path, what)


def read_directory(path: Path) -> Directory:
    """A tenant's directory from a file (``--directory``); the format is in directory-format.md."""
    return read_document(path, Directory, "a directory file", (FORMAT, VERSION))


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP):
            data = _inflated(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInputError(f"{path} is a damaged or truncated gzip file.") from error
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > LONGEST_BYTES:
        raise BadInputError(
            f"{path} is longer than {LONGEST_BYTES >> 20:,} MiB, the maximum for a document."
        )
    if not data.strip():
        raise BadInputError(f"{path} is empty.")
    return data


def _inflated(data: bytes) -> bytes:
    """What gzip holds, up to a piece more than the longest: a length asked for is reserved."""
    inflated = BytesIO()
    with gzip.open(BytesIO(data)) as file:
        while inflated.tell() <= LONGEST_BYTES and (piece := file.read(_PIECE_BYTES)):
            inflated.write(piece)
    return inflated.getvalue()


def _without_bom(data: bytes) -> bytes | memoryview:
    return memoryview(data)[len(_BOM) :] if data.startswith(_BOM) else data


def _decode(document: bytes | memoryview, kind: type[_T], path: Path, what: str) -> _T:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError as error:
        fault, _, where = str(error).partition(" - at ")
        position = f" at {where.strip('`')}" if where else ""
        raise BadInputError(f"{path} is not {what}{position}: {_lower(fault)}.") from error
    except RecursionError:
        raise BadInputError(f"{path} is not {what}: it is nested too deeply.") from None
    except UNREADABLE as error:
        raise BadInputError(f"{path} is not UTF-8 JSON: {error}.") from error


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _shown(value: object) -> str:
    return "none" if value is None else f'"{value}"'
