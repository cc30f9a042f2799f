"""
The clock of the tests. Everything that can be handed an instant is handed a fixed one.

A few things cannot be: a real server checks certificates, tokens and signed links against its own
clock, and a program started by a test reads the machine's.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

#: Passed to programs that get an environment of their own: libfaketime sets the clock by these.
CLOCK = {name: os.environ[name] for name in os.environ if name.startswith(("FAKETIME", "LD_PRE"))}


def real_now() -> datetime:
    """The machine's clock, UTC: for what a real server or another process checks."""
    return datetime.now(UTC)
