"""Shares in percent: one rule for findings, page, mail and terminal."""

from __future__ import annotations

from math import isclose


def tenths(share: float) -> int:
    """A share (fraction, 0 to 1) in tenths of a percent; 0 and 1000 only if that is exact."""
    if share <= 0:
        return 0
    if share >= 1:
        return 1000
    return min(max(int(share * 1000 + 0.5), 1), 999)


def percent(share: float) -> str:
    """
    A share in percent: ``40 %`` if that is exact, else rounded to a tenth, ``40.0 %``.

    Never rounded up to 100 % nor down to 0 %: 0.9999 reads ``99.9 %``.
    """
    return percent_of_tenths(tenths(share), exact=isclose(share * 100, round(share * 100)))


def percent_of_tenths(value: int, *, exact: bool) -> str:
    """Tenths of a percent as text; without a decimal if *exact* and a whole number."""
    whole, tenth = divmod(value, 10)
    return f"{whole} %" if exact and not tenth else f"{whole}.{tenth} %"
