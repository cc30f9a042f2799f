"""
Tables that people search, filter and sort, as page, JSON or CSV.

These are the only answers that are computed, because nobody could store one for every possible
query. They contain no new figure: they are what is stored, with some of it left out.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from http import HTTPStatus
from io import StringIO
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from shared.decoding import decode_text
from shared.delivery.page.table import Query
from shared.errors import DamagedError
from shared.service.http.answers import RefusedError
from shared.service.http.details import tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from shared.delivery.page.table import Selection, Table
    from shared.mfa.assessment import ReportMeta
    from shared.service.http.answers import Answer
    from shared.service.http.callers import Role
    from shared.service.http.report_files import ReportFiles
    from shared.service.http.report_head import ReportHead
    from shared.stores.models import StoredFile

LONGEST_SEARCH = 100  #: characters
LAST_PAGE = 1_000_000  #: of any table


@dataclass(frozen=True, slots=True)
class Listing:
    """A stored list: how it is read, asked, written again with some of its rows, and shown."""

    name: str  #: of its files, and of its list in the JSON
    id_column: str  #: in its CSV file
    id_of: Callable[[Any], str]  #: the same of one row
    read: Callable[[bytes], Any]
    table: Callable[[Any], Table[Any]]
    page: Callable[[Any, ReportMeta, Sequence[str], Query], str]
    role: Role  #: what a caller needs
    notes: Callable[[Mapping[str, str]], Sequence[str]]  #: of the directory's, those about the list
    not_read: str  #: a sentence, if nothing says why
    too_old: str  #: a sentence for a report that was made before the list had these files


@dataclass(frozen=True, slots=True)
class StoredList:
    """The files of one report that a list is served from."""

    read: Callable[[str], bytes]  #: a file by its name
    meta: ReportMeta
    notes: Sequence[str]  #: why some of it was not read


def list_answer(
    listing: Listing, name: str, files: ReportFiles, params: Mapping[str, str]
) -> Answer:
    """Answer with one of a list's files in the newest report; with parameters, some of its rows."""
    ending = files.newest()
    given = {key: text for key, text in params.items() if text.strip()}
    if given:
        return _chosen(listing, name, files, ending, given)
    if unchanged := files.held(ending, name):
        return unchanged
    read_notes(listing, files.head(ending))
    return files.stored(ending, name, listing.too_old)


def _chosen(
    listing: Listing, name: str, files: ReportFiles, ending: date, params: Mapping[str, str]
) -> Answer:
    """
    Return some rows of a list; they are not chosen again if the caller already has them.

    A tag is that of the bytes, so a 304 has that of the last answer that was made of these files in
    this process. What was refused has none, and is refused again.
    """
    reports = files.reports
    made_of = (reports.version(files.tenant_id, ending), name, *sorted(params.items()))
    if unchanged := files.unchanged(reports.tags.find(made_of), name):
        return unchanged
    head = files.head(ending)
    notes = read_notes(listing, head)
    stored = StoredList(files.reader(ending, listing.too_old), head.meta, notes)
    found = find(listing, name, stored, params)
    reports.tags.remember(made_of, found.etag)
    return files.answer(found, name)


def find(listing: Listing, name: str, stored: StoredList, params: Mapping[str, str]) -> StoredFile:
    """
    Return what is asked of one of a list's files: its page, or its ``.json`` or ``.csv``.

    Raises `RefusedError`: 400 for a query that is not understood, 404 for a page after the last.
    """
    value = listing.read(stored.read(f"{listing.name}.json"))
    table = listing.table(value)
    query = read_query(params, table)
    chosen = table.select(query)
    refuse_later_pages(chosen)
    if name.endswith(".html"):
        return tagged(listing.page(value, stored.meta, stored.notes, query).encode())
    rows = chosen.rows if query.page is None else chosen.shown
    if name.endswith(".csv"):
        wanted = [listing.id_of(row) for row in rows]
        return tagged(rows_of(stored.read(name), listing.id_column, wanted))
    return tagged(msgspec.structs.replace(value, **{listing.name: list(rows)}).to_json())


def read_notes(listing: Listing, head: ReportHead) -> Sequence[str]:
    """The directory's notes about a list; raises `RefusedError` (404) if it was not read."""
    notes = listing.notes(head.directory_notes)
    if listing.name in head.files and head.files[listing.name].total is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, " ".join(notes) or listing.not_read)
    return notes


def refuse_later_pages(chosen: Selection[Any]) -> None:
    """Raise `RefusedError` (404) for a page after the last."""
    if chosen.page > chosen.pages:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"The last page is {chosen.pages}.")


def rows_of(content: bytes, column: str, wanted: Iterable[str]) -> bytes:
    """
    Return a CSV file's header, and the rows with these values in a column, in their order.

    Raises `DamagedError` if it is not a table with that column.
    """
    try:
        header, *rows = csv.reader(StringIO(decode_text(content, _damaged), newline=""))
        place = header.index(column)
        by_value = {row[place]: row for row in rows}
    except (csv.Error, ValueError, IndexError) as error:
        raise _damaged("it is not the expected table") from error
    kept = StringIO()
    writer = csv.writer(kept, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(by_value[value] for value in wanted if value in by_value)
    return kept.getvalue().encode()


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"A stored list cannot be read: {reason}.")


def read_query(params: Mapping[str, str], table: Table[Any]) -> Query:
    """
    Return what an address asks of a table; raises `RefusedError` (400) with the words there are.

    A parameter without a text is as good as none: that is how a form sends what is left open.
    """
    given = {name: text for name, text in params.items() if text.strip()}
    filters = {name: text for name, text in given.items() if name in table.filters}
    _expect("parameter", given, ("search", "sort", "page", *table.filters))
    for name, word in filters.items():
        _expect(name, [word], table.filters[name].words)
    sort = given.get("sort", "")
    if sort:
        _expect("column", [sort.removeprefix("-")], table.columns)
    return Query(_searched(given.get("search", "")), sort, _page(given.get("page", "1")), filters)


def expect_parameters(given: Iterable[str], expected: Sequence[str] = ()) -> None:
    """Raise `RefusedError` (400) if an address has a parameter that its route does not take."""
    if set(given) - set(expected):
        words = ", ".join(expected) or "none"
        _refuse(f"Unknown parameter in the address; expected {words}.")


def _expect(what: str, given: Iterable[str], expected: Iterable[str]) -> None:
    if set(given) - set(expected):
        _refuse(f"Unknown {what} in the address; expected one of {', '.join(expected)}.")


def _searched(search: str) -> str:
    """The text to search for. Surrogates are replaced: a page with one could not be encoded."""
    if len(search) > LONGEST_SEARCH:
        _refuse(f"The search is too long; expected at most {LONGEST_SEARCH} characters.")
    return search.strip().encode(errors="replace").decode()


def _page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:8]) <= LAST_PAGE):
        _refuse("Invalid page; expected a number from 1.")
    return int(text)


def _refuse(sentence: str) -> NoReturn:
    raise RefusedError(HTTPStatus.BAD_REQUEST, sentence)
