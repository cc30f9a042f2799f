"""A month in which everything stops once: every day ends complete, each trouble is told once."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from shared.errors import DeliveryError, StoreError
from shared.mfa.report import Report
from shared.mfa.window import Slice
from shared.service import publishing
from shared.service.daily import Daily
from shared.service.messages import CollectSlice
from shared.service.watchdog import Watchdog
from shared.stores.models import DeliveryState
from tests.service.simulated_app import ANN, TIMERS, SimulatedApp
from tests.service.world import TENANT

DAYS = 30
SCHEDULES = ("0 15 2 * * *", "0 15 4 * * *", "0 15 5 * * *")  #: as `TIMERS`
QUARTERS = 24 * 4

#: What stops on a day, from one hour of it to another.
TROUBLES = {
    2: ("app", 1, 3),  # over the tick that begins the day
    3: ("app", 4, 5),  # over the one of reports
    4: ("app", 5, 9),  # over the one of mails
    5: ("app", 1, 12),  # over all three
    7: ("mail", 3, 6),
    8: ("mail", 0, 14),  # a night
    9: ("source", 0, 4),  # until the second pass
    10: ("source", 0, 7),  # until the third; mails wait meanwhile
    11: ("source", 0, 12),  # the whole night
    12: ("app", 3, 23),
    14: ("plan", 0, 24),  # from here on the host has silenced a timer, or all of them
    15: ("plan_reports", 0, 24),
    16: ("open_door", 0, 24),
    17: ("timers", 0, 24),
    19: ("drains", 2, 3),  # whatever begins is aborted after seconds
    20: ("drains", 2, 7),  # and in the second pass, too
    22: ("reports", 0, 24),  # none can be made
    24: ("app", 0, 24),  # a deployment that failed on a Friday
    25: ("app", 0, 24),
    27: ("queue", 2, 4),
}
CORRECTED = {11}  #: a day whose mail lacked something, until somebody started a run
WITHOUT_REPORT = {22}
WITHOUT_MAIL = {24, 25}


class Month(SimulatedApp):
    """The app with its host, whose timers fire and whose pages are asked for."""

    def __init__(self, folder):
        super().__init__(folder)
        self.clock.go_on(hours=-2, minutes=-15)
        self.first = self.today
        self.missed = set()  #: timers that the host has yet to fire

    @property
    def index(self):
        """The day of the month, from 0."""
        return (self.today - self.first).days

    def trouble(self, what):
        """Whether that has stopped now."""
        kind, since, until = TROUBLES.get(self.index, ("", 0, 0))
        return kind == what and since <= self.clock().hour < until

    def play_quarter(self):
        """A quarter of an hour."""
        now = self.clock()
        self._play(now)
        self.clock.moment = now + timedelta(minutes=15)

    def _play(self, now):
        """What is due by then, and what follows from it."""
        due = {name for name, at in TIMERS.items() if (now.hour, now.minute) == at}
        self.missed |= {n for n in due if not (self.trouble(n) or self.trouble("timers"))}
        self.post.failures = (
            {ANN: DeliveryError("The mail server is down.")} if self.trouble("mail") else {}
        )
        self.source.is_down = self.trouble("source")
        self.is_queue_down = self.trouble("queue")
        if self.trouble("app"):
            return
        self.fire_missed()
        if now.minute == 0 and now.hour % 3 == 0:  # somebody opens a page
            Watchdog(TENANT, self.daily.store, self.clock, SCHEDULES, self.work).look()
        if (now.hour, now.minute) == (13, 0) and self.index in CORRECTED:
            self.put("slices", [self.foreign()])
            self.start_run()
        self.drain()

    def step(self, *arguments, **options):
        """An execution takes a second: what it makes of a slice is newer than the slice."""
        super().step(*arguments, **options)
        self.clock.go_on(seconds=1)

    def fire_missed(self):
        """The host fires every timer that it missed, the one of mails first."""
        for timer in sorted(self.missed):
            try:
                self.fire(timer)
            except StoreError:  # the output binding fails: the host does not fire it again
                continue
        self.missed.clear()

    def drain(self):
        """Handle what is visible, or abort it: that costs a try all the same."""
        if not self.trouble("drains"):
            super().drain()
            return
        for message in self.visible():
            message.tries += 1
            self._again(message)

    def start_run(self):
        """Somebody starts a run, at first while the queue is down."""
        self.is_queue_down = True
        with pytest.raises(StoreError):
            self.runs.start()
        self.is_queue_down = False
        assert self.runs.start().state == "accepted"

    def foreign(self):
        """A slice of a tenant that is not configured here."""
        owed = Slice("0c0ffee0-0000-4000-8000-000000000001", self.ending)
        return CollectSlice(owed).to_json()

    def report(self, ending):
        stored = self.daily.store.report_file(TENANT, ending, "report.json")
        return stored and Report.from_json(stored.content)


def only_json(report, *_):
    return {"report.json": report.to_json()}


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    """The month, and what went out on each of its days: mails and cards."""
    app, sent = Month(tmp_path_factory.mktemp("month")), []
    made = Daily.publish

    def publish(daily, *names):
        if app.trouble("reports"):
            raise StoreError("The storage account does not answer.")
        return made(daily, *names)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Daily, "publish", publish)
        patch.setattr(publishing, "_report_files", only_json)  # the others are made elsewhere
        for _ in range(DAYS):
            app.new_day()
            app.post.mails, app.post.cards = [], []
            for _ in range(QUARTERS):
                app.play_quarter()
            sent.append(([mail for _, mail in app.post.mails], app.post.cards))
    return app, sent


def words(mail):
    return " ".join(mail.text.split())


def named(day: date) -> str:
    return f"{day:%-d} {day:%B %Y}"


def test_every_day_of_the_month_ends_complete(month) -> None:
    app, _ = month
    for index in range(DAYS):
        ending = app.first + timedelta(days=index - 1)
        assert app.report(ending), index
        assert app.report(ending).window.complete_days == 7, index


def test_each_day_is_told_once_by_mail_and_by_card(month) -> None:
    _, sent = month
    expected = [0 if n in WITHOUT_MAIL else 1 + (n in CORRECTED) for n in range(DAYS)]

    assert [len(mails) for mails, _ in sent] == expected
    assert [len(cards) for _, cards in sent] == expected


def test_each_trouble_is_told_once(month) -> None:
    app, sent = month
    mails = [mail for mails, _ in sent for mail in mails]
    told = Counter(
        kind
        for mail in mails
        for kind, is_told in {
            "missing": "missing" in mail.subject,
            "corrected": "complete now" in mail.subject,
            "no report": "no report of" in mail.subject,
        }.items()
        if is_told
    )
    assert told == {
        "missing": len(CORRECTED),
        "corrected": len(CORRECTED),
        "no report": len(WITHOUT_REPORT),
    }
    notes = [words(mail).count("did not go out") for mail in mails]
    assert sum(notes) == len(WITHOUT_MAIL)
    [noted] = [mail for mail in mails if "did not go out" in mail.text]
    assert noted in sent[max(WITHOUT_MAIL) + 1][0]
    for index in WITHOUT_MAIL:
        day = app.first + timedelta(days=index - 1)
        assert f"The mail of {named(day)} did not go out: the app did not run" in words(noted)


def test_what_was_delivered_is_on_record_for_every_day(month) -> None:
    app, _ = month
    for index in range(DAYS):
        ending = app.first + timedelta(days=index - 1)
        rows = app.daily.store.deliveries(TENANT, ending, ending + timedelta(days=1))
        if index in WITHOUT_MAIL:
            assert rows == []
        elif index in WITHOUT_REPORT:
            assert [bool(row.told_at) for row in rows] == [True] * 2
        else:
            assert [row.state for row in rows] == [DeliveryState.SENT] * 2, index


def test_messages_of_another_app_are_given_back_and_then_set_aside(month) -> None:
    app, _ = month
    foreign = [each for each in app.queue if "0c0ffee0" in each.body]

    assert foreign == app.queue  # nothing else is left
    assert {"0c0ffee0" in each.body for each in app.set_aside} == {True}
