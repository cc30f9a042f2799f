"""Daily, weekly or on change, for each recipient; and a day that is nobody's is not missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from shared.delivery.files.accounts import AccountEntry, Accounts
from shared.errors import DeliveryError, DeliveryUncertainError, SourceDeniedError
from shared.mfa.accounts.directory import Directory, User
from shared.mfa.metrics import AccountMetrics
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.known_state import known_state
from shared.service.messages import DeliverReport
from shared.stores.models import DeliveryState
from tests.delivery.mail.mail_making import earlier_report
from tests.delivery.making import report
from tests.delivery.scenarios import a_missing_day, with_findings
from tests.service.claims import FakeMailer, FakeStore, KilledError, mail_on_change
from tests.service.claims import World as KilledWorld
from tests.service.simulated_app import ANN
from tests.service.test_deliveries import BOB, World
from tests.service.world import ENDING, TENANT, a_day

EVE = "eve@contoso.example"
WEEKLY, ON_CHANGE = f"{BOB}=weekly", f"{EVE}=on-change"
DAY = timedelta(days=1)


def directory(*names):
    """Nothing requires MFA of these accounts."""
    users = tuple(User(id=name, account_enabled=True) for name in names)
    return lambda: DirectorySnapshot(Directory(users=users), Scope())


class Days(World):
    """The same app, day after day."""

    def __init__(self, folder, *recipients, accounts=("ann",)):
        super().__init__(folder)
        self.post.recipients = list(recipients)
        self.channels = {"mail": self.post.by_mail}
        self.accounts(*accounts)

    def accounts(self, *names):
        self.daily = replace(self.daily, read_directory=directory(*names))

    def a_day(self):
        """A day with everything on time; who got a mail."""
        before = len(self.post.mails)
        self.collect()
        self.publish()
        self.tick()
        return [recipient for recipient, _ in self.post.mails[before:]]

    def next_day(self, **day):
        self.clock.go_on(days=1)
        self.source.days[self.ending] = a_day(self.ending, **day)

    def notes(self):
        """What the last mail says about mails that did not go out."""
        return [line for line in self.post.mails[-1][1].text.splitlines() if "not go out" in line]


def test_each_recipient_is_written_to_on_their_own_days(tmp_path) -> None:
    app = Days(tmp_path, ANN, WEEKLY, ON_CHANGE)
    got: dict[date, list[str]] = {}
    for _ in range(3):
        app.next_day()
    for number in range(5):
        app.next_day()
        if number == 1:
            app.accounts("ann", "new")
        got[app.today] = app.a_day()

    saturday, sunday, monday, tuesday, wednesday = got
    assert monday.weekday() == 0
    assert got[saturday] == [ANN, BOB, EVE]  # nobody has had one
    assert got[sunday] == [ANN, EVE]  # a new account without MFA
    assert got[monday] == [ANN, BOB]
    assert got[tuesday] == got[wednesday] == [ANN]


def test_a_day_that_is_nobodys_is_neither_owed_nor_missed_nor_told(tmp_path) -> None:
    app = Days(tmp_path, WEEKLY, ON_CHANGE)
    assert app.a_day() == [BOB, EVE]
    for _ in range(2):
        app.next_day()
        assert app.a_day() == []
        row = app.row()
        assert (row.has_begun, row.has_gone, bool(row.passed_at)) == (True, False, True)
        assert not row.is_owed(app.ending + DAY)

    app.next_day()
    app.accounts()
    assert app.a_day() == [EVE]
    assert app.notes() == []
    assert app.row().state is DeliveryState.SENT
    assert not app.row().passed_at


def test_a_change_that_shows_later_on_a_day_that_was_nobodys_is_mailed_on_it(tmp_path) -> None:
    app = Days(tmp_path, ON_CHANGE)
    app.a_day()
    app.next_day()
    assert app.a_day() == []

    app.accounts("ann", "new")
    app.publish()

    assert [recipient for recipient, _ in app.post.mails] == [EVE, EVE]
    assert app.row().state is DeliveryState.SENT


def test_a_mail_that_failed_is_sent_on_the_next_day_although_nothing_has_changed(tmp_path) -> None:
    for number, failure in enumerate((DeliveryError("Down."), DeliveryUncertainError("Lost."))):
        app = Days(tmp_path / str(number), WEEKLY, ON_CHANGE)
        app.post.failures = {BOB: failure, EVE: failure}
        assert app.a_day() == []
        app.post.failures = {}
        app.next_day()
        assert app.a_day() == [BOB, EVE]


def test_a_weekly_mail_comes_on_the_first_day_that_the_app_runs(tmp_path) -> None:
    app = Days(tmp_path, WEEKLY)
    app.a_day()
    for _ in range(7):  # down over Monday
        app.next_day()

    assert app.today.weekday() == 1
    assert app.a_day() == [BOB]
    assert "WHAT CHANGED SINCE 23 NOV" in app.post.mails[-1][1].text  # of the week before


def test_what_is_missing_counts_as_a_change(tmp_path) -> None:
    app = Days(tmp_path, ON_CHANGE)
    app.a_day()
    app.next_day()
    app.source.days[app.ending] = [SourceDeniedError("No consent.")]
    assert app.a_day() == []  # it may still come

    app.go_on(hours=5)

    assert [recipient for recipient, _ in app.post.mails] == [EVE, EVE]


def test_that_there_is_no_report_is_said_to_those_whose_day_it_is(tmp_path) -> None:
    app = Days(tmp_path, WEEKLY, ON_CHANGE)
    app.a_day()
    app.next_day()
    app.tick()
    app.go_on(hours=5)

    assert [recipient for recipient, _ in app.post.mails] == [BOB, EVE, EVE]
    assert "no report of" in app.post.mails[-1][1].subject

    app = Days(tmp_path / "weekly", WEEKLY)
    app.a_day()
    app.next_day()
    app.tick()
    app.go_on(hours=5)
    assert len(app.post.mails) == 1
    assert app.row().passed_at


def test_what_somebody_asks_for_goes_to_all(tmp_path) -> None:
    app = Days(tmp_path, WEEKLY, ON_CHANGE)
    app.a_day()
    asked = DeliverReport(TENANT, ENDING, "mail", "asked")
    app.work.deliveries_of(TENANT).repeat(asked)

    assert len(app.post.mails) == 4


# The state that a mail says


ACCOUNT = AccountEntry(
    object_id="",
    upn="",
    display_name="",
    user_type="Member",
    enabled=True,
    is_admin=False,
    enforcement=None,
    enforced_by="",
    cause="",
    remedy="",
    mfa_registered=None,
    last_request=None,
    last_request_mfa_compliant=None,
)


def accounts(**states):
    listed = [
        msgspec.structs.replace(ACCOUNT, object_id=name, enforcement=it)
        for name, it in states.items()
    ]
    return Accounts(TENANT, None, AccountMetrics(), listed).to_json()


def test_a_state_is_that_of_figures_findings_and_accounts_in_any_order() -> None:
    made = with_findings()
    state = known_state(made, accounts(a="unprotected", b="conditional", c="enforced"))

    assert state
    assert state == known_state(made, accounts(b="conditional", a="unprotected", d="enforced"))
    for other in (
        known_state(made, accounts(a="unprotected", c="conditional")),  # one fixed, one new
        known_state(made, accounts(a="unprotected", b="unknown")),
        known_state(report(), accounts(a="unprotected", b="conditional")),
    ):
        assert other != state


def test_what_is_not_known_has_no_state() -> None:
    assert known_state(with_findings(), None) is None
    assert known_state(a_missing_day(), accounts()) is None


# Whatever breaks


def run(world, made):
    """A mail on a report to somebody who is written to on change."""
    mailer = FakeMailer(world, repeatable=False)
    return mail_on_change(made, EVE, mailer, FakeStore(world), "as ever")


@pytest.mark.parametrize("killed_at", range(1, 14))
def test_killed_at_any_step_a_mail_goes_out_by_the_next_day_and_none_twice(killed_at) -> None:
    world = KilledWorld(killed_at=killed_at)
    try:
        run(world, earlier_report())
    except KilledError:
        world.restart()
        run(world, earlier_report())
    else:
        assert killed_at > 10, "a step more than there are"
    run(world, report())

    keys = [key for _, key in world.delivered]
    assert len(keys) in (1, 2)
    assert len(set(keys)) == len(keys)
