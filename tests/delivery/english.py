"""The English of the catalogues, to be looked for where there should be none."""

from __future__ import annotations

import re
from functools import cache

from texts import finding_texts, sentences, stored, template_texts

#: Places for values, tags, and the marks of Markdown.
BETWEEN = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+>|`[^`]+`|\]\([^)]+\)|[\[*]")
LEAST_WORDS = 3  #: fewer may be a name, or the same in German


def plain(text: str) -> str:
    """With the quotes and spaces that sentences are looked for with."""
    return text.replace("\u00a0", " ").translate(str.maketrans("\u201c\u201d\u2019", '""\''))


@cache
def english() -> list[str]:
    """Every piece of an English text that cannot be part of a German one."""
    forms = [form for _, form in template_texts() if isinstance(form, str)]
    german = plain(" ".join(str(message.string) for message in stored("de")))
    found = pieces([*forms, *sentences()], LEAST_WORDS)
    found |= pieces([text for _, text in finding_texts()], LEAST_WORDS + 2)  # they name policies
    return sorted(each for each in found if each not in german)


def pieces(texts: list[str], least_words: int) -> set[str]:
    """What stands in texts between values and marks, of so many words or more."""
    found = {
        piece.strip(' .,:;()"').replace("%%", "%").replace("&nbsp;", " ")
        for text in texts
        for piece in BETWEEN.split(plain(text))
    }
    return {each for each in found if each.count(" ") >= least_words - 1}


def english_in(text: str) -> list[str]:
    shown = plain(" ".join(text.split()))
    found = [piece for piece in english() if piece in shown]  # which is quick
    return [piece for piece in found if re.search(rf"\b{re.escape(piece)}\b", shown)]
