"""The row of a report, for queries by day."""

from __future__ import annotations

import msgspec
import pytest

from shared.errors import BadInputError
from shared.mfa.metrics import ShareRule
from shared.mfa.report import HistoryPoint
from shared.stores.models import MetricsRow
from tests.delivery.scenarios import a_missing_day, worked_examples


def test_a_row_has_the_shares_and_their_parts():
    report = worked_examples()
    row = MetricsRow.of(report)

    assert (row.accounts_share, row.accounts_enforced, row.accounts_enabled) == (0.9, 90, 100)
    assert (row.portal_share, row.portal_compliant, row.portal_decided) == (0.2, 2, 10)
    assert (row.api_share, row.api_compliant, row.api_decided) == (0.4, 2, 5)
    assert (row.tenant_id, row.ending) == (report.tenant_id, report.window.ending)
    assert (row.generated_at, row.complete_days) == (report.generated_at, 7)
    shares = HistoryPoint(report.window.ending, 0.9, 0.2, 0.4)
    bounds = {"portal_lower": 0.2, "portal_upper": 0.2, "api_lower": 0.4, "api_upper": 0.4}
    assert row.point == msgspec.structs.replace(shares, **bounds)


def test_an_exempted_request_counts_as_the_rule_says():
    plain = worked_examples()
    portal = msgspec.structs.replace(plain.metrics.portal, exempted=3)
    metrics = msgspec.structs.replace(plain.metrics, portal=portal)
    for counts_as_mfa, compliant in ((False, 2), (True, 5)):
        report = msgspec.structs.replace(plain, metrics=metrics, rule=ShareRule(counts_as_mfa))
        row = MetricsRow.of(report)

        assert (row.portal_compliant, row.portal_decided) == (compliant, 13)


def test_if_a_day_is_missing_there_are_counts_but_no_share():
    row = MetricsRow.of(a_missing_day())

    assert (row.complete_days, row.portal_share) == (6, None)
    assert row.portal_decided > 0


def test_a_report_without_a_tenant_id_has_no_row():
    report = msgspec.structs.replace(worked_examples(), tenant_id=None)

    with pytest.raises(BadInputError, match="without a tenant id"):
        MetricsRow.of(report)
