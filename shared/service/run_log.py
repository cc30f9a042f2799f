"""What somebody started, on record: one row each, a pointer to the newest, and how many an hour."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from shared.clock import timestamp
from shared.errors import ConflictError, TooOftenError
from shared.stores.models import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.stores.store import Store

RUNS_PER_HOUR = 4  #: the default of setting RUNS_PER_HOUR
ACTIVE = ("accepted", "running")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunLog:
    """The runs of one tenant, or what else of it is started by hand."""

    store: Store
    tenant_id: str
    now: Callable[[], datetime]  #: aware, UTC
    noun: str  #: ``run`` or ``mail``

    def new(self, run_id: str = "") -> Run:
        """Return one that begins now and is not on record yet."""
        return Run(run_id or uuid4().hex, self.tenant_id, "accepted", timestamp(self.now()))

    def newest(self) -> Run | None:
        """The one that was started last."""
        pointer = self.store.run(self._pointer_id)
        return self.store.run(pointer.reason) if pointer else None

    def begin(self, run: Run) -> None:
        """Put one on record, and point to it."""
        with suppress(ConflictError):  # it has begun in this moment, or is even done
            self.store.save_run(run)
        self.store.save_run(msgspec.structs.replace(run, id=self._pointer_id, reason=run.id))

    def record(self, run: Run, state: str, reason: str = "") -> None:
        """Record a state, and when one was done or had failed."""
        finished = "" if state in ACTIVE else timestamp(self.now())
        recorded = msgspec.structs.replace(run, state=state, finished_at=finished, reason=reason)
        if recorded != run:
            with suppress(ConflictError):  # another execution has just recorded that it is done
                self.store.save_run(recorded)

    def claim_of_hour(self, per_hour: int) -> str:
        """Claim one of the hour's; each can be claimed once. Raises `TooOftenError`."""
        now = self.now()
        hour = f"{self.noun}-of-hour/{self.tenant_id}/{now:%Y-%m-%dT%H}"
        claims = (f"{hour}/{index}" for index in range(per_hour))
        claimed = next(filter(self.store.claim, claims), None)
        if claimed is None:
            seconds = 3600 - now.minute * 60 - now.second
            sentence = f"{per_hour} {self.noun}s were started in this hour, which is the limit."
            raise TooOftenError(sentence, seconds)
        return claimed

    @property
    def _pointer_id(self) -> str:
        """The key under which the id of the newest is stored; none of them has such an id."""
        kind = "" if self.noun == "run" else f"{self.noun}-"
        return f"newest-{kind}{self.tenant_id}"


def instant(text: str) -> datetime:
    """A stored time; long ago if it is not one, so that what began then counts as lost."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _LONG_AGO
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
