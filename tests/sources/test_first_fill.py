"""A first fill of thirty days asks for little more than there is, however large the tenant."""

from __future__ import annotations

import pytest

from bench.first_fill import PAGES_A_DAY, first_fill


@pytest.mark.parametrize("pages_a_day", PAGES_A_DAY)
def test_a_first_fill_takes_at_most_a_twentieth_more_than_the_least_requests(pages_a_day) -> None:
    result = first_fill(pages_a_day)

    assert result.least <= result.requests <= 1.05 * result.least
    assert result.seconds <= 1.15 * max(result.least / 0.5, 60)  # five requests in ten seconds


def test_the_simulation_sees_what_halving_costs() -> None:
    """As measured on the real host: everything that was read of a slice is read again."""
    assert first_fill(50, keeps=False).ratio > 1.2
