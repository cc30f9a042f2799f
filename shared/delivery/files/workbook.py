"""
The report as one workbook: a sheet of figures, and a sheet for each list.

Cells have types: times are times, numbers are numbers, and a text that looks like a formula stays
a text. Customers are in no sheet, because fewer people may see them; their own files have them.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
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
from shared.delivery.text.formatting import harmless, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.delivery.files.csv_files import ReportTables
    from shared.mfa.report import Report

NAME = "report.xlsx"
MOST_ROWS = 10_000  #: of one sheet; the CSV files have all
_LONGEST_TEXT = 32_767  #: characters of a cell (Excel specifications and limits)
_FIRST_YEAR = 1900  #: of a spreadsheet's calendar
_DAY_LENGTH = len("2026-11-23")
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

    content = BytesIO()
    with xlsxwriter.Workbook(content, _OPTIONS) as book:
        ending = report.window.ending
        made = datetime(ending.year, ending.month, ending.day)  # noqa: DTZ001 (cells have no zone)
        book.set_properties({"title": sentences.verdict(report), "created": made})
        formats = _Formats(
            head=book.add_format(_head_format()),
            time=book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            day=book.add_format({"num_format": "yyyy-mm-dd"}),
            share=book.add_format({"num_format": "0.0 %"}),
        )
        _write_figures(book.add_worksheet("Figures"), report, formats)
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.title), sheet, formats)
    return content.getvalue()


_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class _Formats(NamedTuple):
    head: Any
    time: Any
    day: Any
    share: Any


def _head_format() -> dict[str, Any]:
    """Of heads: plain, or white on the colour of a brand, which is dark enough for it."""
    accent = appearance.current().accent
    if accent == Accent():
        return {"bold": True, "bottom": 1}
    return {"bold": True, "bottom": 1, "font_color": "#ffffff", "bg_color": accent.light}


def _write_figures(page: Any, report: Report, formats: _Formats) -> None:  # noqa: ANN401
    page.set_column(0, 0, 34)
    page.set_column(1, 5, 16)
    for row, values in enumerate(_figure_rows(report)):
        for column, value in enumerate(values):
            if row == _HEAD_ROW:
                page.write_string(row, column, str(value), formats.head)
            elif isinstance(value, float):
                page.write_number(row, column, value, formats.share)
            else:
                _write_cell(page, row, column, value, formats)
    if logo := appearance.current().logo:  # to the right of the words
        page.insert_image(0, 8, "logo.png", {"image_data": BytesIO(logo.content)})


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


def _write_sheet(page: Any, sheet: Sheet, formats: _Formats) -> None:  # noqa: ANN401
    names = sheet.row_type.__struct_encode_fields__
    for column, name in enumerate(names):
        page.set_column(column, column, _WIDTHS.get(name, _WIDTH))
        page.write_string(0, column, f"{name} (UTC)" if name in _TIMES else name, formats.head)
    last = 0
    for last, row in enumerate(islice(sheet.rows, MOST_ROWS), 1):
        for column, value in enumerate(msgspec.structs.astuple(row)):
            is_time = names[column] in _TIMES
            _write_cell(page, last, column, _moment(value) if is_time else value, formats)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, last, len(names) - 1)


def _moment(text: Any) -> Any:  # noqa: ANN401
    """The instant or day that a text names, without a zone as cells have none; else the text."""
    with suppress(ValueError, TypeError):
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
        if moment.year >= _FIRST_YEAR:
            return moment.date() if len(text) == _DAY_LENGTH else moment
    return text


def _write_cell(page: Any, row: int, column: int, value: Any, formats: _Formats) -> None:  # noqa: ANN401
    if value is None or value == "":
        return
    if isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        page.write_number(row, column, value)
    elif isinstance(value, date):
        form = formats.time if isinstance(value, datetime) else formats.day
        page.write_datetime(row, column, value, form)
    else:
        page.write_string(row, column, harmless(str(value))[:_LONGEST_TEXT])
