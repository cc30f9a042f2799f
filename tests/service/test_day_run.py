"""What a run in one process has to tell of days that failed."""

from __future__ import annotations

from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.mfa.window import LedgerEntry, MissingDay, Slice, SliceState
from shared.service.day_run import collect_owed, collected_warnings, failure_lines
from tests.service.world import TENANT, TODAY, WEEK, Scripted, a_week, make_daily, run_day


def failed(day, reason, **hours):
    return LedgerEntry(Slice(TENANT, day, **hours), SliceState.FAILED, "graph", "", reason=reason)


def test_days_are_listed_once_by_reason_unless_the_report_already_gives_it() -> None:
    entries = [failed(day, "Graph failed.") for day in WEEK[:3]]
    entries += [failed(WEEK[5], "No licence.", to_hour=12), failed(WEEK[6], "No licence.")]

    lines = failure_lines(
        entries, [MissingDay(WEEK[0], "Graph failed."), MissingDay(WEEK[6], "Other.")]
    )

    assert [line.replace("\xa0", " ") for line in lines] == [
        "17–18 November 2026: No licence.",
        "21–22 November 2026: Graph failed.",
    ]


def test_a_known_day_that_could_not_be_pulled_again_is_reported(tmp_path) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    run_day(daily)
    source.days[WEEK[0]] = [SourceIncompleteError("Graph failed.")]

    report, again = run_day(daily)

    assert report.window.missing == []
    assert len(failure_lines(again, report.window.missing)) == 1


def test_warnings_with_one_reason_are_shown_once_and_not_if_the_reason_was_shown(
    tmp_path, caplog
) -> None:
    refusals = {day: [SourceDeniedError("No consent.")] for day in WEEK[1:]}
    source = Scripted(refusals | {WEEK[0]: [SourceDeniedError("No licence.")]})

    with collected_warnings() as warnings:
        collect_owed(make_daily(tmp_path, source), TODAY, lambda *_: None)

    unseen = warnings.take(shown="18 November 2026: No consent.")
    assert len(unseen) == 1
    assert unseen[0].endswith("No licence.")
    assert warnings.take() == []
    assert caplog.text == ""


def test_a_warning_about_a_stored_report_is_collected_like_one_about_a_day(
    tmp_path, caplog
) -> None:
    daily = make_daily(tmp_path, Scripted(a_week()))
    run_day(daily)
    [stored] = tmp_path.rglob("*report.json")
    stored.write_bytes(b"damaged")

    with collected_warnings() as warnings:
        daily.reports.read(WEEK[0])

    assert len(warnings.take()) == 1
    assert caplog.text == ""
