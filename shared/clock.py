"""
The one clock, and how its instants are stored.

Only the outermost code reads the clock; everything else is handed an instant.
"""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """An instant in UTC as it is stored: to the second, so that texts compare as instants do."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
