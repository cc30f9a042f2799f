"""A table that people work in: searched, filtered, sorted, and shown a hundred rows a page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

PAGE_ROWS = 100

Row = TypeVar("Row")

_NUMBERS = re.compile(r"([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Filter(Generic[Row]):
    """Something that rows are chosen by."""

    label: str
    words: Mapping[str, str]  #: each word that an address may have, and what people read
    of: Callable[[Row], Collection[str]]  #: a row's own words


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """Something that rows are sorted by."""

    label: str
    key: Callable[[Row], Any]  #: `None` is unknown, and comes last in both directions


@dataclass(frozen=True, slots=True)
class Query:
    """What an address asks of a table; without anything, its first rows in their own order."""

    search: str = ""
    sort: str = ""  #: a column, with ``-`` before it for the other direction
    page: int | None = None  #: from 1; `None` is the first for a page, and all for a file
    filters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrowed(self) -> bool:
        """Whether some rows may be left out."""
        return bool(self.search or self.filters)

    def address(self, **changes: Any) -> str:  # noqa: ANN401 (values of this class's own fields)
        """The query string with changes, beginning with ``?``; a new order begins at page 1."""
        wanted = replace(self, **{"page": None, **changes})
        page = str(wanted.page or "")
        given = {"search": wanted.search, **wanted.filters, "sort": wanted.sort, "page": page}
        return "?" + urlencode({name: text for name, text in given.items() if text})


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page with a table shows apart from the table's own rows."""

    base: str = ""  #: the path below which the HTTP functions are; empty for a page in a folder
    notes: Sequence[str] = ()  #: why some of the data was not read
    query: Query = field(default_factory=Query)  #: which rows are listed; figures count all


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """What can be asked of some rows."""

    rows: Sequence[Row]  #: in their own order
    texts: Callable[[Row], Iterable[str]]  #: what a search looks at
    columns: Mapping[str, Column[Row]]
    filters: Mapping[str, Filter[Row]]

    def select(self, query: Query) -> Selection[Row]:
        """The rows that a query asks for."""
        wanted = query.search.casefold()
        chosen = [(self.filters[name].of, word) for name, word in query.filters.items()]
        rows = [
            row
            for row in self.rows
            if all(word in words_of(row) for words_of, word in chosen)
            and (not wanted or any(wanted in text.casefold() for text in self.texts(row)))
        ]
        return Selection(self, query, self._sorted(rows, query.sort))

    def _sorted(self, rows: list[Row], sort: str) -> list[Row]:
        if not sort:
            return rows
        key = self.columns[sort.removeprefix("-")].key
        known = [row for row in rows if key(row) is not None]
        unknown = [row for row in rows if key(row) is None]
        return [*sorted(known, key=key, reverse=sort.startswith("-")), *unknown]


@dataclass(frozen=True, slots=True)
class Selection(Generic[Row]):
    """The rows that a query asked for, page by page."""

    table: Table[Row]
    query: Query
    rows: Sequence[Row]  #: of all pages

    @property
    def page(self) -> int:
        """The page that was asked for, from 1."""
        return self.query.page or 1

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-len(self.rows) // PAGE_ROWS))

    @property
    def shown(self) -> Sequence[Row]:
        """The rows of the page that was asked for."""
        end = self.page * PAGE_ROWS
        return self.rows[end - PAGE_ROWS : end]

    def sorted_by(self, column: str) -> str:
        """``ascending`` or ``descending`` if the rows are sorted by this column, else empty."""
        directions = {column: "ascending", f"-{column}": "descending"}
        return directions.get(self.query.sort, "")

    def sort_address(self, column: str) -> str:
        """The query that sorts by a column; by the one that they are sorted by, the other way."""
        sort = f"-{column}" if self.query.sort == column else column
        return self.query.address(sort=sort)


def natural(text: str) -> tuple[str | int, ...]:
    """A key that sorts names as people do: ``user.9`` before ``User.10``."""
    parts = _NUMBERS.split(text.casefold())
    return tuple(int(part) if index % 2 else part for index, part in enumerate(parts))
