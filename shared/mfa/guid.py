"""The format of Entra's ids."""

from __future__ import annotations

import re

_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

NO_GUID = "00000000-0000-0000-0000-000000000000"  #: what is written where there is no id


def is_guid(text: str) -> bool:
    """Whether the whole text is a GUID, in upper or lower case."""
    return _GUID.fullmatch(text) is not None
