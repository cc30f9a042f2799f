"""What reading costs at least, and what the plainest ways cost: for `reading`."""

from __future__ import annotations

import ctypes
import gzip
import shutil
import subprocess
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.generate import API, PORTAL
from shared.sources.records.shapes import Fields, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.frame import Given, Work

HAS_COMPILER = bool(shutil.which("cc"))
HAS_ISAL = bool(find_spec("isal"))
_PIECE_BYTES = 256 * 1024


class _Line(msgspec.Struct, gc=False):
    properties: Fields


class _Page(msgspec.Struct, gc=False):
    value: list[Fields]


def lines_floor(given: Given) -> Work:
    """Native: search each block, account for each line; nothing is decoded."""
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/floor.so"
        source = str(Path(__file__).with_name("floor.c"))
        subprocess.run(["cc", "-O3", "-shared", "-fPIC", "-o", library, source], check=True)
        floor = ctypes.CDLL(library).account_for_lines
    floor.restype = ctypes.c_long
    (file,) = given.folder.iterdir()
    hits, days = ctypes.c_long(), (ctypes.c_long * 100)()
    return lambda: floor(str(file).encode(), ctypes.byref(hits), days)


def inflating(given: Given) -> Work:
    """Inflating with isal, and nothing else."""
    from isal import isal_zlib

    (file,) = given.folder.iterdir()

    def inflate() -> int:
        engine, size = isal_zlib.decompressobj(wbits=31), 0
        with file.open("rb") as compressed:
            while data := compressed.read(_PIECE_BYTES):
                while data:  # large outputs would cost as much memory as time
                    size += len(engine.decompress(data, _PIECE_BYTES))
                    data = engine.unconsumed_tail
        return size

    return inflate


def typed(given: Given) -> Work:
    """Every record decoded into its fields with msgspec, whole lines or pages; no checks."""
    (file,) = given.folder.iterdir()
    records = _of_pages if "pages" in file.name else _of_lines

    def count() -> dict[str, int]:
        counts: Counter[str] = Counter()
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for fields in records(lines):
                if fields.app_id == PORTAL or fields.resource_id == API:
                    counts[_name(fields)] += 1
        return dict(counts)

    return count


def _of_lines(lines: Iterator[bytes]) -> Iterator[Fields]:
    decode: Callable[[bytes], _Line] = msgspec.json.Decoder(_Line).decode
    return (decode(line).properties for line in lines)


def _of_pages(lines: Iterator[bytes]) -> Iterator[Fields]:
    decode: Callable[[bytes], _Page] = msgspec.json.Decoder(_Page).decode
    return (fields for line in lines for fields in decode(line).value)


def _name(fields: Fields) -> str:
    code = fields.status.error_code if isinstance(fields.status, Status) else None
    day, requirement = str(fields.created_date_time)[:10], fields.authentication_requirement
    return f"{day} {fields.app_id} {requirement} {code}"
