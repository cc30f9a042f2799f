"""One process at a time reads a tenant's slices: Graph counts the requests of all together."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.sources.pacing import Budget, Pace
    from shared.stores.store import Store

#: It is renewed in its first third at the latest, used in the first two, and in the last nothing is
#: sent: that is longer than the ten seconds in which Graph counts, and clocks may differ a little.
LEASE_SECONDS = 45.0


class PaceLease:
    """
    A lease in the store on the pace of one app in one tenant.

    Each process has a pacer of its own, so two that read at once would send twice what Graph
    allows. A process that has died loses the lease when it ends.
    """

    def __init__(
        self,
        store: Store,
        tenant_id: str,
        now: Callable[[], datetime],
        *,
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store = store
        self._key = f"pace/{tenant_id}"
        self._holder = uuid4().hex
        self._now = now
        self._third = seconds / 3
        self._ours_until = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def seconds_until_ours(self) -> float:
        """0 if a request may be sent, else after how many seconds to ask again."""
        with self._lock:
            if self._left() < 2 * self._third:
                self._hold(3 * self._third)
            return 0.0 if self._left() > self._third else self._third

    def extend(self, seconds: float) -> None:
        """Keep others out for as long as Graph allows nobody a request."""
        with self._lock:
            if self._left() < seconds + self._third:
                self._hold(seconds + self._third)

    def _left(self) -> float:
        return (self._ours_until - self._now()).total_seconds()

    def _hold(self, seconds: float) -> None:
        now = self._now()
        until = now + timedelta(seconds=seconds)
        if self._store.hold(self._key, self._holder, _written(now), _written(until)):
            self._ours_until = max(self._ours_until, until)


@dataclass(frozen=True, slots=True)
class LeasedPace:
    """A pace that this process keeps alone."""

    pace: Pace
    lease: PaceLease

    @contextmanager
    def turn(self, budget: Budget) -> Iterator[None]:
        """Wait for the lease, then for a turn."""
        while seconds := self.lease.seconds_until_ours():
            budget.wait(seconds)
        with self.pace.turn(budget):
            yield

    def hold_back(self, seconds: float) -> None:
        """Let nobody have a turn for so long, in any process."""
        self.lease.extend(seconds)
        self.pace.hold_back(seconds)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
