"""Graph's clock, by the ``Date`` of its answers: a day must be over by this one, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from shared.errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOLERANCE = timedelta(minutes=5)  #: an answer may have been under way for two of them


@dataclass(slots=True)
class GraphClock:
    """Compares this machine's clock with Graph's; all readers of a tenant share one."""

    now: Callable[[], datetime]  #: this machine's, aware, UTC
    ahead: timedelta = timedelta()  #: how far Graph's clock was ahead at the last answer

    def compare(self, headers: Mapping[str, str]) -> None:
        """
        Note the time of an answer; header names are in lower case.

        Raises `ClockError` if the clocks differ by more than a few minutes.
        """
        theirs = _date(headers)
        if theirs is None:
            return
        ours = self.now()
        self.ahead = theirs - ours
        if abs(self.ahead) > TOLERANCE:
            raise ClockError(
                f"This machine's clock says {ours:%Y-%m-%d %H:%M} UTC and Graph's says "
                f"{theirs:%Y-%m-%d %H:%M}: set this machine's clock, then start again; nothing was "
                "entered."
            )

    def had_passed(self, end: str, ours: datetime) -> bool:
        """Whether an instant, as slices write it, had passed by both clocks at a time of ours."""
        return min(ours, ours + self.ahead) >= datetime.fromisoformat(f"{end[:19]}+00:00")


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
