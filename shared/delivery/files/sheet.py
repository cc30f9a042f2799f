"""
The rows of a sheet as a workbook's file has them (SpreadsheetML, ECMA-376).

xlsxwriter makes everything else of the file. Its own way of writing takes several calls a cell, and
a text that begins and ends like its rich text goes into the file as it is: the person who chose the
text could place formulas with it. Here every text is escaped.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from shared.delivery.text.formatting import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LONGEST_TEXT = 32_767  #: of a cell, in units of UTF-16 (Excel specifications and limits)
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (cells have no zone)
_FIRST_YEAR = 1901  #: the calendar of spreadsheets has a 29 February 1900
_DAY_LENGTH = len("2026-11-23")
_ESCAPES = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  #: a spreadsheet reads ``_x0041_`` as ``A``


class Page(Worksheet):  # type: ignore[misc]
    """A sheet that takes whole rows; in constant memory, so they go to a file at once."""

    def write_rows(self, rows: Iterable[Sequence[str]], columns: int) -> int:
        """Write all rows of a sheet, and return how many there are; a cell is made by `Cells`."""
        letters = [xl_col_to_name(column) for column in range(columns)]
        number = 0
        for number, cells in enumerate(rows, 1):
            pairs = zip(letters, cells, strict=False)
            line = "".join([f'<c r="{letter}{number}"{cell}' for letter, cell in pairs if cell])
            self.row_data_fh.write(f'<row r="{number}">{line}</row>')
        self._check_dimensions(0, 0)
        self._check_dimensions(number - 1, columns - 1)
        return number


class Cells(NamedTuple):
    """Makes cells, each without its address; the attributes of those with a format."""

    head_style: str
    time_style: str
    day_style: str
    share_style: str

    @classmethod
    def of(cls, *formats: Any) -> Self:  # noqa: ANN401
        """Cells with these formats of a workbook, in the order of the attributes."""
        return cls(*(f' s="{each._get_xf_index()}"' for each in formats))  # noqa: SLF001

    def head(self, name: str) -> str:
        """Return the name of a column."""
        return _text(name, self.head_style)

    def plain(self, value: object) -> str:
        """Return a value as what it is; what is unknown has no cell."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return f' t="b"><v>{value:d}</v></c>'
        if isinstance(value, int):
            return f"><v>{value}</v></c>"
        return _text(str(value))

    def time(self, value: object) -> str:
        """Return the instant or day that a text names, in UTC; any other text stays one."""
        with suppress(ValueError, TypeError):
            moment = datetime.fromisoformat(value).replace(tzinfo=None)  # type: ignore[arg-type]
            if moment.year >= _FIRST_YEAR:
                style = self.day_style if len(str(value)) == _DAY_LENGTH else self.time_style
                return f"{style}><v>{(moment - _DAY_ZERO) / timedelta(days=1):.16G}</v></c>"
        return self.plain(value)

    def share(self, value: float) -> str:
        """Return a fraction, which is shown in per cent."""
        return f"{self.share_style}><v>{value!r}</v></c>"


def _text(text: str, style: str = "") -> str:
    text = harmless(text)
    text = text[: _LONGEST_TEXT if text.isascii() else _LONGEST_TEXT // 2]
    escaped = _ESCAPES.sub("_x005F_", escape(text, quote=False))
    space = "" if text == text.strip() else ' xml:space="preserve"'
    return f'{style} t="inlineStr"><is><t{space}>{escaped}</t></is></c>'
