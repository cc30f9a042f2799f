"""The one clock. Only the outermost code reads it; everything else is handed an instant."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)
