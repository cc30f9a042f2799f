"""Small, likely changes to bytes and to JSON, as strategies that hypothesis can shrink."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What parsers have tripped over elsewhere.
_TOKENS = [
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r\n", b"'", b'"', b"\\", b"\\ud800"),
    *(b"[", b"{", b"]", b"}", b",", b":", b"[" * 5_000, b'{"a":' * 5_000, b"9" * 5_000),
    *(b"null", b"NaN", b"-1e999", b"1e999", b"true", b"--", b"%", b"\x1f\x8b", b"\xf0\x9f\x92\xa9"),
    *(b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:60Z", b"2026-02-30", b"T24:00:00", b"+99:99"),
]
#: Values of every kind, in places where another was expected.
_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**400, 1.5, 1e308),
    *("", " ", "x", "\x00", "\ud800", "9" * 400, "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z"),
    *("2026-11-20T24:00:00+99:99", "2026-02-30", "[]", "{}", "null", "=1+1", "\u202e"),
    *([], {}, [None], [[]], [{}], {"": None}, {"value": []}, "a" * 70_000),
]
_GZIP = b"\x1f\x8b"


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds after one to four changes of bytes."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = draw(st.integers(at, min(len(data), at + 64)))
        change = draw(st.sampled_from(["flip", "cut", "remove", "repeat", "insert"]))
        data = _changed(draw, data, at, end, change)
    return data


def _changed(draw: st.DrawFn, data: bytes, at: int, end: int, change: str) -> bytes:
    if change == "flip" and at < len(data):
        return data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
    if change == "cut":
        return data[:at]
    if change == "remove":
        return data[:at] + data[end:]
    if change == "repeat":
        return data[:end] + data[at:]
    return data[:at] + draw(st.sampled_from(_TOKENS)) + data[at:]


@st.composite
def restructured(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds, which are JSON (in gzip or not), with one to three other values in it."""
    data = draw(st.sampled_from(seeds))
    is_compressed = data.startswith(_GZIP)
    value = json.loads(gzip.decompress(data) if is_compressed else data)
    for _ in range(draw(st.integers(1, 3))):
        value = _with_other_value(draw, value)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    made = text.encode(errors="surrogatepass")
    return gzip.compress(made, 1) if is_compressed else made


def _with_other_value(draw: st.DrawFn, value: Any) -> Any:
    """A value of which some part is missing, doubled, or another."""
    if isinstance(value, dict) and value and draw(st.integers(0, 7)):
        key = draw(st.sampled_from(sorted(value)))
        return _with_other_field(draw, value, key)
    if isinstance(value, list) and value and draw(st.integers(0, 7)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _with_other_value(draw, value[at]), *value[at + 1 :]]
    return draw(st.sampled_from(_VALUES))


def _with_other_field(draw: st.DrawFn, value: dict[str, Any], key: str) -> dict[str, Any]:
    rest = {name: field for name, field in value.items() if name != key}
    change = draw(st.sampled_from(["inside", "inside", "inside", "missing", "renamed", "added"]))
    if change == "missing":
        return rest
    if change == "renamed":
        return {**rest, key.swapcase(): value[key]}
    if change == "added":
        return {**value, draw(st.sampled_from(["", "x", "\ud800", "__proto__"])): value[key]}
    return {**value, key: _with_other_value(draw, value[key])}
