"""Compressed files, inflated by either of two libraries."""

from __future__ import annotations

import gzip
import io
import random
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.sources.files import streams
from tests.records import graph_record, ndjson

TEXT = ndjson(*(graph_record(id=f"{random.Random(n).random()}") for n in range(6)))
WHOLE = TEXT + random.Random(1).randbytes(5000).hex().encode() + TEXT


def read_with(monkeypatch: pytest.MonkeyPatch, engines: object, data: bytes) -> tuple[bytes, str]:
    """What a stream has, and its fault."""
    monkeypatch.setattr(streams, "_engines", engines)
    monkeypatch.setattr(streams, "_CHUNK_BYTES", 300)  # of many in a large file
    stream = streams.Stream(io.BytesIO(data), lambda _: None)
    text, block = b"", bytearray(700)
    while size := stream.readinto(block):
        text += block[:size]
    return text, stream.fault


def two_members(cut: int | None, flip: int | None) -> bytes:
    """`WHOLE` compressed, cut after so many bytes and with that bit flipped."""
    data = bytearray(gzip.compress(WHOLE[:9000]) + gzip.compress(WHOLE[9000:]))
    if flip is not None:
        data[flip // 8 % len(data)] ^= 1 << flip % 8
    return bytes(data[:cut])


@given(cut=st.none() | st.integers(2, 8000), flip=st.none() | st.integers(10, 64_000))
def test_the_fast_library_reads_what_zlib_reads_and_notices_damage(
    cut: int | None, flip: int | None
) -> None:
    isal = pytest.importorskip("isal.isal_zlib")
    data = two_members(cut, flip)

    with pytest.MonkeyPatch.context() as patch:
        text, fault = read_with(patch, zlib, data)
        fast, fast_fault = read_with(patch, isal, data)

    if not fault:
        assert (fast, fast_fault) == (text, "")
    else:  # isal reads on in spite of flags that nothing defines; then all is there
        assert fast_fault or fast == WHOLE
        assert text.startswith(fast) or fast.startswith(text)


@given(cut=st.none() | st.integers(2, 8000), flip=st.none() | st.integers(10, 64_000))
@example(cut=None, flip=26)  # a header that does not end within the first bytes
def test_no_less_is_inflated_in_place_than_in_chunks(cut: int | None, flip: int | None) -> None:
    isal = pytest.importorskip("isal.isal_zlib")
    data = two_members(cut, flip)

    with pytest.MonkeyPatch.context() as patch:
        in_place, fault = read_with(patch, isal, data)
        patch.setattr(streams, "_READER", "there is none")
        in_chunks, same_fault = read_with(patch, isal, data)

    assert fault == same_fault
    assert in_place.startswith(in_chunks)
    assert WHOLE.startswith(in_place) or flip is not None
