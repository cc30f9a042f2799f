"""How a day's verdicts changed when it was pulled again: what a fresh figure is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.requests import judge_window
from shared.mfa.verdict import Verdict
from shared.mfa.window_sign_ins import WindowSignIns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.rollup import Rollup
    from shared.mfa.scope import Scope

_WITHOUT_MFA = (Verdict.NOT_VERIFIED, Verdict.EXEMPTED)


class VerdictChanges(msgspec.Struct, frozen=True):
    """
    Requests of days that were pulled again, and how many of them came to another verdict.

    "Without" MFA is not verified or exempted. Each day is judged on its own.
    """

    compared: int = 0  #: requests of the pulls before; one that was pulled thrice counts twice
    verified_to_without: int = 0
    without_to_verified: int = 0
    unknown_to_known: int = 0
    known_to_unknown: int = 0
    new: int = 0  #: not there before, or not a request
    gone: int = 0

    def __add__(self, other: VerdictChanges) -> VerdictChanges:
        parts = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return VerdictChanges(*map(sum, parts))

    @classmethod
    def total(cls, changes: Iterable[VerdictChanges]) -> VerdictChanges:
        """The sum of all."""
        return sum(changes, start=cls())

    @property
    def changed(self) -> int:
        """How many requests came, went or came to another verdict."""
        counts: dict[str, int] = msgspec.structs.asdict(self)
        return sum(counts.values()) - self.compared


def compare_pulls(before: Rollup, after: Rollup, scope: Scope) -> VerdictChanges:
    """How the verdicts of one day changed from one pull to the next."""
    old, new = _verdicts(before, scope), _verdicts(after, scope)
    both = [(old[key], new[key]) for key in old.keys() & new.keys()]
    return VerdictChanges(
        compared=len(old),
        verified_to_without=sum(
            was is Verdict.VERIFIED and now in _WITHOUT_MFA for was, now in both
        ),
        without_to_verified=sum(
            was in _WITHOUT_MFA and now is Verdict.VERIFIED for was, now in both
        ),
        unknown_to_known=sum(
            was is Verdict.UNKNOWN and now is not Verdict.UNKNOWN for was, now in both
        ),
        known_to_unknown=sum(
            was is not Verdict.UNKNOWN and now is Verdict.UNKNOWN for was, now in both
        ),
        new=len(new.keys() - old.keys()),
        gone=len(old.keys() - new.keys()),
    )


def _verdicts(rollup: Rollup, scope: Scope) -> dict[str, Verdict]:
    """The verdict of each request, by the id of its sign-in."""
    return {
        row.id: verdict
        for judged in judge_window(WindowSignIns([rollup]), scope)
        for row in judged.rows
        if (verdict := judged.of(row)[0]).is_request
    }
