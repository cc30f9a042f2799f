"""
The report as one workbook: a sheet of figures, and a sheet for each list.

Cells have types: times are times, numbers are numbers, and a text that looks like a formula stays
a text. Customers are in no sheet, because fewer people may see them; their own files have them.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from shared.delivery import appearance
from shared.delivery.appearance import Accent
from shared.delivery.files.directory_rows import AccountStatusRow
from shared.delivery.files.request_rows import ApplicationDayRow, PortalUserRow, RequestRow
from shared.delivery.text import figure_words, sentences
from shared.delivery.text.figures import account_figure, request_figures
from shared.delivery.text.formatting import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.delivery.files.csv_files import ReportTables
    from shared.delivery.files.sheet import Cells, Page
    from shared.mfa.report import Report

NAME = "report.xlsx"
MOST_ROWS = 10_000  #: of one sheet; the CSV files have all
_WIDTHS = {"Cause": 60, "Remedy": 60, "Reason": 60}
_WIDTH = 24
_TIMES = frozenset(
    ("LastNonMfaCompliantLoginDateTime", "RequestDateTime", "LastRequest", "LoginDate")
)


class Sheet(NamedTuple):
    """One list: its title, the type of its rows, and the rows."""

    title: str
    row_type: type[msgspec.Struct]
    rows: Iterable[msgspec.Struct]


def sheets(tables: ReportTables) -> list[Sheet]:
    """A sheet for each list of a report."""
    return [
        Sheet("Portal users without MFA", PortalUserRow, tables.portal_users),
        Sheet("Portal requests", RequestRow, tables.portal_requests),
        Sheet("API requests summary", ApplicationDayRow, tables.application_days),
        Sheet("All API requests", RequestRow, tables.api_requests),
        Sheet("Accounts", AccountStatusRow, tables.accounts or ()),
    ]


def workbook(report: Report, sheets: Iterable[Sheet]) -> bytes:
    """The workbook's bytes; the same for equal reports of one window, whenever they are made."""
    import xlsxwriter  # type: ignore[import-untyped]  # only a report needs it

    from shared.delivery.files.sheet import Cells, Page

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"constant_memory": True}) as book:
        ending = report.window.ending
        made = datetime(ending.year, ending.month, ending.day)  # noqa: DTZ001 (cells have no zone)
        book.set_properties({"title": sentences.verdict(report), "created": made})
        cells = Cells.of(
            book.add_format(_head_format()),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"num_format": "0.0 %"}),
        )
        _write_figures(book.add_worksheet("Figures", Page), report, cells)
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.title, Page), sheet, cells)
    return content.getvalue()


def _head_format() -> dict[str, Any]:
    """Of heads: plain, or white on the colour of a brand, which is dark enough for it."""
    accent = appearance.current().accent
    if accent == Accent():
        return {"bold": True, "bottom": 1}
    return {"bold": True, "bottom": 1, "font_color": "#ffffff", "bg_color": accent.light}


def _write_figures(page: Page, report: Report, cells: Cells) -> None:
    page.set_column(0, 0, 34)
    page.set_column(1, _COLUMNS - 2, 16)
    page.write_rows(_figure_cells(report, cells), _COLUMNS)
    if logo := appearance.current().logo:  # to the right of the words
        page.insert_image(0, _COLUMNS + 1, "logo.png", {"image_data": BytesIO(logo.content)})


def _figure_cells(report: Report, cells: Cells) -> Iterator[list[str]]:
    for row, values in enumerate(_figure_rows(report)):
        if row == _HEAD_ROW:
            yield [cells.head(value) for value in values]
        else:
            yield [
                cells.share(value) if isinstance(value, float) else cells.plain(value)
                for value in values
            ]


_COLUMNS = 7
_HEAD_ROW = 4
_ACCOUNTS = "Accounts with MFA enforced"


def _figure_rows(report: Report) -> Iterator[tuple[Any, ...]]:
    """The head, and each figure with its bounds; ``unknown`` where a share is not known."""
    yield ("Tenant", name_of(report.tenant_name or "", report.tenant_id or "", "unknown"))
    yield ("Seven days, UTC", f"{report.window.start} to {report.window.ending}")
    yield ("Days known", report.window.complete_days)
    yield ("Made by", brand) if (brand := appearance.current().name) else ()
    yield ("Figure", "Share", "At least", "At most", "Counted", "Of", "In words")
    accounts = report.metrics.accounts
    shares = _known(accounts.known_share, accounts.share, accounts.share_upper)
    words = figure_words.account_share_words(account_figure(report))
    yield (_ACCOUNTS, *shares, accounts.enforced, accounts.enabled, words)
    for figure in request_figures(report):
        shares = _known(figure.share, figure.lower, figure.upper)
        counts = figure.counts
        made, words = counts.compliant(report.rule), figure_words.share_words(figure)
        yield (figure.title, *shares, made, counts.requests, words)


def _known(*shares: float | None) -> tuple[float | str, ...]:
    return tuple("unknown" if share is None else share for share in shares)


def _write_sheet(page: Page, sheet: Sheet, cells: Cells) -> None:
    names = sheet.row_type.__struct_encode_fields__
    for column, name in enumerate(names):
        page.set_column(column, column, _WIDTHS.get(name, _WIDTH))
    rows = page.write_rows(_sheet_cells(sheet, cells), len(names))
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, rows - 1, len(names) - 1)


def _sheet_cells(sheet: Sheet, cells: Cells) -> Iterator[list[str]]:
    """The head and the rows. Values of a column have one type, and recur: each is made once."""
    names = sheet.row_type.__struct_encode_fields__
    yield [cells.head(f"{name} (UTC)" if name in _TIMES else name) for name in names]
    makers = [cache(cells.time if name in _TIMES else cells.plain) for name in names]
    for row in islice(sheet.rows, MOST_ROWS):
        values = zip(makers, msgspec.structs.astuple(row), strict=True)
        yield [make(value) for make, value in values]
