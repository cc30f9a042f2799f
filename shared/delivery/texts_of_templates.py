"""How templates print: their own texts and every value in the language, and harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jinja2 import pass_context
from markupsafe import Markup

from shared.delivery.language import ENGLISH, catalogue, said
from shared.delivery.text.formatting import harmless

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context


def printed(value: Any) -> Any:  # noqa: ANN401 (jinja hands over whatever a template prints)
    """What is printed for a value; the people who sign in choose the names among them."""
    if value is None:
        raise TypeError("A template prints None; say 'unknown' in words instead.")
    if isinstance(value, str) and not isinstance(value, Markup):
        return harmless(said(value))
    return value


def install_texts(environment: Environment) -> None:
    """Have ``{% trans %}`` and ``_()`` print in the language of the environment."""
    tongue = environment.globals["language"]

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
    return (Markup(text) if context.eval_ctx.autoescape else text) % shown  # noqa: S704 (ours)
