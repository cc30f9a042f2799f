"""Whatever the clock does, no day is believed before it is over, and none is lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from shared.cli.console import DONE, DONE_IN_PART, WRONG_USAGE
from shared.mfa.report import Report
from shared.mfa.window import SliceState
from simulator.tenants.partner import TENANT_ID
from tests.faults.small_partner import FIRST_DAY, NOON, TODAY, open_partner
from tests.faults.tree import differences, tree
from tests.service.world import Clock

DAY = timedelta(days=1)
WRONG_BY = [timedelta(minutes=20), timedelta(hours=13), DAY, 3 * DAY, 40 * DAY]
#: The first day of a log, and what is special about the eight days from it.
CALENDARS = {
    "a leap day": date(2028, 2, 24),
    "the end of February": date(2027, 2, 24),
    "the end of a year": date(2026, 12, 27),
    "the end of daylight saving time": date(2026, 10, 21),
}
EVERY = 6  #: of how many readings of the clock one is tried
SAMPLE = 1  #: readings of the clock at which midnight comes in the normal suite


@pytest.fixture
def partner(tmp_path):
    with open_partner(tmp_path / "store") as partner:
        yield partner


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def newest_report(partner) -> Report:
    store = partner.opened()
    ending = store.latest_ending(TENANT_ID)
    return Report.from_json(store.report_file(TENANT_ID, ending, "report.json").content)


def known_days(partner) -> list[date]:
    ledger = partner.opened().ledger(TENANT_ID, date.min)
    return [entry.slice.day for entry in ledger if entry.state is SliceState.COMPLETE]


class OvertakenClock(Clock):
    """Jumps over midnight at one of its readings."""

    def __init__(self, moment: datetime, reading: int) -> None:
        super().__init__(moment)
        self._reading = reading
        self.readings = count(1)

    def __call__(self) -> datetime:
        if next(self.readings) == self._reading:
            self.go_on(minutes=5)
        return self.moment


@pytest.mark.parametrize("ahead", [True, False], ids=["ahead", "behind"])
def test_a_wrong_clock_stops_the_run_and_the_right_one_goes_on_as_if_nothing_had_been(
    partner, ahead, tmp_path, kit, capsys
) -> None:
    with open_partner(tmp_path / "undisturbed") as undisturbed:
        assert undisturbed.run() == DONE_IN_PART
    expected = tree(undisturbed.folder, [NOON])
    for step in kit.some_of(WRONG_BY, 2):
        partner.folder, partner.graph_clock = tmp_path / f"{step}", lambda: NOON
        partner.clock.moment = NOON + step if ahead else NOON - step
        with kit.attempt(step):
            assert partner.run() == WRONG_USAGE
            assert "clock" in capsys.readouterr().err
            assert tree(partner.folder) == {}

            wrong, partner.clock.moment = partner.clock.moment, NOON
            assert partner.run() == DONE_IN_PART
            partner.clock.moment = wrong
            assert partner.run() == WRONG_USAGE
            assert differences(tree(partner.folder, [NOON]), expected) == []
            way = "ahead" if ahead else "behind"
            outcome = "stopped with a sentence, nothing entered"
            kit.record("Time", f"clock {step} {way}", "a first run and a later one", outcome)
    assert kit.failures == {}


@pytest.mark.parametrize("name", CALENDARS)
def test_every_day_of_the_calendar_is_a_day(partner, name, kit) -> None:
    partner.first_day = CALENDARS[name]
    steps = (7, 8, 9) if kit.is_whole else (7, 8)
    for step in steps:
        today = partner.first_day + step * DAY
        partner.clock.moment = noon(today)
        partner.run()

        assert newest_report(partner).window.ending == today - DAY
    assert known_days(partner) == [partner.first_day + n * DAY for n in range(1, steps[-1])]
    assert newest_report(partner).window.complete_days == 7
    kit.record("Time", name, f"runs on {len(steps)} days", "every day known")


@pytest.mark.parametrize("days", [7, 9])
def test_after_missed_days_all_of_them_are_read_and_reported(partner, days, kit) -> None:
    partner.run()
    partner.clock.go_on(days=days)

    assert partner.run() == DONE

    endings = [point.ending for point in partner.opened().history(TENANT_ID, date.max, 100)]
    assert known_days(partner) == [FIRST_DAY + n * DAY for n in range(1, 7 + days)]
    assert {TODAY + n * DAY for n in range(days)} <= set(endings)
    assert newest_report(partner).window.complete_days == 7
    kit.record("Time", f"{days} days missed", "a run", "all days read, all reports made")


def test_rows_that_arrive_late_are_counted_as_if_they_had_been_in_time(
    partner, tmp_path, kit
) -> None:
    last = TODAY + (4 if kit.is_whole else 2) * DAY
    while partner.clock.moment.date() <= last:
        partner.run()
        partner.clock.go_on(days=1)
    with open_partner(tmp_path / "afterwards") as afterwards:
        afterwards.clock.moment = noon(last)
        afterwards.run()

    stores = partner.opened(), afterwards.opened()
    settled = [entry.slice for entry in stores[1].ledger(TENANT_ID, TODAY - DAY)]
    assert settled
    for slice_ in settled:
        daily, at_once = (store.rollup(slice_) for store in stores)
        assert daily == at_once
    kit.record("Time", "late rows", "runs on five days", "as if in time", len(settled))


def test_midnight_may_come_at_any_reading_of_the_clock(partner, tmp_path, kit) -> None:
    evening = datetime.combine(TODAY, datetime.min.time(), UTC).replace(hour=23, minute=58)
    morning = evening + timedelta(hours=10)

    def runs(folder, reading: int) -> int:
        """A run in the evening and one in the morning; returns how often the first read a clock."""
        partner.folder = folder
        partner.clock = OvertakenClock(evening, reading)
        assert partner.run() in (DONE, DONE_IN_PART)
        readings = next(partner.clock.readings) - 1
        partner.clock = Clock(morning)
        assert partner.run() == DONE
        return readings

    readings = runs(tmp_path / "undisturbed", 0)
    expected = what_is_known(partner)
    after_the_first = range(6, readings + 1, EVERY)  # with which a run learns the day
    for reading in kit.some_of(after_the_first, SAMPLE):
        with kit.attempt(reading):
            runs(tmp_path / f"{reading}", reading)
            assert what_is_known(partner) == expected
            kit.record("Time", "midnight at a reading of the clock", "a run", "the same figures")
    assert kit.failures == {}


def what_is_known(partner):
    """
    The rollups of all days, and the figures of each report.

    A day that is pulled on two dates has its changed verdicts counted, so ledger and page differ.
    """
    store = partner.opened()
    ledger = store.ledger(TENANT_ID, date.min)
    files = {
        ending: store.report_file(TENANT_ID, ending, "report.json")
        for ending in (TODAY - 2 * DAY, TODAY - DAY, TODAY)
    }
    reports = {day: Report.from_json(file.content) for day, file in files.items() if file}
    assert reports
    return (
        {entry.slice: (entry.state, store.rollup(entry.slice)) for entry in ledger},
        {day: (made.metrics, made.window.complete_days) for day, made in reports.items()},
    )
