"""Numbers, dates and names as a reader sees them."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.text import formatting

NBSP = formatting.NBSP


def test_a_share_is_kept_on_one_line_and_none_is_unknown():
    assert formatting.percent(2 / 3) == f"66.7{NBSP}%"
    assert formatting.percent(0.4) == f"40{NBSP}%"
    assert formatting.percent(None) == "unknown"
    assert formatting.unbroken("66.7 % of 3") == f"66.7{NBSP}% of 3"


def test_counts_agree_with_their_noun_and_have_thousands_separators():
    assert formatting.count(1, "request") == "1 request"
    assert formatting.count(48213, "request") == "48,213 requests"
    assert formatting.count(2, "further copy", "further copies") == "2 further copies"
    assert formatting.count(0, "row") == "0 rows"


def test_lists_end_in_and():
    assert formatting.listed([]) == ""
    assert formatting.listed(["a"]) == "a"
    assert formatting.listed(["a", "b"]) == "a and b"
    assert formatting.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("start", "ending", "printed"),
    [
        (date(2026, 11, 17), date(2026, 11, 23), "17–23 November 2026"),
        (date(2026, 11, 28), date(2026, 12, 4), "28 November – 4 December 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 December 2026 – 3 January 2027"),
    ],
)
def test_a_stretch_of_days_says_a_month_or_year_twice_only_where_it_changes(start, ending, printed):
    assert formatting.span(start, ending).replace(NBSP, " ") == printed


def test_an_instant_is_printed_in_utc_and_any_other_text_as_it_is():
    instant = formatting.instant("2026-11-24T06:02:11Z")
    short_instant = formatting.short_instant("2026-11-23T08:15:00.0000000Z")

    assert instant.replace(NBSP, " ") == "24 November 2026, 06:02 UTC"
    assert short_instant.replace(NBSP, " ") == "23 Nov, 08:15"
    assert formatting.instant("yesterday") == "yesterday"


@pytest.mark.parametrize(
    ("logged", "written"),
    [
        ("2026-11-23T08:15:00.0000000Z", "2026-11-23T08:15:00.0000000Z"),
        ("2026-11-23T08:15:00.31Z", "2026-11-23T08:15:00.3100000Z"),
        ("2026-11-23T08:15:10.000000199Z", "2026-11-23T08:15:10.0000001Z"),
        ("2026-11-23T08:15:10Z", "2026-11-23T08:15:10.0000000Z"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_a_time_in_a_file_has_always_seven_digits(logged, written):
    assert formatting.utc_time(logged) == written


def test_characters_that_act_on_the_text_around_them_are_shown_as_their_code():
    assert formatting.harmless("\u202egpj.exe") == "[U+202E]gpj.exe"
    assert formatting.harmless("a\r\n\x00b\u200b") == "a[U+000D][U+000A][U+0000]b[U+200B]"
    assert formatting.harmless("half \ud800 a pair") == "half [U+D800] a pair"


def test_names_in_any_script_stay_as_they_are():
    for name in ("Zoë Ångström", "Дарья", "עברית", "العربية", "नेपाल", "مى‌خواهم", "👩‍💻 李雷"):
        assert formatting.harmless(name) == name


@given(st.text(st.characters()))
def test_no_control_or_direction_changing_character_survives(text):
    kept = formatting.harmless(text)

    joiners = "\u200c\u200d"
    assert not [
        character
        for character in kept
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or (unicodedata.bidirectional(character) in _DIRECTIONS and character not in joiners)
    ]


_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(st.characters()))
def test_making_a_text_harmless_twice_changes_nothing_more(text):
    assert formatting.harmless(formatting.harmless(text)) == formatting.harmless(text)


def test_marks_piled_on_one_letter_are_cut_down_to_what_a_script_needs():
    assert formatting.harmless("Z" + "\u0351" * 40 + "o") == "Z" + "\u0351" * 3 + "o"


def test_a_long_name_is_cut_visibly():
    assert formatting.name_of("W" * 5000) == "W" * 119 + "…"


def test_the_first_name_that_is_not_blank_is_shown():
    assert formatting.name_of("", "  ", "id-1") == "id-1"
    assert formatting.name_of("", "") == "(no name)"


def in_words(*days):
    return formatting.days_in_words(map(date.fromisoformat, days)).replace(NBSP, " ")


def test_days_that_follow_each_other_are_one_stretch() -> None:
    week = [f"2026-11-{day}" for day in range(17, 24)]

    assert in_words(*reversed(week)) == "17–23 November 2026"
    assert in_words("2026-11-23") == "23 November 2026"
    assert in_words("2026-11-30", "2026-12-01") == "30 November – 1 December 2026"


def test_stretches_with_days_between_them_are_listed() -> None:
    text = in_words("2026-11-23", "2026-11-17", "2026-11-18", "2026-11-20")

    assert text == "17–18 November 2026, 20 November 2026 and 23 November 2026"


def test_each_reason_is_given_once_in_the_order_of_its_first_day() -> None:
    november = [date(2026, 11, day) for day in range(20, 24)]
    reasons = ["no licence", "too\x1b late", "no licence", "no licence"]

    days_of = formatting.days_by_reason(zip(november, reasons, strict=True))

    assert [days.replace(NBSP, " ") for days in days_of.values()] == [
        "20 November 2026 and 22–23 November 2026",
        "21 November 2026",
    ]
    assert next(iter(days_of)) == "no licence"
    assert "\x1b" not in "".join(days_of)
