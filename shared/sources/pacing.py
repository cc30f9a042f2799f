"""The time that sources spend: never past the deadline, never faster than the service allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from math import inf
from queue import Empty, PriorityQueue
from typing import TYPE_CHECKING

from shared.errors import OutOfTimeError

if TYPE_CHECKING:
    from collections.abc import Iterator

Clock = Callable[[], float]  #: monotonic seconds
Pause = Callable[[float], None]  #: lets that many seconds pass


class Budget:
    """The time that one execution has; every wait is taken from it."""

    def __init__(
        self, deadline: float = inf, *, clock: Clock = time.monotonic, pause: Pause = time.sleep
    ) -> None:
        self._deadline = deadline
        self._clock = clock
        self._pause = pause

    def remaining_seconds(self) -> float:
        """The time until the deadline; `OutOfTimeError` if it has passed."""
        seconds = self._deadline - self._clock()
        if seconds <= 0:
            raise OutOfTimeError("The execution's time is used up.")
        return seconds

    def wait(self, seconds: float) -> None:
        """Wait; raises `OutOfTimeError` at once if the deadline would pass in the meantime."""
        if seconds >= self.remaining_seconds():
            raise OutOfTimeError(
                f"A wait of {seconds:.0f} s does not fit into the execution's remaining time."
            )
        if seconds > 0:
            self._pause(seconds)


class Pacer:
    """
    Keeps requests within a limit per period, for any number of threads.

    The defaults are the limit of Graph's identity and access reports, 5 requests in 10 s per app
    and tenant (throttling limits page): one pacer per tenant, shared by all its sources. There are
    as many tickets as requests allowed in a period. A request holds a ticket from before it is sent
    until its answer is in, and the ticket is valid again a period later. The service counts the
    request somewhere in between, so however slow the network, it never counts more than the limit
    in any period.
    """

    def __init__(
        self, limit: int = 5, period_seconds: float = 10.0, *, clock: Clock = time.monotonic
    ) -> None:
        self._period_seconds = period_seconds
        self._clock = clock
        self._valid_from: PriorityQueue[float] = PriorityQueue()  #: of each ticket not held
        for _ in range(limit):
            self._valid_from.put(-inf)

    @classmethod
    def unlimited(cls) -> Pacer:
        """For a service that throttles nobody."""
        return cls(limit=1_000, period_seconds=0.0)

    @contextmanager
    def turn(self, budget: Budget) -> Iterator[None]:
        """Wait for a ticket, within the budget, and hold it for the length of the block."""
        valid_from = self._take(budget.remaining_seconds())
        try:
            budget.wait(max(0.0, valid_from - self._clock()))
        except BaseException:
            self._valid_from.put(valid_from)  # not used: as valid as before
            raise
        try:
            yield
        finally:
            self._valid_from.put(self._clock() + self._period_seconds)

    def _take(self, seconds: float) -> float:
        try:
            return self._valid_from.get(timeout=None if seconds == inf else seconds)
        except Empty:
            raise OutOfTimeError("Other requests used up the execution's time.") from None
