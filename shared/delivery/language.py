"""
The language that pages, mails and cards are printed in.

Values, files, logs and the terminal are in English. Where a page, a mail or a card is printed, each
text goes through `said`, which looks for it in the catalogue of the language (texts/). A sentence
that was composed of parts is recognised by its pattern there, so that a stored report can be
printed in any language (docs/adr/0009-sentences-are-translated-where-they-are-printed.md).

Nothing of a catalogue is loaded as long as the language is English.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache, partial
from gettext import GNUTranslations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.delivery import appearance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ENGLISH = "en"
SAID = "said"  #: the context of sentences that code composes, in a catalogue
_CATALOGUES = Path(__file__).parents[2] / "texts"
_NBSP = "\u00a0"
_PLAIN = str.maketrans("\u00a0\u201c\u201d\u2019", ' ""\'')

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if name[3:] else name for name in _MONTHS)
_DATE = re.compile(
    rf"(\d\d?)(?: ({_MONTH})(?: (\d{{4}}))?)?(–| – )(?=\d)|(\d\d?) ({_MONTH})(?: (\d{{4}}))?\b"
)
_ONE_NUMBER = r"[+−<>≥]?\d{1,3}(?:,\d{3})*(?:\.\d+)?"
_NUMBER = re.compile(rf"(?:{_ONE_NUMBER}|[?–])(?:/(?:{_ONE_NUMBER}|[?–]))*(?: %)?")
_ONLY_DATES = re.compile(r"(?:[\d:.,–() ]|\b[A-Z]{2,5}\b|\b[A-Z]\w++(?:/\w++)++)*+")

_LONGEST = 1500  #: characters of a text that is looked for; longer ones are not ours
_MOST_LISTED = 20

#: Where texts follow each other; what is in quotes stays together.
_SENTENCES = re.compile(r'"[^"]*"|(?<=[.?!])( )')
_CLAUSES = re.compile(r'"[^"]*"|(; )')
_ITEMS = re.compile(r'"[^"]*"|(, )')
_HOLE = re.compile(r"\{(\w+)\}")
_NUMBER_HOLE = re.compile(r"n\d?")
#: What a hole of a pattern may hold: a number, a day, a name or free text as it is, any text, which
#: is translated if it is known, else a known text.
_NUMBERS = r"[+−<>]?\d[\d,]*(?:\.\d+)?"
_ANY = "any"
_AS_IT_IS = ("name", "policy", "application", "domain", "text")


class Name(str):
    """A name that somebody chose: it is printed as it is in every language."""

    __slots__ = ()


def language() -> str:
    """The language of pages, mails and cards, as HTML names it."""
    return appearance.current().language


def said(text: str) -> str:
    """A text in the language; as it is if it is a name, or not in the catalogue."""
    return _known(text) or text


def is_said(text: str) -> bool:
    """Whether a text can be said in the language."""
    return language() == ENGLISH or _known(text) is not None


def _known(text: str) -> str | None:
    if isinstance(text, Name) or not text or language() == ENGLISH:
        return None
    sentence = text.strip()
    found = catalogue(language()).sentence(sentence)
    return found and text.replace(sentence, found)


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language other than English."""
    with (_CATALOGUES / f"{language}.mo").open("rb") as file:
        return Catalogue(_Messages(file))


class _Messages(GNUTranslations):
    """All messages of a compiled catalogue, which the standard library only looks up."""

    def messages(self) -> Iterator[tuple[str, str]]:
        """Each message with its text; one with a plural comes once for each."""
        catalog: dict[str | tuple[str, int], str] = vars(self)["_catalog"]
        for key, text in catalog.items():
            if isinstance(key, str):
                yield key, text


class _Pattern(NamedTuple):
    """A sentence with holes."""

    literal: str  #: its longest piece, which is looked for first
    weight: int  #: characters outside of its holes: of two that match, the heavier says more
    expression: re.Pattern[str]
    translation: str

    @classmethod
    def of(cls, sentence: str, translation: str) -> _Pattern:
        """Read ``{n} of {n2} accounts``."""
        plain = _plain(sentence)
        literals = _HOLE.split(plain)[::2]
        weight = sum(map(len, literals))
        return cls(max(literals, key=len), weight, expression_of(plain), translation)


def expression_of(sentence: str) -> re.Pattern[str]:
    """
    What a sentence with holes is recognised by, in time that grows with the text and no faster.

    A hole for any text is an atomic group with all up to the next such hole: the first place where
    they fit leaves the most to the rest, so no other place has to be tried.
    """
    first, *rest = _HOLE.split(sentence)
    stretches = [re.escape(first)]
    for name, literal in zip(rest[::2], rest[1::2], strict=True):
        if _NUMBER_HOLE.fullmatch(name):
            stretches[-1] += f"(?P<{name}>{_NUMBERS}){re.escape(literal)}"
        else:
            stretches.append(f"(?P<{name}>.+?){re.escape(literal)}")
    *earlier, last = stretches
    expression = "".join(f"(?>{stretch})" for stretch in earlier) + last
    return re.compile(expression, re.DOTALL)


def _plain(text: str) -> str:
    """A text as it is looked for: files have straight quotes, pages non-breaking spaces."""
    return text.translate(_PLAIN)


def _split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The texts between the separators that stand outside of quotes."""
    spans = [found.span(1) for found in separator.finditer(text) if found[1]]
    starts, ends = [0, *(end for _, end in spans)], [*(start for start, _ in spans), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


class Catalogue:
    """The texts of one language."""

    def __init__(self, messages: _Messages) -> None:
        self._messages = messages
        self._exact: dict[str, str] = {}
        patterns = []
        for key, text in messages.messages():
            context, _, sentence = key.rpartition("\x04")
            if context != SAID:
                continue
            if _HOLE.search(sentence):
                patterns.append(_Pattern.of(sentence, text))
            else:
                self._exact[_plain(sentence)] = text
        patterns.sort(key=lambda it: -it.weight)
        self._labels = [it for it in patterns if _ANY in it.expression.groupindex]
        self._patterns = [it for it in patterns if _ANY not in it.expression.groupindex]
        self.sentence = lru_cache(maxsize=4096)(self._sentence)

    def text(self, message: str) -> str:
        """A text of a template."""
        return self._messages.gettext(message)

    def texts(self, one: str, many: str, number: int) -> str:
        """A text of a template that depends on a number."""
        return self._messages.ngettext(one, many, number)

    def _sentence(self, text: str) -> str | None:
        """One or more sentences, or a part of one; `None` if any of it is not known."""
        plain = _plain(text)
        if not plain or len(plain) > _LONGEST or plain.count(" and ") > _MOST_LISTED:
            return None
        found = (
            self._spelt(self._exactly, plain)
            or self._matched(self._labels, plain)
            or self._parts(plain, _SENTENCES, " ")
            or self._parts(plain, _CLAUSES, "; ")
            or self._spelt(partial(self._matched, self._patterns), plain)
            or self._parts(plain, _ITEMS, ", ")
        )
        if found and plain.endswith((".", "?", "!")):
            found = f"{found[0].upper()}{found[1:]}"
        return found and found.replace(" %", f"{_NBSP}%")

    def _exactly(self, text: str) -> str | None:
        return self._exact.get(text) or _value(text)

    def _matched(self, patterns: Iterable[_Pattern], text: str) -> str | None:
        matches = (it for it in patterns if it.literal in text)
        return next(filter(None, (self._filled(it, text) for it in matches)), None)

    def _spelt(self, find: Callable[[str], str | None], text: str) -> str | None:
        """A text as it is, with its first letter in the other case, or without its full stop."""
        for stop in ("", ".") if text.endswith(".") else ("",):
            bare = text.removesuffix(stop)
            for first in dict.fromkeys((bare[:1], bare[:1].swapcase())):
                if found := find(first + bare[1:]):
                    start = found[0].upper() if bare[0].isupper() else found[0]
                    return start + found[1:] + stop
        return None

    def _filled(self, pattern: _Pattern, text: str) -> str | None:
        match = pattern.expression.fullmatch(text)
        if not match:
            return None
        holes = {name: self._in_hole(name, value) for name, value in match.groupdict().items()}
        if None in holes.values():
            return None
        return _HOLE.sub(lambda hole: holes[hole[1]] or "", pattern.translation)

    def _in_hole(self, name: str, value: str) -> str | None:
        if name == "day":
            return _value(value)
        if name.startswith(_AS_IT_IS):
            return value
        found = self.sentence(value)
        return value if found is None and name == _ANY else found

    def _parts(self, text: str, separator: re.Pattern[str], joint: str) -> str | None:
        """Several texts one after another, if each of them is known."""
        ending = "." if joint != " " and text.endswith(".") else ""
        parts = _split(text.removesuffix(ending), separator)
        found = [self.sentence(part) for part in parts] if len(parts) > 1 else [None]
        return None if None in found else joint.join(map(str, found)) + ending


def _value(text: str) -> str | None:
    """A number, a share, a day or an instant in the form of the language."""
    if _NUMBER.fullmatch(text):
        return text.translate(str.maketrans(",.", ".,"))
    days = _DATE.sub(_day, text)
    return days if days != text and _ONLY_DATES.fullmatch(days) else None


def _day(match: re.Match[str]) -> str:
    first, first_month, first_year, dash, day, month, year = match.groups()
    if dash:
        return f"{_date(first, first_month, first_year)}–"
    return _date(day, month, year)


def _date(day: str, month: str | None, year: str | None) -> str:
    number = next((i for i, name in enumerate(_MONTHS, 1) if month and name.startswith(month)), 0)
    return f"{int(day):02}." + (f"{number:02}." if number else "") + (year or "")
