"""What a report is compared with: only what is stored of the day before and the week before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.mfa.changes.account_history import AccountHistory
from shared.mfa.changes.changes import WEEK_BEFORE
from shared.mfa.changes.figure_changes import Incomparable
from shared.mfa.changes.past import EarlierDays
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.earlier_days import earlier_days
from shared.service.http.details import stored_history
from shared.stores.models import ACCOUNT_STATES
from tests.directories import directory, user
from tests.service.world import ENDING, TENANT, TODAY, Clock, Scripted, a_day, make_daily, run_day


def people(*enforced: str, others: tuple[str, ...] = ()) -> DirectorySnapshot:
    users = [user(name, perUserMfaState="enforced") for name in enforced] + list(map(user, others))
    return DirectorySnapshot(directory(users=users), Scope(), read_at="2026-11-24T02:15:00Z")


class Weeks:
    """A tenant whose days are played one after another, in the same store."""

    def __init__(self, folder) -> None:
        days = [ENDING + timedelta(days=n) for n in range(-7, 8)]
        self.clock = Clock()
        source = Scripted({day: a_day(day) for day in days})
        self.daily = make_daily(folder, source, clock=self.clock)

    def play(self, snapshot=None, days=0):
        """The report of a day; the clock goes on that far first."""
        self.clock.go_on(days=days)
        read = (lambda: snapshot) if snapshot else None
        report, _ = run_day(replace(self.daily, read_directory=read), self.clock().date())
        return report


def test_the_day_and_the_week_before_are_compared_once_they_are_stored(tmp_path) -> None:
    tenant = Weeks(tmp_path)
    weak, strong = people("a", others=("b", "c")), people("a", "b", others=("c",))

    first = tenant.play(weak)
    assert first.window.ending == ENDING
    assert first.changes.day.reason is Incomparable.NO_REPORT
    assert [(each.name, each.days) for each in first.changes.open_accounts] == [
        ("b@contoso.example", 1),
        ("c@contoso.example", 1),
    ]
    second = tenant.play(strong, days=1)
    day = second.changes.day
    assert (day.since, day.figures["accounts"].points) == (ENDING, 33.4)
    assert (day.accounts.fixed, day.accounts.new, day.accounts.still_open) == (1, 0, 1)
    last = tenant.play(strong, days=6)

    assert last.changes.day.reason is None
    assert last.changes.week.since == last.window.ending - WEEK_BEFORE == ENDING
    assert last.changes.week.accounts.fixed == 1
    (still,) = last.changes.open_accounts
    assert (still.name, still.days, still.is_exact) == ("c@contoso.example", 8, False)


def test_a_day_without_its_directory_breaks_no_account_s_age(tmp_path) -> None:
    tenant = Weeks(tmp_path)
    tenant.play(people(others=("a",)))
    without = tenant.play(None, days=1)

    found = tenant.play(people(others=("a",)), days=1).changes

    assert without.changes.day.accounts is None
    assert without.changes.day.figures["accounts"].reason is Incomparable.NOT_READ
    assert found.day.accounts is None
    assert [each.days for each in found.open_accounts] == [3]


def test_damaged_states_are_made_again_from_the_stored_directory(tmp_path, caplog) -> None:
    tenant = Weeks(tmp_path)
    tenant.play(people(others=("a",)))
    for path in tmp_path.rglob(f"*{ACCOUNT_STATES}"):
        path.write_bytes(b"damaged")

    found = tenant.play(people("a"), days=1).changes

    assert found.day.accounts.fixed == 1
    assert ACCOUNT_STATES in caplog.text


def test_what_cannot_be_read_is_not_compared(tmp_path, caplog) -> None:
    tenant = Weeks(tmp_path)
    tenant.play(people(others=("a",)))
    store, day_after = tenant.daily.store, ENDING + timedelta(days=1)
    reports = store.reports(TENANT, 9, before=day_after)
    for name in (ACCOUNT_STATES, "report.json"):
        for path in tmp_path.rglob(f"*{name}"):
            path.write_bytes(b"damaged")

    assert earlier_days(store, TENANT, day_after, reports) == EarlierDays()
    assert "report.json of 2026-11-23 is passed over" in caplog.text


def test_the_states_are_removed_with_the_report_s_files(tmp_path) -> None:
    tenant = Weeks(tmp_path)
    tenant.play(people("a", others=("b",)))
    store = tenant.daily.store

    assert ACCOUNT_STATES in store.report_etags(TENANT, ENDING)
    store.purge(details_before=TODAY, metrics_before=ENDING)
    assert not list(tmp_path.rglob(f"*{ACCOUNT_STATES}"))


def test_one_account_s_history_is_read_from_the_stored_days(tmp_path) -> None:
    tenant = Weeks(tmp_path)
    tenant.play(people("b", others=("a",)))
    tenant.play(people("a"), days=1)
    tenant.play(people("a", others=("b",)), days=2)
    reports = tenant.daily.store.reports(TENANT, 9)
    read = []

    def stored(day, name):
        read.append(day)
        return tenant.daily.store.report_file(TENANT, day, name)

    a, b = (stored_history(name, reports, stored) for name in ("A", "b"))

    assert [each.state for each in a.days] == ["unprotected", "enforced", None, "enforced"]
    assert [each.state for each in b.days] == ["enforced", "absent", None, "unprotected"]
    assert b.now is not None
    assert (b.now.open_since, b.now.is_open_exact) == (ENDING + timedelta(days=3), False)
    assert len(read) == 2 + 3  # one for each state, not for each day
    assert stored_history("nobody", [], stored) == AccountHistory()
