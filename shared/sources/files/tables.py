"""
CSV from the Log Analytics portal: one record per row, JSON in cells of several lines.

Other tools separate cells with a semicolon or a tab, and write a line before the header: ``sep=;``,
or ``#TYPE …`` (Windows PowerShell).
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from shared.sources.files.lines import LONGEST_RECORD_BYTES
from shared.sources.records.plain import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.sources.files.intake import Intake
    from shared.sources.files.streams import Stream

_TIMES = ("createddatetime", "timegenerated")
#: What the portal appends to the name of a time: ``TimeGenerated [UTC]``, or its display time zone.
_DELIMITERS = (",", ";", "\t")
_PREFACE = re.compile(r"\ufeff?(?:#TYPE\b|\"?sep=)")
_COLUMN = re.compile(r"\w[\w .()/-]{0,60}")  #: what a column of another export may be called
_FEWEST_COLUMNS = 3
_PORTAL_CSV = (
    "it is CSV from the Entra admin center, which lacks the steps that show whether there was MFA: "
    "download the same sign-ins as JSON"
)


def header_of(lines: Iterable[str]) -> str | None:
    """The header of exported sign-ins, if it is the first line, or follows a preface."""
    header = next((line for line in lines if line and not _PREFACE.match(line)), "")
    return header if _delimiter_of(header) else None


def other_table(lines: Iterable[str]) -> str | None:
    """Why a CSV file with another header cannot be read; `None` if the lines are not CSV."""
    header = next((line for line in lines if line and not _PREFACE.match(line)), "")
    names = max((_names(header, delimiter) for delimiter in _DELIMITERS), key=len)
    if "request id" in names or names[:1] in (["date (utc)"], ["datum (utc)"]):
        return _PORTAL_CSV
    if len(names) < _FEWEST_COLUMNS or not all(map(_COLUMN.fullmatch, names)):
        return None
    if any("(utc)" in name for name in names):
        return _PORTAL_CSV
    shown = ", ".join(names[:_FEWEST_COLUMNS])
    return f"it is CSV of another kind: no column is createdDateTime or TimeGenerated ({shown}, …)"


def _delimiter_of(header: str) -> str | None:
    """The delimiter with which a column of a time is found."""
    for delimiter in _DELIMITERS:
        if any(name in _TIMES for name in map(_base, _names(header, delimiter))):
            return delimiter
    return None


def _base(name: str) -> str:
    """A column's name without its type, and without that of the object it was taken from."""
    return next(iter(by_name({name: ""}))).removeprefix("properties.")


def _names(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line.lstrip("\ufeff")], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [_name_and_zone(cell)[0].lower() for cell in cells]


def read_table(stream: Stream, intake: Intake, first_header: str) -> None:
    """Take in every row of a CSV file that has this header, perhaps after a preface."""
    csv.field_size_limit(LONGEST_RECORD_BYTES)
    text = io.TextIOWrapper(io.BufferedReader(stream), "utf-8", errors="replace", newline="")
    rows = csv.reader(text, delimiter=_delimiter_of(first_header) or ",")
    header = next(row for row in rows if row and not _PREFACE.match(row[0].lstrip("\ufeff")))
    names = [_name_and_zone(cell)[0] for cell in header]
    zone = _other_zone(header)
    unreadable, line = intake.unreadable, rows.line_num + 1
    for row in _lenient(rows):
        unreadable = intake.unreadable
        if isinstance(row, csv.Error):
            intake.refuse(line, f"it is not valid CSV: {row}")
        elif zone:
            intake.refuse(line, f"its times are in {zone}: export with the portal set to UTC")
        elif len(row) == len(names):
            intake.take_values(dict(zip(names, row, strict=True)), line)
        elif row:
            intake.refuse(line, stream.fault or f"it has {len(row)} cells, not {len(names)}")
        line = rows.line_num + 1
    if stream.fault and intake.unreadable == unreadable:
        intake.refuse(line, stream.fault)
    if stream.fault:
        intake.break_off()


def _other_zone(header: list[str]) -> str:
    """The time zone of the times if it is not UTC, else an empty string."""
    zones = (zone for cell in header if (zone := _name_and_zone(cell)[1]) is not None)
    return next((zone for zone in zones if zone.strip().upper() != "UTC"), "")


def _name_and_zone(cell: str) -> tuple[str, str | None]:
    """A column's name, and the time zone in the brackets behind it, if there are any."""
    text = cell.strip()
    opening = text.find("[", text.rfind("]", 0, -1) + 1)
    if not text.endswith("]") or opening < 0:
        return text, None
    return text[:opening].strip(), text[opening + 1 : -1]


def _lenient(rows: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Every row; for an invalid one, the error."""
    while True:
        try:
            yield next(rows)
        except csv.Error as error:
            yield error
        except StopIteration:
            return
