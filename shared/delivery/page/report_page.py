"""The report as one self-contained HTML page. It renders the Report and computes no figures."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.delivery import appearance, language
from shared.delivery.appearance import Accent
from shared.delivery.page import charts, history_chart
from shared.delivery.page.accounts_table import filters_of_finding
from shared.delivery.text import (
    account_shares,
    bars,
    changes,
    completeness,
    exceptions,
    figure_words,
    figures,
    findings,
    first_step,
    formatting,
    protected_pages,
    sentences,
    snippets,
    ticket,
)
from shared.delivery.text.customers import customers_line
from shared.delivery.text.line_breaks import breakable
from shared.delivery.texts_of_templates import EXTENSIONS, install_texts, printed

if TYPE_CHECKING:
    from shared.delivery.appearance import Appearance
    from shared.mfa.report import Report

_TEMPLATES = Path(__file__).parents[3] / "templates" / "report"
_STYLE_SHEETS = ("base.css", "figures.css", "charts.css", "tables.css", "media.css")

_ACCENT = """
:root {{ --link: {}; }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ --link: {}; }} }}
"""

ROWS_OPEN = 5  #: a table of users or applications with more rows is folded, except in print


_FILTERS = {
    "percent": formatting.percent,
    "thousands": formatting.thousands,
    "count": formatting.count,
    "long_day": formatting.long_day,
    "short_day": formatting.short_day,
    "weekday": formatting.weekday,
    "instant": formatting.instant,
    "short_instant": formatting.short_instant,
    "label": sentences.label,
    "source_name": sentences.source_name,
    "breakable": breakable,
    "capitalize_first": formatting.capitalised,
    "finding_card": findings.finding_card,
    "safe_link": findings.safe_link,
}

_GLOBALS = {
    "span": formatting.span,
    "clock_words": formatting.clock_words,
    "zone_name": formatting.zone_name,
    "name_of": formatting.name_of,
    "sentences": sentences,
    "protected_pages": protected_pages,
    "figure_words": figure_words,
    "completeness": completeness,
    "bars": bars,
    "charts": charts,
    "history_chart": history_chart,
    "request_figures": figures.request_figures,
    "account_figure": figures.account_figure,
    "account_share_lines": account_shares.account_share_lines,
    "method_quality": account_shares.method_quality,
    "exceptions": exceptions,
    "first_step_words": first_step.first_step_words,
    "next_steps": first_step.next_steps,
    "changes": changes,
    "customers_line": customers_line,
    "snippet": snippets.snippet,
    "ticket": ticket.ticket,
    "filters_of_finding": filters_of_finding,
    "overall_state": figures.overall_state,
    "ROWS_OPEN": ROWS_OPEN,
}


class PageLinks(NamedTuple):
    """Where the links of a page that is served lead; nothing is set for a page in a folder."""

    files: str = ""  #: what stands before a file's name; ends in a slash
    accounts: str = ""  #: the accounts' page; empty if there is none
    applications: str = ""  #: the applications' page; empty if there is none
    reports: str = ""  #: the index of reports; empty if there is none
    customers: str = ""  #: the customers' page; empty if there is none
    permissions: str = ""  #: the permissions' page; empty if there is none
    about: str = ""  #: the file about the findings; empty if there is none
    workbook: str = ""  #: the workbook; empty if there is none


_IN_A_FOLDER = PageLinks()
_SERVED_LINK = re.compile(
    r' <a class="served" [^>]*>[^<]*(?:<span class="spoken">[^<]*</span>\s*)?</a>'
)


def render_page(report: Report, links: PageLinks = _IN_A_FOLDER) -> str:
    """
    Render the whole page: no other host, no script, and equal reports give equal pages.

    Every printed text is escaped and freed of control, invisible and direction-changing
    characters, because the people who sign in choose the names in the logs.
    """
    page = environment().get_template("page.html")
    return page.render(report=report, links=links)


def page_for_folder(page: str, links: PageLinks) -> str:
    """
    The page as `render_page` renders it for a folder, made from one with these links.

    Links to files become relative, and links to other pages go. No name in the page can pass for
    a link, because names are escaped.
    """
    return _SERVED_LINK.sub("", page).replace(f' href="{links.files}', ' href="')


def environment() -> Environment:
    """The template environment of the report and of the other pages that look like it."""
    return _environment(language.language(), appearance.current())


@cache
def _environment(tongue: str, brand: Appearance) -> Environment:
    """Templates that are imported keep what they say, so each language has its own."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printed,
        extensions=EXTENSIONS,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(_FILTERS)
    made.globals.update(_GLOBALS)
    made.globals.update(look(), language=tongue, brand=brand)
    install_texts(made)
    return made


def look(*more: str) -> dict[str, str]:
    """The style sheet, with further sheets that a page needs, and its hash for the policy."""
    return _look(appearance.current().accent, more)


@cache
def _look(accent: Accent, more: tuple[str, ...]) -> dict[str, str]:
    sheets = (*_STYLE_SHEETS, *more)
    style = "".join((_TEMPLATES / name).read_text("utf-8") for name in sheets)
    if accent != Accent():
        style += _ACCENT.format(accent.light, accent.dark)
    return {"style": Markup(style), "style_hash": style_hash(style)}  # noqa: S704 (our own files)


def style_hash(style: str) -> str:
    """The hash by which the page's content security policy allows this style sheet and no other."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"sha256-{digest}"
