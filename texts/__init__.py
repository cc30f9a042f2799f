"""The texts of pages, mails and cards: which there are, and their catalogues (`dev.py texts`)."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from shared.delivery.language import SAID
from shared.delivery.page.about_findings import texts_of_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
TEXTS = ROOT / "texts"
#: What code composes: a sentence or a part of one on each line, with holes for what varies.
SENTENCES = TEXTS / "sentences.txt"
LANGUAGES = ("de",)

_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_HEADER = "# Texts of partner-mfa-status (docs/adr/0009): edit msgstr only, then run dev.py texts."


def template_texts() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Each text of the templates: where it first is, and it, or its two forms."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    cast("Any", environment).newstyle_gettext = True  # an attribute of the extension
    for path in sorted((ROOT / "templates").glob("*/*")):
        if path.suffix == ".css":
            continue
        for _, _, message in extract_from_ast(environment.parse(path.read_text("utf-8"))):
            parts = [message] if isinstance(message, str) else message or ()
            forms = tuple(filter(None, parts))
            yield path.relative_to(ROOT).as_posix(), forms if len(forms) > 1 else forms[0]


def finding_texts() -> Iterator[tuple[str, str]]:
    """Each text of the pages of findings: where it is, and it."""
    for path, text in texts_of_findings():
        yield path.relative_to(ROOT).as_posix(), text


def sentences() -> list[str]:
    """Each sentence, or part of one, that code composes."""
    lines = SENTENCES.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def updated(language: str) -> Catalog:
    """The catalogue of a language with all texts that there are, and no other."""
    old = stored(language)
    catalog = Catalog(language, project="partner-mfa-status", header_comment=_HEADER, fuzzy=False)
    for place, forms in [*template_texts(), *finding_texts()]:
        before = old.get(forms if isinstance(forms, str) else forms[0])
        catalog.add(forms, before.string if before else "", locations=[(place, 0)])
    for sentence in sentences():
        before = old.get(sentence, SAID)
        catalog.add(sentence, before.string if before else "", context=SAID)
    return catalog


def stored(language: str) -> Catalog:
    """The catalogue of a language as it is stored."""
    path = TEXTS / f"{language}.po"
    if not path.exists():
        return Catalog(language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def as_po(catalog: Catalog) -> bytes:
    """A catalogue as text; equal catalogues give equal bytes."""
    file = BytesIO()
    write_po(file, catalog, width=100, omit_header=False, include_lineno=False)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(
        line for line in lines if b"-Date: " not in line and b"Generated-By" not in line
    )


def as_mo(catalog: Catalog) -> bytes:
    """A catalogue as the app reads it; equal catalogues give equal bytes."""
    catalog.creation_date = catalog.revision_date = _NO_DATE
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def current(language: str) -> dict[Path, bytes]:
    """The files of a language as they should be."""
    po = as_po(updated(language))
    return {
        TEXTS / f"{language}.po": po,
        TEXTS / f"{language}.mo": as_mo(read_po(BytesIO(po), locale=language)),
    }
