"""When a report is made known: the whole table, and what holds of every row."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from shared.service.delivery_decision import (
    Action,
    DayState,
    Decision,
    LastMail,
    MailPolicy,
    Received,
    days_of_week,
    decide,
    is_due,
)
from shared.settings import MailWhen

OPENED = datetime(2026, 11, 24, 5, 15, tzinfo=UTC)
DEADLINE = OPENED + timedelta(hours=4)
EARLY, LATE = OPENED, DEADLINE

NOTHING, SEND, CORRECT = map(Decision, (Action.NOTHING, Action.SEND, Action.CORRECT))
SKIP = Decision(Action.SKIP)
WAIT = Decision(Action.WAIT, DEADLINE)


def day(*, newest=True, stored=True, complete=True, opened=OPENED):
    return DayState(
        is_newest=newest, is_stored=stored, is_complete=stored and complete, opened_at=opened
    )


@pytest.mark.parametrize(
    ("state", "received", "now", "decision"),
    [
        # complete at its time: at once
        (day(), Received.NOTHING, EARLY, SEND),
        (day(), Received.NOTHING, LATE, SEND),
        # in part: it waits, then goes with what there is
        (day(complete=False), Received.NOTHING, EARLY, WAIT),
        (day(complete=False), Received.NOTHING, LATE - timedelta(seconds=1), WAIT),
        (day(complete=False), Received.NOTHING, LATE, SEND),
        (day(complete=False), Received.IN_PART, LATE, NOTHING),
        # the rest came: once
        (day(), Received.IN_PART, LATE, CORRECT),
        (day(), Received.CORRECTED, LATE, NOTHING),
        (day(), Received.COMPLETE, LATE, NOTHING),
        # what was complete is not sent again when something is lost
        (day(complete=False), Received.COMPLETE, LATE, NOTHING),
        # without a report: it waits, then says so
        (day(stored=False), Received.NOTHING, EARLY, WAIT),
        (day(stored=False), Received.NOTHING, LATE, Decision(Action.TELL)),
        (day(stored=False, newest=False), Received.NOTHING, LATE, NOTHING),
        (day(stored=False, opened=None), Received.NOTHING, LATE, NOTHING),
        # before the door is open, and of an earlier day
        (day(opened=None), Received.NOTHING, LATE, NOTHING),
        (day(opened=None, complete=False), Received.NOTHING, LATE, NOTHING),
        (day(newest=False), Received.NOTHING, LATE, NOTHING),
        (day(newest=False), Received.IN_PART, LATE, NOTHING),
    ],
)
def test_the_table(state, received, now, decision) -> None:
    assert decide(state, received, now, MailPolicy()) == decision


def test_corrections_can_be_switched_off_and_waiting_too() -> None:
    without = MailPolicy(wait=timedelta(), corrections=False)

    assert decide(day(), Received.IN_PART, LATE, without) == NOTHING
    assert decide(day(complete=False), Received.NOTHING, EARLY, without) == SEND


@pytest.mark.parametrize("state", [day(), day(complete=False), day(stored=False)])
def test_who_is_not_due_gets_nothing_but_the_correction_of_what_was_sent(state) -> None:
    assert decide(state, Received.NOTHING, LATE, MailPolicy(), due=False) == SKIP
    assert decide(day(), Received.IN_PART, LATE, MailPolicy(), due=False) == CORRECT
    assert decide(day(opened=None), Received.NOTHING, LATE, MailPolicy(), due=False) == NOTHING


def test_whose_day_it_is_follows_from_the_last_mail_and_what_is_not_known_makes_it_so() -> None:
    unknown, this_week = LastMail(), LastMail(is_of_this_week=True)
    the_same = LastMail(says_the_same=True)

    assert all(is_due(MailWhen.DAILY, last) for last in (unknown, this_week, the_same))
    assert [is_due(MailWhen.WEEKLY, last) for last in (unknown, this_week, the_same)] == [
        True,
        False,
        True,
    ]
    assert [is_due(MailWhen.ON_CHANGE, last) for last in (unknown, this_week, the_same)] == [
        True,
        True,
        False,
    ]


def test_a_week_of_mails_begins_on_monday() -> None:
    sunday, wednesday = date(2026, 11, 22), date(2026, 11, 24)  # mailed on the day after

    assert days_of_week(sunday) == []
    assert days_of_week(wednesday) == [date(2026, 11, 23), date(2026, 11, 22)]
    assert len(days_of_week(date(2026, 11, 28))) == 6


def test_whatever_the_facts_nobody_gets_more_than_one_mail_and_one_correction() -> None:
    after = {
        (Action.SEND, True): Received.COMPLETE,
        (Action.SEND, False): Received.IN_PART,
        (Action.CORRECT, True): Received.CORRECTED,
    }
    facts = [
        DayState(is_newest=newest, is_stored=stored, is_complete=complete, opened_at=opened)
        for newest, stored, complete, opened in product(
            (True, False), (True, False), (True, False), (OPENED, None)
        )
    ]
    for first, second, third in product(facts, repeat=3):
        received, actions = Received.NOTHING, []
        for state in (first, second, third, first):
            action = decide(state, received, LATE, MailPolicy()).action
            actions.append(action)
            received = after.get((action, state.is_complete), received)
        assert actions.count(Action.SEND) <= 1
        assert actions.count(Action.CORRECT) <= 1
        if Action.CORRECT in actions:
            assert actions.index(Action.SEND) < actions.index(Action.CORRECT)


def test_a_wait_ends_with_sending_at_the_moment_that_was_named() -> None:
    waiting = decide(day(complete=False), Received.NOTHING, EARLY, MailPolicy())

    assert waiting.until
    assert decide(day(complete=False), Received.NOTHING, waiting.until, MailPolicy()) == SEND
