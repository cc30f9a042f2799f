"""One execution's pull of a slice: it goes on where an earlier one stopped, and keeps each page."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from shared.clock import timestamp
from shared.errors import OutOfOrderError
from shared.mfa.rollup import Rollup
from shared.mfa.window import SliceState
from shared.sources import NewestFirstSource

if TYPE_CHECKING:
    from datetime import datetime

    from shared.mfa.parts import Part
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import LedgerEntry, Slice
    from shared.sources import SignInSource
    from shared.stores.store import Store

#: Records change while a log settles, so what one pull has read must not become old. A day's settle
#: pulls are a day apart; no slice takes this long once it is its turn.
LONGEST_PULL = timedelta(hours=12)

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SlicePull:
    """
    The pull of one slice by this execution.

    Each page is stored before the next is asked for. The slice itself is entered only when it is
    whole, so nothing else ever sees a part.
    """

    owed: Slice
    source: SignInSource
    store: Store
    scope: Scope
    now: datetime
    before: LedgerEntry | None  #: the slice's entry
    has_read: bool = field(default=False, init=False)  #: whether the time was spent on this slice
    has_kept: bool = field(default=False, init=False)  #: whether a later execution has less to read
    begun_at: str = field(default="", init=False)  #: when the first of its pages was read, UTC

    def rollup(self) -> Rollup:
        """Return all of the slice or raise."""
        self.begun_at = timestamp(self.now)
        if isinstance(self.source, NewestFirstSource):
            try:
                return self._go_on(self.source)
            except OutOfOrderError as error:
                _log.warning("Slice %s is read as a whole: %s", self.owed.name, error)
                self.forget()
        self.has_read = True
        return Rollup(filter(self._is_wanted, self.source.sign_ins(self.owed)))

    def forget(self) -> None:
        """Remove what was kept: it is stored with the slice, or must be read again."""
        self.has_kept, self.begun_at = False, timestamp(self.now)
        if isinstance(self.source, NewestFirstSource):
            self.store.parts.remove(self.owed)

    def _go_on(self, source: NewestFirstSource) -> Rollup:
        kept = self._kept()
        self.begun_at = min([self.begun_at, *(part.begun_at for part in kept)])
        rollup = Rollup(sign_in for part in kept for sign_in in part.sign_ins)
        for part in source.parts(self.owed, kept):
            self.has_read = True
            wanted = tuple(filter(self._is_wanted, part.sign_ins))
            for sign_in in wanted:
                rollup.add(sign_in)
            if part.is_a_claim:
                mine = msgspec.structs.replace(part, sign_ins=wanted, begun_at=self.begun_at)
                self.store.parts.keep(self.owed, mine)
                self.has_kept = True
        return rollup

    def _kept(self) -> list[Part]:
        """The parts to go on from, but none that a pull has left that is over or too long ago."""
        since, until = timestamp(self.now - LONGEST_PULL), timestamp(self.now)
        return [
            part
            for part in self.store.parts.read(self.owed)
            if since <= part.begun_at <= until and part.begun_at > self._last_pull
        ]

    @property
    def _last_pull(self) -> str:
        """When the slice was last pulled whole, or the stored rollup was begun to be pulled."""
        if self.before is None or not self.before.has_rollup:
            return ""
        if self.before.state is SliceState.COMPLETE:
            return self.before.at
        return self.before.pulled_at or self.before.at

    def _is_wanted(self, sign_in: SignIn) -> bool:
        return self.owed.owns(sign_in) and self.scope.channel(sign_in) is not None
