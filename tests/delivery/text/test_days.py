"""Days in words, and reasons said once."""

from __future__ import annotations

from datetime import date

from shared.delivery.text.days import days_by_reason, days_in_words
from shared.delivery.text.words import NBSP


def in_words(*days):
    return days_in_words(map(date.fromisoformat, days)).replace(NBSP, " ")


def test_days_that_follow_each_other_are_one_stretch() -> None:
    week = [f"2026-11-{day}" for day in range(17, 24)]

    assert in_words(*reversed(week)) == "17–23 November 2026"
    assert in_words("2026-11-23") == "23 November 2026"
    assert in_words("2026-11-30", "2026-12-01") == "30 November – 1 December 2026"


def test_stretches_with_days_between_them_are_listed() -> None:
    told = in_words("2026-11-23", "2026-11-17", "2026-11-18", "2026-11-20")

    assert told == "17–18 November 2026, 20 November 2026 and 23 November 2026"


def test_each_reason_is_said_once_in_the_order_of_its_first_day() -> None:
    november = [date(2026, 11, day) for day in range(20, 24)]
    reasons = ["no licence", "too\x1b late", "no licence", "no licence"]

    told = days_by_reason(zip(november, reasons, strict=True))

    assert [days.replace(NBSP, " ") for days in told.values()] == [
        "20 November 2026 and 22–23 November 2026",
        "21 November 2026",
    ]
    assert next(iter(told)) == "no licence"
    assert "\x1b" not in "".join(told)
