"""How templates print: their own texts and every value in the language, and harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from jinja2 import pass_context
from jinja2.ext import Extension
from jinja2.lexer import Token
from markupsafe import Markup

from shared.delivery.language import ENGLISH, Name, catalogue, is_said, said
from shared.delivery.text.formatting import harmless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment
    from jinja2.lexer import TokenStream
    from jinja2.runtime import Context

_TAG = re.compile(r"<[a-z/!]", re.IGNORECASE)
_WHOLE_TAG = re.compile(r"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
#: An attribute that people hear or see, not closed yet.
_READ_OUT = re.compile(r"""\b(?:aria-label|title|alt|data-label)=["'][^"']*$""")
EXTENSIONS = ["jinja2.ext.i18n", "shared.delivery.texts_of_templates.AttributesAsTheyAre"]


def printed(value: Any) -> Any:  # noqa: ANN401 (jinja hands over whatever a template prints)
    """What is printed for a value; the people who sign in choose the names among them."""
    if value is None:
        raise TypeError("A template prints None; say 'unknown' in words instead.")
    if isinstance(value, str) and not isinstance(value, Markup):
        return harmless(said(value))
    return value


class AttributesAsTheyAre(Extension):
    """
    Keeps values in tags as they are: classes, ids and addresses, in which nobody reads a language.

    It puts the filter ``as_it_is`` after each of them, except in attributes that are read out.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Follow the tags in the template's own text."""
        tag = ""  #: the tag that is open, from its ``<``
        is_kept = False
        for token in stream:
            if token.type == "data":
                tag = _open_tag(tag + token.value)
            elif token.type == "variable_begin":
                is_kept = bool(tag) and not _READ_OUT.search(tag)
            yield from _kept(token) if is_kept else [token]


def _kept(token: Token) -> Iterator[Token]:
    if token.type == "variable_end":
        yield Token(token.lineno, "rparen", ")")
        yield Token(token.lineno, "pipe", "|")
        yield Token(token.lineno, "name", "as_it_is")
    yield token
    if token.type == "variable_begin":
        yield Token(token.lineno, "lparen", "(")


def _open_tag(text: str) -> str:
    """The tag that a text leaves open; empty if there is none."""
    start = max(text.rfind("<"), 0)
    is_open = _TAG.match(text, start) and not _WHOLE_TAG.match(text, start)
    return text[start:] if is_open else ""


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 (as above)
    is_plain = isinstance(value, str) and not isinstance(value, Markup)
    return Name(value) if is_plain else value


def _language_mark(text: str) -> Markup:
    """The attribute that marks a text as English on a page of another language."""
    return Markup("") if is_said(text) else Markup(' lang="en"')


def install_texts(environment: Environment) -> None:
    """Have ``{% trans %}`` and ``_()`` print in the language of the environment."""
    tongue = environment.globals["language"]
    environment.filters.update(as_it_is=_as_it_is, language_mark=_language_mark)

    @pass_context
    def gettext(context: Context, text: str, /, **values: object) -> str:
        found = text if tongue == ENGLISH else catalogue(tongue).text(text)
        return _filled(context, found, values)

    @pass_context
    def ngettext(context: Context, one: str, many: str, number: int, /, **values: object) -> str:
        english = one if number == 1 else many
        found = english if tongue == ENGLISH else catalogue(tongue).texts(one, many, number)
        return _filled(context, found, values)

    cast("Any", environment).newstyle_gettext = True  # an attribute of the extension
    environment.globals.update(gettext=gettext, ngettext=ngettext)


def _filled(context: Context, text: str, values: dict[str, object]) -> str:
    """A text with its values, which are printed like any other; as HTML if that is printed."""
    shown = {name: printed(value) for name, value in values.items()}
    if context.eval_ctx.autoescape:
        return Markup(text) % shown  # noqa: S704 (ours)
    return Name(text % shown)
