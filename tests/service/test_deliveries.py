"""A day's report is made known once, whatever fails and in whatever order timers fire."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from shared.errors import (
    DeliveryError,
    DeliveryUncertainError,
    SourceDeniedError,
    SourceIncompleteError,
)
from shared.mfa.accounts.directory import Directory, User
from shared.mfa.scope import Scope
from shared.service.delivery_decision import MailPolicy
from shared.service.directory_snapshot import DirectorySnapshot
from shared.service.messages import DeliverReport, PublishReport
from shared.stores.models import DeliveryState
from tests.service.simulated_app import ANN, Post
from tests.service.world import (
    ENDING,
    TENANT,
    TODAY,
    WEEK,
    Clock,
    MemoryQueues,
    Scripted,
    a_day,
    a_week,
    make_daily,
    make_runs,
    run_day,
    work_of,
)

BOB = "bob@contoso.example"
MAIL_TIME = datetime(2026, 11, 24, 5, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


class World:
    """One app over a folder: its steps, its queue with delays, its clock."""

    def __init__(self, folder, **days):
        self.clock = Clock(MAIL_TIME)
        self.source = Scripted(a_week() | days)
        self.daily = make_daily(folder, self.source, clock=self.clock)
        self.post = Post()
        self.queues = MemoryQueues()
        self.channels = {"mail": self.post.by_mail, "teams": self.post.by_card}

    @property
    def today(self):
        return self.clock().date()

    @property
    def ending(self):
        return self.today - timedelta(days=1)

    @property
    def work(self):
        return work_of(
            make_runs(self.daily), today=self.today, queues=self.queues, channels=self.channels
        )

    def collect(self):
        for owed in self.daily.plan(self.today):
            self.daily.collect(owed)

    def publish(self):
        """Publish the newest day; handle what becomes due by it."""
        report = PublishReport(tenant_id=TENANT, ending=self.ending, newest=self.ending)
        self.handle(self.work.publish(report.to_json().encode()))

    def tick(self):
        """The timer of MAIL_SCHEDULE."""
        self.handle(self.work.open_door())

    def handle(self, messages):
        for message in messages:
            self.queue_tries(message.to_json().encode())

    def queue_tries(self, body):
        """What the queue does with a message: five tries, then poison."""
        for _ in range(5):
            try:
                self.work.deliver(body)
            except DeliveryError:
                continue
            return
        self.work.abandon_delivery(body)

    def go_on(self, **step):
        """Let time pass, a quarter of an hour at a time; messages come when they are visible."""
        until = self.clock() + timedelta(**step)
        waiting = [(self.clock() + delay, body) for _, body, delay in self.take()]
        while self.clock() < until:
            self.clock.go_on(minutes=15)
            for at, body in [each for each in waiting if each[0] <= self.clock()]:
                waiting.remove((at, body))
                self.queue_tries(body.encode())
            waiting += [(self.clock() + delay, body) for _, body, delay in self.take()]
        self.queues.messages = [("deliveries", body, at - self.clock()) for at, body in waiting]

    def take(self):
        taken, self.queues.messages = self.queues.messages, []
        return taken

    @property
    def counts(self):
        return len(self.post.mails), len(self.post.cards)

    def row(self, ending=None, channel="mail"):
        return self.daily.store.delivery(TENANT, ending or self.ending, channel)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_in_whatever_order_timers_fire_a_day_ends_in_one_report_one_mail_and_one_card(
    tmp_path,
) -> None:
    for number, order in enumerate(permutations(("tick", "collect", "publish"))):
        world = World(tmp_path / str(number))
        for step in (*order, "publish", "tick", "go_on"):
            getattr(world, step)()
        assert world.counts in {(1, 1), (2, 2)}, order  # the second corrects the first
        corrections = [subject for subject in world.post.subjects if "complete now" in subject]
        assert len(corrections) == len(world.post.subjects) - 1


def test_a_complete_report_waits_for_its_time_and_then_goes_at_once(world) -> None:
    world.collect()
    world.publish()
    assert (world.counts, world.queues.messages) == ((0, 0), [])

    world.tick()
    assert world.counts == (1, 1)
    assert world.row().state is DeliveryState.SENT

    for _ in range(3):
        world.tick()
        world.publish()
    assert world.counts == (1, 1)


def test_a_late_report_goes_when_it_is_stored(world) -> None:
    world.tick()
    assert world.counts == (0, 0)
    assert world.row().state is DeliveryState.WAITING

    world.go_on(hours=3)
    world.collect()
    world.publish()

    assert world.counts == (1, 1)


def lacking(world, day=WEEK[3]):
    world.source.days[day] = [SourceDeniedError("No consent.")]
    world.collect()


def mend(world, day=WEEK[3]):
    world.source.days[day] = a_day(day)
    world.collect()


def test_a_mail_that_lacks_days_waits_and_then_goes_and_says_what_is_missing(world) -> None:
    lacking(world)
    world.publish()
    world.tick()
    assert world.counts == (0, 0)
    assert world.row().reason == "its report still lacked 20 November 2026."
    assert {delay for *_, delay in world.queues.messages} == {4 * HOUR + timedelta(seconds=1)}

    world.go_on(hours=3, minutes=45)
    assert world.counts == (0, 0)
    world.go_on(minutes=30)

    assert world.counts == (1, 1)
    [(_, mail)] = world.post.mails
    assert mail.subject.endswith(": MFA ?/?/? %, 1 day missing")
    assert "20 November 2026: No consent." in mail.text.replace("\xa0", " ")
    assert world.row().lacked == "20\xa0November\xa02026"


def test_what_comes_while_it_waits_makes_it_go_at_once_and_complete(world) -> None:
    lacking(world)
    world.publish()
    world.tick()
    world.go_on(hours=2)

    mend(world)
    world.publish()
    assert world.counts == (1, 1)
    assert "missing" not in world.post.subjects[0]

    world.go_on(hours=12)
    assert world.counts == (1, 1)


def test_the_rest_of_the_same_day_is_a_short_second_mail_and_card_that_say_what_changed(
    world,
) -> None:
    lacking(world)
    world.publish()
    world.tick()
    world.go_on(hours=5)
    mend(world)

    for _ in range(3):
        world.publish()
        world.tick()

    assert world.counts == (2, 2)
    first, second = (mail for _, mail in world.post.mails)
    text = second.text.replace("\xa0", " ").replace("\n", " ")
    assert second.subject == "Contoso Clo…: MFA ?/50/100 %, complete now"
    assert "Everything is known now: accounts not read, portal 50 %, API 100 %" in text
    assert "The first message of today lacked 20 November 2026. It said: accounts" in text
    assert "portal and API unknown (1 of 7 days missing)." in text
    assert "Everything is known now: accounts not read, portal 50 %, API 100 %." in text
    assert len(second.text) < len(first.text) / 2
    assert "complete now" in json.dumps(world.post.cards[1])
    assert "20\xa0November\xa02026" in json.dumps(world.post.cards[1], ensure_ascii=False)


def unreachable():
    raise SourceIncompleteError("Graph does not answer.")


def test_accounts_that_could_not_be_reached_are_waited_for_and_corrected_like_days(world) -> None:
    ann = Directory(users=(User(id="ann", account_enabled=True),))
    with_accounts = replace(world.daily, read_directory=lambda: DirectorySnapshot(ann, Scope()))
    with_accounts.publish(ENDING - timedelta(days=1), ENDING - timedelta(days=1))
    world.daily = replace(world.daily, read_directory=unreachable)
    world.collect()
    world.publish()
    world.tick()
    assert world.counts == (0, 0)
    world.go_on(hours=5)
    assert world.counts == (1, 1)
    assert ": MFA ?/" in world.post.subjects[0]

    world.daily = with_accounts
    world.publish()

    assert world.counts == (2, 2)
    text = world.post.mails[1][1].text.replace("\n", " ")
    assert "The first message of today lacked the accounts. It said: accounts not read" in text


def test_accounts_that_are_never_read_are_not_waited_for(world) -> None:
    world.daily = replace(world.daily, read_directory=unreachable)
    world.daily.publish(ENDING - timedelta(days=1), ENDING)
    world.collect()
    world.publish()
    world.tick()

    assert world.counts == (1, 1)


def test_a_correction_can_be_switched_off(world, monkeypatch) -> None:
    monkeypatch.setattr(
        "tests.service.world.MailPolicy", lambda: MailPolicy(4 * HOUR, corrections=False)
    )
    lacking(world)
    world.publish()
    world.tick()
    world.go_on(hours=5)
    mend(world)
    world.publish()

    assert world.counts == (1, 1)


def test_the_rest_on_the_next_day_corrects_nothing(world) -> None:
    lacking(world)
    world.publish()
    world.tick()
    world.go_on(hours=24)
    mend(world)
    old = PublishReport(tenant_id=TENANT, ending=ENDING, newest=world.ending)

    assert world.work.publish(old.to_json().encode()) == []
    late = DeliverReport(tenant_id=TENANT, ending=ENDING, channel="mail")
    world.work.deliver(late.to_json().encode())
    assert world.counts == (1, 1)


def test_a_mail_server_that_is_down_for_an_hour_or_for_a_night_delays_the_mail(world) -> None:
    for down in (1, 14):
        world.post.failures = {ANN: DeliveryError("The mail server is down.")}
        world.collect()
        world.publish()
        world.tick()
        assert world.counts[1] == 1  # the card does not wait for the mail
        world.go_on(hours=down)
        assert world.row().state is DeliveryState.FAILED
        assert world.row().reason.endswith("1 of 1 mails did not go out: The mail server is down.")

        world.post.failures = {}
        world.go_on(hours=2)
        assert world.counts == (1, 1)
        assert world.row().state is DeliveryState.SENT
        assert "did not go out" not in world.post.mails[0][1].text

        world.post.mails, world.post.cards = [], []
        world.clock.moment = MAIL_TIME + timedelta(days=1)


def test_a_mail_that_never_went_out_is_told_in_the_next_one_and_in_no_later_one(world) -> None:
    world.post.failures = {ANN: DeliveryError("The mail server is down.")}
    world.collect()
    world.publish()
    world.tick()
    world.go_on(hours=24)
    assert (world.counts, world.queues.messages) == ((0, 1), [])

    world.post.failures = {}
    texts = []
    for _ in range(2):
        world.source.days[world.ending] = a_day(world.ending)
        world.collect()
        world.publish()
        world.tick()
        texts.append(world.post.mails[-1][1].text.replace("\xa0", " ").replace("\n", " "))
        world.clock.go_on(hours=24)

    assert "The mail of 23 November 2026 did not go out: The mail server is down." in texts[0]
    assert "did not go out" not in texts[1]
    assert "did not go out" not in json.dumps(world.post.cards)


def test_of_two_mails_the_one_that_failed_is_told_to_both_and_corrects_only_what_lacked(
    world,
) -> None:
    world.post.recipients = [ANN, BOB]
    world.post.failures = {BOB: DeliveryError("The mailbox is full.")}
    lacking(world)
    world.publish()
    world.tick()
    world.go_on(hours=5)
    assert [who for who, _ in world.post.mails] == [ANN]

    mend(world)
    world.publish()
    world.post.failures = {}
    world.go_on(hours=2)
    assert [(who, "complete now" in mail.subject) for who, mail in world.post.mails] == [
        (ANN, False),
        (ANN, True),
        (BOB, False),
    ]

    world.clock.moment = MAIL_TIME + timedelta(days=1)
    world.post.failures = {BOB: DeliveryError("The mailbox is full.")}
    world.collect()
    world.publish()
    world.tick()
    world.clock.moment = MAIL_TIME + timedelta(days=2)
    world.collect()
    world.publish()
    world.tick()
    told = world.post.mails[-1][1].text.replace("\xa0", " ")
    assert "1 of 2 mails of 24 November 2026 did not go out: The mailbox is full." in told


def test_a_card_that_was_refused_all_day_is_told_in_the_next_card(world) -> None:
    world.post.failures = {"teams": DeliveryError("The Teams workflow refused a card (400).")}
    world.collect()
    world.publish()
    world.tick()
    world.go_on(hours=24)
    world.post.failures = {}
    world.source.days[world.ending] = a_day(world.ending)
    world.collect()
    world.publish()
    world.tick()

    [card] = world.post.cards
    assert "The Teams card of 23\xa0November\xa02026 did not go out: The Teams workflow" in (
        json.dumps(card, ensure_ascii=False)
    )


def test_a_mail_that_was_still_waiting_when_the_app_went_down_is_told_in_the_next_one(
    world,
) -> None:
    lacking(world)
    world.publish()
    world.tick()
    world.clock.go_on(hours=24)
    world.source.days[world.ending] = a_day(world.ending)
    mend(world)
    world.publish()
    world.tick()

    [(_, mail)] = world.post.mails
    assert (
        "The mail of 23 November 2026 did not go out: its report still lacked 20 November 2026."
        in mail.text.replace("\xa0", " ").replace("\n", " ")
    )


def test_a_mail_of_which_nothing_is_known_is_told_so(world) -> None:
    world.post.failures = {ANN: DeliveryUncertainError("The connection was lost.")}
    world.collect()
    world.publish()
    world.tick()
    assert world.row().state is DeliveryState.UNCERTAIN
    world.go_on(hours=24)
    world.post.failures = {}
    world.source.days[world.ending] = a_day(world.ending)
    world.collect()
    world.publish()
    world.tick()

    [(_, mail)] = world.post.mails
    assert "The mail of 23 November 2026 may or may not have been sent." in mail.text.replace(
        "\xa0", " "
    )


def test_a_channel_that_is_not_set_up_gets_no_message_and_forgets_one_that_waits(world) -> None:
    world.collect()
    world.tick()
    del world.channels["teams"]

    world.publish()
    world.handle([DeliverReport(tenant_id=TENANT, ending=ENDING, channel="teams")])

    assert world.counts == (1, 0)


def test_a_report_of_a_later_day_keeps_an_earlier_one_from_being_mailed(world) -> None:
    world.collect()
    world.publish()
    world.clock.go_on(hours=24)
    run_day(world.daily, TODAY + timedelta(days=1))
    world.clock.go_on(hours=-24)

    world.tick()

    assert world.counts == (0, 0)
