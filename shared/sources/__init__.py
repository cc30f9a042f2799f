"""
IN: where sign-ins and the directory come from.

A source yields all of a slice or raises; it never stores, never decides what counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice


class SignInSource(Protocol):
    """Where one tenant's sign-ins are read from."""

    name: str  #: as reports and the ledger call it: ``graph``, ``simulated``, …

    def sign_ins(self, owed: Slice) -> Iterator[SignIn]:
        """
        Yield every sign-in of the slice that concerns Partner Center; over-asking is allowed.

        Raises `SourceDeniedError` for a missing licence or consent (not to be retried),
        `OutOfTimeError` when the execution's time is nearly used up, and `SourceIncompleteError`
        for everything that a later try may mend. After a raise, what was yielded is worth nothing.
        """

    def reach_days(self) -> int:
        """How many closed days back the source's log goes: what a first run can fill in."""
