from __future__ import annotations

import threading
from math import inf

import pytest

from shared.errors import OutOfTimeError
from shared.sources.pacing import Budget, Pacer
from tests.sources.graph.graph_doubles import FakeTime


def budget_of(time: FakeTime, deadline: float = inf) -> Budget:
    return Budget(deadline, clock=time.clock, pause=time.pause)


def test_five_requests_go_at_once_and_the_sixth_ten_seconds_after_the_first() -> None:
    time = FakeTime()
    pacer = Pacer(clock=time.clock)

    for _ in range(6):
        with pacer.turn(budget_of(time)):
            pass

    assert [pause for pause in time.pauses if pause] == [10.0]


def test_the_period_begins_with_the_answer_when_the_request_was_surely_counted() -> None:
    time = FakeTime()
    pacer = Pacer(limit=1, clock=time.clock)
    with pacer.turn(budget_of(time)):
        time.now = 4.0

    with pacer.turn(budget_of(time)):
        pass

    assert time.now == 14.0


def test_a_request_that_failed_counts_all_the_same() -> None:
    time = FakeTime()
    pacer = Pacer(limit=1, clock=time.clock)
    with pytest.raises(ConnectionError), pacer.turn(budget_of(time)):
        raise ConnectionError

    with pacer.turn(budget_of(time)):
        pass

    assert time.now == 10.0


def test_a_turn_that_there_is_no_time_for_stays_free_for_others() -> None:
    time = FakeTime()
    pacer = Pacer(limit=1, clock=time.clock)
    with pacer.turn(budget_of(time)):
        pass
    hurried = budget_of(time, deadline=5.0)

    with pytest.raises(OutOfTimeError), pacer.turn(hurried):
        pass
    with pacer.turn(budget_of(time)):
        pass

    assert time.now == 10.0


def test_no_more_requests_than_the_limit_are_under_way_at_once() -> None:
    pacer = Pacer(limit=2, period_seconds=0)
    lock, under_way, most = threading.Lock(), [], []
    gate = threading.Barrier(2)

    def go() -> None:
        with pacer.turn(Budget()):
            with lock:
                under_way.append(1)
                most.append(len(under_way))
            gate.wait(timeout=10)  # the two that are under way, together
            with lock:
                under_way.pop()

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(most) == 8
    assert max(most) == 2


def test_a_request_that_gets_no_turn_in_time_because_of_others_gives_up() -> None:
    time = FakeTime()
    pacer = Pacer(limit=1, clock=time.clock)

    with pacer.turn(budget_of(time)), pytest.raises(OutOfTimeError, match="Other requests"):
        pacer.turn(budget_of(time, deadline=0.01)).__enter__()


def test_a_budget_without_a_deadline_never_runs_out() -> None:
    assert Budget().remaining_seconds() == inf


def test_a_budget_that_is_used_up_raises() -> None:
    time = FakeTime()
    budget = budget_of(time, deadline=5.0)
    budget.wait(4.0)

    with pytest.raises(OutOfTimeError):
        budget.wait(1.0)
    time.now = 5.0
    with pytest.raises(OutOfTimeError):
        budget.remaining_seconds()
