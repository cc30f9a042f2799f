"""
Sign-ins from files: exports of Graph, diagnostic settings or Log Analytics in any layout.

JSON arrays, Graph pages, ``{"records": […]}``, one object a line, objects one after another, the
response to a Log Analytics query, CSV from its portal; plain or gzip, UTF-8 or UTF-16. All of that
is recognised by content, never by a file's name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from shared.errors import BadInputError, OutOfReachError, SourceError, SourceIncompleteError
from shared.mfa.window import WINDOW_DAYS
from shared.sources.files.covered import CoveredDays
from shared.sources.files.intake import Intake, ReadingResult
from shared.sources.files.lines import BLOCK_BYTES, SPACE, LineReader
from shared.sources.files.skimming import Skimmer
from shared.sources.files.streams import Stream
from shared.sources.files.tables import header_of, other_table, read_table
from shared.sources.files.values import ValueReader
from shared.sources.records.parsing import (
    OtherLogError,
    UnplacedError,
    UnreadableError,
    parse_sign_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date

    from shared.mfa.coverage import LogKinds
    from shared.mfa.report import UnreadableRecord
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice

__all__ = ["ExportedSignIns", "Pair", "ReadingResult", "discover", "read_exports"]

EXPECTED = (
    "expected sign-in records from Graph, a diagnostic setting or Log Analytics, "
    "as JSON, JSON lines or CSV, plain or gzip"
)
#: Files that are often at hand in place of sign-ins, by their first bytes.
_OTHER_FILES = {
    b"PK\x03\x04": "it is a zip archive or a workbook: unpack it, or save it as CSV",
    b"%PDF": "it is a PDF document",
    b"<": "it is a web page or XML",
}
_HEAD_BYTES = BLOCK_BYTES  #: of a file, to recognise its layout
_HEAD_LINES = 100


class Pair(msgspec.Struct, frozen=True):
    """An application and a resource it requested tokens for; ids may be empty."""

    app_id: str
    app_name: str
    resource_id: str
    resource_name: str
    records: int


def read_exports(
    paths: Sequence[Path],
    ids: Collection[str],
    on_sign_in: Callable[[SignIn], None],
    on_progress: Callable[[int, int], None] | None = None,
) -> ReadingResult:
    """
    Read all files, and all files below folders, and pass on the sign-ins with one of the `ids`.

    `ids` are of applications and resources, GUIDs in lower case. `on_progress` is called with the
    bytes read and the bytes in total. Raises `BadInputError` for a path without a readable record.
    """
    return _read_all(paths, Intake(ids, on_sign_in), ids, on_progress)


def discover(
    paths: Sequence[Path], on_progress: Callable[[int, int], None] | None = None
) -> list[Pair]:
    """Which applications request which resources in these files, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    names: dict[str, str] = {}

    def count(sign_in: SignIn) -> None:
        pair = sign_in.app_id, sign_in.resource_id
        counts[pair] = counts.get(pair, 0) + 1
        names[sign_in.app_id] = sign_in.app_name or names.get(sign_in.app_id, "")
        names[sign_in.resource_id] = sign_in.resource_name or names.get(sign_in.resource_id, "")

    _read_all(paths, Intake(None, count), None, on_progress)
    return [
        Pair(app_id, names[app_id], resource_id, names[resource_id], counts[app_id, resource_id])
        for app_id, resource_id in sorted(counts, key=lambda pair: (-counts[pair], pair))
    ]


class ExportedSignIns:
    """
    The sign-ins in a folder of exports, for the days that its files are complete for.

    Nothing says which files a day is in, so all are read for every slice. That is fast enough for a
    folder that is filled by hand. A daily run cannot show that it skipped a record, so a day is not
    complete if an unreadable record, or the missing end of a file, may be of it.
    """

    name = "exports"

    def __init__(self, folder: Path, scope: Scope) -> None:
        self._folder = folder
        self._scope = scope

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """Yield every sign-in of the slice; raise for a day that is not wholly in the files."""
        found: list[SignIn] = []

        def take(sign_in: SignIn) -> None:
            if slice_.owns(sign_in) and sign_in.tenant_id in ("", slice_.tenant_id):
                found.append(sign_in)

        covered = self._covered(take)
        if covered.why_not(slice_.day):
            raise _not_whole(covered, slice_.day)
        yield from found

    def logs(self, slice_: Slice) -> LogKinds:
        """The kinds of log that the files hold for the whole day."""
        return self._covered(lambda _: None).logs(slice_.day)

    def reach_days(self, today: date) -> int:
        """How many days before `today` the first record was, but at least the window's days."""
        held = self._covered(lambda _: None).days
        return max(WINDOW_DAYS, (today - held.first).days if held else 0)

    def _covered(self, take: Callable[[SignIn], None]) -> CoveredDays:
        try:
            result = read_exports([self._folder], self._scope.ids, take)
        except BadInputError as error:
            raise SourceIncompleteError(str(error)) from error
        return CoveredDays(result.spans, result.broken_off + result.doubtful)


def _not_whole(covered: CoveredDays, day: date) -> SourceError:
    held = covered.days
    if held and held.first <= day <= held.last:
        message = f"The files may lack records of {day}: {covered.why_not(day)}."
        return SourceIncompleteError(message)
    span = f"they are complete from {held.first} to {held.last}" if held else covered.why_not(day)
    return OutOfReachError(f"Not in the files: {span}.")


def _read_all(
    paths: Sequence[Path],
    intake: Intake,
    ids: Collection[str] | None,
    on_progress: Callable[[int, int], None] | None,
) -> ReadingResult:
    found = {path: _files(path) for path in paths}
    total = sum(file.stat().st_size for files in found.values() for file in files)
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        if on_progress:
            on_progress(done, max(done, total))

    for path, files in found.items():
        records, unreadable = intake.records, intake.unreadable
        for file in files:
            _read_file(file, intake, ids, advance)
        if intake.records == records and intake.unreadable > unreadable:
            raise BadInputError(_nothing_readable(path, intake.refusal(unreadable)))
    if not intake.records:
        raise BadInputError(f"{_none_found(paths, intake.other_logs)}; {EXPECTED}.")
    return intake.result()


def _files(path: Path) -> list[Path]:
    """The file itself, or all files below a folder except hidden ones, by name."""
    if path.is_dir():
        files = sorted(file for file in _below(path) if not file.name.startswith("."))
        if not any(file.stat().st_size for file in files):
            raise BadInputError(f"The folder {path} contains nothing to read; {EXPECTED}.")
        return files
    if not path.exists():
        raise BadInputError(f"There is no file or folder {path}; {EXPECTED}.")
    if path.is_file() and not path.stat().st_size:
        raise BadInputError(f"The file {path} is empty; {EXPECTED}.")
    return [path]


def _below(folder: Path) -> Iterator[Path]:
    """Every file; raises for an unreadable folder, whose content would be missing."""

    def stop(error: OSError) -> NoReturn:
        raise BadInputError(f"The folder {error.filename} cannot be read: {error.strerror}.")

    for here, _, names in os.walk(folder, onerror=stop):
        yield from (file for name in names if (file := Path(here, name)).is_file())


def _none_found(paths: Sequence[Path], other_logs: Mapping[str, int]) -> str:
    found = f"No sign-in record found in {', '.join(map(str, paths))}"
    others = ", ".join(f"{count:,} of {log}" for log, count in other_logs.items())
    return f"{found}, only records of other logs ({others})" if others else found


def _nothing_readable(path: Path, refusal: UnreadableRecord | None) -> str:
    why = f" ({refusal.file}, line {refusal.line}: {refusal.reason})" if refusal else ""
    return f"{path} contains no readable sign-in record{why}; {EXPECTED}."


def _read_file(
    path: Path, intake: Intake, ids: Collection[str] | None, on_bytes: Callable[[int], None]
) -> None:
    intake.begin(str(path))
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}; {EXPECTED}.") from error
    with file:
        read_stream(Stream(file, on_bytes), intake, None if ids is None else Skimmer(ids))


def read_stream(
    stream: Stream, intake: Intake, skimmer: Skimmer | None, block_bytes: int = BLOCK_BYTES
) -> None:
    """Take in one file; without a `Skimmer` every record is decoded, with the same result."""
    head = _head(stream)
    stream.push_back(head)
    text = head.strip(SPACE)
    lines = [line.strip(SPACE) for line in text.split(b"\n", _HEAD_LINES)[:_HEAD_LINES]]
    if text[:1] != b"[" and any(_is_record(line) for line in lines):
        LineReader(intake, skimmer, block_bytes).read(stream)
    elif text[:1] in (b"[", b"{"):
        ValueReader(intake, block_bytes, in_batches=skimmer is not None).read(stream)
    elif header := header_of(texts := [line.decode(errors="replace") for line in lines]):
        read_table(stream, intake, header)
    elif reason := _other_file(text) or other_table(texts):
        intake.refuse(1, reason)
    else:
        LineReader(intake, skimmer, block_bytes).read(stream)


def _other_file(text: bytes) -> str | None:
    return next((what for start, what in _OTHER_FILES.items() if text.startswith(start)), None)


def _head(stream: Stream) -> bytes:
    head = bytearray(_HEAD_BYTES)
    filled = 0
    while size := stream.readinto(memoryview(head)[filled:]):
        filled += size
    return bytes(head[:filled])


def _is_record(line: bytes) -> bool:
    if line[:1] != b"{" or line[-1:] != b"}":
        return False
    try:
        parse_sign_in(line, 0)
    except (OtherLogError, UnplacedError):
        return True
    except UnreadableError:
        return False
    return True
