"""docs/reliability.md was written by the kit, about every kind of fault."""

from __future__ import annotations

import re

import pytest

from tests.faults.reliability import COMMAND, KINDS, PAGE, Tried, render

TRIED = [Tried(kind, "a fault", "each file", "healed", 2) for kind in KINDS]


def tables(page):
    """The rows of each section of the page."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {
        section.partition("\n")[0]: re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[2:]
        for section in sections
    }


def test_the_page_adds_up_equal_lines() -> None:
    page = render([*TRIED, *TRIED])

    assert tables(page) == {kind: ["a fault | each file | 4 | healed"] for kind in KINDS}
    assert f"tried {4 * len(KINDS)} faults" in page


def test_a_page_without_one_of_the_kinds_is_not_written() -> None:
    with pytest.raises(AssertionError):
        render(TRIED[1:])


def test_the_page_is_one_that_the_kit_has_written(kit) -> None:
    if kit.is_whole:
        return  # this run writes it in the end
    page = PAGE.read_text("utf-8")
    lines = {kind: [row.split(" | ") for row in rows] for kind, rows in tables(page).items()}

    assert list(lines) == list(KINDS)
    tried = [
        Tried(kind, fault, where, outcome, int(times.replace(",", "")))
        for kind, rows in lines.items()
        for fault, where, times, outcome in rows
    ]
    assert render(tried) == page
    assert f"`{COMMAND}`" in page
