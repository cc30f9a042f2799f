"""A page as a screen reader gets it: its elements and its text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from shared.delivery.page.report_page import render_page

if TYPE_CHECKING:
    from shared.mfa.report import Report

_VOID = {"meta", "link", "wbr", "br", "input"}
_BLOCKS = {"p", "li", "td", "th", "small", "dt", "dd"}


class Page(HTMLParser):
    """Elements and visible text of a page; fails if a tag is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in _BLOCKS:
            self.pieces.append(" ")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.pieces.append(data)

    @property
    def text(self) -> str:
        """Its text with single spaces."""
        return re.sub(r"\s+", " ", "".join(self.pieces).replace("\u00a0", " "))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(made: Report) -> Page:
    return Page(render_page(made))
