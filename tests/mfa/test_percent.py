"""Shares in percent: rounded, but never to all or to nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.mfa.percent import percent, tenths


@pytest.mark.parametrize(
    ("share", "printed"),
    [
        (0.4, "40 %"),
        (0.4004, "40.0 %"),
        (34 / 60, "56.7 %"),
        (2 / 3, "66.7 %"),
        (0.07, "7 %"),
        (0.29, "29 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.99999, "99.9 %"),
        (0.00001, "0.1 %"),
    ],
)
def test_a_share_has_a_decimal_only_if_it_is_not_whole(share, printed) -> None:
    assert percent(share) == printed


@given(st.integers(1, 10**7), st.integers(1, 10**7))
@example(1, 9_999_999)
@example(9_999_999, 1)
def test_a_share_reads_0_or_100_percent_only_if_it_is_exactly_that(with_mfa, without) -> None:
    printed = percent(with_mfa / (with_mfa + without))

    assert printed not in ("0 %", "100 %")
    assert not printed.startswith(("0.0", "100"))


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_printed_share_is_never_more_than_a_tenth_off(with_mfa, without) -> None:
    share = with_mfa / (with_mfa + without)

    assert abs(tenths(share) / 1000 - share) <= 0.001
