"""Numbers, dates and names as a reader sees them."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.text import words

NBSP = words.NBSP


def test_a_share_is_kept_on_one_line_and_none_is_unknown():
    assert words.percent(2 / 3) == f"66.7{NBSP}%"
    assert words.percent(0.4) == f"40{NBSP}%"
    assert words.percent(None) == "unknown"
    assert words.unbroken("66.7 % of 3") == f"66.7{NBSP}% of 3"


def test_counts_agree_with_their_noun_and_have_thousands_separators():
    assert words.count(1, "request") == "1 request"
    assert words.count(48213, "request") == "48,213 requests"
    assert words.count(2, "further copy", "further copies") == "2 further copies"
    assert words.count(0, "row") == "0 rows"


def test_lists_end_in_and():
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b"]) == "a and b"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("start", "ending", "printed"),
    [
        (date(2026, 11, 17), date(2026, 11, 23), "17–23 November 2026"),
        (date(2026, 11, 28), date(2026, 12, 4), "28 November – 4 December 2026"),
        (date(2026, 12, 28), date(2027, 1, 3), "28 December 2026 – 3 January 2027"),
    ],
)
def test_a_stretch_of_days_says_a_month_or_year_twice_only_where_it_changes(start, ending, printed):
    assert words.span(start, ending).replace(NBSP, " ") == printed


def test_an_instant_is_printed_in_utc_and_any_other_text_as_it_is():
    assert words.instant("2026-11-24T06:02:11Z").replace(NBSP, " ") == "24 November 2026, 06:02 UTC"
    assert words.short_instant("2026-11-23T08:15:00.0000000Z").replace(NBSP, " ") == "23 Nov, 08:15"
    assert words.instant("yesterday") == "yesterday"


@pytest.mark.parametrize(
    ("logged", "written"),
    [
        ("2026-11-23T08:15:00.0000000Z", "2026-11-23T08:15:00Z"),
        ("2026-11-23T08:15:00.3100000Z", "2026-11-23T08:15:00.31Z"),
        ("2026-11-23T08:15:10.0000001Z", "2026-11-23T08:15:10.0000001Z"),
        ("2026-11-23T08:15:10Z", "2026-11-23T08:15:10Z"),
        ("", ""),
    ],
)
def test_a_time_in_a_file_has_a_fraction_only_where_it_is_not_zero(logged, written):
    assert words.utc_time(logged) == written


def test_characters_that_act_on_the_text_around_them_are_shown_as_their_code():
    assert words.harmless("\u202egpj.exe") == "[U+202E]gpj.exe"
    assert words.harmless("a\r\n\x00b\u200b") == "a[U+000D][U+000A][U+0000]b[U+200B]"
    assert words.harmless("half \ud800 a pair") == "half [U+D800] a pair"


def test_names_in_any_script_stay_as_they_are():
    for name in ("Zoë Ångström", "Дарья", "עברית", "العربية", "नेपाल", "مى‌خواهم", "👩‍💻 李雷"):
        assert words.harmless(name) == name


@given(st.text(st.characters()))
def test_no_control_or_direction_changing_character_survives(text):
    kept = words.harmless(text)

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
    assert words.harmless(words.harmless(text)) == words.harmless(text)


def test_marks_piled_on_one_letter_are_cut_down_to_what_a_script_needs():
    assert words.harmless("Z" + "\u0351" * 40 + "o") == "Z" + "\u0351" * 3 + "o"


def test_a_long_name_is_cut_visibly():
    assert words.name_of("W" * 5000) == "W" * 119 + "…"


def test_the_first_name_that_is_not_blank_is_shown():
    assert words.name_of("", "  ", "id-1") == "id-1"
    assert words.name_of("", "") == "(no name)"
