"""A first fill of thirty days asks for little more than there is, however large the tenant."""

from __future__ import annotations

from random import Random

import pytest

from bench.first_fill import PAGES_A_DAY, first_fill
from shared.sources.pacing import COUNTED_WITHIN_SECONDS

PER_SECOND = 0.5  #: five requests in ten seconds


@pytest.mark.parametrize("pages_a_day", PAGES_A_DAY)
def test_a_first_fill_takes_at_most_a_twentieth_more_than_the_least_requests(pages_a_day) -> None:
    result = first_fill(pages_a_day)

    assert result.least <= result.requests <= 1.05 * result.least
    assert result.seconds <= 1.05 * result.least / PER_SECOND


@pytest.mark.parametrize("seconds", [0.1, 2.0, 3.0])
def test_slow_answers_take_at_most_a_twentieth_more_than_the_throttle_s_floor(seconds) -> None:
    result = first_fill(50, latency=(seconds, seconds))

    assert result.seconds <= 1.05 * result.least / PER_SECOND


@pytest.mark.parametrize("latency", [(0.0, 0.3), (0.3, 3.0), (0.0, 20.0)])
def test_whenever_requests_arrive_never_more_than_five_come_in_ten_seconds(latency) -> None:
    result = first_fill(5, latency=latency)  # none is cut off
    rng = Random(5)

    for under_way in (0.0, COUNTED_WITHIN_SECONDS):
        arrived = sorted(at + min(rng.uniform(0, under_way), latency[0]) for at in result.sent)
        assert all(
            later - at >= 10.0 - 1e-6 for at, later in zip(arrived, arrived[5:], strict=False)
        )


def test_the_simulation_sees_what_halving_costs() -> None:
    """As measured on the real host: everything that was read of a slice is read again."""
    assert first_fill(50, keeps=False).ratio > 1.2
