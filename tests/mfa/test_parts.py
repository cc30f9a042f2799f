"""Parts of a slice: how far back they reach together, and what they look like in the store."""

from __future__ import annotations

import gzip

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DamagedError
from shared.mfa.parts import Part, Reached, reached
from tests.sign_ins import any_sign_in

END = 24
PARTS = st.lists(st.tuples(st.integers(0, END), st.integers(0, END)), max_size=8)


def at(hour):
    return f"2026-11-23T{hour:02}:00:00.0000000Z"


def part(since, until, log="users", rows=0):
    return Part(log, at(since), at(until), rows, ())


def test_without_parts_nothing_is_reached() -> None:
    assert reached([], "users", at(24)) == Reached(at(24))


def test_parts_reach_back_to_the_oldest_without_a_gap_in_any_order() -> None:
    parts = [part(6, 12, rows=3), part(18, 24, rows=1), part(12, 18, rows=2)]

    assert reached(parts, "users", at(24)) == Reached(at(6), 3)


def test_what_is_below_a_gap_does_not_count() -> None:
    assert reached([part(18, 24, rows=1), part(6, 17, rows=9)], "users", at(24)).since == at(18)
    assert reached([part(6, 17)], "users", at(24)).since == at(24)


def test_each_log_is_reached_by_its_own_parts() -> None:
    parts = [part(6, 24), part(12, 24, log="apps")]

    assert reached(parts, "apps", at(24)).since == at(12)


@given(PARTS)
def test_whatever_is_reached_is_covered_hour_by_hour(stretches) -> None:
    parts = [part(*stretch) for stretch in stretches]
    covered = {hour for since, until in stretches for hour in range(since, until)}
    oldest = next(hour for hour in range(END, -1, -1) if hour - 1 not in covered)

    assert reached(parts, "users", at(END)).since == at(oldest)


@given(st.lists(any_sign_in(), max_size=5))
def test_a_part_is_read_back_as_it_was_written(sign_ins) -> None:
    written = msgspec.structs.replace(part(1, 2, rows=7), sign_ins=tuple(sign_ins))

    assert Part.from_bytes(written.to_bytes()) == written


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", part(1, 2).to_bytes()[:-3], gzip.compress(b"\x92\x01"), gzip.compress(b"\xc1")],
    ids=["nothing", "no gzip", "truncated", "half a list", "no MessagePack"],
)
def test_bytes_that_are_not_a_part_are_damaged(content) -> None:
    with pytest.raises(DamagedError):
        Part.from_bytes(content)


def test_a_part_of_another_version_is_not_taken_for_one_of_this() -> None:
    other = msgspec.msgpack.encode((2, part(1, 2)))

    with pytest.raises(DamagedError, match="its version is 2, not 1"):
        Part.from_bytes(gzip.compress(other))
