"""The rows that can be read: damaged, newer and foreign ones are said once, and not there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.errors import DamagedError, NewerError
from shared.stores.medium import from_columns
from shared.stores.names import is_own_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.stores.medium import Medium, Row

_S = TypeVar("_S", bound=msgspec.Struct)
_log = logging.getLogger(__name__)


def _ignore(_: Row) -> None: ...


class Rows:
    """The rows of one medium."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._said: set[str] = set()

    def own(self, *tables: str, partition: str | None = None) -> Iterator[Row]:
        """All rows whose key is one of ours, readable or not."""
        for table in tables:
            for row in self._medium.rows(table, partition):
                if is_own_row(*row.id):
                    yield row
                else:
                    self.say(f"{row.id} in the store is not a row of this app; it is ignored.")

    def readable(  # noqa: PLR0913  # what `Medium.rows` takes
        self,
        kind: type[_S],
        table: str,
        partition: str | None = None,
        *,
        since: str | None = None,
        before: str | None = None,
        limit: int | None = None,
        on_newer: Callable[[Row], None] = _ignore,
    ) -> list[tuple[Row, _S]]:
        """The rows that can be read, with their values."""
        rows = self._medium.rows(table, partition, since=since, before=before, limit=limit)
        own = [row for row in rows if is_own_row(*row.id)]
        values = ((row, self.value(row, kind, on_newer)) for row in own)
        found = [(row, value) for row, value in values if value is not None]
        if limit is not None and len(found) < limit <= len(rows):  # make up for those left out
            every = self.readable(kind, table, partition, since=since, before=before)
            return every[:limit]
        return found

    def value(
        self, row: Row, kind: type[_S], on_newer: Callable[[Row], None] = _ignore
    ) -> _S | None:
        """The value of a row, or `None`."""
        try:
            return from_columns(row, kind)
        except NewerError as error:
            on_newer(row)
            self.say(str(error))
        except DamagedError as error:
            self.say(str(error))
        return None

    def say(self, sentence: str) -> None:
        """Log a sentence, unless it was logged since the last purge."""
        if sentence not in self._said:
            self._said.add(sentence)
            _log.warning("%s", sentence)

    def say_again(self) -> None:
        """Forget what was said."""
        self._said.clear()
