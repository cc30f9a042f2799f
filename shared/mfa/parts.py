"""Parts of a slice that is not read to its end: what one pull has, and from where to go on."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import msgspec

from shared.decoding import decode_msgpack, inflate
from shared.errors import DamagedError
from shared.mfa.circumstances import SharedTexts
from shared.mfa.sign_in import SignIn

if TYPE_CHECKING:
    from collections.abc import Iterable

_VERSION = 1
_COMPRESSION = 3  # as for rollups


class Part(msgspec.Struct, frozen=True, array_like=True):
    """
    The sign-ins of one kind of log from `since` until before `until`: one page, as it was read.

    The log comes newest first, so the parts of a pull lie one below the other. A part may also hold
    older sign-ins; only those since `since` are all there. An empty stretch claims nothing.
    """

    log: str  #: which of the slice's logs, as the source calls it
    since: str
    until: str
    rows: int  #: how many rows of this log the pull has read that are newer than `since`
    sign_ins: tuple[SignIn, ...]
    begun_at: str = ""  #: when the pull began that it belongs to, UTC

    @property
    def is_a_claim(self) -> bool:
        """Whether it says of any stretch of time that nothing is missing."""
        return self.since < self.until

    def to_bytes(self) -> bytes:
        """Compressed bytes, the same for equal parts."""
        packed = msgspec.msgpack.encode((_VERSION, self), enc_hook=SharedTexts().write)
        return gzip.compress(packed, _COMPRESSION, mtime=0)

    @staticmethod
    def from_bytes(data: bytes) -> Part:
        """The part that `to_bytes` wrote. Raises `DamagedError` if the bytes cannot be read."""

        def damaged(reason: str) -> DamagedError:
            return DamagedError(f"A stored part of a slice cannot be read: {reason}.")

        packed = inflate(data, damaged)
        version, _ = decode_msgpack(packed, tuple[int, msgspec.Raw], damaged)
        if version != _VERSION:
            raise damaged(f"its version is {version}, not {_VERSION}")
        return decode_msgpack(packed, tuple[int, Part], damaged, SharedTexts().read)[1]


class Reached(msgspec.Struct, frozen=True):
    """How far back a log has been read without a gap."""

    since: str
    rows: int = 0  #: that are newer


def reached(parts: Iterable[Part], log: str, end: str) -> Reached:
    """
    How far the parts of a log reach back from `end`; in any order, overlapping or not.

    Parts below a gap do not count: what is between is not known.
    """
    found = Reached(end)
    mine = sorted((part for part in parts if part.log == log), key=lambda part: part.until)
    for part in reversed(mine):
        if part.until < found.since:
            break
        if part.since < found.since:
            found = Reached(part.since, part.rows)
    return found
