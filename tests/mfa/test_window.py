"""Days: what a slice owns, what is owed, what is known, and what a window misses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mfa.coverage import LogKinds
from shared.mfa.pulls import enter_failure, enter_pull
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Channel
from shared.mfa.window import (
    LedgerEntry,
    Slice,
    SliceState,
    complete_days,
    logs_by_day,
    make_window,
    missing_reasons,
    owed_slices,
    provisional_days,
    window_days,
)
from tests.sign_ins import portal_sign_in

TODAY = date(2026, 11, 24)
DAY = date(2026, 11, 20)


def entry(day, state=SliceState.COMPLETE, **changes):
    hours = {name: changes.pop(name) for name in ("from_hour", "to_hour") if name in changes}
    changes.setdefault("has_rollup", state is SliceState.COMPLETE)
    at = changes.pop("at", "2026-11-24T02:00:00Z")
    return LedgerEntry(Slice("t", day, **hours), state, "graph", at, **changes)


def closed(*back):
    return [TODAY - timedelta(days=days) for days in back]


@pytest.mark.parametrize(
    ("created_at", "owned"),
    [
        ("2026-11-19T23:59:59.9999999Z", False),
        ("2026-11-20T00:00:00.0000000Z", True),
        ("2026-11-20T23:59:59.9999999Z", True),
        ("2026-11-21T00:00:00.0000000Z", False),
    ],
)
def test_a_day_begins_at_its_first_tick_and_ends_before_the_next_days(created_at, owned) -> None:
    assert Slice("t", DAY).owns(portal_sign_in(created_at=created_at)) is owned


@given(st.integers(0, 23), st.data())
def test_the_halves_of_a_slice_own_exactly_what_the_slice_owns(hour, data) -> None:
    whole = Slice("t", DAY, hour, data.draw(st.integers(hour + 1, 24)))
    sign_in = portal_sign_in(
        created_at=f"2026-11-20T{data.draw(st.integers(0, 23)):02}:59:59.9999999Z"
    )

    assert sum(half.owns(sign_in) for half in whole.halves()) == whole.owns(sign_in)


def test_one_hour_is_not_halved() -> None:
    hour = Slice("t", DAY, 3, 4)

    assert hour.halves() == [hour]


def test_the_first_run_owes_every_day_the_log_reaches() -> None:
    owed = owed_slices([], "t", TODAY, settle_days=2, reach_days=30)

    assert [slice_.day for slice_ in owed] == closed(*range(1, 31))


def test_an_ordinary_day_owes_the_newest_closed_day_and_the_settling_ones() -> None:
    ledger = [entry(day) for day in closed(2, 3, 4, 5, 6, 7)]

    owed = owed_slices(ledger, "t", TODAY, settle_days=2, reach_days=7)

    assert [slice_.day for slice_ in owed] == closed(1, 2, 3)


@pytest.mark.parametrize("state", [SliceState.FAILED, SliceState.DENIED])
def test_a_gap_in_the_window_is_owed_until_it_is_filled(state) -> None:
    ledger = [entry(day) for day in closed(1, 2, 3, 4, 7)] + [entry(closed(5)[0], state)]

    owed = owed_slices(ledger, "t", TODAY, settle_days=0, reach_days=7)

    assert [slice_.day for slice_ in owed] == closed(1, 5, 6)


def test_today_is_never_owed_because_it_is_not_closed() -> None:
    owed = owed_slices([], "t", TODAY, settle_days=2, reach_days=7)

    assert TODAY not in [slice_.day for slice_ in owed]


def test_a_day_is_known_when_its_parts_cover_all_its_hours() -> None:
    morning, evening = entry(DAY, from_hour=0, to_hour=12), entry(DAY, from_hour=12, to_hour=24)

    assert complete_days([evening, morning]) == {DAY: [morning.slice, evening.slice]}
    assert complete_days([evening]) == {}


def test_the_whole_day_replaces_its_parts_so_that_nothing_counts_twice() -> None:
    whole, part = entry(DAY), entry(DAY, from_hour=0, to_hour=12)

    assert complete_days([part, whole]) == {DAY: [whole.slice]}


def test_a_failed_second_pull_leaves_the_day_complete_with_what_is_stored() -> None:
    failed = entry(DAY, SliceState.FAILED, has_rollup=True, reason="Graph answered 503.")

    assert complete_days([failed]) == {DAY: [failed.slice]}


def test_a_missing_day_says_why() -> None:
    denied = entry(DAY, SliceState.DENIED, reason="Grant AuditLog.Read.All.")
    rollups = {DAY + timedelta(days=back): Rollup() for back in range(-3, 3) if back}

    window = make_window(DAY + timedelta(days=2), rollups, missing_reasons([denied]))

    assert [(gap.day, gap.reason) for gap in window.missing] == [
        (date(2026, 11, 16), "not collected yet"),
        (DAY, "Grant AuditLog.Read.All."),
    ]
    assert not window.has_all_of(Channel.PORTAL)
    assert not window.has_all_of(Channel.API)


def test_a_window_is_the_seven_days_up_to_and_including_its_ending() -> None:
    window = make_window(date(2026, 11, 23), {})

    assert (window.days[0], window.days[-1], len(window.days)) == (
        date(2026, 11, 17),
        date(2026, 11, 23),
        7,
    )


def pulled(before, rows, after=3):
    at = f"{DAY + timedelta(days=after)}T02:00:00Z"
    return enter_pull(before, entry(DAY, rows=rows, at=at), settle_days=2)


def test_a_second_pull_with_fewer_rows_is_refused_once_and_accepted_when_repeated() -> None:
    first, stored_first = pulled(None, 100)
    fewer, stored_fewer = pulled(first, 60)
    again, stored_again = pulled(fewer, 61)

    assert (stored_first, stored_fewer, stored_again) == (True, False, True)
    assert (fewer.rows, fewer.refused_rows, again.rows) == (100, 60, 61)
    assert "60 rows, fewer than the 100" in fewer.reason
    assert complete_days([fewer]) == {DAY: [fewer.slice]}


@pytest.mark.parametrize("rows", [0, 60, 99])
def test_a_settled_day_is_never_replaced_by_fewer_rows_however_often_they_are_found(rows) -> None:
    entered, _ = pulled(None, 100)

    for after in (4, 5, 30, 400):
        entered, stored = pulled(entered, rows, after)

        assert (entered.rows, entered.refused_rows, stored) == (100, rows, False)
        assert entered.reason.endswith(
            "the 100 stored; these are kept because the day has settled."
        )


@pytest.mark.parametrize("rows", [100, 101])
def test_a_second_pull_with_as_many_rows_or_more_replaces_the_first(rows) -> None:
    first, _ = pulled(None, 100)

    entered, stored = pulled(first, rows)

    assert (entered.rows, entered.refused_rows, stored) == (rows, None, True)


def test_a_failure_after_a_complete_pull_keeps_the_stored_rollup() -> None:
    first, _ = pulled(None, 100)

    failed = enter_failure(first, entry(DAY, SliceState.FAILED, reason="503."))

    assert (failed.rows, failed.has_rollup) == (100, True)
    assert (pulled(failed, 90)[0].rows, pulled(failed, 90)[1]) == (100, False)


def test_a_failed_or_refused_pull_does_not_change_when_the_stored_records_were_pulled() -> None:
    first, _ = enter_pull(None, entry(DAY, rows=100, at="2026-11-21T01:00:00Z"))

    failed = enter_failure(first, entry(DAY, SliceState.FAILED, at="2026-11-22T01:00:00Z"))
    refused, _ = enter_pull(first, entry(DAY, rows=60, at="2026-11-23T01:00:00Z"))

    assert (failed.pulled_at, refused.pulled_at) == (first.at, first.at)


@pytest.mark.parametrize(("pulled_on", "expected"), [(1, {DAY}), (2, {DAY}), (3, set())])
def test_a_day_is_provisional_until_it_was_pulled_after_the_days_to_settle(
    pulled_on, expected
) -> None:
    at = f"{DAY + timedelta(days=pulled_on)}T23:59:00Z"

    pulled, _ = enter_pull(None, entry(DAY, at=at))

    assert provisional_days([pulled], settle_days=2) == expected


def test_a_day_has_the_kinds_of_log_that_all_of_its_parts_have() -> None:
    morning = entry(DAY, from_hour=0, to_hour=12, logs=LogKinds(interactive=False))
    evening = entry(DAY, from_hour=12, logs=LogKinds(service_principal=False))

    assert logs_by_day([morning, evening]) == {DAY: LogKinds(False, True, False)}  # noqa: FBT003


def test_a_figure_needs_its_kinds_of_log_on_every_day() -> None:
    week = list(window_days(DAY))
    rollups = {day: Rollup() for day in week}

    window = make_window(DAY, rollups, logs={week[3]: LogKinds(interactive=False)})

    assert window.has_all_of(Channel.API)
    assert not window.has_all_of(Channel.PORTAL)
    assert window.coverage.interactive == [day for day in week if day != week[3]]
    assert window.coverage.missing(Channel.PORTAL, week) == {"interactive": [week[3]]}
