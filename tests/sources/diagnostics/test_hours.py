"""The names of the logs' hours, and how far apart they may be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.mfa.window import Slice
from shared.sources.diagnostics.hours import (
    CATEGORIES,
    CategoryExport,
    HourRange,
    accepted_delay,
    hour_of,
    missing_reason,
)

TENANT = "cccccccc-0000-4000-8000-00000000000c"


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("tenantId=x/y=2026/m=11/d=20/h=09/m=00/PT1H.json", datetime(2026, 11, 20, 9, tzinfo=UTC)),
        ("y=2028/m=02/d=29/h=23/m=00/PT1H.json", datetime(2028, 2, 29, 23, tzinfo=UTC)),
        ("tenantId=x/y=2026/m=02/d=29/h=09/m=00/PT1H.json", None),
        ("tenantId=x/y=2026/m=11/d=20/h=24/m=00/PT1H.json", None),
        ("tenantId=x/y=2026/m=11/d=20/h=09", None),  # the marker of a folder
        ("tenantId=x/y=2026/m=11/d=20/h=09/m=00/", None),
        ("ready.txt", None),
    ],
)
def test_a_blob_s_hour_is_in_its_name(name, hour) -> None:
    assert hour_of(name) == hour


def test_containers_are_named_after_their_categories_in_lower_case() -> None:
    assert [each.container for each in CATEGORIES] == [
        "insights-logs-signinlogs",
        "insights-logs-noninteractiveusersigninlogs",
        "insights-logs-serviceprincipalsigninlogs",
        "insights-logs-managedidentitysigninlogs",
    ]
    assert [each.is_needed for each in CATEGORIES] == [True, True, False, False]


@pytest.mark.parametrize(("days", "hours"), [(0, 3), (1, 24), (2, 48), (30, 48)])
def test_sign_ins_may_be_as_late_as_days_settle(days, hours) -> None:
    assert accepted_delay(days) == timedelta(hours=hours)


def test_hours_continue_past_the_end_of_a_day_a_month_and_a_year() -> None:
    hours = HourRange.of(Slice(TENANT, date(2026, 12, 31), 12, 24))

    read = hours.hours_to_read(timedelta(hours=3))
    assert read.contains(datetime(2026, 12, 31, 11, tzinfo=UTC))
    assert read.contains(datetime(2027, 1, 1, 2, tzinfo=UTC))
    assert not read.contains(datetime(2026, 12, 31, 10, tzinfo=UTC))
    assert not read.contains(datetime(2027, 1, 1, 3, tzinfo=UTC))
    assert read.months() == ["y=2026/m=12/", "y=2027/m=01/"]


def test_a_folder_without_hours_is_not_an_export() -> None:
    empty = [CategoryExport(category, None, []) for category in CATEGORIES]
    day = HourRange.of(Slice(TENANT, date(2026, 11, 20)))

    assert missing_reason(day, empty) == "SignInLogs has no blob yet."


def test_only_the_months_of_the_hours_are_listed() -> None:
    last_day = HourRange.of(Slice(TENANT, date(2026, 11, 30)))

    assert last_day.months() == ["y=2026/m=11/"]
