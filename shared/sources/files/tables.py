"""CSV from the Log Analytics portal: one record per row, JSON in cells of several lines."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from shared.sources.files.lines import LONGEST_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.sources.files.intake import Intake
    from shared.sources.files.streams import Stream

_TIMES = ("createddatetime", "timegenerated")
#: What the portal appends to the name of a time: ``TimeGenerated [UTC]``, or its display time zone.
_ZONE = re.compile(r"\s*\[([^\]]*)\]\s*$")


def is_header(line: str) -> bool:
    """Whether a line is the header of exported sign-ins."""
    return any(name in _TIMES for name in _names(line))


def is_portal_header(line: str) -> bool:
    """
    Whether a line is the header of a CSV file from the Entra admin center.

    Its columns (``Date (UTC)``, ``Request ID``, …) contain neither the steps of a sign-in nor its
    kind, so no request could ever count as one without MFA.
    """
    return "request id" in _names(line)


def _names(line: str) -> list[str]:
    try:
        cells = next(csv.reader([line.lstrip("\ufeff")]), [])
    except csv.Error:
        return []
    return [_ZONE.sub("", cell).strip().lower() for cell in cells]


def read_table(stream: Stream, intake: Intake) -> None:
    """Take in every row of a CSV file that begins with its header."""
    csv.field_size_limit(LONGEST_RECORD_BYTES)
    text = io.TextIOWrapper(io.BufferedReader(stream), "utf-8", errors="replace", newline="")
    rows = csv.reader(text)
    header = next(row for row in rows if row)
    names = [_ZONE.sub("", cell).strip() for cell in header]
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
    zones = (match[1] for cell in header if (match := _ZONE.search(cell)))
    return next((zone for zone in zones if zone.strip().upper() != "UTC"), "")


def _lenient(rows: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    """Every row; for an invalid one, the error."""
    while True:
        try:
            yield next(rows)
        except csv.Error as error:
            yield error
        except StopIteration:
            return
