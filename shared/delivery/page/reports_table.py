"""What can be asked of a partner's reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.page.table import Column, Filter, Table
from shared.mfa.window import WINDOW_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from shared.mfa.report import HistoryPoint


@dataclass(frozen=True, slots=True)
class PastReport:
    """What is still known of a report."""

    point: HistoryPoint
    complete_days: int  #: of seven
    files: Sequence[str]  #: those that can be asked for by name; none past their retention

    @property
    def ending(self) -> date:
        """Its last day."""
        return self.point.ending


def reports_table(reports: Sequence[PastReport]) -> Table[PastReport]:
    """What can be asked of the reports, which come newest first."""
    return Table(
        rows=reports,
        texts=lambda it: (it.ending.isoformat(),),
        columns={
            "ending": Column("Seven days to", lambda it: it.ending),
            "accounts": Column("Accounts", lambda it: it.point.accounts),
            "portal": Column("Portal", lambda it: it.point.least_portal),
            "api": Column("API or SDK", lambda it: it.point.least_api),
            "complete_days": Column("Days known", lambda it: it.complete_days),
        },
        filters={
            "days": Filter(
                "Days known",
                {"all": "All seven", "some": "Some missing"},
                lambda it: ("all" if it.complete_days == WINDOW_DAYS else "some",),
            ),
            "files": Filter(
                "Files",
                {"kept": "There", "removed": "Removed"},
                lambda it: ("kept" if it.files else "removed",),
            ),
        },
    )
