"""The daily run over a local store: what it owes, keeps, refuses, and survives."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as replace_struct

from shared.delivery.text.summary import summarise
from shared.errors import (
    BadInputError,
    OutOfReachError,
    OutOfTimeError,
    SourceDeniedError,
    SourceIncompleteError,
)
from shared.mfa.accounts.directory import Directory, User
from shared.mfa.coverage import LogKinds
from shared.mfa.scope import Scope
from shared.mfa.sign_in import Evidence
from shared.mfa.verdict_changes import VerdictChanges
from shared.mfa.window import MissingDay, Slice, SliceState
from shared.service.daily import GIVEN_UP
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.messages import CollectSlice
from shared.stores.local import LocalMedium
from shared.stores.store import Store
from tests.service.world import (
    ENDING,
    TENANT,
    TODAY,
    WEEK,
    Clock,
    Scripted,
    a_day,
    a_week,
    kept_in,
    make_daily,
    make_runs,
    read_back,
    run_day,
    work_of,
)


def entry_of(daily, day):
    return next(e for e in daily.store.ledger(TENANT, day) if e.slice == Slice(TENANT, day))


def test_a_first_run_fills_the_window_and_reports_on_it(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted(a_week(weak=1, strong=3)))

    report, failed = run_day(daily)

    assert failed == []
    assert report.window.complete_days == 7
    assert report.metrics.portal.share == 0.75
    assert report.metrics.api.share == 1.0
    assert daily.store.latest_ending(TENANT) == ENDING


def test_the_report_that_a_run_returns_is_the_stored_one(tmp_path) -> None:
    clock = Clock()
    daily = make_daily(tmp_path, Scripted(a_week()), clock=clock)
    first, _ = run_day(daily)
    clock.go_on(hours=1)

    again, _ = run_day(daily)

    stored = daily.store.report_file(TENANT, ENDING, "report.json")
    assert again.to_json() == stored.content == first.to_json()


def test_a_report_stays_when_days_that_it_counts_have_been_removed(tmp_path) -> None:
    """Made again, which its pulls of the same second ask for, it would know less."""
    daily = make_daily(tmp_path, Scripted(a_week()))
    first, _ = run_day(daily)
    daily.store.purge(details_before=WEEK[2], metrics_before=WEEK[0])

    assert daily.reports.owed(TODAY + timedelta(days=1)) == [ENDING + timedelta(days=1)]
    assert daily.publish(ENDING, ENDING).to_json() == first.to_json()
    assert first.window.complete_days == 7


def test_the_kinds_of_log_of_each_day_reach_the_report(tmp_path) -> None:
    source = Scripted(a_week())
    source.kinds = {WEEK[3]: LogKinds(non_interactive=False)}

    report, _ = run_day(make_daily(tmp_path, source))

    assert report.window.coverage is not None
    assert report.window.coverage.non_interactive == sorted({*WEEK} - {WEEK[3]})
    assert (report.metrics.portal.share, report.metrics.api.share) == (None, None)


def test_days_that_were_pulled_early_are_provisional_until_they_are_pulled_again(tmp_path) -> None:
    clock = Clock()
    daily = make_daily(tmp_path, Scripted(a_week()), clock=clock)

    report, _ = run_day(daily)

    assert report.window.provisional_days == [WEEK[1], WEEK[0]]


def test_a_first_run_goes_back_as_far_as_the_log_and_reports_on_every_window(tmp_path) -> None:
    days = {TODAY - timedelta(days=back): a_day(TODAY) for back in range(1, 31)}
    daily = make_daily(tmp_path, Scripted(days, reach=30))

    report, _ = run_day(daily)

    assert len(daily.source.asked) == 30
    assert len(report.history) == 24


def test_a_first_run_asks_for_the_whole_window_so_that_every_missing_day_says_why(tmp_path) -> None:
    source = Scripted(a_week(), reach=6)
    source.days[WEEK[6]] = [OutOfReachError("The log does not reach back to it.")]

    report, failed = run_day(make_daily(tmp_path, source))

    assert [entry.slice.day for entry in failed] == [WEEK[6]]
    assert report.window.missing == [MissingDay(WEEK[6], "The log does not reach back to it.")]
    assert report.metrics.portal.share is None


def test_a_day_that_the_source_no_longer_holds_stays_as_it_was_stored(tmp_path) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    first, _ = run_day(daily)
    before, entry_at_first = read_back(daily.store), entry_of(daily, ENDING)
    source.days = {day: [OutOfReachError("The log is shorter.")] for day in WEEK}
    daily.now.go_on(days=60)

    for _ in range(3):
        again, failed = run_day(daily)
        assert failed == []
        assert again.metrics == first.metrics
    assert read_back(daily.store)["rollups"] == before["rollups"]
    tried = entry_of(daily, ENDING)
    assert (tried.state, tried.at) == (SliceState.COMPLETE, "2027-01-23T02:15:00Z")
    assert tried.pulled_at == entry_at_first.pulled_at
    assert tried.reason == "What is stored is kept. The log is shorter."


def test_a_settled_day_that_reads_empty_later_stays_as_it_was_stored(tmp_path) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    first, _ = run_day(daily)
    source.days = {}
    daily.now.go_on(days=60)

    for _ in range(3):
        again, _ = run_day(daily)
        assert again.metrics.portal == first.metrics.portal


def test_days_that_were_missed_are_caught_up_as_far_as_the_source_reaches(tmp_path) -> None:
    days = {day: a_day(day) for day in (TODAY + timedelta(days=n) for n in range(-7, 12))}
    source = Scripted(days)
    daily = make_daily(tmp_path, source)
    run_day(daily)
    source.reach = 29

    daily.now.go_on(days=11)  # ten days after the newest one that is known
    report, failed = run_day(daily, TODAY + timedelta(days=11))

    assert failed == []
    assert {ENDING + timedelta(days=n) for n in range(12)} <= {
        point.ending for point in report.history if point.portal is not None
    }


def test_of_a_day_that_is_not_over_nothing_is_entered(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted())
    today = Slice(TENANT, TODAY)

    assert daily.collect(today) == []
    daily.abandon(today)
    with pytest.raises(BadInputError, match="2026-11-24 is not over yet"):
        daily.publish(TODAY, TODAY)

    assert daily.source.asked == []
    assert kept_in(tmp_path) == {}


def test_what_a_clock_days_ahead_entered_is_not_known_and_stops_nothing_later(tmp_path) -> None:
    source = Scripted({day: [] for day in WEEK})
    daily = make_daily(tmp_path, source)
    daily.now.go_on(days=5)
    run_day(daily, TODAY + timedelta(days=5))  # days to come, read as empty
    source.days = {day: a_day(day) for day in (*WEEK, TODAY)}
    daily.now.go_on(days=-5)

    report, failed = run_day(daily)
    assert failed == []
    assert report.metrics.portal.requests == 14
    assert report.window.provisional_days == [WEEK[1], WEEK[0]]

    daily.now.go_on(days=1)
    report, _ = run_day(daily, TODAY + timedelta(days=1))
    assert report.window.ending == TODAY
    assert report.metrics.portal.requests == 14
    assert all(
        entry.at < "2026-11-26"
        for entry in daily.store.ledger(TENANT, WEEK[6])
        if entry.slice.day <= TODAY
    )


@pytest.mark.parametrize("damage", ["lost", "damaged"])
def test_a_settled_day_whose_rollup_is_lost_or_damaged_is_pulled_again(
    tmp_path, caplog, damage
) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    first, _ = run_day(daily)
    [rollup] = (tmp_path / "rollups" / TENANT).glob(f"{WEEK[5]}*")
    rollup.unlink() if damage == "lost" else rollup.write_bytes(b"not a rollup")
    source.asked.clear()
    daily.now.go_on(hours=1)

    assert WEEK[5] in [owed.day for owed in daily.plan(TODAY)]
    again, failed = run_day(daily)

    assert failed == []
    assert again.window.complete_days == 7
    assert again.metrics == first.metrics
    told = [record for record in caplog.records if "pulled again" in record.getMessage()]
    assert len(told) == 1


def test_a_rollup_of_a_newer_release_is_left_alone_and_stops_nothing(
    tmp_path, monkeypatch, caplog
) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    monkeypatch.setattr("shared.mfa.rollup._VERSION", 99)
    run_day(daily)
    monkeypatch.undo()
    before = kept_in(tmp_path / "rollups")
    daily.now.go_on(hours=1)

    report, failed = run_day(daily)

    assert failed == []
    assert kept_in(tmp_path / "rollups") == before
    assert report.window.complete_days == 0
    assert all("version 99, of a newer release" in gap.reason for gap in report.window.missing)
    assert "is left alone: The rollup of 2026-11-17" in caplog.text


def test_a_damaged_day_that_the_source_no_longer_holds_is_missing_with_the_reason(tmp_path) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    run_day(daily)
    [rollup] = (tmp_path / "rollups" / TENANT).glob(f"{WEEK[5]}*")
    rollup.write_bytes(b"not a rollup")
    source.days[WEEK[5]] = [OutOfReachError("The log does not reach back to it.")]
    daily.now.go_on(hours=1)

    report, failed = run_day(daily)

    assert [entry.slice.day for entry in failed] == [WEEK[5]]
    assert report.window.missing == [MissingDay(WEEK[5], "The log does not reach back to it.")]
    assert report.metrics.portal.share is None


def test_a_rollup_of_an_older_window_is_pulled_again_once_it_was_found_damaged(tmp_path) -> None:
    days = {day: a_day(day) for day in (TODAY - timedelta(days=n) for n in range(1, 30))}
    daily = make_daily(tmp_path, Scripted(days, reach=29))
    run_day(daily)
    old = TODAY - timedelta(days=20)
    [rollup] = (tmp_path / "rollups" / TENANT).glob(f"{old}*")
    rollup.unlink()

    damaged = daily.publish(old, ENDING)
    assert [gap.day for gap in damaged.window.missing] == [old]

    assert old in [owed.day for owed in daily.plan(TODAY)]


def test_a_first_run_that_was_killed_is_taken_up_again(tmp_path) -> None:
    days = {
        TODAY - timedelta(days=back): a_day(TODAY - timedelta(days=back)) for back in range(1, 31)
    }
    daily = make_daily(tmp_path, Scripted(days, reach=30))
    for owed in daily.plan(TODAY)[:12]:
        daily.collect(owed)
    daily.source.asked.clear()

    report, _ = run_day(daily)

    assert len(daily.source.asked) == 30 - 12 + 3  # what is missing, and what settles
    assert len(report.history) == 24


def test_a_first_run_that_was_denied_says_so_and_is_made_up_for(tmp_path) -> None:
    days = {TODAY - timedelta(days=back): [SourceDeniedError("Grant it.")] for back in range(1, 31)}
    daily = make_daily(tmp_path, Scripted(days, reach=30))
    daily.source.reach_days = lambda _: next(daily.source.sign_ins(Slice(TENANT, ENDING)))

    report, failed = run_day(daily)
    assert len(failed) == 7
    assert {gap.reason for gap in report.window.missing} == {"Grant it."}

    daily.source.days = {day: a_day(day) for day in days}
    daily.source.reach_days = lambda _: 30
    daily.now.go_on(days=1)
    report, failed = run_day(daily, TODAY + timedelta(days=1))
    assert failed == []
    assert len(report.history) == 24


def test_the_next_day_only_the_newest_days_are_pulled_again(tmp_path) -> None:
    source = Scripted(a_week())
    daily = make_daily(tmp_path, source)
    run_day(daily)
    source.asked.clear()

    daily.now.go_on(days=1)
    run_day(daily, TODAY + timedelta(days=1))

    assert source.asked == ["2026-11-24", "2026-11-23", "2026-11-22"]


def test_what_a_re_pull_changed_is_counted_in_the_ledger_and_printed(tmp_path) -> None:
    source = Scripted(a_week(weak=2, strong=2))
    daily = make_daily(tmp_path, source)
    first, _ = run_day(daily)
    assert first.window.verdict_changes is None

    day = a_day(ENDING, weak=2, strong=2)
    [weak, *_] = [each for each in day if each.details is not Evidence.SATISFIED]
    late = replace_struct(weak, id="late")
    source.days[ENDING] = [
        *(each for each in day if each is not weak),
        replace_struct(weak, details=Evidence.SATISFIED),
        late,
    ]
    daily.now.go_on(days=1)
    report, _ = run_day(daily, TODAY + timedelta(days=1))

    # Six requests of each of the two days that were read again.
    expected = VerdictChanges(compared=12, without_to_verified=1, new=1)
    assert entry_of(daily, ENDING).changes == VerdictChanges(6, without_to_verified=1, new=1)
    assert report.window.verdict_changes == expected
    sentence = (
        "hen days were read again, 12 requests were compared: 1 changed from without MFA to "
        "verified and 1 new"
    )
    assert sentence in summarise(report)
    page = daily.store.report_file(TENANT, TODAY, "report.html")
    assert sentence in " ".join(page.content.decode().replace("\xa0", " ").split())

    again, _ = run_day(daily, TODAY + timedelta(days=1))  # of the same day: no new observation
    assert again.window.verdict_changes == expected


def test_verdicts_that_stay_are_a_measure_too(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted(a_week()))
    run_day(daily)
    daily.now.go_on(days=1)

    report, _ = run_day(daily, TODAY + timedelta(days=1))

    assert "6 requests were compared: none changed" in summarise(report)


def test_what_arrives_late_heals_the_report_that_was_made_without_it(tmp_path) -> None:
    source = Scripted(a_week(weak=0, strong=2))
    daily = make_daily(tmp_path, source)
    first, _ = run_day(daily)
    assert first.metrics.portal.share == 1.0

    source.days[ENDING] = a_day(ENDING, weak=2, strong=2)
    daily.now.go_on(days=1)
    run_day(daily, TODAY + timedelta(days=1))

    healed = daily.publish(ENDING, ENDING)
    assert healed.metrics.portal.requests == first.metrics.portal.requests + 2
    assert healed.metrics.portal.share == pytest.approx(14 / 16)
    stored = daily.store.report_file(TENANT, ENDING, "report.json")
    assert b'"not_verified": 2' in stored.content


def test_a_day_that_was_missed_is_pulled_and_its_report_made_later(tmp_path) -> None:
    gap = WEEK[4]
    source = Scripted(a_week())
    source.days[gap] = [SourceIncompleteError("Graph failed 8 times in a row.")]
    daily = make_daily(tmp_path, source)

    report, failed = run_day(daily)
    assert [entry.slice.day for entry in failed] == [gap]
    assert report.metrics.portal.share is None
    assert [(each.day, each.reason) for each in report.window.missing] == [
        (gap, "Graph failed 8 times in a row.")
    ]

    source.days[gap] = a_day(gap)
    daily.now.go_on(hours=1)
    report, failed = run_day(daily)
    assert failed == []
    assert report.window.complete_days == 7


def test_collecting_twice_is_collecting_once(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted(a_week()))
    run_day(daily)
    before = kept_in(tmp_path)

    run_day(daily)

    assert kept_in(tmp_path) == before


def test_a_run_that_crosses_midnight_reads_the_accounts_of_the_day_it_planned(tmp_path) -> None:
    snapshot = DirectorySnapshot(Directory(users=(User(id="ann", account_enabled=True),)), Scope())
    daily = replace(make_daily(tmp_path, Scripted(a_week())), read_directory=lambda: snapshot)
    endings = daily.reports.owed(TODAY)

    daily.now.go_on(days=1)
    report = daily.publish(endings[-1], endings[-1])

    assert report.metrics.accounts.enabled == 1


def test_a_report_that_says_the_same_stays_as_it_was_made(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted(a_week()))
    run_day(daily)
    reports = kept_in(tmp_path / "reports")

    daily.now.go_on(hours=3)
    run_day(daily)

    assert kept_in(tmp_path / "reports") == reports


def test_a_pull_with_fewer_rows_is_refused_once_and_then_believed(tmp_path) -> None:
    source = Scripted({ENDING: a_day(ENDING, weak=4)})
    daily = make_daily(tmp_path, source)
    owed = Slice(TENANT, ENDING)
    daily.collect(owed)

    source.days[ENDING] = a_day(ENDING, weak=1)
    daily.collect(owed)
    assert len(daily.store.rollup(owed)) == 6
    assert "3 rows" in entry_of(daily, ENDING).reason
    assert "6" in entry_of(daily, ENDING).reason

    daily.collect(owed)
    assert len(daily.store.rollup(owed)) == 3
    assert entry_of(daily, ENDING).rows == 3


def test_a_denied_slice_is_entered_and_not_tried_again(tmp_path) -> None:
    source = Scripted({ENDING: [SourceDeniedError("Grant AuditLog.Read.All.")]})
    daily = make_daily(tmp_path, source)

    assert daily.collect(Slice(TENANT, ENDING)) == []

    assert source.asked == ["2026-11-23"]
    assert entry_of(daily, ENDING).state is SliceState.DENIED
    assert entry_of(daily, ENDING).reason == "Grant AuditLog.Read.All."


def test_half_a_slice_is_nothing(tmp_path) -> None:
    broken = [*a_day(ENDING), SourceIncompleteError("The connection broke.")]
    daily = make_daily(tmp_path, Scripted({ENDING: broken}))

    with pytest.raises(SourceIncompleteError):
        daily.collect(Slice(TENANT, ENDING))

    assert daily.store.rollup(Slice(TENANT, ENDING)) is None
    assert entry_of(daily, ENDING).state is SliceState.FAILED
    assert entry_of(daily, ENDING).has_rollup is False


def test_a_failed_pull_leaves_what_an_earlier_one_stored(tmp_path) -> None:
    source = Scripted({ENDING: a_day(ENDING)})
    daily = make_daily(tmp_path, source)
    daily.collect(Slice(TENANT, ENDING))

    source.days[ENDING] = [SourceIncompleteError("Graph is down.")]
    with pytest.raises(SourceIncompleteError):
        daily.collect(Slice(TENANT, ENDING))

    assert len(daily.store.rollup(Slice(TENANT, ENDING))) == 3
    assert entry_of(daily, ENDING).has_rollup is True


def test_a_day_too_big_for_one_execution_is_halved_until_it_fits(tmp_path) -> None:
    too_much = [OutOfTimeError("The execution's time is used up.")]
    source = Scripted({ENDING: a_day(ENDING)})
    source.days |= {"2026-11-23": too_much, "2026-11-23T00-12": too_much}
    daily = make_daily(tmp_path, source)
    work = work_of(make_runs(daily))

    waiting = [CollectSlice(Slice(TENANT, ENDING)).to_json()]
    while waiting:
        waiting += [part.to_json() for part in work.collect(waiting.pop(0).encode())]

    assert source.asked == [
        "2026-11-23",
        "2026-11-23T00-12",
        "2026-11-23T12-24",
        "2026-11-23T00-06",
        "2026-11-23T06-12",
    ]
    report = daily.publish(ENDING, ENDING)
    assert ENDING not in [gap.day for gap in report.window.missing]
    assert report.metrics.portal.requests == 2


def test_an_hour_that_does_not_fit_is_a_failure(tmp_path) -> None:
    hour = Slice(TENANT, ENDING, 3, 4)
    daily = make_daily(tmp_path, Scripted({ENDING: [OutOfTimeError("Time is used up.")]}))

    with pytest.raises(SourceIncompleteError, match="One hour"):
        daily.collect(hour)


def test_giving_up_keeps_the_last_reason_however_often_it_is_done(tmp_path) -> None:
    daily = make_daily(tmp_path, Scripted({ENDING: [SourceIncompleteError("Graph is down.")]}))
    owed = Slice(TENANT, ENDING)
    with pytest.raises(SourceIncompleteError):
        daily.collect(owed)

    daily.abandon(owed)
    daily.abandon(owed)

    assert entry_of(daily, ENDING).reason == f"{GIVEN_UP} Graph is down."


class Crash(BaseException):
    """The process is gone: nobody catches this."""


class Crashing:
    """A folder on which the process dies at the n-th thing it changes, before or after it."""

    CHANGES = ("write", "remove", "put_row", "remove_row", "finalize")

    def __init__(self, folder, at, *, after):
        self._folder = LocalMedium(folder)
        self._at, self._after = at, after
        self.count = 0

    def __getattr__(self, name):
        reached = getattr(self._folder, name)
        return self._counted(reached) if name in self.CHANGES else reached

    def _counted(self, reached):
        def change(*given, **named):
            self.count += 1
            if self.count == self._at and not self._after:
                raise Crash
            done = reached(*given, **named)
            if self.count == self._at:
                raise Crash
            return done

        return change


def days_after(folder, source, medium=None):
    """One daily run, settled at once, so that it changes little."""
    clock = Clock()
    clock.go_on(days=1)
    store = Store(medium) if medium else None
    daily = make_daily(folder, source, clock=clock, settle_days=0, store=store)
    run_day(daily, TODAY + timedelta(days=1))


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory):
    """A store with one daily run in it, and what the next one would make of it undisturbed."""
    before = tmp_path_factory.mktemp("before") / "store"
    source = Scripted(a_week() | {TODAY: a_day(TODAY, weak=2)})
    run_day(make_daily(before, source, settle_days=0))
    after = before.with_name("after")
    shutil.copytree(before, after)
    medium = Crashing(after, 0, after=False)
    days_after(after, source, medium)
    return before, source, read_back(Store(LocalMedium(after))), medium.count


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_change_and_another_run_give_the_same_bytes(
    yesterday, tmp_path, after
) -> None:
    before, source, undisturbed, changes = yesterday
    assert changes > 10

    for number in range(1, changes + 1):
        folder = tmp_path / str(number)
        shutil.copytree(before, folder)
        with pytest.raises(Crash):
            days_after(folder, source, Crashing(folder, number, after=after))

        days_after(folder, source)

        found = read_back(Store(LocalMedium(folder)))
        assert found == undisturbed, f"after a crash at change {number} of {changes}"
