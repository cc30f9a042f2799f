"""
What the page shows of a finding.

A finding is a mapping with ``id``, ``severity``, ``title``, ``cause``, ``remedy`` and ``subjects``
(names, or mappings with ``name`` and ``detail``); ``gain``, what the figure would read once it is
mended, and ``href``, a page or blade, are optional. Anything absent is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from shared.delivery.words import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBJECTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FindingCard:
    """One finding, all its texts in the form they are printed in."""

    id: str
    severity: str
    title: str
    cause: str
    remedy: str
    gain: str
    href: str
    subjects: list[str]
    more: int  #: subjects beyond those that are shown


def finding_card(finding: Mapping[str, object] | msgspec.Struct) -> FindingCard:
    """A finding as the page shows it."""
    told: dict[str, object] = msgspec.to_builtins(finding)
    subjects = told.get("subjects")
    names = [_subject(subject) for subject in subjects] if isinstance(subjects, list) else []
    return FindingCard(
        id=_text(told, "id"),
        severity=_text(told, "severity"),
        title=_text(told, "title") or _text(told, "id"),
        cause=_text(told, "cause"),
        remedy=_text(told, "remedy"),
        gain=_text(told, "gain"),
        href=safe_link(_text(told, "href")),
        subjects=names[:SUBJECTS_SHOWN],
        more=len(names[SUBJECTS_SHOWN:]),
    )


def _text(told: Mapping[str, object], key: str) -> str:
    value = told.get(key)
    return "" if value is None else str(value)


def _subject(subject: object) -> str:
    if not isinstance(subject, dict):
        return name_of(str(subject))
    name = name_of(_text(subject, "name"), _text(subject, "id"))
    detail = _text(subject, "detail")
    return f"{name} ({name_of(detail)})" if detail else name


def safe_link(href: str) -> str:
    """A link that leads to a page beside the report or to a site over TLS; else empty."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    relative = not parts.scheme and not parts.netloc
    return href.strip() if relative or parts.scheme == "https" else ""
