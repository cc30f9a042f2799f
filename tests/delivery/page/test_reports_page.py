"""The index of reports: 400 days as a chart and a table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.delivery.files.customers import CustomerEntry, CustomerPoint, Customers
from shared.delivery.page.customers_page import render_customer
from shared.delivery.page.error_page import render_error
from shared.delivery.page.reports_page import render_reports
from shared.delivery.page.reports_table import PastReport
from shared.delivery.page.table import PageContext, Query
from shared.mfa.assessment import ReportMeta
from shared.mfa.report import HistoryPoint
from shared.stores.models import REPORT_FILES
from tests.delivery.opened import DESK
from tests.delivery.parsed import Page
from tests.delivery.scenarios import HOSTILE

TENANT = "cccccccc-0000-4000-8000-00000000000c"
NEWEST = date(2026, 11, 23)
NARROW = {"viewport": {"width": 320, "height": 740}}
FILES = [name for name in REPORT_FILES if name.endswith((".csv", "report.json", "report.html"))]


def reports(days=400):
    """Years of reports; the files of the newest month are there."""
    return [
        PastReport(
            HistoryPoint(
                NEWEST - timedelta(days=back), 1 - back / 500, *(0.5, 0.75), 0.5, 0.5, 0.7, 0.8
            ),
            complete_days=7 if back % 30 else 6,
            files=FILES if back < 30 else [],
        )
        for back in range(days)
    ]


def page(days=400, name="Northwind", **asked):
    meta = ReportMeta(TENANT, name, "graph", "2026-11-24T02:15:00Z")
    context = PageContext("/api", query=Query(**asked))
    return render_reports(reports(days), f"/api/reports/{TENANT}", meta, context)


def test_400_days_are_a_chart_and_four_pages_of_a_table_below_300_kilobytes():
    made = page()

    assert len(made.encode()) < 150_000
    assert made.count("<polyline ") == 3
    assert "Page 1 of 4" in Page(made).text
    assert page(page=4).count('<tr><th scope="row"') == 100


def test_a_share_with_unknown_requests_is_said_by_its_bounds():
    assert "at least 70 %, at most 80 %" in Page(page(1)).text


def test_a_single_day_has_no_chart():
    assert "Is it getting better?" not in page(1)
    assert "Is it getting better?" in page(2)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name):
    parsed = Page(page(1, name))

    assert not [tag for tag, _ in parsed.elements if tag in ("script", "img", "b", "iframe")]
    assert all((link["href"] or "").startswith(("/api/", "#", "?")) for link in parsed.all("a"))


def customer_page():
    entry = CustomerEntry("Litware", 1, 2, 6, TENANT, "disabled", "enabled", None, "3 of 6 users")
    points = [CustomerPoint(report.ending, 3, 6, 0.5) for report in reversed(reports(31))]
    meta = ReportMeta(TENANT, "Northwind", "graph", "2026-11-24T02:15:00Z")
    listed = Customers(TENANT, "2026-11-24T02:00:00Z", [entry])
    return render_customer(entry, listed, points, meta, "/api")


@pytest.mark.browser
@pytest.mark.parametrize(("screen", "scheme"), [(NARROW, "dark"), (DESK, "light")])
def test_the_page_does_not_scroll_sideways(opened, screen, scheme):
    """The index, the page of an error, and one customer's."""
    error = render_error(404, "Not Found", "There is no report yet.", "/api")
    for html in (page(20), error, customer_page()):
        made = opened(html, color_scheme=scheme, **screen)
        made.page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")

        assert made.overhangs()[0] <= 0
        assert made.complaints == []
