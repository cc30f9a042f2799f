"""Bars, waterfall and trend: printed numbers that add up, and lengths that follow them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.delivery.page import charts, history_chart
from shared.delivery.page.report_page import render_page
from shared.delivery.text.figures import request_figures
from shared.mfa.percent import tenths
from shared.mfa.report import HistoryPoint
from tests.delivery.making import (
    DAYS,
    ENDING,
    EXEMPTED,
    NOT_VERIFIED,
    UNKNOWN,
    VERIFIED,
    api,
    report,
    user,
    worked_portal,
)
from tests.delivery.scenarios import a_missing_day, all_green, many, worked_examples


def printed_tenths(text: str) -> int:
    return int(Decimal(text.removesuffix("\u00a0%")) * 10)


def falls_of(made):
    """Every waterfall of a report."""
    for figure in request_figures(made):
        by = figure.breakdown
        for parts in (by.by_user, by.by_application, by.by_cause):
            fall = charts.waterfall(figure, parts, "all together")
            if fall:
                yield figure, fall


def test_the_worked_example_falls_by_50_and_30_percent_to_20():
    _, fall = next(falls_of(report(*worked_portal())))

    assert [(step.name, step.requests, step.text) for step in fall.steps] == [
        ("agent.b@fabrikam.example", 5, "50\u00a0%"),
        ("agent.a@fabrikam.example", 3, "30\u00a0%"),
    ]
    assert [(step.start, step.length) for step in fall.steps] == [(50, 50), (20, 30)]
    assert (fall.share, fall.share_text, fall.floor_text) == (20, "20\u00a0%", "")


def test_nothing_missing_makes_no_waterfall():
    assert list(falls_of(all_green())) == []


_kinds = st.sampled_from([VERIFIED, VERIFIED, NOT_VERIFIED, EXEMPTED, UNKNOWN])


@given(st.lists(st.tuples(st.sampled_from("abcdefghijkl"), _kinds), min_size=1, max_size=60))
def test_printed_percentages_add_up_to_100_with_the_printed_share_whatever_was_requested(made):
    sign_ins = [
        api(DAYS[number % 7], f"08:{number:02}:00", **user(letter), app_id=letter, **kind)
        for number, (letter, kind) in enumerate(made)
    ]

    for figure, fall in falls_of(report(*sign_ins)):
        steps = [printed_tenths(step.text) for step in fall.steps]
        assert sum(steps) + printed_tenths(fall.share_text) == 1000
        assert all(steps)
        assert sum(step.requests for step in fall.steps) == figure.against


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(0, 10**8))
@example([1, 1, 1], 10**7)
@example([10**6], 1)
def test_sharing_out_is_exact_and_no_part_is_more_than_a_tenth_off(amounts, with_mfa):
    whole = sum(amounts) + with_mfa
    missing = 1000 - tenths(with_mfa / whole)

    printed = charts.share_out(missing, amounts, whole)

    assert sum(printed) == missing
    assert all(
        abs(part - amount * 1000 / whole) <= 1
        for part, amount in zip(printed, amounts, strict=True)
    )


def test_parts_too_small_for_a_tenth_of_a_percent_are_added_up():
    sign_ins = [api(DAYS[0], **user(letter), **NOT_VERIFIED) for letter in "abc"]
    sign_ins += [
        api(DAYS[n % 7], f"{n // 60 % 24:02}:{n % 60:02}:00", **VERIFIED) for n in range(6000)
    ]

    fall = next(fall for _, fall in falls_of(report(*sign_ins)))

    assert [(step.name, step.requests, step.text) for step in fall.steps] == [
        ("all together", 3, "0.1\u00a0%")
    ]
    assert (fall.share_text, fall.floor_text) == ("99.9\u00a0%", "99.5\u00a0%")


def test_many_parts_end_in_one_step_for_all_others():
    for figure, fall in falls_of(many()):
        assert len(fall.steps) <= charts.STEPS_SHOWN + 1
        assert sum(step.requests for step in fall.steps) == figure.against
        if len(fall.steps) > charts.STEPS_SHOWN:
            assert fall.steps[-1].name == "all others"


def test_the_steps_of_a_waterfall_join_each_other_and_the_share():
    for _, fall in falls_of(many()):
        edges = [100.0, *(step.start for step in fall.steps)]
        for edge, step in zip(edges, fall.steps, strict=False):
            assert abs(step.start + step.length - edge) < 0.02
        assert abs(fall.share - edges[-1]) < 0.02


def test_a_waterfall_over_a_small_gap_begins_above_zero_and_says_so():
    falls = [fall for _, fall in falls_of(many())]

    assert {fall.floor_text for fall in falls} == {"80\u00a0%"}
    assert all(0 <= step.start <= 100 for fall in falls for step in fall.steps)


def test_a_days_bar_holds_every_request_of_the_day_and_says_it_in_words():
    portal, _ = request_figures(worked_examples())
    bars = charts.day_bars(worked_examples(), portal)

    assert [bar.total for bar in bars] == [3, 5, 2, 0, 0, 0, 0]
    assert bars[1].sentence.replace("\u00a0", " ") == (
        "Wednesday, 18 November 2026: 5 requests: 5 without MFA."
    )
    assert bars[3].sentence.replace("\u00a0", " ") == "Friday, 20 November 2026: 0 requests."


def test_a_missing_day_is_not_shown_as_a_day_without_requests():
    made = a_missing_day()
    bar = charts.day_bars(made, request_figures(made)[0])[4]

    assert bar.missing
    assert "not known" in bar.sentence
    assert "throttling" in bar.sentence


def test_no_bar_is_longer_than_its_chart_and_nothing_that_was_counted_is_invisible():
    for made in (many(), worked_examples()):
        for figure in request_figures(made):
            for bar in charts.day_bars(made, figure):
                lengths = [segment.length for segment in bar.segments]
                assert sum(lengths) <= 100.01
                assert all(length >= 1 for length in lengths)


def test_a_window_whose_share_is_not_known_is_a_gap_in_the_trend():
    shares = [0.1, 0.2, None, 0.4]
    history = [
        HistoryPoint(ENDING - timedelta(days=3 - index), None, share, 0.5)
        for index, share in enumerate(shares)
    ]

    portal, api_line = history_chart.trend(history)

    assert portal.dots == [(0, 90), (33.33, 80), (100, 60)]
    assert portal.runs == [[(0, 90), (33.33, 80)]]
    assert [len(run) for run in api_line.runs] == [4]
    assert (portal.name, portal.latest) == ("Portal", "40\u00a0%")


def a_year(share=lambda index: 0.5 + index / 1000):
    days = [ENDING - timedelta(days=400 - index) for index in range(401)]
    return [HistoryPoint(day, 0.9, share(index), 1.0) for index, day in enumerate(days)]


def test_a_long_trend_is_a_line_with_dots_where_a_line_would_not_show():
    portal = history_chart.trend(a_year(lambda index: None if index in (99, 101) else 0.5))[1]

    assert [len(run) for run in portal.runs] == [99, 299]
    assert portal.dots == [(25, 50), (100, 50)]


def test_a_long_trend_has_the_newest_windows_as_numbers_and_one_of_each_month_before():
    rows = history_chart.trend_rows(a_year())

    assert [row.ending for row in rows[:31]] == [ENDING - timedelta(days=n) for n in range(31)]
    earlier = [row.ending for row in rows[31:]]
    assert len({(day.year, day.month) for day in earlier}) == len(earlier) == 13
    assert {(day + timedelta(days=1)).day for day in earlier[1:]} == {1}
    assert len(history_chart.trend_rows(a_year()[:5])) == 5


def test_a_page_with_400_windows_stays_small_and_says_which_years_they_are_of():
    short = render_page(worked_examples())
    made = render_page(replace(worked_examples(), history=a_year()))

    assert len(made.encode()) < 300_000
    assert len(made.encode()) - len(short.encode()) < 40_000
    assert "2025" in made.split('<p class="ends">')[1].split("</p>")[0]


def test_the_trend_draws_the_least_that_a_share_can_be():
    point = HistoryPoint(ENDING, None, 0.5, 1.0, api_lower=0.39, api_upper=1.0)

    assert [line.latest.replace("\u00a0", " ") for line in history_chart.trend([point])] == [
        "50 %",
        "39 %",
    ]
