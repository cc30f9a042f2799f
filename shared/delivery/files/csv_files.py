"""
The CSV files of a report: Partner Center's three downloads, the accounts and the customers.

A table is a msgspec Struct: its fields are the columns, their order and their types, and their
encoded names are the header. The files are RFC 4180 with CRLF, in UTF-8 without a byte order mark.
A cell that a spreadsheet would run as a formula gets an apostrophe in front. The files hold only
the header and rows; the report says how many rows there would be without the cap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.files.directory_rows import AccountStatusRow, CustomerStatusRow
from shared.delivery.files.request_rows import (
    ApplicationDayRow,
    PortalUserRow,
    RequestRow,
    application_day_rows,
    portal_user_rows,
    request_rows,
)
from shared.mfa.report import FileEntry
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.assessment import Assessment

# Where a spreadsheet starts to run the text of a cell. Many take ``;`` or a tab for the end of a
# cell, whatever the quotes say; some skip blanks, and some accept the full-width forms.
_FORMULA = r"=+\-@\uff1d\uff0b\uff0d\uff20"
#: Nearly every cell: nothing to guard, and nothing to quote.
_is_plain = re.compile(rf"(?:[^\s;,\"{_FORMULA}][^;,\"\t\r\n]*)?").fullmatch
_must_be_quoted = re.compile(r"[,\"\r\n]").search  #: RFC 4180, 2.6
_BLANKS_AND_FORMULA = re.compile(rf"(?<!\s)\s*[{_FORMULA}]")
_CELL_ENDS = frozenset(";\t\r\n")


@dataclass(frozen=True, slots=True)
class ReportTables:
    """The rows behind a report; `None` where they were not read. Texts are as they were logged."""

    portal_users: list[PortalUserRow]
    application_days: list[ApplicationDayRow]
    api_requests: list[RequestRow]  #: at most 10,000
    api_requests_total: int  #: rows there would be without that cap
    portal_requests: list[RequestRow]  #: at most 10,000
    portal_requests_total: int
    accounts: Iterable[AccountStatusRow] | None  #: may be read again, and may be many
    customers: list[CustomerStatusRow] | None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file, ready to be stored or sent."""

    name: str  #: with its ``.csv``
    content: bytes
    rows: int  #: without the header
    total: int | None  #: rows there would be without the cap; `None` where nothing was read


def report_tables(
    assessment: Assessment,
    tenant_id: str | None,
    accounts: Iterable[AccountStatusRow] | None = None,
    customers: Iterable[CustomerStatusRow] | None = None,
) -> ReportTables:
    """The tables of a report on the partner `tenant_id`; `None` for what was not read."""
    return ReportTables(
        portal_users=portal_user_rows(assessment, tenant_id),
        application_days=application_day_rows(assessment),
        api_requests=request_rows(assessment, Channel.API, tenant_id),
        api_requests_total=assessment.metrics.api.requests,
        portal_requests=request_rows(assessment, Channel.PORTAL, tenant_id),
        portal_requests_total=assessment.metrics.portal.requests,
        accounts=accounts,
        customers=None if customers is None else list(customers),
    )


def csv_files(tables: ReportTables) -> list[CsvFile]:
    """All six files. A table that was not read has its header only, so every link works."""
    api_total, portal_total = tables.api_requests_total, tables.portal_requests_total
    return [
        csv_file("portal-requests-without-mfa.csv", PortalUserRow, tables.portal_users),
        csv_file("portal-requests.csv", RequestRow, tables.portal_requests, portal_total),
        csv_file("api-requests-summary.csv", ApplicationDayRow, tables.application_days),
        csv_file("all-api-requests.csv", RequestRow, tables.api_requests, api_total),
        csv_file("accounts.csv", AccountStatusRow, tables.accounts),
        csv_file("customers.csv", CustomerStatusRow, tables.customers),
    ]


def csv_file(
    name: str,
    row_type: type[msgspec.Struct],
    rows: Iterable[msgspec.Struct] | None,
    total: int | None = None,
) -> CsvFile:
    """Rows of one type as a file; `total` is the number of rows, unless it is given."""
    content = BytesIO()
    content.write(_line(row_type.__struct_encode_fields__))
    written = 0
    for row in rows or ():
        content.write(_line(msgspec.structs.astuple(row)))
        written += 1
    if rows is not None and total is None:
        total = written
    return CsvFile(name, content.getvalue(), written, total)


def file_entries(files: Iterable[CsvFile]) -> dict[str, FileEntry]:
    """The list of files in ``report.json``: ``all_api_requests``, its link and its rows."""
    return {
        file.name.removesuffix(".csv").replace("-", "_"): FileEntry(
            href=file.name, rows=file.rows, total=file.total
        )
        for file in files
    }


def _line(values: Iterable[object]) -> bytes:
    """One row. The csv module would take as long for cells without anything to quote."""
    line = ",".join([_cell(value) for value in values])
    return f"{line}\r\n".encode("utf-8", "replace")  # half a surrogate pair is not text


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(_guarded(value))
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    if not _must_be_quoted(text):
        return text
    return '"{}"'.format(text.replace('"', '""'))


def _guarded(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would begin to run it."""
    guarded = _BLANKS_AND_FORMULA.sub(_guarded_formula, text)
    return f"'{guarded}" if text[:1] in _CELL_ENDS - {";"} and guarded[0] != "'" else guarded


def _guarded_formula(found: re.Match[str]) -> str:
    """Blanks and the beginning of a formula, each marked if a cell may begin there."""
    before = found.string[found.start() - 1] if found.start() else ";"
    pairs = zip(before + found[0], found[0], strict=False)
    return "".join(f"'{each}" if last in _CELL_ENDS else each for last, each in pairs)
