"""All files below a folder, by path, without what differs between equal runs at other times."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from shared.delivery.text.formatting import instant
from tests.contracts.store_examples import everything

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from shared.stores.store import Store

Tree: TypeAlias = dict[str, bytes]

_GZIP = b"\x1f\x8b"
_LOCK = ".lock"
_VERSION = re.compile(r"[/.]\d{8}T\d{12}Z-[0-9a-f]{16}")
#: Digests of what contains a time, versions made of them, and who made a claim.
_DIGEST = re.compile(rb"\b[0-9a-f]{16,64}\b(?=\\?\")")


def tree(folder: Path, moments: Iterable[datetime] = ()) -> Tree:
    """Every file by its path. The moments, however they are written, are left out."""
    texts = [text for moment in moments for text in written(moment)]
    return {
        path.relative_to(folder).as_posix(): timeless(path.read_bytes(), texts)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _LOCK
    }


def rows_and_files(store: Store, moments: Iterable[datetime]) -> Tree:
    """The same of a store that need not be a folder. A file's versions are numbered."""
    texts = [text for moment in moments for text in written(moment)]
    found: Tree = {}
    versions: Counter[str] = Counter()
    for name, each in sorted(everything(store).items()):
        path = _VERSION.sub("", name)
        versions[path] += 1
        numbered = path if versions[path] == 1 else f"{path} ({versions[path]})"
        found[numbered] = timeless(each if isinstance(each, bytes) else _plain(each), texts)
    return found


def _plain(columns: object) -> bytes:
    return json.dumps(columns, sort_keys=True, default=str).encode()


def written(moment: datetime) -> list[bytes]:
    """The ways in which files write a moment."""
    iso = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    seven_digits = f"{moment:%Y-%m-%dT%H:%M:%S.%f}0Z"
    forms = (
        *(iso, seven_digits, instant(iso)),
        *(f"{moment:%Y%m%dT%H%M%S%fZ}", f"{moment:%Y-%m-%d %H:%M}"),
    )
    return [form.encode() for form in forms]


def timeless(content: bytes, texts: Iterable[bytes]) -> bytes:
    """A file without some texts and without digests."""
    plain = _inflated(content) if content.startswith(_GZIP) else content
    for text in texts:
        plain = plain.replace(text, b"(time)")
    return _DIGEST.sub(b"(digest)", plain)


def _inflated(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):  # damaged: as it is
        return content


def differences(found: Tree, expected: Tree) -> list[str]:
    """What a tree lacks, what it has too much, and what differs in it."""
    return [
        *(f"missing: {path}" for path in expected if path not in found),
        *(f"unexpected: {path}" for path in found if path not in expected),
        *(
            f"different: {path}: {_first_difference(found[path], expected[path])}"
            for path in expected
            if path in found and found[path] != expected[path]
        ),
    ]


def _first_difference(found: bytes, expected: bytes) -> str:
    pairs = enumerate(zip(found, expected, strict=False))
    at = next((n for n, (a, b) in pairs if a != b), min(len(found), len(expected)))
    return (
        f"{found[max(0, at - 60) : at + 60]!r} instead of {expected[max(0, at - 60) : at + 60]!r}"
    )
