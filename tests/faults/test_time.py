"""Whatever the clock does, no day is believed before it is over, and none is lost."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from shared.cli.console import DONE, DONE_IN_PART, WRONG_USAGE
from shared.mfa.report import Report
from shared.mfa.verdict_changes import VerdictChanges
from shared.mfa.window import SliceState
from simulator.tenants.partner import TENANT_ID
from tests.faults.small_partner import FIRST_DAY, NOON, TODAY, open_partner
from tests.faults.tree import differences, tree
from tests.service.world import Clock

if TYPE_CHECKING:
    from shared.mfa.window import Slice
    from tests.faults.tree import Tree

DAY = timedelta(days=1)
WRONG_BY = [timedelta(minutes=20), timedelta(hours=13), DAY, 3 * DAY, 40 * DAY]
#: The first day of a log, and what is special about the eight days from it.
CALENDARS = {
    "a leap day": date(2028, 2, 24),
    "the end of February": date(2027, 2, 24),
    "the end of a year": date(2026, 12, 27),
    "the end of daylight saving time": date(2026, 10, 21),
}
EVENING = datetime.combine(TODAY, datetime.min.time(), UTC).replace(hour=23, minute=58)
TO_MIDNIGHT = timedelta(minutes=5)  #: past it
MORNING = EVENING + timedelta(hours=10)
#: How rows and files say what was compared when a day was read again.
COMPARED = re.compile(
    rb" When days were read again, [^<]*[^<\s]|\"verdict_changes\": (?:null|\{[^}]*\})"
    rb"|\"(?:Compared|VerifiedToWithout|WithoutToVerified|UnknownToKnown|KnownToUnknown|New|Gone)"
    rb"\": \d+"
)
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
            self.moment += TO_MIDNIGHT
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
    """At the first one a run learns the day: that is a run which begins after midnight."""
    readings = run_twice(partner, tmp_path / "before", OvertakenClock(EVENING, 0))
    expected = tree_of(partner), changes_in(partner)
    for reading in kit.some_of(range(1, readings + 1, EVERY), SAMPLE):
        with kit.attempt(reading):
            wanted, changes = expected
            if reading == 1:
                run_twice(partner, tmp_path / "after", Clock(EVENING + TO_MIDNIGHT))
                wanted, changes = tree_of(partner), changes_in(partner)
            run_twice(partner, tmp_path / f"{reading}", OvertakenClock(EVENING, reading))
            assert differences(tree_of(partner), wanted) == []
            for slice_, found in changes_in(partner).items():
                assert found in (changes[slice_], VerdictChanges())
            kit.record("Time", "midnight at a reading of the clock", "a run", "the same tree")
    assert kit.failures == {}


def run_twice(partner, folder, clock) -> int:
    """A run in the evening and one in the morning; returns how often the first read its clock."""
    partner.folder, partner.clock = folder, clock
    assert partner.run() in (DONE, DONE_IN_PART)
    readings = next(clock.readings) - 1 if isinstance(clock, OvertakenClock) else 0
    partner.clock = Clock(MORNING)
    assert partner.run() == DONE
    return readings


def tree_of(partner) -> Tree:
    """
    What there is after both runs, without what was compared when a day was read again.

    The same again counts once for each date of a pull, so it depends on when midnight came.
    """
    found = tree(partner.folder, [EVENING, EVENING + TO_MIDNIGHT, MORNING])
    return {path: COMPARED.sub(b"", content) for path, content in found.items()}


def changes_in(partner) -> dict[Slice, VerdictChanges]:
    """How the verdicts of each slice have changed, by its ledger entry."""
    return {each.slice: each.changes for each in partner.opened().ledger(TENANT_ID, date.min)}
