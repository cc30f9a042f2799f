"""Whole lists from Graph: every page of a list or an error, never some of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from shared.decoding import decode_json
from shared.errors import SourceIncompleteError
from shared.sources.graph.answers import BrokenCrawlError, unreadable_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.sources.graph.reader import GraphReader

#: More than any tenant has. Without an end, links that never repeat would be followed for ever.
MOST_PAGES = 10_000
LONGEST_LINK = 16_384  #: characters

_T = TypeVar("_T")


class Page(Protocol):
    """One page of a list."""

    @property
    def next_link(self) -> str | None:
        """``@odata.nextLink``; `None` on the last page."""


_PageT = TypeVar("_PageT", bound=Page)


class ListPage(msgspec.Struct, frozen=True):
    """A page whose objects are not decoded yet."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


def read_pages(
    reader: GraphReader, url: str, decode: Callable[[bytes], _PageT]
) -> Iterator[_PageT]:
    """
    Yield every page of the list at an address, following each next link exactly as Graph gave it.

    Raises `SourceIncompleteError` if a link leads to another host or to a page already read, and
    for too many or too long links.
    """
    page = reader.read(url, decode)
    yield page
    yield from _following_pages(reader, page, decode, [url])


def read_list(reader: GraphReader, url: str, kind: type[_T]) -> list[_T]:
    """
    Every object of the list at an address, each as a *kind*.

    A crawl that breaks off is started again once: skip tokens expire for no apparent reason
    (msgraph-sdk-powershell 1388), and pages are of no use without the rest of the list.
    """
    try:
        return _objects(read_pages(reader, url, _decode_page), kind)
    except BrokenCrawlError:
        return _objects(read_pages(reader, url, _decode_page), kind)


def finish_list(reader: GraphReader, first: bytes, kind: type[_T]) -> list[_T]:
    """Every object of a list whose first page was read in another way."""
    page = shaped(first, ListPage)
    return _objects([page, *_following_pages(reader, page, _decode_page)], kind)


def shaped(raw: bytes | msgspec.Raw, kind: type[_T]) -> _T:
    """An answer's JSON as a *kind*; `SourceIncompleteError` if it has another shape."""
    return decode_json(raw, kind, _misshapen)


def _following_pages(
    reader: GraphReader,
    page: _PageT,
    decode: Callable[[bytes], _PageT],
    urls_read: Iterable[str] = (),
) -> Iterator[_PageT]:
    followed = set(urls_read)
    while link := page.next_link:
        if not link.startswith(f"{reader.url}/"):
            raise SourceIncompleteError(
                "Graph's link to the next page leads to another host; it was not followed."
            )
        if link in followed:
            raise SourceIncompleteError("Graph's links to the next page lead in a circle.")
        if len(link) > LONGEST_LINK:
            raise SourceIncompleteError("Graph's link to the next page is too long to be one.")
        if len(followed) >= MOST_PAGES:
            raise SourceIncompleteError(f"Graph's list does not end after {MOST_PAGES:,} pages.")
        followed.add(link)
        page = reader.read(link, decode, is_next_page=True)
        yield page


def _misshapen(reason: str) -> SourceIncompleteError:
    del reason  # it may quote the answer
    return SourceIncompleteError("Graph's answer does not have the shape it is documented with.")


def _decode_page(body: bytes) -> ListPage:
    return decode_json(body, ListPage, unreadable_answer)


def _objects(pages: Iterable[ListPage], kind: type[_T]) -> list[_T]:
    return [item for page in pages for item in shaped(page.value, list[kind])]  # type: ignore[valid-type]
