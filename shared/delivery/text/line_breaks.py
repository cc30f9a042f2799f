"""Where a name may break, so that a phone breaks an address between its words."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from shared.delivery.language import said
from shared.delivery.text.formatting import harmless

_ROOM = 16  #: letters that fit into the narrowest column on a phone

_LONG = re.compile(rf"[^\s@]{{{_ROOM + 1},}}")
_JOINT = re.compile(r"(?<=\w)([._])(?=\w)")  # a guest's name has a _ before its host
_HOST = re.compile(r"@([^\s@]+)")


def breakable(name: str) -> Markup:
    """
    A name, or a text with names, as HTML.

    It may break after its @, and before each dot or underscore of a long part.

    The host after the @ is in a ``span`` of class ``host``, which a page keeps on one line if there
    is room. The breaks also hide the host name from mail programs that look for one to link.
    """
    html = _LONG.sub(lambda part: _jointed(part[0]), str(escape(harmless(said(name)))))
    return Markup(_HOST.sub(_host, html))  # noqa: S704 (escaped above)


def _host(match: re.Match[str]) -> str:
    return f'@<wbr><span class="host">{_jointed(match[1])}</span>'


def _jointed(text: str) -> str:
    return _JOINT.sub(r"<wbr>\1", text)
