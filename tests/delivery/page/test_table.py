"""A table is searched, filtered, sorted and paged, and its addresses say so."""

from __future__ import annotations

from urllib.parse import parse_qs

from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.page.table import PAGE_ROWS, Column, Filter, Query, Table, natural

ROWS = [("user.10", 3), ("User.9", None), ("Zoe", 1), ("ann", 2)]


def table(rows=ROWS):
    return Table(
        rows=rows,
        texts=lambda row: (row[0],),
        columns={
            "name": Column("Name", lambda row: natural(row[0])),
            "size": Column("Size", lambda row: row[1]),
        },
        filters={
            "size": Filter(
                "Size",
                {"small": "Small", "unknown": "Not known"},
                lambda row: ("unknown",) if row[1] is None else ("small",) * (row[1] < 3),
            )
        },
    )


def names(**asked):
    return [name for name, _ in table().select(Query(**asked)).rows]


def test_without_a_query_the_rows_keep_their_own_order():
    assert names() == [name for name, _ in ROWS]


def test_names_are_sorted_as_people_sort_them():
    assert names(sort="name") == ["ann", "User.9", "user.10", "Zoe"]
    assert names(sort="-name") == ["Zoe", "user.10", "User.9", "ann"]


def test_what_is_not_known_comes_last_in_both_directions():
    assert names(sort="size") == ["Zoe", "ann", "user.10", "User.9"]
    assert names(sort="-size") == ["user.10", "ann", "Zoe", "User.9"]


def test_search_and_filters_choose_together():
    assert names(search="USER") == ["user.10", "User.9"]
    assert names(filters={"size": "small"}) == ["Zoe", "ann"]
    assert names(search="z", filters={"size": "small"}) == ["Zoe"]


def test_a_heading_sorts_by_its_column_and_the_second_time_the_other_way():
    chosen = table().select(Query(search="a", sort="name", page=1))

    assert chosen.sorted_by("name") == "ascending"
    assert chosen.sort_address("name") == "?search=a&sort=-name"
    assert chosen.sort_address("size") == "?search=a&sort=size"
    assert table().select(Query(sort="-name")).sorted_by("name") == "descending"


@given(st.integers(0, 3 * PAGE_ROWS + 1))
def test_the_pages_together_are_the_whole_table(count):
    whole = table([(str(number), number) for number in range(count)])

    pages = [whole.select(Query(page=page + 1)) for page in range(whole.select(Query()).pages)]

    assert [row for page in pages for row in page.shown] == whole.rows
    assert all(page.shown for page in pages) or count == 0


@given(st.text(max_size=20), st.integers(1, 9))
def test_an_address_says_what_it_was_made_of(search, page):
    address = Query(search, "-name", filters={"size": "small"}).address(page=page)

    wanted = {"sort": ["-name"], "page": [str(page)], "size": ["small"]}
    if search:
        wanted["search"] = [search]
    assert parse_qs(address[1:]) == wanted


@given(st.text(), st.text())
def test_any_two_names_have_an_order(one, other):
    assert (natural(one) < natural(other)) + (natural(one) > natural(other)) <= 1
