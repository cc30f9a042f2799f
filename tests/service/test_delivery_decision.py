"""When a report is made known: the whole table, and what holds of every row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from shared.service.delivery_decision import (
    Action,
    DayState,
    Decision,
    MailPolicy,
    Received,
    decide,
)

OPENED = datetime(2026, 11, 24, 5, 15, tzinfo=UTC)
DEADLINE = OPENED + timedelta(hours=4)
EARLY, LATE = OPENED, DEADLINE

NOTHING, SEND, CORRECT = map(Decision, (Action.NOTHING, Action.SEND, Action.CORRECT))
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
