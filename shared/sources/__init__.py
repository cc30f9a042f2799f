"""
IN: where sign-ins and the directory are read from.

A source yields all of a slice or raises; one whose log comes newest first can go on later. It
stores nothing and does not decide what counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from shared.mfa.coverage import LogKinds
    from shared.mfa.parts import Part
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice


class SignInSource(Protocol):
    """One tenant's sign-ins."""

    name: str  #: in reports and the ledger: ``graph``, ``simulated``, …

    def sign_ins(self, slice_: Slice) -> Iterator[SignIn]:
        """
        Yield every sign-in of the slice that concerns Partner Center; it may yield others as well.

        Raises `SourceDeniedError` for a missing licence or consent (do not retry), its subclass
        `OutOfReachError` for a day that the source does not hold, however empty its answer is,
        `OutOfTimeError` when the execution's time is nearly used up, and `SourceIncompleteError`
        for everything that a later try may fix. After an error, discard what was yielded.
        """

    def logs(self, slice_: Slice) -> LogKinds:
        """The kinds of log that the source has for the whole slice; asked after `sign_ins`."""

    def reach_days(self, today: date) -> int:
        """
        How many closed days before `today` a first run should ask for.

        Only days that the log holds whole, and others if reading them says why they are not there.
        """


@runtime_checkable
class NewestFirstSource(SignInSource, Protocol):
    """A source that can stop anywhere and go on from there."""

    def parts(self, slice_: Slice, kept: Sequence[Part]) -> Iterator[Part]:
        """
        Yield what is missing of the slice, a page at a time and newest first within each log.

        `kept` is what an earlier call yielded. Raises as `sign_ins`, but what was yielded before
        stays good; unless it is `OutOfOrderError`: then the log comes in another order, and only
        `sign_ins` can read it.
        """
