"""A window's sign-ins with their verdicts, inherited if a sign-in has no evidence of its own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from shared.mfa.inheritance import Inheritance, VerdictBasis
from shared.mfa.verdict import Verdict
from shared.mfa.window_sign_ins import day_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.inheritance import Heritage
    from shared.mfa.kinds import Kind, Row
    from shared.mfa.scope import Channel, Scope
    from shared.mfa.window_sign_ins import WindowSignIns

REQUESTS_CAP = 10_000  #: Partner Center lists the 10,000 most recent requests of the window


@dataclass(frozen=True, slots=True)
class Judged:
    """Sign-ins of one day that are in scope, oldest first. What has evidence has its kind's."""

    rows: list[Row]
    channels: dict[Kind, Channel]  #: of their kinds, and of others of the day
    inherited: dict[str, Heritage]  #: by the id of what has none

    @property
    def day(self) -> str:
        """As ``YYYY-MM-DD``."""
        return day_of(self.rows)

    def of(self, row: Row) -> tuple[Verdict, VerdictBasis, Row]:
        """A sign-in's verdict, what that is based on, and whose record it comes from."""
        own = row.kind.own
        if own is not None:
            return own, VerdictBasis.OWN, row
        heritage = self.inherited.get(row.id)
        found = heritage and (heritage.session or heritage.correlation)
        if found:
            return found.verdict, found.basis, found.donor or row
        return Verdict.UNKNOWN, VerdictBasis.NOTHING, row


def judge_window(sign_ins: WindowSignIns, scope: Scope) -> Iterator[Judged]:
    """
    Every sign-in in scope with what it inherits, oldest first, many at a time.

    A request without evidence of its own takes the latest decided verdict of the same user and
    session at or before it; otherwise of the same user and correlation id; otherwise it is unknown.
    Only verdicts with evidence of their own are inherited, so a verdict is never inherited twice.
    Of several at the same instant, the one that shows the least MFA is inherited.
    """
    inheritance = Inheritance()
    sign_ins.survey(inheritance)
    for _, of_day in groupby(sign_ins.batches(), key=day_of):
        channels: dict[Kind, Channel] = {}
        for rows in _in_scope(of_day, scope, channels):
            yield Judged(rows, channels, inheritance.by_heir(rows))


def _in_scope(
    batches: Iterable[list[Row]], scope: Scope, channels: dict[Kind, Channel]
) -> Iterator[list[Row]]:
    """The sign-ins in scope; `channels` learns the channel of each of their kinds."""
    seen: set[Kind] = set()
    for batch in batches:
        new = {row.kind for row in batch} - seen
        seen |= new
        found = ((kind, scope.channel(kind.common)) for kind in new)
        channels |= {kind: channel for kind, channel in found if channel is not None}
        if rows := [row for row in batch if row.kind in channels]:
            yield rows
