"""What the figures over the simulated log must be, counted without reading any row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from simulator.tenants.rows import Row

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ExpectedSignIn:
    """A simulated sign-in, its row in the log, and the verdict that a reader must reach."""

    at: datetime
    row: Row
    channel: str  #: ``portal``, ``api``, or empty for one that does not concern Partner Center
    verdict: str  #: in the words of the report
    inherits_from: date | None = None  #: without evidence: the day of the sign-in it inherits from
    first_row: Row | None = None  #: the log's earlier, incomplete copy, if it has one

    @property
    def has_own_evidence(self) -> bool:
        """Whether its own row is enough for the verdict."""
        return not self.inherits_from and self.verdict in ("verified", "not_verified", "exempted")


def expected_counts(sign_ins: Iterable[ExpectedSignIn], ending: date) -> dict[str, Counter[str]]:
    """
    How many sign-ins of the seven days up to and including `ending` have which verdict, by channel.

    Deliberately knows nothing of records, fields or slices. A sign-in that inherits its verdict
    from a day outside the seven is unknown.
    """
    counts: dict[str, Counter[str]] = {"portal": Counter(), "api": Counter()}
    for sign_in in sign_ins:
        if not sign_in.channel or not _is_in_week(sign_in.at.date(), ending):
            continue
        source = sign_in.inherits_from
        is_unknown = source is not None and not _is_in_week(source, ending)
        counts[sign_in.channel]["unknown" if is_unknown else sign_in.verdict] += 1
    return counts


def _is_in_week(day: date, ending: date) -> bool:
    return ending - _WEEK < day <= ending
