"""
What findings mean, how they are known and how they are fixed: their pages in docs/findings, as one.

Only the part of Markdown that those pages use is understood; a test renders each of them. In
another language, each of their paragraphs, items and cells is a text of the catalogue.
"""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup, escape

from shared.delivery.language import ENGLISH, catalogue, language
from shared.delivery.page.report_page import environment
from shared.mfa.findings.catalogue import CATALOGUE
from shared.mfa.findings.places import blade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shared.mfa.report import Report

ABOUT_FINDINGS = "findings.html"  #: the file's name

_PAGES = Path(__file__).parents[3] / "docs" / "findings"
_ONLY_CODE = re.compile(r"`[^`]+`|-+")
_INLINE = re.compile(
    r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\[\]]+)\]\(([^()]+)\)|(https://[^\s)]+)"
)


class AboutFinding(NamedTuple):
    """One finding's page: its title, and the rest as HTML."""

    id: str
    title: str
    body: Markup


def render_about_findings(report: Report) -> str:
    """Render the pages of the findings that a report has, each once, in their order."""
    ids = dict.fromkeys(found.id for found in report.findings if found.id in CATALOGUE)
    center = blade(report.cloud, report.tenant_id or "", "")
    linked, tongue = frozenset(ids), language()
    about = [about_finding(finding_id, linked, center, tongue) for finding_id in ids]
    return environment().get_template("about_findings.html").render(report=report, about=about)


@cache
def about_finding(
    finding_id: str, linked: frozenset[str], center: str, tongue: str = ENGLISH
) -> AboutFinding:
    """
    A finding's page in a language, whose links into Entra lead to the tenant's admin center.

    Links to the findings of `linked` lead to their place on the same page.
    """
    page = (_PAGES / f"{finding_id}.md").read_text("utf-8")
    blocks = _blocks(page)
    if tongue != ENGLISH:
        blocks = [_reworded(block, catalogue(tongue).text) for block in blocks]
    entra = blade("global", "", "")
    lines = [block.replace(entra, center).splitlines() for block in blocks]
    body = Markup("\n").join(_block(block, linked) for block in lines)
    return AboutFinding(finding_id, page.partition("\n")[0].removeprefix("# "), body)


def texts_of_findings() -> Iterator[tuple[Path, str]]:
    """Each text of the pages, and the page that it is on."""
    for path in sorted(_PAGES / f"{finding_id}.md" for finding_id in CATALOGUE):
        found: list[str] = []
        for block in _blocks(path.read_text("utf-8")):
            _reworded(block, partial(_noted, found))
        yield from ((path, text) for text in found)


def _noted(found: list[str], text: str) -> str:
    found.append(text)
    return text


def _blocks(page: str) -> list[str]:
    """What stands between empty lines, after the title and the line with id and severity."""
    return re.split(r"\n{2,}", page.partition("\n")[2].strip())[1:]


def _reworded(block: str, reword: Callable[[str], str]) -> str:
    """A block with each of its texts replaced; code alone is not a text."""

    def replaced(text: str) -> str:
        line = " ".join(text.split())
        return line if _ONLY_CODE.fullmatch(line) else reword(line)

    if block.startswith("## "):
        return f"## {replaced(block[3:])}"
    if block.startswith("|"):
        rows = ([*map(replaced, _cells(line))] for line in block.splitlines())
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    if block.startswith("* "):
        return "\n".join(f"* {replaced(item)}" for item in _items(block))
    return replaced(block)


def _items(block: str) -> list[str]:
    return re.split(r"^\* ", block, flags=re.MULTILINE)[1:]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _block(lines: list[str], linked: frozenset[str]) -> Markup:
    if lines[0].startswith("## "):
        return Markup("<h3>{}</h3>").format(_inline(lines[0][3:], linked))
    if lines[0].startswith("|"):
        return _table(lines, linked)
    if lines[0].startswith("* "):
        items = _items("\n".join(lines))
        listed = Markup("").join(Markup("<li>{}</li>").format(_inline(it, linked)) for it in items)
        return Markup("<ul>{}</ul>").format(listed)
    return Markup("<p>{}</p>").format(_inline("\n".join(lines), linked))


def _table(lines: list[str], linked: frozenset[str]) -> Markup:
    header, _, *rows = map(_cells, lines)
    return Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(
        _row(header, Markup('<th scope="col">{}</th>'), linked),
        Markup("").join(_row(row, Markup("<td>{}</td>"), linked) for row in rows),
    )


def _row(cells: Iterable[str], cell: Markup, linked: frozenset[str]) -> Markup:
    printed = Markup("").join(cell.format(_inline(text, linked)) for text in cells)
    return Markup("<tr>{}</tr>").format(printed)


def _inline(text: str, linked: frozenset[str]) -> Markup:
    return Markup("").join(_pieces(" ".join(text.split()), linked))


def _pieces(text: str, linked: frozenset[str]) -> Iterator[Markup]:
    end = 0
    for match in _INLINE.finditer(text):
        yield escape(text[end : match.start()])
        yield _piece(match, linked)
        end = match.end()
    yield escape(text[end:])


def _piece(match: re.Match[str], linked: frozenset[str]) -> Markup:
    code, strong, emphasis, label, target, address = match.groups()
    if code:
        return Markup("<code>{}</code>").format(code)
    if strong or emphasis:
        return Markup("<em>{}</em>").format(strong or emphasis)
    place = target or address
    if place.startswith("https://"):
        return Markup('<a href="{}" rel="noreferrer">{}</a>').format(place, label or address)
    finding_id = place.removesuffix(".md")
    if finding_id in linked:
        return Markup('<a href="#{}">{}</a>').format(finding_id, label)
    return escape(label)  # a page of the project that is not here
