"""The index of a partner's reports: its days as a chart and as a table, each day a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.page.history_chart import trend
from shared.delivery.page.report_page import environment, look
from shared.delivery.page.reports_table import reports_table
from shared.mfa.window import WINDOW_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.delivery.page.reports_table import PastReport
    from shared.delivery.page.table import PageContext
    from shared.mfa.assessment import ReportMeta


def render_reports(
    reports: Sequence[PastReport], address: str, meta: ReportMeta, context: PageContext
) -> str:
    """Render the index; `address` is the path below which each day's report is."""
    return (
        environment()
        .get_template("reports.html")
        .render(
            reports=reports,
            chosen=reports_table(reports).select(context.query),
            lines=trend([report.point for report in reversed(reports)]),
            address=address,
            whole=WINDOW_DAYS,
            meta=meta,
            context=context,
            **look("table.css", "reports.css"),
        )
    )
