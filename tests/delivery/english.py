"""The English of the catalogues, to be looked for where there should be none."""

from __future__ import annotations

import re
from functools import cache

from texts import sentences, stored, template_texts

LEAST_WORDS = 3  #: fewer may be a name, or the same in German


def plain(text: str) -> str:
    """With the quotes and spaces that sentences are looked for with."""
    return text.replace("\u00a0", " ").translate(str.maketrans("\u201c\u201d\u2019", '""\''))


@cache
def english() -> list[str]:
    """Every piece of an English text that cannot be part of a German one."""
    forms = [form for _, form in template_texts() if isinstance(form, str)]
    german = plain(" ".join(str(message.string) for message in stored("de")))
    pieces = {
        piece.strip(' .,:;()"').replace("%%", "%").replace("&nbsp;", " ")
        for text in [*forms, *sentences()]
        for piece in re.split(r"%\(\w+\)s|\{\w+\}|</?\w+>", plain(text))
    }
    return sorted(
        each for each in pieces if each.count(" ") >= LEAST_WORDS - 1 and each not in german
    )


def english_in(text: str) -> list[str]:
    shown = plain(" ".join(text.split()))
    return [piece for piece in english() if re.search(rf"\b{re.escape(piece)}\b", shown)]
