"""Compressed files, inflated by either of two libraries."""

from __future__ import annotations

import gzip
import io
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sources.files import streams
from tests.records import graph_record, ndjson

TEXT = ndjson(*(graph_record(id=f"{random.Random(n).random()}") for n in range(6)))


def read_with(monkeypatch: pytest.MonkeyPatch, engines: object, data: bytes) -> tuple[bytes, str]:
    """What a stream has, and its fault."""
    monkeypatch.setattr(streams, "_engines", engines)
    stream = streams.Stream(io.BytesIO(data), lambda _: None)
    text, block = b"", bytearray(700)
    while size := stream.readinto(block):
        text += block[:size]
    return text, stream.fault


@given(cut=st.none() | st.integers(2, 4000), flip=st.none() | st.integers(10, 10_000))
def test_the_fast_library_reads_what_zlib_reads_and_notices_damage(
    cut: int | None, flip: int | None
) -> None:
    isal = pytest.importorskip("isal.isal_zlib")
    data = bytearray(gzip.compress(TEXT[:2000]) + gzip.compress(TEXT[2000:]))
    if flip is not None:
        data[flip // 8 % len(data)] ^= 1 << flip % 8

    with pytest.MonkeyPatch.context() as patch:
        text, fault = read_with(patch, zlib, bytes(data[:cut]))
        fast, fast_fault = read_with(patch, isal, bytes(data[:cut]))

    if not fault:
        assert (fast, fast_fault) == (text, "")
    else:  # isal reads on in spite of flags that nothing defines; then all is there
        assert fast_fault or fast == TEXT
        assert text.startswith(fast) or fast.startswith(text)
