"""What a report says of each day, as rows of the tables for people."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shared.delivery.files.customers import Customers, CustomerStatus
from shared.mfa.accounts.directory import users_with_mfa
from shared.mfa.by_day import figures_by_day
from shared.stores.table_rows import ApplicationRow, CustomerRow, DayRow, EndingRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from shared.delivery.files.customers import CustomerEntry
    from shared.delivery.files.directory_rows import CustomerStatusRow
    from shared.mfa.assessment import Assessment
    from shared.mfa.by_day import ApplicationFigure, DayFigure
    from shared.mfa.metrics import ApiMetrics, PortalMetrics, ShareRule, Tally
    from shared.mfa.report import Report
    from shared.stores.tables import Figures


def report_figures(
    assessment: Assessment, report: Report, customers: Sequence[CustomerStatusRow] | None
) -> Figures:
    """All rows of a report, by table and day; customers that were not read leave out the table."""
    ending, missing = report.window.ending, {gap.day: gap.reason for gap in report.window.missing}
    applications: dict[date, list[ApplicationRow]] = {
        day: [] for day in assessment.window.days if day not in missing
    }
    by_day, by_application = figures_by_day(assessment)
    for application in by_application:
        row = _application_row(application, report.rule)
        applications[row.day].append(row)
    days: defaultdict[date, list[DayRow]] = defaultdict(list)
    for figure in by_day:
        days[figure.day].append(_day_row(figure, report.rule, missing.get(figure.day)))
    figures: dict[str, dict[date, Sequence[msgspec.Struct]]] = {
        "metrics": {ending: [ending_row(report)]},
        "days": {**days},
        "applications": {**applications},
    }
    if customers is not None:
        figures["customers"] = {ending: list(_customer_rows(ending, customers))}
    return figures  # type: ignore[return-value]  # each table has its own kind of rows


def ending_row(report: Report) -> EndingRow:
    """Everything that a report counts over its seven days."""
    window, metrics = report.window, report.metrics
    coverage = window.coverage
    accounts = msgspec.structs.asdict(metrics.accounts) | {"share": metrics.accounts.known_share}
    columns: dict[str, object] = {
        "ending": window.ending,
        "tenant_name": report.tenant_name,
        "source": report.source,
        "complete_days": window.complete_days,
        "missing_days": len(window.missing),
        "provisional_days": len(window.provisional_days),
        "interactive_days": len(coverage.interactive) if coverage else None,
        "non_interactive_days": len(coverage.non_interactive) if coverage else None,
        "service_principal_days": len(coverage.service_principal) if coverage else None,
        "findings": len(report.findings),
    }
    for prefix, values in (
        ("accounts", accounts),
        ("administrators", msgspec.structs.asdict(metrics.administrators)),
        ("active_accounts", msgspec.structs.asdict(metrics.active_accounts)),
        ("portal", _figure(metrics.portal, report.rule)),
        ("api", _figure(metrics.api, report.rule)),
    ):
        columns |= {f"{prefix}_{name}": value for name, value in values.items()}
    return msgspec.convert(columns, EndingRow)


def _figure(metrics: PortalMetrics | ApiMetrics, rule: ShareRule) -> dict[str, int | float | None]:
    decided = metrics.verified + metrics.not_verified + metrics.exempted
    compliant = metrics.verified + rule.exempted_counts_as_mfa * metrics.exempted
    counted = {"compliant": compliant, "decided": decided}
    return msgspec.structs.asdict(metrics) | counted


def _day_row(figure: DayFigure, rule: ShareRule, reason: str | None) -> DayRow:
    columns = _columns(figure, rule)
    columns["reason"] = reason or (None if figure.is_complete else _LACKS_A_LOG)
    return msgspec.convert(columns, DayRow)


def _application_row(application: ApplicationFigure, rule: ShareRule) -> ApplicationRow:
    columns = _columns(application.figure, rule)
    columns |= {"application_id": application.id, "application_name": application.name}
    return msgspec.convert(columns, ApplicationRow)


def _columns(figure: DayFigure, rule: ShareRule) -> dict[str, object]:
    counts = figure.counts
    return {
        "day": figure.day,
        "channel": figure.channel.value,
        "complete": figure.is_complete,
        "provisional": figure.is_provisional,
        **(_counts(counts, rule) if counts else dict.fromkeys(_COUNTED)),
        "share": figure.share,
        "share_lower": figure.share_lower,
        "share_upper": figure.share_upper,
    }


_LACKS_A_LOG = "A log that it needs is missing."
_COUNTED = (
    *("requests", "verified", "not_verified", "exempted", "unknown", "not_completed", "app_only"),
    *("compliant", "decided"),
)


def _counts(counts: Tally, rule: ShareRule) -> dict[str, int]:
    decided = counts.verified + counts.not_verified + counts.exempted
    return {
        **msgspec.structs.asdict(counts),
        "compliant": counts.compliant(rule),
        "decided": decided,
    }


def _customer_rows(day: date, rows: Sequence[CustomerStatusRow]) -> Iterable[CustomerRow]:
    as_of = next((row.as_of for row in rows if row.as_of), None)
    read_at = datetime.fromisoformat(as_of) if as_of else None
    for entry in Customers.of(None, as_of or "", rows).customers:
        yield _customer_row(day, entry, read_at)


def _customer_row(day: date, entry: CustomerEntry, read_at: datetime | None) -> CustomerRow:
    admins, others, total = entry.admins_with_mfa, entry.non_admins_with_mfa, entry.total_users
    with_mfa = users_with_mfa(admins, others, total)
    return CustomerRow(
        day=day,
        customer=entry.customer,
        customer_tenant_id=entry.tenant_id,
        status=entry.mfa_status.value,
        admins_with_mfa=admins,
        non_admins_with_mfa=others,
        users_with_mfa=with_mfa,
        total_users=total,
        share=with_mfa / total if with_mfa is not None and total else None,
        security_defaults=entry.security_defaults,
        conditional_access=entry.conditional_access,
        per_user_mfa=entry.per_user_mfa,
        as_of=None if entry.mfa_status is CustomerStatus.UNKNOWN else read_at,
    )
