"""Each way in which a stored file can be wrong."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_GZIP = b"\x1f\x8b"
_VERSION_KEYS = ("schema_version", "version", "Format")


def flipped(share: float) -> Callable[[Path], None]:
    """One bit at a share of the file is another."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        if content:
            content[int(share * (len(content) - 1))] ^= 4
        path.write_bytes(content)

    return damage


def replaced(content: bytes) -> Callable[[Path], None]:
    """Another content."""

    def damage(path: Path) -> None:
        path.write_bytes(content)

    return damage


def truncated(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def of_version(step: int) -> Callable[[Path], None]:
    """The same content of the next or the previous version, if it has one."""

    def damage(path: Path) -> None:
        content = path.read_bytes()
        plain = _inflated(content)
        if plain[:1] == b"{":
            changed = json.dumps(_other_version(json.loads(plain), step)).encode()
        else:
            changed = _other_rollup(plain, step)
        path.write_bytes(gzip.compress(changed, 1) if content.startswith(_GZIP) else changed)

    return damage


def deleted(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    """A folder is where the file should be."""
    path.unlink()
    path.mkdir()
    (path / "x").touch()


def _inflated(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def _other_version(value: Any, step: int) -> Any:
    versions = {key: value[key] + step for key in _VERSION_KEYS if isinstance(value.get(key), int)}
    return {**value, **versions}


def _other_rollup(plain: bytes, step: int) -> bytes:
    """A rollup is a version and the rest, in MessagePack; other files have no version."""
    try:
        version, *rest = msgspec.msgpack.decode(plain)
    except (msgspec.DecodeError, TypeError, ValueError):
        return plain
    return msgspec.msgpack.encode((version + step, *rest))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a bit flipped at the start": flipped(0.0),
    "a bit flipped in the middle": flipped(0.5),
    "a bit flipped at the end": flipped(1.0),
    "truncated": truncated,
    "empty": replaced(b""),
    "foreign bytes": replaced(b"\x00\xff\xfe not ours"),
    "foreign JSON": replaced(b'{"a": [1, {"b": null}]}'),
    "a list": replaced(b"[]"),
    "of the next version": of_version(1),
    "of the previous version": of_version(-1),
    "deleted": deleted,
    "a folder in its place": a_folder,
}
#: What programs leave in folders, and what somebody may put there by mistake.
FOREIGN = {
    ".DS_Store": b"\x00\x00\x00\x01Bud1",
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    "notes.json": b"{}",
    "2026-11-20 (copy).json": b"not JSON",
    "2026-13-45.json": b"{}",
    "x.rollup": b"",
}
