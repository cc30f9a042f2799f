"""Progress of long work: one moving line on a terminal, occasional plain lines in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

_TERMINAL_SECONDS = 0.1
_LOG_SECONDS = 10.0
_BAR = 24
_BLOCKS = "█░"  #: what is done, and what is not
_ASCII = "#."


def _can_write(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has these characters; a terminal of the C locale has not."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Progress:
    """Shows the progress of work of known size on `stream`, at most every so often."""

    def __init__(
        self,
        label: str,
        unit: str,
        *,
        scale: int = 1,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label, self._unit, self._scale = label, unit, scale
        self._stream = stream or sys.stderr
        self._moving = self._stream.isatty()
        self._bar = _BLOCKS if _can_write(self._stream, _BLOCKS) else _ASCII
        self._clock = clock
        self._next = clock() + (0 if self._moving else _LOG_SECONDS)

    def __call__(self, done: int, total: int) -> None:
        """Show `done` out of `total` units, unless something was shown just before."""
        if self._clock() < self._next:
            return
        self._next = self._clock() + (_TERMINAL_SECONDS if self._moving else _LOG_SECONDS)
        self._stream.write(
            f"\r{self._text(done, total)}" if self._moving else f"{self._text(done, total)}\n"
        )
        self._stream.flush()

    def finish(self) -> None:
        """Remove the moving line, so that the next output starts on an empty one."""
        if self._moving:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _text(self, done: int, total: int) -> str:
        part = min(done / total, 1.0) if total else 1.0
        filled = round(part * _BAR)
        bar = self._bar[0] * filled + self._bar[1] * (_BAR - filled) if self._moving else ""
        amount = f"{done // self._scale:,} of {total // self._scale:,} {self._unit}"
        share = f"{part:4.0%}" if self._moving else f"{part:.0%}"
        return " ".join(filter(None, (self._label, bar, share, amount)))
