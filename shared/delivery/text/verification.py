"""Our judgement of each class of accounts and that of Entra's What If, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.formatting import harmless, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.mfa.accounts.verification import VerifiedClass

_EXAMPLE_WIDTH = 36
_OURS_WIDTH = 44


def verification_text(classes: Sequence[VerifiedClass]) -> str:
    """One class after the other, the largest first; the result is below each."""
    return "".join(f"{line}\n" for line in _lines(classes))


def _lines(classes: Sequence[VerifiedClass]) -> Iterator[str]:
    yield _row("Accounts", "Example", "Ours", "Entra's What If")
    for found in classes:
        yield _row(f"{found.size:,}", found.example, found.ours, found.theirs or "-")
        yield f"{'':10}{harmless(found.result)}"


def _row(size: str, example: str, ours: str, theirs: str) -> str:
    shown = shorten(harmless(example), _EXAMPLE_WIDTH), shorten(harmless(ours), _OURS_WIDTH)
    return f"{size:>8}  {shown[0]:<{_EXAMPLE_WIDTH}}  {shown[1]:<{_OURS_WIDTH}}  {harmless(theirs)}"
