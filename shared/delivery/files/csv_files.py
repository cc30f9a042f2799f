"""
The CSV files of a report: Partner Center's three downloads, the accounts and the customers.

RFC 4180 with CRLF, UTF-8 without a byte order mark. Cells that a spreadsheet would run as a formula
begin with an apostrophe instead. Files hold rows and nothing else: how many there would be without
the cap is said in the report.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING

from shared.delivery.text.words import utc_time
from shared.mfa.metrics import tally
from shared.mfa.report import FileEntry
from shared.mfa.requests import REQUESTS_CAP
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.assessment import Assessment
    from shared.mfa.metrics import ShareRule
    from shared.mfa.requests import Request

Cell = str | int | bool | None
Row = tuple[Cell, ...]

HEADERS: dict[str, tuple[str, ...]] = {
    "portal-requests-without-mfa": (
        "ObjectId", "TenantId", "Upn", "LastNonMfaCompliantLoginDateTime",
    ),
    "api-requests-summary": (
        "LoginDate", "MfaCompliantRequestCount", "TotalRequestCount", "ApplicationId",
        "ApplicationName",
    ),
    "all-api-requests": (
        "RequestId", "CorrelationId", "OperationName", "RequestDateTime", "IpAddress", "ObjectId",
        "TenantId", "Upn", "ApplicationId", "MfaCompliant",
    ),
    "accounts": (
        "ObjectId", "TenantId", "Upn", "DisplayName", "UserType", "Enabled", "IsAdmin",
        "Enforcement", "EnforcedBy", "Cause", "Remedy", "MfaRegistered", "LastRequest",
        "LastRequestMfaCompliant",
    ),
    "customers": (
        "Customer", "Admins with MFA enabled", "Non-admins with MFA enabled", "Total Users",
        "TenantId", "SecurityDefaults", "ConditionalAccess", "PerUserMfa", "AsOf", "Status",
    ),
}  # fmt: skip

#: Where a spreadsheet would begin to run what a cell says. Many take ``;`` or a tab for the end of
#: a cell, whatever the quotes say, some skip blanks, and some know the full-width forms.
_FORMULA = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_RUN_BY_SPREADSHEETS = re.compile(rf"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?={_FORMULA})")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file, ready to be stored or sent."""

    name: str  #: with its ``.csv``
    content: bytes
    rows: int  #: without the header
    total: int | None  #: rows there would be without the cap; `None` where nothing was read


def csv_files(
    assessment: Assessment,
    tenant_id: str | None,
    accounts: Iterable[Row] | None = None,
    customers: Iterable[Row] | None = None,
) -> list[CsvFile]:
    """
    All five files of a report, of the partner `tenant_id`.

    `accounts` and `customers` are rows in the order of `HEADERS`, `None` where they were not read:
    the file then has its header only, so that whoever fetches it need not ask first.
    """
    return [
        portal_requests_without_mfa(assessment, tenant_id),
        api_requests_summary(assessment),
        all_api_requests(assessment, tenant_id),
        listing("accounts", accounts),
        listing("customers", customers),
    ]


def file_entries(files: Iterable[CsvFile]) -> dict[str, FileEntry]:
    """What ``report.json`` says of the files: ``all_api_requests`` and where, how many."""
    return {
        file.name.removesuffix(".csv").replace("-", "_"): FileEntry(
            href=file.name, rows=file.rows, total=file.total
        )
        for file in files
    }


def portal_requests_without_mfa(assessment: Assessment, tenant_id: str | None) -> CsvFile:
    """One row per user with a request that counts against the portal's share, latest first."""
    return _file("portal-requests-without-mfa", visitor_rows(assessment, tenant_id))


def visitor_rows(assessment: Assessment, tenant_id: str | None) -> list[Row]:
    """The rows of that file, with texts as they were logged."""
    names: dict[str, str] = {}
    last: dict[str, Request] = {}
    for request in _made(assessment, Channel.PORTAL):
        user = request.sign_in.user_key
        if not names.get(user):
            names[user] = request.sign_in.upn
        if assessment.rule.counts_against(request.verdict):
            last.setdefault(user, request)
    ordered = sorted(last.items(), key=lambda item: (item[1].sign_in.user_id, item[0]))
    ordered.sort(key=lambda item: item[1].sign_in.created_at, reverse=True)
    return [_visitor(request, tenant_id, names[user]) for user, request in ordered]


def _visitor(request: Request, tenant_id: str | None, upn: str) -> Row:
    return request.sign_in.user_id, tenant_id, upn, utc_time(request.sign_in.created_at)


def api_requests_summary(assessment: Assessment) -> CsvFile:
    """One row per day and application, newest day first, then the most requests without MFA."""
    return _file("api-requests-summary", summary_rows(assessment))


def summary_rows(assessment: Assessment) -> list[Row]:
    """The rows of that file, with texts as they were logged."""
    names: dict[str, str] = {}
    groups: defaultdict[tuple[str, str], list[Request]] = defaultdict(list)
    for request in _made(assessment, Channel.API):
        app_id = request.sign_in.app_id
        if not names.get(app_id):
            names[app_id] = request.sign_in.app_name
        groups[request.sign_in.day, app_id].append(request)
    ranked = sorted(
        (-tally(group).against(assessment.rule), app_id, day)
        for (day, app_id), group in groups.items()
    )
    ranked.sort(key=lambda rank: rank[2], reverse=True)
    return [
        _summary(groups[day, app_id], assessment.rule, names[app_id]) for _, app_id, day in ranked
    ]


def _summary(group: list[Request], rule: ShareRule, app_name: str) -> Row:
    counts, sign_in = tally(group), group[0].sign_in
    return sign_in.day, counts.compliant(rule), counts.requests, sign_in.app_id, app_name


def all_api_requests(assessment: Assessment, tenant_id: str | None) -> CsvFile:
    """App+User requests, newest first, at most 10,000 of them as in Partner Center's own file."""
    rows = request_rows(assessment, tenant_id)
    return _file("all-api-requests", rows, total=assessment.metrics.api.requests)


def request_rows(assessment: Assessment, tenant_id: str | None) -> Iterator[Row]:
    """The rows of that file, with texts as they were logged."""
    newest = islice(_made(assessment, Channel.API), REQUESTS_CAP)
    return (_request_row(request, assessment.rule, tenant_id) for request in newest)


def _request_row(request: Request, rule: ShareRule, tenant_id: str | None) -> Row:
    sign_in = request.sign_in
    return (
        sign_in.id if sign_in.has_own_id else "",
        sign_in.correlation_id,
        f"Sign-in: {sign_in.resource_name}",
        utc_time(sign_in.created_at),
        sign_in.ip_address,
        sign_in.user_id,
        tenant_id,
        sign_in.upn,
        sign_in.app_id,
        rule.is_compliant(request.verdict),
    )


def listing(name: str, rows: Iterable[Row] | None) -> CsvFile:
    """A file of rows made elsewhere; its header only, and no total, where nothing was read."""
    return _file(name, () if rows is None else rows, unread=rows is None)


def _made(assessment: Assessment, channel: Channel) -> Iterator[Request]:
    """The channel's requests, newest first, without those that are none."""
    return (request for request in assessment.requests[channel] if request.verdict.is_request)


def _file(
    name: str, rows: Iterable[Row], *, total: int | None = None, unread: bool = False
) -> CsvFile:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADERS[name])
    written = 0
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
        written += 1
    return CsvFile(
        name=f"{name}.csv",
        content=text.getvalue().encode("utf-8", "replace"),  # half a surrogate pair is not text
        rows=written,
        total=None if unread else written if total is None else total,
    )


def _cell(value: Cell) -> str | int:
    if isinstance(value, str):
        return _RUN_BY_SPREADSHEETS.sub("'", value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value
