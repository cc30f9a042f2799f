"""Each row of the bench still runs, its ways agree, and its figures can be printed."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from bench.__main__ import NAMED, TABLE, main
from bench.frame import ROOT, Amount, Cost, DisagreementError, Given, Row, Way, measure, rows_of
from bench.table import all_wanted, described, goals, table

ROWS = [(module, row) for module in TABLE for row in rows_of(module)]
#: Takes seconds for the emulator; tests/test_app_identity.py gets the same answer over it.
OVER_AN_EMULATOR = "cold_start"


@pytest.mark.parametrize(
    ("module", "row"),
    [pytest.param(*row, id=row[1].what) for row in ROWS if row[0] != OVER_AN_EMULATOR],
)
def test_a_row_runs_on_little_data_and_its_ways_agree(module: str, row: Row) -> None:
    costs = measure(module, row, is_short=True)

    assert all(len(costs[way.name]) == 1 for way in row.ways)
    assert len([*described(row, costs, is_short=True)]) == 2 + len(row.ways)


def test_every_bench_is_in_the_table_or_named_and_explained() -> None:
    support = {"__init__", "__main__", "frame", "table", "generate"}
    modules = {file.stem for file in (ROOT / "bench").glob("*.py")} - support
    names = [row.what for _, row in ROWS]
    explained = (ROOT / "bench" / "README.md").read_text(encoding="utf-8")

    assert {name for name in modules if not name.startswith("_")} == {*TABLE, *NAMED}
    assert len(names) == len({*names})
    assert [row.what for _, row in ROWS if row.what not in explained] == []


def test_a_way_with_another_result_stops_the_bench() -> None:
    ways = Way("ours", lambda _: lambda: (1, 2)), Way("other", lambda _: lambda: [1, 3])
    row = Row("a sum", "", 1, 1, ways[0], (ways[1],))

    with pytest.raises(DisagreementError, match=r"a sum: other has \[1, 3\], ours has \(1, 2\)"):
        measure("none", row, is_short=True)
    measure("none", row._replace(others=(ways[1]._replace(is_compared=False),)), is_short=True)


def test_a_goal_is_judged_by_the_median_and_the_highest_peak() -> None:
    row = Row(
        *("a sum", "9 ms", 1, 1, Way("ours", lambda _: lambda: 1)),
        others=(
            Way("slow", lambda _: lambda: 1, at_least=2),
            Way("floor", lambda _: lambda: 1, at_most=4),
        ),
        unit="ms",
        at_most=5,
        at_most_mb=200,
    )
    costs = {
        "ours": [Cost(0.004, 100, 1), Cost(0.005, 201, 1), Cost(0.009, 100, 1)],
        "slow": [Cost(0.009, 50, 1)],
        "floor": [Cost(0.001, 50, 1)],
    }

    assert all_wanted(row) == "≤ 5 ms, ≤ 200 MB, ≥ 2 x as fast as slow, ≤ 4 x of floor"
    assert [goal.is_reached for goal in goals(row, costs)] == [True, False, False, False]
    assert [line.split() for line in described(row, costs)][2:5] == [
        ["ours", "4", "5", "9", "ms", "201", "MB"],
        ["slow", "9", "9", "9", "ms", "50", "MB", "ours", "is", "1.8", "x", "as", "fast"],
        ["floor", "1", "1", "1", "ms", "50", "MB", "ours", "takes", "5", "x"],
    ]
    assert [*table([(row, costs)])][2].endswith(
        "as fast; floor: 1 1 1 ms 50 MB, ours takes 5 x | **no** |"
    )


def test_a_row_is_prepared_before_it_is_measured_and_cleared_afterwards() -> None:
    steps = []

    @contextmanager
    def prepared(given: Given):
        (given.folder / "size").write_text(str(given.size))
        yield
        steps.append("cleared")

    def read(given: Given):
        return lambda: Amount((given.folder / "size").read_text(), 7.5, 12)

    row = Row("a file", "", 9, 3, Way("ours", read), prepare=prepared)

    assert measure("none", row, is_short=True) == {"ours": [Cost(7.5, 12, "3")]}
    assert steps == ["cleared"]


def test_the_short_form_prints_figures_and_judges_none(capsys) -> None:
    assert main(["--short", "accounts"]) == 0

    printed = capsys.readouterr().out
    assert "a loop over accounts" in printed
    assert "NOT REACHED" not in printed
    assert "| Reached |" not in printed


def test_an_unknown_bench_is_named(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--short", "raeding"])

    assert "unknown bench 'raeding'; expected one of reading," in capsys.readouterr().err
