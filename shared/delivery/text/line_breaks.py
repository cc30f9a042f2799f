"""Where a name may be broken, so that a phone breaks an address between its words."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from shared.delivery.text.formatting import harmless

_ROOM = 16  #: letters of the narrowest column there is, a table's on a phone

_LONG = re.compile(rf"[^\s@]{{{_ROOM + 1},}}")
_JOINT = re.compile(r"(?<=\w)([._])(?=\w)")  # what guests are called has a _ before its host
_HOST = re.compile(r"@([^\s@]+)")


def breakable(name: str) -> Markup:
    """
    A name as HTML that may be broken after its @, and before the joints of a part that is long.

    What follows the @ stands in a ``span`` of class ``host``, by which a page keeps it together
    where there is room. A mail program that looks for names of hosts piece by piece finds none.
    """
    told = _LONG.sub(lambda part: _jointed(part[0]), str(escape(harmless(name))))
    return Markup(_HOST.sub(_host, told))  # noqa: S704 (escaped above)


def _host(match: re.Match[str]) -> str:
    return f'@<wbr><span class="host">{_jointed(match[1])}</span>'


def _jointed(text: str) -> str:
    return _JOINT.sub(r"<wbr>\1", text)
