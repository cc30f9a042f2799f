"""
The requests of a first fill of thirty days, against the least possible, in virtual time.

The pacer's own `Turns` decide who sends a request; a slice is a count of rows in each of its logs.
An execution has 25 minutes and sixteen of them run at once, as in `host.json`. A slice whose time
is up goes back into the queue: with what it has, or (as it was before) in halves, from its start.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from math import ceil, inf
from typing import TYPE_CHECKING

from bench.frame import Amount, Given, Row, Way
from shared.service.sign_in_sources import READING_SECONDS
from shared.sources.pacing import COUNTED_WITHIN_SECONDS, Priority, Rank, Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.sources.pacing import Waiter

DAYS = 30
PAGES_A_DAY = (5, 50, 200, 700)
PAGE_ROWS = 1000
AT_ONCE = 16
SHARES = (0.25, 0.7, 0.05, 0.0)  #: of a day's rows, by event type
ROWS_OF_A_SECOND = 5  #: at most so many rows are read twice where a slice goes on
LATENCY = (0.2, 1.5)  #: seconds, the least and the most


@dataclass
class Work:
    """A slice, or a half of one: the rows of each log that are still to be read."""

    rows: list[int]
    has_kept: bool = False

    @property
    def pages(self) -> int:
        """The least requests that it takes."""
        return sum(max(1, ceil(rows / PAGE_ROWS)) for rows in self.rows)

    def halves(self) -> list[Work]:
        """Two of half the rows."""
        first = [rows // 2 for rows in self.rows]
        return [
            Work(first),
            Work([rows - half for rows, half in zip(self.rows, first, strict=True)]),
        ]


@dataclass
class Execution:
    """One execution of a queue function."""

    work: Work
    deadline: float
    rank: Rank
    unread: list[int]  #: rows of the logs that are not read to their end, the next one last
    waiter: Waiter | None = None
    sent_at: float = inf
    answer_at: float = inf
    has_read: bool = False


@dataclass
class Result:
    """What a first fill took."""

    least: int
    requests: int = 0
    sent: list[float] = field(default_factory=list)  #: when each was sent
    stops: int = 0
    seconds: float = 0.0

    @property
    def ratio(self) -> float:
        """Requests, of the least."""
        return self.requests / self.least


@dataclass
class FirstFill:
    """One first fill, step by step."""

    queue: deque[Work]
    result: Result
    keeps: bool
    chance: random.Random
    latency: tuple[float, float] = LATENCY
    now: float = 0.0
    turns: Turns = field(default_factory=lambda: Turns(5, 10.0, COUNTED_WITHIN_SECONDS))
    running: list[Execution] = field(default_factory=list)

    def run(self) -> Result:
        """Go on until nothing is left."""
        self._start()
        while self.running:
            self._send()
            self.now = min(map(self._next_event, self.running))
            for execution in list(self.running):
                if execution.answer_at <= self.now:
                    self._receive(execution)
                elif execution.deadline <= self.now:
                    self._stop(execution)
            self._start()
        self.result.seconds = self.now
        return self.result

    def _start(self) -> None:
        while self.queue and len(self.running) < AT_ONCE:
            work = self.queue.popleft()
            priority = Priority.BEGUN if work.has_kept else Priority.NEW
            rank = Rank(priority, self.now if self.keeps else 0.0)
            deadline = self.now + READING_SECONDS
            execution = Execution(work, deadline, rank, list(reversed(work.rows)))
            execution.waiter = self.turns.enter(rank)
            self.running.append(execution)

    def _send(self) -> None:
        """Give everybody a turn whose turn it is."""
        while ready := [each for each in self.running if self._turn_at(each) <= self.now]:
            for execution in ready:
                assert execution.waiter
                self.turns.take()
                self.turns.leave(execution.waiter)
                execution.waiter, execution.sent_at = None, self.now
                execution.answer_at = self.now + self.chance.uniform(*self.latency)
                self.result.requests += 1
                self.result.sent.append(self.now)

    def _turn_at(self, execution: Execution) -> float:
        at = self.turns.starts_at(execution.waiter) if execution.waiter else None
        return inf if at is None else at

    def _next_event(self, execution: Execution) -> float:
        return min(execution.answer_at, execution.deadline, max(self.now, self._turn_at(execution)))

    def _receive(self, execution: Execution) -> None:
        self.turns.give_back(self.now, execution.sent_at)
        again = 0 if execution.has_read else self._rows_read_twice(execution.work)
        execution.answer_at, execution.has_read = inf, True
        rest = execution.unread[-1] - PAGE_ROWS + again
        if rest > 0:
            execution.unread[-1] = rest
        else:
            execution.unread.pop()
        execution.work.has_kept |= self.keeps
        if execution.unread:
            execution.waiter = self.turns.enter(execution.rank)
        else:
            self.running.remove(execution)

    def _rows_read_twice(self, work: Work) -> int:
        return self.chance.randint(0, ROWS_OF_A_SECOND) if work.has_kept else 0

    def _stop(self, execution: Execution) -> None:
        self.result.stops += 1
        self.running.remove(execution)
        if execution.waiter:
            self.turns.leave(execution.waiter)
        if execution.answer_at < inf:  # cut off, but counted
            self.turns.give_back(self.now)
        if self.keeps:
            execution.work.rows = list(reversed(execution.unread))
            self.queue.append(execution.work)
        else:
            self.queue.extend(execution.work.halves())


def first_fill(
    pages_a_day: int,
    *,
    keeps: bool = True,
    seed: int = 17,
    latency: tuple[float, float] = LATENCY,
) -> Result:
    """The first fill of a tenant with so many pages a day."""
    chance = random.Random(seed)
    work = deque(Work(_rows(pages_a_day, chance)) for _ in range(DAYS))
    result = Result(sum(each.pages for each in work))
    return FirstFill(work, result, keeps, chance, latency).run()


def _rows(pages_a_day: int, chance: random.Random) -> list[int]:
    rows = pages_a_day * PAGE_ROWS * chance.uniform(0.7, 1.3)
    return [int(rows * share) for share in SHARES]


def _filling(
    latency: tuple[float, float], *, keeps: bool = True
) -> Callable[[Given], Callable[[], Amount]]:
    def make(given: Given) -> Callable[[], Amount]:
        return lambda: Amount(None, first_fill(given.size, keeps=keeps, latency=latency).seconds)

    return make


def _floor(given: Given) -> Callable[[], Amount]:
    """Five requests in ten seconds, as many as there are pages, answered at once."""
    return lambda: Amount(None, first_fill(given.size).least * 2.0)


def _row(answers: str, latency: tuple[float, float], before: str) -> Row:
    return Row(
        what=f"First fill of 30 days, {answers}, pages a day",
        before=before,
        size=50,
        short_size=5,
        ours=Way("ours, virtual time", _filling(latency)),
        others=(
            Way("Graph's limit, answered at once", _floor, at_most=1.05, is_compared=False),
            Way("slices in halves, if cut off", _filling(latency, keeps=False), is_compared=False),
        ),
        runs=1,
    )


ROWS = [
    _row("answers of 0.1 s", (0.1, 0.1), "1.01 x of the limit"),
    _row("answers of 2 s", (2.0, 2.0), "1.2 x of the limit"),
    _row("answers of 3 s", (3.0, 3.0), "1.3 x of the limit"),
]
