"""
The mail of a report: subject, text and HTML. It renders the Report and computes no figures.

Neither part loads anything: no image, no script, no font, no tracking.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shared.delivery import appearance, language
from shared.delivery.language import Name
from shared.delivery.mail.mailer import Mail
from shared.delivery.mail.subject import Correction
from shared.delivery.mail.subject import subject as subject_of
from shared.delivery.text import formatting
from shared.delivery.text.digest import report_digest
from shared.delivery.text.line_breaks import breakable
from shared.delivery.text.lists import unlinked
from shared.delivery.text.sentences import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from shared.delivery.appearance import Appearance
    from shared.mfa.report import Report

TEXT_COLUMNS = 76  #: of the text part; only an address that cannot be broken is longer
_TEMPLATES = Path(__file__).parents[3] / "templates" / "mail"
_FILTERS = {
    "count": formatting.count,
    "thousands": formatting.thousands,
    "capitalised": formatting.capitalised,
    "breakable": breakable,
    "label": label,
}


def render_mail(
    report: Report, earlier: Report | None, public_url: str | None, notes: Sequence[str] = ()
) -> Mail:
    """
    Render the mail on a report; the same arguments give the same mail.

    `earlier` is the report to compare with, normally that of the day before. `public_url` is the
    base of the links; `None` means no links. Raises `BadSettingError` if it is invalid. `notes`
    are sentences that stand below the headline, on mails that did not go out, say.
    """
    digest = report_digest(report, earlier, public_url)
    digest = replace(digest, notes=[*map(unlinked, notes), *digest.notes])
    subject = _one_line(_render("subject.txt", subject=Name(subject_of(report)), digest=digest))
    return Mail(
        subject=subject,
        text=_folded(_render("body.txt", digest=digest)),
        html=_render("body.html", digest=digest, subject=Name(subject)),
        date=_date(report),
        logo=_logo(),
    )


def render_correction(report: Report, lacked: str, said: str, public_url: str | None) -> Mail:
    """
    Render the short mail that follows one whose report lacked something which is known now.

    `lacked` says what, and `said` are the figures of the first mail, in the words of its subject.
    """
    digest = report_digest(report, None, public_url)
    correction = Correction.of(report, lacked, said)
    ending = f", {language.said('complete now')}"
    subject = Name(subject_of(report, ending))
    shown = Name(_one_line(_render("subject.txt", subject=subject, digest=digest)))
    return Mail(
        subject=shown,
        text=_folded(_render("correction.txt", digest=digest, correction=correction)),
        html=_render("correction.html", digest=digest, subject=shown, correction=correction),
        date=_date(report),
        logo=_logo(),
    )


def _logo() -> bytes:
    logo = appearance.current().logo
    return logo.content if logo else b""


def _render(name: str, **values: object) -> str:
    return _environment().get_template(name).render(**values)


def _environment() -> Environment:
    return _made(language.language(), appearance.current())


@cache
def _made(tongue: str, brand: Appearance) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    from shared.delivery.texts_of_templates import EXTENSIONS, install_texts, printed

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        finalize=printed,
        extensions=EXTENSIONS,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(_FILTERS)
    environment.globals.update(language=tongue, brand=brand)
    install_texts(environment)
    return environment


def _one_line(text: str) -> str:
    """The text on one line, without white space that a header must not have."""
    return " ".join(text.split())


def _folded(text: str) -> str:
    """
    Plain text in lines that fit a terminal; continued lines keep the indentation.

    A non-breaking space is respected when lines are folded, and becomes a plain space afterwards.
    """
    lines = [folded for line in text.splitlines() for folded in _fold(line.rstrip())]
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return joined.replace(formatting.NBSP, " ").strip("\n") + "\n"


def _fold(line: str) -> list[str]:
    if len(line) <= TEXT_COLUMNS:
        return [line]
    indent = len(line) - len(line.lstrip(" -"))
    return textwrap.wrap(
        line,
        TEXT_COLUMNS,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _date(report: Report) -> datetime:
    """When the report was made; the end of its window if that is not a valid time."""
    try:
        made = datetime.fromisoformat(report.generated_at)
    except ValueError:
        made = datetime.combine(report.window.ending + timedelta(days=1), time(), UTC)
    return made if made.tzinfo else made.replace(tzinfo=UTC)
