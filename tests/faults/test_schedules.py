"""Timers, messages, days and faults in any order, against a model of what must be known."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import ClassVar

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
QUEUES = ["slices", "reports", "deliveries"]


class Schedules(RuleBasedStateMachine):
    """An installation; what is known of a day is compared with the log itself."""

    steps: ClassVar[Counter[str]] = Counter()  #: how often each rule was tried, for the page

    def __init__(self) -> None:
        super().__init__()
        self.app = Installation()
        self.truth = rows_by_day()

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
        self.app.repeat(index)

    @rule(queue=st.sampled_from(QUEUES), body=st.sampled_from(POISON))
    def a_message_is_poison(self, queue, body) -> None:
        self.steps["a poison message"] += 1
        self.app.host.enqueue(queue, body)

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
        assert {message.queue for message in self.app.host.waiting} <= {
            f"{q}-poison" for q in QUEUES
        }
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
