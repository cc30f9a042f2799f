"""The time that sources spend: never past the deadline, never faster than the service allows."""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from math import inf
from threading import Condition
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.errors import OutOfTimeError, SourceIncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterator

Clock = Callable[[], float]  #: monotonic seconds
Pause = Callable[[float], None]  #: lets that many seconds pass

#: How long a request may be under way to Graph over an open connection, which counts it as it comes
#: in: else it could not refuse one at once.
COUNTED_WITHIN_SECONDS = 0.3


class Budget:
    """The time that one execution has; every wait is taken from it."""

    def __init__(
        self,
        deadline: float = inf,
        *,
        clock: Clock = time.monotonic,
        pause: Pause = time.sleep,
        priority: Priority | None = None,
    ) -> None:
        """The default `priority` is the highest."""
        self._deadline = deadline
        self._clock = clock
        self._pause = pause
        self.rank = Rank(Priority.FEW if priority is None else priority, clock())

    def remaining_seconds(self) -> float:
        """The time until the deadline; `OutOfTimeError` if it has passed."""
        seconds = self._deadline - self._clock()
        if seconds <= 0:
            raise OutOfTimeError("The execution's time is used up.")
        return seconds

    @property
    def total_seconds(self) -> float:
        """The time that there was at the beginning."""
        return self._deadline - self.rank.began

    def wait(self, seconds: float) -> None:
        """Wait; raises `OutOfTimeError` at once if the deadline would pass in the meantime."""
        if seconds >= self.remaining_seconds():
            raise OutOfTimeError(
                f"A wait of {seconds:.0f} s does not fit into the execution's remaining time."
            )
        if seconds > 0:
            self._pause(seconds)


class Priority(IntEnum):
    """What is served first, before anything is served that began first."""

    FEW = 0  #: a handful of requests, such as a directory's
    BEGUN = 1  #: a slice of which an earlier execution kept something
    NEW = 2  #: any other slice


class Rank(NamedTuple):
    """Who gets the next turn: the lowest rank."""

    priority: Priority
    began: float


class Waiter(NamedTuple):
    """A request that waits for its turn."""

    rank: Rank
    number: int  #: in the order in which they came


class Turns:
    """
    Whose turn it is, without clock or threads.

    There are as many tickets as requests allowed in a period. A request holds a ticket from before
    it is sent until its answer is in, and the ticket is valid again a period after the service has
    counted the request. That is somewhere in between: with the answer at the latest, and where
    `counted_within_seconds` are given, so long after it was sent. That is believed once the
    connections are open, of requests that were answered, and until the service says wait. So
    answers may be slow without slowing down what comes next.

    What began first is served first. So of many slices one ends after another, and few are under
    way when the time is up; fair turns would let all of them reach it together.
    """

    def __init__(
        self, limit: int, period_seconds: float, counted_within_seconds: float = inf
    ) -> None:
        self._period_seconds = period_seconds
        self._counted_within_seconds = counted_within_seconds
        self._opening = limit  #: requests that may have to open a connection first
        self._valid_from = [-inf] * limit  #: of each ticket that nobody holds; a heap
        self._waiting: list[Waiter] = []  #: the next one first
        self._numbers = count()
        self._held_until = -inf

    def enter(self, rank: Rank) -> Waiter:
        """Begin to wait."""
        waiter = Waiter(rank, next(self._numbers))
        insort(self._waiting, waiter)
        return waiter

    def leave(self, waiter: Waiter) -> None:
        """Wait no longer, with or without a turn."""
        self._waiting.remove(waiter)

    def starts_at(self, waiter: Waiter) -> float | None:
        """When the waiter's turn comes; `None` until another one has come or gone."""
        if self._waiting[0] != waiter or not self._valid_from:
            return None
        return max(self._valid_from[0], self._held_until)

    def take(self) -> None:
        """Take the ticket that has been valid for longest."""
        heappop(self._valid_from)

    def give_back(self, now: float, sent: float = inf) -> None:
        """Give a ticket back when the answer is in; `sent` is when, if there is an answer."""
        is_opening, self._opening = self._opening > 0, max(0, self._opening - 1)
        counted = now if is_opening else min(now, sent + self._counted_within_seconds)
        heappush(self._valid_from, counted + self._period_seconds)

    def hold_back(self, now: float, seconds: float) -> None:
        """Let nobody have a turn for so long, because the service has counted too many."""
        self._held_until = max(self._held_until, now + seconds)
        if seconds > 0:
            self._counted_within_seconds = inf

    def held_seconds(self, now: float) -> float:
        """For how long nobody will have a turn."""
        return self._held_until - now


class Pace(Protocol):
    """What lets requests go, one turn each."""

    def turn(self, budget: Budget) -> AbstractContextManager[None]:
        """Wait for a turn, within the budget, and keep it for the length of the block."""

    def hold_back(self, seconds: float) -> None:
        """Let nobody have a turn for so long, because the service says so."""


class Pacer:
    """
    Keeps requests within a limit per period, for any number of threads.

    The defaults are the limit of Graph's identity and access reports, 5 requests in 10 s per app
    and tenant (throttling limits page): one pacer per tenant, shared by all its sources.
    """

    def __init__(
        self,
        limit: int = 5,
        period_seconds: float = 10.0,
        *,
        counted_within_seconds: float = inf,
        clock: Clock = time.monotonic,
    ) -> None:
        """`counted_within_seconds`: see `Turns`."""
        self.is_limited = period_seconds > 0
        self._clock = clock
        self._turns = Turns(limit, period_seconds, counted_within_seconds)
        self._changed = Condition()  #: guards the turns, and is notified of every change

    @classmethod
    def unlimited(cls, *, clock: Clock = time.monotonic) -> Pacer:
        """For a service that throttles nobody."""
        return cls(limit=1_000, period_seconds=0.0, clock=clock)

    @contextmanager
    def turn(self, budget: Budget) -> Iterator[None]:
        """
        Wait for a turn, within the budget, and keep it for the length of the block.

        Raises `OutOfTimeError` if none comes in time, and `SourceIncompleteError` if the service
        allows nobody a request for longer than a whole budget.
        """
        self._wait_for_turn(budget)
        begun, sent = self._clock(), inf
        try:
            yield
            sent = begun
        finally:
            with self._changed:
                self._turns.give_back(self._clock(), sent)
                self._changed.notify_all()

    def hold_back(self, seconds: float) -> None:
        """Let nobody have a turn for so long, because the service says so."""
        with self._changed:
            self._turns.hold_back(self._clock(), seconds)

    def _wait_for_turn(self, budget: Budget) -> None:
        with self._changed:
            waiter = self._turns.enter(budget.rank)
        try:
            while seconds := self._take(waiter, budget):
                budget.wait(seconds)
        except OutOfTimeError:
            self._check_not_held(budget)
            raise
        finally:
            with self._changed:
                self._turns.leave(waiter)
                self._changed.notify_all()

    def _take(self, waiter: Waiter, budget: Budget) -> float:
        """Take a ticket and return 0, or return the seconds after which to try again."""
        with self._changed:
            while (at := self._turns.starts_at(waiter)) is None:
                seconds = budget.remaining_seconds()
                if not self._changed.wait(None if seconds == inf else seconds):
                    raise OutOfTimeError("Other requests used up the execution's time.")
            seconds = max(0.0, at - self._clock())
            if not seconds:
                self._turns.take()
            return seconds

    def _check_not_held(self, budget: Budget) -> None:
        with self._changed:
            held = self._turns.held_seconds(self._clock())
        if held >= budget.total_seconds:  # as long for the next execution, which begins at once
            raise SourceIncompleteError(f"Graph allows no request for another {held:.0f} s.")
