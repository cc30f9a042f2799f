"""What Entra's ids look like."""

from __future__ import annotations

import re

_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def is_guid(text: str) -> bool:
    """Whether a text is a GUID, in whatever case, and nothing else."""
    return _GUID.fullmatch(text) is not None
