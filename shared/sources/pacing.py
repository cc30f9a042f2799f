"""Time, as a source spends it: never past the deadline, never faster than the service allows."""

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
    """The time that one execution has. All waiting goes through it."""

    def __init__(
        self, deadline: float = inf, *, clock: Clock = time.monotonic, pause: Pause = time.sleep
    ) -> None:
        self._deadline = deadline
        self._clock = clock
        self._pause = pause

    def remaining_seconds(self) -> float:
        """How long until the deadline; `OutOfTimeError` if it has come."""
        seconds = self._deadline - self._clock()
        if seconds <= 0:
            raise OutOfTimeError("The execution's time is used up.")
        return seconds

    def wait(self, seconds: float) -> None:
        """Let time pass; `OutOfTimeError` at once where the deadline would come in the meantime."""
        if seconds >= self.remaining_seconds():
            raise OutOfTimeError(
                f"A wait of {seconds:.0f} s does not fit into the execution's remaining time."
            )
        if seconds > 0:
            self._pause(seconds)


class Pacer:
    """
    Keeps requests within a limit per period, for any number of threads.

    Graph's identity and access reports allow 5 requests in 10 s per app and tenant (throttling
    limits page), so the sources of one tenant share one pacer. There are as many tickets as
    requests are allowed. A request holds one from when it is sent until its answer is in, and the
    ticket is good again a period later. The service counted the request somewhere in between, so
    whatever the network does, it never counts more than the limit in any period.
    """

    def __init__(
        self, limit: int = 5, period_seconds: float = 10.0, *, clock: Clock = time.monotonic
    ) -> None:
        self._period_seconds = period_seconds
        self._clock = clock
        self._good_at: PriorityQueue[float] = PriorityQueue()
        for _ in range(limit):
            self._good_at.put(-inf)

    @contextmanager
    def turn(self, budget: Budget) -> Iterator[None]:
        """Wait for a ticket, within the budget, then hold it for the length of the block."""
        good_at = self._take(budget.remaining_seconds())
        try:
            budget.wait(max(0.0, good_at - self._clock()))
        except BaseException:
            self._good_at.put(good_at)  # not used: as good as before
            raise
        try:
            yield
        finally:
            self._good_at.put(self._clock() + self._period_seconds)

    def _take(self, seconds: float) -> float:
        try:
            return self._good_at.get(timeout=None if seconds == inf else seconds)
        except Empty:
            raise OutOfTimeError("Other requests took up the execution's time.") from None
