"""The sign-ins of a window, one rollup after the other: in the order of time, each once."""

from __future__ import annotations

from array import array
from collections import Counter
from heapq import merge
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from shared.mfa.sign_in import SignIn, distinct_copies, merge_copies, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class SignInsInOrder(Protocol):
    """The sign-ins of a stretch of time, in memory or as stored. They can be read again."""

    def in_order(self) -> Iterator[SignIn]:
        """Every distinct sign-in, oldest first (`moment`)."""

    def copies(self) -> Iterator[SignIn]:
        """Every copy of every sign-in."""


class Joined:
    """Parts of one day that follow one another."""

    def __init__(self, parts: Sequence[SignInsInOrder]) -> None:
        self._parts = parts

    def in_order(self) -> Iterator[SignIn]:
        """As of each part."""
        return chain.from_iterable(part.in_order() for part in self._parts)

    def copies(self) -> Iterator[SignIn]:
        """As of each part."""
        return chain.from_iterable(part.copies() for part in self._parts)


class WindowSignIns:
    """
    The sign-ins of rollups whose stretches of time follow one another, oldest first.

    A sign-in whose copies were logged with different times can lie in two rollups. Such ones are
    found by `read`, which has to come first, and are then given once, with all their copies merged.
    """

    def __init__(self, rollups: Sequence[SignInsInOrder]) -> None:
        self._rollups = rollups
        self._every = Joined(rollups)
        self._apart: dict[str, SignIn] = {}

    def read(self) -> Iterator[SignIn]:
        """Every rollup's sign-ins, then those again that lie in several of them, merged."""
        hashes = [array("q") for _ in self._rollups]
        for found, rollup in zip(hashes, self._rollups, strict=True):
            for sign_in in rollup.in_order():
                found.append(hash(sign_in.id))
                yield sign_in
        if twice := _repeated(hashes):
            self._apart = self._merged(twice)
            yield from self._apart.values()

    def in_order(self) -> Iterator[SignIn]:
        """Every sign-in, oldest first; after `read`."""
        every = self._every.in_order()
        if not self._apart:
            return every
        others = (sign_in for sign_in in every if sign_in.id not in self._apart)
        return merge(others, sorted(self._apart.values(), key=moment), key=moment)

    @property
    def has_split(self) -> bool:
        """Whether copies of one sign-in lie in several rollups; after `read`."""
        return bool(self._apart)

    def _merged(self, hashes: set[int]) -> dict[str, SignIn]:
        copies: dict[str, list[SignIn]] = {}
        for copy in self._every.copies():
            if hash(copy.id) in hashes:
                copies.setdefault(copy.id, []).append(copy)
        return {id_: merge_copies(distinct_copies(found)) for id_, found in copies.items()}


def _repeated(hashes: Sequence[array[int]]) -> set[int]:
    """What occurs twice in these; as numbers, ids take an eighth of their memory."""
    found: set[int] = set()
    for index, numbers in enumerate(hashes):
        own = set(numbers)
        if len(own) < len(numbers):
            found.update(number for number, count in Counter(numbers).items() if count > 1)
        for others in hashes[index + 1 :]:
            found.update(own.intersection(others))
    return found
