"""Timers, messages, days and faults in any order, against a model of what must be known."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from shared.mfa.report import Report
from shared.mfa.window import SliceState
from shared.service.inbox import SET_ASIDE
from simulator.tenants.partner import TENANT_ID
from tests.faults.graph_faults import LASTING, ONCE
from tests.faults.installation import MAIL_WAIT_HOURS, Installation
from tests.faults.small_partner import TODAY, small_partner
from tests.faults.test_graph_faults import SITES, Spoilt, answered

EXAMPLES = 1
STEPS = 8
LAST = TODAY + timedelta(days=3)  #: no day passes after this one
TENANT = TENANT_ID
POISON = ["", "{}", "not JSON", '{"slice": 7}', '{"tenant_id": "x", "ending": "2026-11-23"}']
FOREIGN = '{"tenant_id": "x", "ending": "2026-11-23", "channel": "mail"}'  #: another app's delivery
QUEUES = ["slices", "reports", "deliveries"]


#: Schedules that failed once, as hypothesis had shrunk them: rules and their arguments.
KEPT: list[list[tuple[str, dict[str, object]]]] = [
    [
        ("a_message_is_poison", {"queue": "slices", "body": ""}),
        ("a_message_comes_twice", {"index": 0}),
        ("a_message_is_foreign", {}),
        ("a_message_comes_twice", {"index": 2}),
    ],
]


class Schedules(RuleBasedStateMachine):
    """An installation; what is known of a day is compared with the log itself."""

    steps: ClassVar[Counter[str]] = Counter()  #: how often each rule was tried, for the page

    def __init__(self) -> None:
        super().__init__()
        self.app = Installation()
        self.truth = rows_by_day()
        self.useless: Counter[str] = Counter()  #: messages that are not this app's, by their text

    @rule(data=st.data())
    def a_timer_fires(self, data) -> None:
        self.steps["a timer fires"] += 1
        self.app.fire(data.draw(st.sampled_from(self.app.timers)))

    @rule(by=st.integers(0, 50))
    def messages_are_handled(self, by) -> None:
        self.steps["messages in another order"] += 1
        self.app.shuffle(by)
        self.app.work()

    @rule(index=st.integers(0, 50))
    def a_message_comes_twice(self, index) -> None:
        self.steps["a message twice"] += 1
        body = self.app.repeat(index)
        if body in {*POISON, FOREIGN}:
            self.useless[body] += 1

    @rule(queue=st.sampled_from(QUEUES), body=st.sampled_from(POISON))
    def a_message_is_poison(self, queue, body) -> None:
        self.steps["a poison message"] += 1
        self.useless[body] += 1
        self.app.host.enqueue(queue, body)

    @rule()
    def a_message_is_foreign(self) -> None:
        self.steps["a message of another app"] += 1
        self.useless[FOREIGN] += 1
        self.app.host.enqueue("deliveries", FOREIGN)

    @rule(site=st.sampled_from(list(SITES)), name=st.sampled_from(list(ONCE)))
    def graph_goes_wrong_once(self, site, name) -> None:
        self.steps["Graph goes wrong once"] += 1
        self.app.partner.fault = Spoilt(site, ONCE[name], once=True)

    @rule(site=st.sampled_from(list(SITES)), name=st.sampled_from(list(LASTING)))
    def graph_goes_wrong(self, site, name) -> None:
        self.steps["Graph goes wrong for a time"] += 1
        self.app.partner.fault = Spoilt(site, LASTING[name], once=False)

    @rule()
    def graph_is_well_again(self) -> None:
        self.app.partner.fault = answered

    @rule(operation=st.integers(1, 60))
    def the_disk_is_full(self, operation) -> None:
        self.steps["a write fails"] += 1
        self.app.fill_disk_at(operation)

    @rule(is_down=st.booleans())
    def the_mail_server_is_down_or_up(self, is_down) -> None:
        self.steps["the mail server refuses"] += is_down
        self.app.partner.mails.on_rcpt = (lambda _: "451 later") if is_down else None

    @rule(hours=st.integers(1, 30))
    @precondition(lambda self: self.app.partner.clock.moment.date() < LAST)
    def time_passes(self, hours) -> None:
        self.app.pass_time(timedelta(hours=hours))

    @invariant()
    def nothing_false_is_known(self) -> None:
        store = self.app.partner.opened()
        for entry in store.ledger(TENANT, date.min):
            assert entry.slice.day < self.app.partner.clock.moment.date()
            if entry.state is SliceState.COMPLETE:
                known = {sign_in.id for sign_in in store.rollup(entry.slice) or ()}
                rows = self.truth[entry.slice.day]
                pulled_at = datetime.fromisoformat(entry.pulled_at or entry.at)
                assert known <= rows.keys()
                assert {row for row, logged_at in rows.items() if logged_at <= pulled_at} <= known

    @invariant()
    def nobody_gets_the_same_mail_twice(self) -> None:
        partner = self.app.partner
        mails = Counter(
            (mail.recipients[0], subject(mail.content)) for mail in partner.mails.received
        )
        assert set(mails.values()) <= {1}

    def teardown(self) -> None:
        try:
            self._heals()
        finally:
            self.app.close()

    def _only_what_is_useless_waits(self) -> None:
        """Nobody takes what nobody can read; what is another app's waits for that app."""
        waiting = Counter((message.queue, message.body) for message in self.app.host.waiting)
        wanted = Counter(
            {
                ("deliveries" if body == FOREIGN else SET_ASIDE, body): times
                for body, times in self.useless.items()
            }
        )
        assert waiting == wanted  # counters with zeros are equal

    def _heals(self) -> None:
        """Two quiet days later everything is as if nothing had been."""
        partner = self.app.partner
        partner.fault, partner.mails.on_rcpt = answered, None
        self.app.fill_disk_at(0)
        for _ in range(2):
            self.app.pass_time(timedelta(days=1))
            for timer in self.app.timers:
                self.app.fire(timer)
                self.app.work()
            self.app.pass_time(timedelta(hours=MAIL_WAIT_HOURS + 1))
            self.app.work()
        self._only_what_is_useless_waits()
        assert newest(partner) == of_one_run(partner.clock.moment)
        self.nothing_false_is_known()
        self.nobody_gets_the_same_mail_twice()


def rows_by_day() -> dict[date, dict[str, datetime]]:
    """The ids of the log's rows that concern Partner Center, and when each was complete."""
    partner = small_partner()
    concerning = {it.row["id"] for it in partner.expected if it.channel}
    days: dict[date, dict[str, datetime]] = {}
    for logged in partner.log:
        rows = days.setdefault(date.fromisoformat(logged.instant[:10]), {})
        if logged.row["id"] in concerning:
            rows.setdefault(logged.row["id"], logged.logged_at)
    return days


def newest(partner) -> tuple[object, ...]:
    """The figures of the newest report."""
    store = partner.opened()
    ending = store.latest_ending(TENANT)
    report = Report.from_json(store.report_file(TENANT, ending, "report.json").content)
    return ending, report.metrics, report.window.complete_days


def of_one_run(moment: datetime) -> tuple[object, ...]:
    """The figures of an installation that has had only one run, at that moment."""
    app = Installation()
    try:
        app.partner.clock.moment = moment
        app.partner.run()
        return newest(app.partner)
    finally:
        app.close()


def subject(content: bytes) -> bytes:
    return next(line for line in content.splitlines() if line.lower().startswith(b"subject:"))


def test_whatever_happens_in_whatever_order_nothing_false_is_known_and_it_heals(kit) -> None:
    Schedules.steps.clear()
    steps = 2 * STEPS if kit.is_whole else STEPS
    options = settings(kit.examples(EXAMPLES, times=15), stateful_step_count=steps)
    run_state_machine_as_test(seed(11)(Schedules), settings=options)
    for step, times in Schedules.steps.items():
        kit.record("Faults", step, "an installation, in any order", "healed in two days", times)


@pytest.mark.parametrize("schedule", KEPT, ids=lambda each: f"{len(each)} steps")
def test_schedules_that_have_failed_before_fail_no_more(schedule, kit) -> None:
    installation = Schedules()
    for name, arguments in schedule:
        getattr(installation, name)(**arguments)
        installation.nothing_false_is_known()
        installation.nobody_gets_the_same_mail_twice()
    installation.teardown()
    kit.record("Faults", "a schedule that failed once", "an installation", "healed in two days")
