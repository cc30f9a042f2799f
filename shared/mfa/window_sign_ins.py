"""The sign-ins of a window, one rollup after the other: in the order of time, each once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import chain, groupby
from typing import TYPE_CHECKING, Protocol

from shared.mfa.kinds import Kinds
from shared.mfa.sign_in import SignIn, distinct_copies, merge_copies, moment
from shared.mfa.survey import Survey

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator, Sequence

    from shared.mfa.inheritance import Inheritance
    from shared.mfa.kinds import Row


class SignInsInOrder(Protocol):
    """The sign-ins of a stretch of time, in memory or as stored. They can be read again."""

    def batches(self) -> Iterator[list[Row]]:
        """Every distinct sign-in, its copies merged, oldest first, many at a time."""

    def copies(self) -> Iterator[SignIn]:
        """Every copy of every sign-in."""

    def survey(self) -> Survey:
        """What has to be known of them before their window can be judged."""


class Joined:
    """Parts of one day that follow one another."""

    def __init__(self, parts: Sequence[SignInsInOrder]) -> None:
        self._parts = parts

    def batches(self) -> Iterator[list[Row]]:
        """As of each part."""
        return chain.from_iterable(part.batches() for part in self._parts)

    def copies(self) -> Iterator[SignIn]:
        """As of each part."""
        return chain.from_iterable(part.copies() for part in self._parts)

    def survey(self) -> Survey:
        """As of each part."""
        return Survey.total(part.survey() for part in self._parts)


class WindowSignIns:
    """
    The sign-ins of rollups whose stretches of time follow one another, oldest first.

    A sign-in whose copies were logged with different times can lie in two rollups. Such ones are
    found by `survey`, which has to come first, and are then given once, with all copies merged.
    """

    def __init__(self, rollups: Sequence[SignInsInOrder]) -> None:
        self._rollups = rollups
        self._every = Joined(rollups)
        self._apart: dict[str, Row] = {}

    def survey(self, inheritance: Inheritance) -> None:
        """Let `inheritance` know which sign-ins have no evidence of their own."""
        ids = []
        for rollup in self._rollups:
            found = rollup.survey()
            inheritance.expect(found)
            ids.append(found.ids)
        if twice := _repeated(ids):
            self._apart = self._merged(twice)
            inheritance.expect(Survey.of([self._apart.values()]))

    def batches(self) -> Iterator[list[Row]]:
        """
        Every sign-in, oldest first, many at a time: of one day, and all those of an instant.

        Comes after `survey`. Raises `ValueError` if the rollups are in another order of time.
        """
        held: list[Row] = []
        for rows in self._in_place():
            held += rows
            instants = [row.created_at for row in held]
            if instants != sorted(instants):
                raise ValueError(f"an earlier sign-in comes after {max(instants)}")
            last = bisect_left(instants, instants[-1])  # the next batch may go on with it
            yield from _by_day(held[:last])
            held = held[last:]
        yield from _by_day(held)

    @property
    def has_split(self) -> bool:
        """Whether copies of one sign-in lie in several rollups; after `survey`."""
        return bool(self._apart)

    def _in_place(self) -> Iterator[list[Row]]:
        """Every rollup's sign-ins; those that lie in several of them where they belong."""
        if not self._apart:
            yield from self._every.batches()
            return
        apart = sorted(self._apart.values(), key=moment)
        for rows in self._every.batches():
            others = [row for row in rows if row.id not in self._apart]
            if others:
                due = bisect_right(apart, moment(others[-1]), key=moment)
                yield sorted(apart[:due] + others, key=moment)
                del apart[:due]
        if apart:
            yield apart

    def _merged(self, hashes: set[int]) -> dict[str, Row]:
        copies: dict[str, list[SignIn]] = {}
        for copy in self._every.copies():
            if hash(copy.id) in hashes:
                copies.setdefault(copy.id, []).append(copy)
        kinds = Kinds()
        return {
            id_: kinds.row(merge_copies(distinct_copies(found))) for id_, found in copies.items()
        }


def day_of(rows: list[Row]) -> str:
    """The day of sign-ins of one day, as ``YYYY-MM-DD``."""
    return _day(rows[0])


def _by_day(rows: list[Row]) -> Iterator[list[Row]]:
    """These sign-ins, which are in order, split at midnight."""
    if rows and _day(rows[0]) == _day(rows[-1]):
        yield rows
    else:
        yield from (list(of_day) for _, of_day in groupby(rows, key=_day))


def _day(row: Row) -> str:
    return row.created_at[:10]


def _repeated(hashes: Sequence[array[int]]) -> set[int]:
    """What occurs twice in these."""
    found: set[int] = set()
    for index, numbers in enumerate(hashes):
        own = set(numbers)
        if len(own) < len(numbers):
            found.update(number for number, count in Counter(numbers).items() if count > 1)
        for others in hashes[index + 1 :]:
            found.update(own.intersection(others))
    return found
