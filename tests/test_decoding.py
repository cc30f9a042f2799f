"""Every way in which bytes can be wrong ends in the caller's own error."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoding import decode_any_json, decode_json, decode_msgpack, decode_text, inflate
from shared.errors import DamagedError
from shared.mfa.report import Report
from shared.mfa.rollup import Rollup
from shared.mfa.scope import Scope
from shared.service.directory_snapshot import DirectorySnapshot

WRONG_JSON = {
    "empty": (b"", "Input data was truncated"),
    "not JSON": (b"<html>", r"JSON is malformed: invalid character \(byte 0\)"),
    "another shape": (b'{"a": "b"}', r"Expected `int`, got `str` - at `\$\[...\]`"),
    "not UTF-8": (b'{"a\xff": 1}', "it is not UTF-8"),
    "a number too large": (b'{"a": 1e999}', "Number out of range"),
    "half a surrogate pair": ('{"a\ud800": 1}', "it is not UTF-8"),
}


@pytest.mark.parametrize(("data", "reason"), WRONG_JSON.values(), ids=WRONG_JSON)
def test_wrong_json_is_the_error_that_the_caller_names(data: Any, reason: str) -> None:
    with pytest.raises(DamagedError, match=reason):
        decode_json(data, dict[str, int], DamagedError)


def test_wrong_json_without_a_shape_is_the_same_error() -> None:
    with pytest.raises(DamagedError, match="it is nested too deeply"):
        decode_any_json(b"[" * 100_000, DamagedError)


def test_a_date_that_does_not_exist_is_the_same_error() -> None:
    with pytest.raises(DamagedError, match="Invalid RFC3339"):
        decode_json(b'"2026-02-30T00:00:00Z"', datetime, DamagedError)


def test_wrong_messagepack_is_the_same_error() -> None:
    for data in (b"", b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff", b"\xa1\xff", b"\xc1"):
        with pytest.raises(DamagedError):
            decode_msgpack(data, Any, DamagedError)


def test_a_text_that_is_not_utf_8_is_the_same_error() -> None:
    with pytest.raises(DamagedError, match="it is not UTF-8"):
        decode_text(b"M\xfcller", DamagedError)


def test_a_gzip_member_is_whole_or_an_error() -> None:
    packed = gzip.compress(b"report" * 1000, mtime=0)
    assert inflate(packed, DamagedError) == b"report" * 1000

    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 4
    for data in (b"", b"report", packed[:-1], packed[:12], bytes(flipped), packed + b"x"):
        with pytest.raises(DamagedError):
            inflate(data, DamagedError)


def test_a_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(10_000_000), mtime=0)

    with pytest.raises(DamagedError, match="it inflates to more than 1,000,000 bytes"):
        inflate(bomb, DamagedError, longest=1_000_000)
    assert inflate(bomb, DamagedError, longest=10_000_000) == bytes(10_000_000)


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(lambda data: gzip.compress(data, mtime=0)),
        st.recursive(st.none() | st.integers(0, 9) | st.text(max_size=5), st.lists).map(
            lambda value: gzip.compress(msgspec.msgpack.encode((1, value)), mtime=0)
        ),
    )
)
def test_no_bytes_make_a_stored_thing_raise_anything_else(data: bytes) -> None:
    for read in (
        Report.from_json,
        Rollup.from_bytes,
        lambda data: DirectorySnapshot.from_bytes(data, Scope()),
    ):
        with suppress(DamagedError):
            read(data)
