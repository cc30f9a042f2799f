"""Whole lists from Graph: every page of one, or an error, never some of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from shared.errors import SourceIncompleteError
from shared.sources.graph.answers import BrokenCrawlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.sources.graph.reader import GraphReader

_T = TypeVar("_T")


class ListPage(msgspec.Struct, frozen=True):
    """One page of a list; its objects are decoded by whoever knows what they are."""

    value: msgspec.Raw = msgspec.Raw(b"null")
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


def read_list(reader: GraphReader, url: str, kind: type[_T]) -> list[_T]:
    """
    Every object of the list at an address, each as a *kind*.

    A crawl that breaks off in the middle is begun anew once: skip tokens die for no reason
    (msgraph-sdk-powershell 1388), and what they had brought is of no use without the rest.
    """
    try:
        return list(_crawl(reader, url, kind))
    except BrokenCrawlError:
        return list(_crawl(reader, url, kind))


def finish_list(reader: GraphReader, first: bytes, kind: type[_T]) -> list[_T]:
    """Every object of a list whose first page has come by another way."""
    page = shaped(first, ListPage)
    objects = _objects(page, kind)
    if link := page.next_link:
        _check_link(reader, link, set())
        objects += _crawl(reader, link, kind)
    return objects


def shaped(raw: bytes | msgspec.Raw, kind: type[_T]) -> _T:
    """An answer's JSON as a *kind*; its shape is Graph's promise, so asking again is no use."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError:
        raise SourceIncompleteError(
            "Graph's answer does not have the shape it is documented with."
        ) from None


def _crawl(reader: GraphReader, first_url: str, kind: type[_T]) -> Iterator[_T]:
    followed: set[str] = set()
    link: str | None = first_url
    while link:
        page = reader.read(link, _decode_page, is_next_page=bool(followed))
        followed.add(link)
        yield from _objects(page, kind)
        link = page.next_link
        if link:
            _check_link(reader, link, followed)


def _decode_page(body: bytes) -> ListPage:
    return msgspec.json.decode(body, type=ListPage)


def _objects(page: ListPage, kind: type[_T]) -> list[_T]:
    return shaped(page.value, list[kind])  # type: ignore[valid-type]


def _check_link(reader: GraphReader, link: str, followed: set[str]) -> None:
    if not link.startswith(f"{reader.url}/"):
        raise SourceIncompleteError(
            "Graph's link to the next page leads to another host; it was not followed."
        )
    if link in followed:
        raise SourceIncompleteError("Graph's links to the next page lead in a circle.")
