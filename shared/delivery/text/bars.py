"""Stacked bars, as the page and the mail draw them. Lengths are percent of the bar."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.delivery.text.figures import AccountFigure
    from shared.mfa.metrics import Tally

_VISIBLE = 1.5  #: percent; the smallest length that is drawn for a count above zero


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a stacked bar."""

    kind: str  #: ``verified``, ``exempted``, ``not_verified``, ``unknown``; also its look
    start: float
    length: float
    label: str  #: its number and what it counts


def request_bar(counts: Tally) -> list[Segment]:
    """All of a channel's requests, the unknown ones last, as one horizontal bar."""
    return stacked_bar(request_pieces(counts))


def account_bar(accounts: AccountFigure) -> list[Segment]:
    """The enabled accounts as one horizontal bar."""
    pieces = [
        ("verified", accounts.enforced, "enforced"),
        ("exempted", accounts.conditional, "conditional"),
        ("not_verified", accounts.unprotected, "unprotected"),
        ("unknown", accounts.unknown, "unknown"),
    ]
    return stacked_bar(pieces)


def request_pieces(counts: Tally) -> list[tuple[str, int, str]]:
    """The pieces of a channel's bar: kind, number and what it counts."""
    return [
        ("verified", counts.verified, "with MFA"),
        ("exempted", counts.exempted, "exempted"),
        ("not_verified", counts.not_verified, "without MFA"),
        ("unknown", counts.unknown, "unknown"),
    ]


def stacked_bar(pieces: list[tuple[str, int, str]], *, of: int = 0) -> list[Segment]:
    """Segments one after another; `of` is the count that fills the bar, by default their sum."""
    present = [piece for piece in pieces if piece[1]]
    whole = of or sum(amount for _, amount, _ in present)
    raw = [max(100 * amount / whole, _VISIBLE) for _, amount, _ in present]
    scale = min(1, 100 / sum(raw)) if raw else 1
    lengths = [round(length * scale, 2) for length in raw]
    starts = [0.0, *accumulate(lengths)]
    return [
        Segment(kind, round(start, 2), length, f"{amount:,} {noun}")
        for (kind, amount, noun), start, length in zip(present, starts, lengths, strict=False)
    ]
