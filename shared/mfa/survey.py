"""What has to be known of all sign-ins of a window before the first of them can be judged."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Self

from shared.mfa.kinds import HEIR

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from shared.mfa.kinds import Row

MARKS = 1 << 27  #: how many links are told apart


class Survey:
    """
    Who may inherit a verdict, and which sign-ins there are: as numbers, an eighth of the memory.

    Two ids, and two links, can have the same number.
    """

    __slots__ = ("ids", "links")

    def __init__(self) -> None:
        self.ids = array("q")  #: of each sign-in
        self.links = array("I")  #: of those without evidence to others, as `mark`

    @classmethod
    def of(cls, batches: Iterable[Iterable[Row]]) -> Self:
        """The survey of these sign-ins."""
        found = cls()
        for rows in batches:
            found.ids.extend([hash(row.id) for row in rows])
            for row in rows:
                if row.kind.rank == HEIR:
                    found.links.extend(map(mark, links(row)))
        return found

    @classmethod
    def total(cls, surveys: Iterable[Survey]) -> Self:
        """What all of them say."""
        found = cls()
        for each in surveys:
            found.ids += each.ids
            found.links += each.links
        return found


def links(row: Row) -> list[tuple[str, str]]:
    """What links a sign-in of a user to others: session and correlation id, with the user."""
    user = row.kind.user
    return [(user, id_) for id_ in (row.session_id, row.correlation_id) if id_]


def mark(link: Hashable) -> int:
    """The link's number."""
    return hash(link) % MARKS
