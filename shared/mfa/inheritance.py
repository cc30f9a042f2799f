"""Which verdict a sign-in without evidence inherits: that of an earlier one it is linked to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.kinds import HEIR, Row
from shared.mfa.survey import MARKS, mark
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from typing import TypeAlias

    from shared.mfa.survey import Survey

    _Latest: TypeAlias = dict[tuple[str, str], "Inherited"]  # by user and id


class VerdictBasis(StrEnum):
    """What a verdict is based on."""

    OWN = "own"
    SESSION = "session"  #: inherited from the same session
    CORRELATION = "correlation"  #: inherited from the same correlation id
    NOTHING = "nothing"


class Inherited(msgspec.Struct, frozen=True, gc=False):
    """A verdict that may be inherited."""

    day: str  #: that it comes from
    verdict: Verdict
    basis: VerdictBasis
    donor: Row | None  #: whose record it comes from, unless it is verified


class Heritage(msgspec.Struct, frozen=True, gc=False):
    """What a sign-in may inherit: the verdict of its session, else that of its correlation id."""

    session: Inherited | None
    correlation: Inherited | None


class Inheritance:
    """
    The latest decided verdict of each session and correlation id, for sign-ins without evidence.

    First `expect` every sign-in that may inherit, in any order. Then go through the window in the
    order of time, with `by_heir`.

    Only what somebody may inherit is held. Who may inherit is marked in a table of bits, 16 MB at
    most, as pages without a mark take no memory; a mark that two links share keeps a verdict that
    nobody asks for.
    """

    def __init__(self) -> None:
        self._marks = bytearray(MARKS // 8)
        self._of_session: _Latest = {}
        self._of_correlation: _Latest = {}
        self._verified: dict[tuple[str, VerdictBasis], Inherited] = {}  #: one a day: there are many

    def expect(self, found: Survey) -> None:
        """Note that these sign-ins have no evidence of their own."""
        for number in found.links:
            self._marks[number >> 3] |= 1 << (number & 7)

    def by_heir(self, rows: list[Row]) -> dict[str, Heritage]:
        """
        What those without evidence inherit, by their ids.

        `rows` are in scope, oldest first, with all those of an instant, and not before that of any
        earlier call. Of several at one instant, the one that shows the least MFA is inherited.
        """
        linked = [row for row in rows if row.kind.rank is not None]
        if len({row.created_at for row in linked}) < len(linked):
            linked.sort(key=_heirs_last)
        found, marks = {}, self._marks
        for row in linked:
            user = row.kind.user
            session, correlation = (user, row.session_id), (user, row.correlation_id)
            if row.kind.rank == HEIR:
                held = self._of_session.get(session), self._of_correlation.get(correlation)
                found[row.id] = Heritage(*held)
                continue
            number = mark(session)
            if row.session_id and marks[number >> 3] & 1 << (number & 7):
                self._of_session[session] = self._entry(row, VerdictBasis.SESSION)
            number = mark(correlation)
            if row.correlation_id and marks[number >> 3] & 1 << (number & 7):
                self._of_correlation[correlation] = self._entry(row, VerdictBasis.CORRELATION)
        return found

    def _entry(self, row: Row, basis: VerdictBasis) -> Inherited:
        day, verdict = row.created_at[:10], row.kind.own
        if verdict is not Verdict.VERIFIED:
            return Inherited(day, verdict or Verdict.UNKNOWN, basis, row)
        entry = self._verified.get((day, basis))
        if entry is None:
            entry = self._verified[day, basis] = Inherited(day, verdict, basis, None)
        return entry


def _heirs_last(row: Row) -> tuple[str, int, str]:
    return row.created_at, row.kind.rank or 0, row.id
