"""A source for any number of threads, made of one that is for a single one: opened each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Slice
    from shared.sources import SignInSource


class OpenedSlices:
    """What `open_source` opens is one thread's, and so is the time that it may read for."""

    def __init__(
        self, name: str, open_source: Callable[[], AbstractContextManager[SignInSource]]
    ) -> None:
        self.name = name
        self._open = open_source

    def sign_ins(self, owed: Slice) -> Iterator[SignIn]:
        """As the protocol says."""
        with self._open() as source:
            yield from source.sign_ins(owed)

    def reach_days(self) -> int:
        """As the protocol says."""
        with self._open() as source:
            return source.reach_days()
