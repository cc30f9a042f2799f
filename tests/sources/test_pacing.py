from __future__ import annotations

import threading
from contextlib import suppress
from math import inf

import pytest

from shared.errors import OutOfTimeError, SourceIncompleteError
from shared.sources.pacing import Budget, Pacer, Priority, Rank, Turns
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


def test_where_requests_are_counted_soon_a_slow_answer_delays_nobody() -> None:
    time = FakeTime()
    pacer = Pacer(limit=1, counted_within_seconds=0.3, clock=time.clock)
    begun = []
    for _ in range(3):
        with pacer.turn(budget_of(time)):
            begun.append(time.now)
            time.now += 4.0

    assert begun == [0.0, 14.0, pytest.approx(24.3)]  # the first may have opened a connection


@pytest.mark.parametrize("trouble", ["no answer", "wait"])
def test_after_trouble_a_request_counts_with_its_answer(trouble) -> None:
    time = FakeTime()
    pacer = Pacer(limit=1, counted_within_seconds=0.3, clock=time.clock)
    with pacer.turn(budget_of(time)):
        pass
    with suppress(ConnectionError), pacer.turn(budget_of(time)):
        time.now += 4.0
        if trouble == "no answer":
            raise ConnectionError
        pacer.hold_back(1.0)

    with pacer.turn(budget_of(time)):
        assert time.now == 24.0


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


def test_what_began_first_is_served_first() -> None:
    turns = Turns(1, 10.0)
    new, begun, few = Priority.NEW, Priority.BEGUN, Priority.FEW
    ranks = [Rank(new, 1.0), Rank(new, 0.0), Rank(begun, 5.0), Rank(few, 9.0)]
    waiters = [turns.enter(rank) for rank in ranks]

    served = []
    while waiters:
        first = next(waiter for waiter in waiters if turns.starts_at(waiter) is not None)
        turns.take()
        turns.leave(first)
        waiters.remove(first)
        served.append(first.rank)
        turns.give_back(0.0)

    assert served == sorted(ranks)


def test_a_service_that_says_wait_holds_everybody_back() -> None:
    time = FakeTime()
    pacer = Pacer(clock=time.clock)

    pacer.hold_back(30.0)
    pacer.hold_back(5.0)  # a later answer never shortens it
    with pacer.turn(budget_of(time)):
        pass

    assert time.now == 30.0


def test_a_wait_that_fits_into_no_budget_is_an_error_of_its_own() -> None:
    time = FakeTime()
    pacer = Pacer(clock=time.clock)
    pacer.hold_back(600.0)

    with pytest.raises(SourceIncompleteError, match="no request for another 600 s"):
        pacer.turn(budget_of(time, deadline=300.0)).__enter__()
    late = budget_of(time, deadline=900.0)
    time.now = 400.0
    with pacer.turn(late):
        assert time.now == 600.0


def test_a_turn_that_does_not_fit_into_what_is_left_is_out_of_time() -> None:
    time = FakeTime()
    pacer, budget = Pacer(clock=time.clock), budget_of(time, deadline=900.0)
    time.now = 800.0
    pacer.hold_back(600.0)

    with pytest.raises(OutOfTimeError):
        pacer.turn(budget).__enter__()


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
