"""The index of a tenant's reports, and the way from one to the next."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.delivery.page.reports_table import PastReport, reports_table
from shared.delivery.page.table import PageContext
from shared.delivery.text.formatting import long_day
from shared.service.addresses import API, REPORTS, report_address
from shared.service.http.answers import RefusedError, redirect
from shared.service.http.details import tagged
from shared.service.http.search import read_query, refuse_later_pages

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from shared.mfa.assessment import ReportMeta
    from shared.service.http.answers import Answer
    from shared.stores.models import ReportRow, StoredFile

BEFORE, AFTER = "before", "after"
NEIGHBOURS = (BEFORE, AFTER)  #: stand where a report's file does


def index_page(
    reports: Sequence[ReportRow],
    names: Collection[str],
    meta: ReportMeta,
    params: Mapping[str, str],
) -> StoredFile:
    """Return the index; `names` are the files that can be asked for. Refuses as tables do."""
    from shared.delivery.page.reports_page import render_reports  # loads Jinja

    past = [_past(report, names) for report in reports]
    table = reports_table(past)
    query = read_query(params, table)
    refuse_later_pages(table.select(query))
    address = f"{REPORTS}/{meta.tenant_id}"
    return tagged(render_reports(past, address, meta, PageContext(API, query=query)).encode())


def meta_of(report: ReportRow) -> ReportMeta:
    """What is still known of a report whose files are gone."""
    from shared.mfa.assessment import ReportMeta  # loads much code

    return ReportMeta(report.metrics.tenant_id, None, "", report.metrics.generated_at)


def neighbour(reports: Sequence[ReportRow], tenant_id: str, ending: date, direction: str) -> Answer:
    """Lead to the nearest report before or after a day; 404 if there is none, or none yet."""
    there = [report.metrics.ending for report in reports if report.files]
    if direction == BEFORE:
        found = max((day for day in there if day < ending), default=None)
        sentence = f"No report that ends before {long_day(ending)} is kept."
    else:
        found = min((day for day in there if day > ending), default=None)
        sentence = f"There is no report that ends after {long_day(ending)} yet."
    if found is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, sentence)
    return redirect(report_address(tenant_id, found))


def _past(report: ReportRow, names: Collection[str]) -> PastReport:
    files = [name for name in names if name in report.files]
    return PastReport(report.metrics.point, report.metrics.complete_days, files)
