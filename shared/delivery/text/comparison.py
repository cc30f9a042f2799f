"""What changed between two reports on the same tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.delivery.text.figures import account_figure, request_figures
from shared.delivery.text.formatting import NBSP, count, percent, short_day
from shared.mfa.breakdown import SUBJECTS_SHOWN
from shared.mfa.percent import tenths
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from shared.delivery.text.figures import RequestFigure
    from shared.mfa.breakdown import Contribution
    from shared.mfa.report import Report


@dataclass(frozen=True, slots=True)
class FigureChange:
    """One share, now and in the earlier report. Fractions, 0 to 1, or `None`."""

    now: float | None
    before: float | None
    is_bound: bool = False  #: one of them is an "at least", so their difference means nothing

    @property
    def tenths(self) -> int | None:
        """
        The gain in tenths of a percentage point, between the shares as they are printed.

        `None` if either share is not known exactly.
        """
        if self.now is None or self.before is None or self.is_bound:
            return None
        return tenths(self.now) - tenths(self.before)

    @property
    def was(self) -> str:
        """The earlier share in words; ``unknown`` if it was."""
        bound = "at least " if self.is_bound and self.before is not None else ""
        return bound + percent(self.before)


@dataclass(slots=True)
class Turnover:
    """Users or applications with requests against a share, then and now. Worst first."""

    newly: list[Contribution] = field(default_factory=list)
    no_longer: list[Contribution] = field(default_factory=list)
    still: list[Contribution] = field(default_factory=list)
    unclear: int = 0  #: named by one report only, while the other does not name all it counted


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report compared with an earlier one."""

    since: date  #: the day that the earlier report ends on
    portal: FigureChange
    api: FigureChange
    accounts: FigureChange
    users: Turnover  #: of both channels
    applications: Turnover  #: of the API; the portal is one application
    caveats: list[str]  #: why the two are not fully comparable, in sentences

    def change(self, channel: Channel) -> FigureChange:
        """The change of one channel's share."""
        return self.portal if channel is Channel.PORTAL else self.api


def compare(report: Report, earlier: Report | None) -> Comparison | None:
    """Compare with an earlier report; `None` if it is not an earlier one of the same tenant."""
    if earlier is None or earlier.tenant_id != report.tenant_id:
        return None
    if earlier.window.ending >= report.window.ending:
        return None
    now, before = request_figures(report), request_figures(earlier)
    portal, api = (_request_change(*pair) for pair in zip(now, before, strict=True))
    return Comparison(
        since=earlier.window.ending,
        portal=portal,
        api=api,
        accounts=_account_change(report, earlier),
        users=_turnover(_users(report), _users(earlier)),
        applications=_turnover(_applications(report), _applications(earlier)),
        caveats=_caveats(report, earlier),
    )


def change_words(change: FigureChange, since: date) -> str:
    """A share's change as a clause; empty if neither share is known."""
    day = short_day(since)
    if change.tenths is not None:
        gained = points(change.tenths)
        return f"{gained} since {day}" if change.tenths else f"unchanged since {day}"
    if change.before is not None:
        return f"was {change.was} on {day}"
    return f"was unknown on {day}" if change.now is not None else ""


def points(gained: int) -> str:
    """``+5 points``, ``−0.3 points`` from tenths of a percentage point."""
    whole, tenth = divmod(abs(gained), 10)
    number = f"{whole}.{tenth}" if tenth else f"{whole}"
    sign = "−" if gained < 0 else "+"
    return f"{sign}{number}{NBSP}{'point' if number == '1' else 'points'}"


def unclear_sentence(turnover: Turnover, noun: str) -> str:
    """How many could not be compared; empty if all could."""
    if not turnover.unclear:
        return ""
    are = "is" if turnover.unclear == 1 else "are"
    return (
        f"Whether {count(turnover.unclear, f'other {noun}')} {are} new or gone is unknown: "
        f"a report names the worst {SUBJECTS_SHOWN} and adds up the others."
    )


def _request_change(now: RequestFigure, before: RequestFigure) -> FigureChange:
    """Unknown requests make a share an "at least"."""
    is_bound = now.is_bounded or before.is_bounded
    return FigureChange(_least(now), _least(before), is_bound)


def _least(figure: RequestFigure) -> float | None:
    return figure.lower if figure.is_bounded else figure.share


def _account_change(report: Report, earlier: Report) -> FigureChange:
    now, before = account_figure(report), account_figure(earlier)
    return FigureChange(now.share, before.share, bool(now.unknown or before.unknown))


def _users(report: Report) -> list[list[Contribution]]:
    return [figure.breakdown.by_user for figure in request_figures(report)]


def _applications(report: Report) -> list[list[Contribution]]:
    return [report.breakdown[Channel.API].by_application]


def _turnover(now: list[list[Contribution]], before: list[list[Contribution]]) -> Turnover:
    current, former = _against(now), _against(before)
    came = [part for key, part in current.items() if key not in former]
    went = [part for key, part in former.items() if key not in current]
    turnover = Turnover(still=[part for key, part in current.items() if key in former])
    if _names_all(before):
        turnover.newly = came
    else:
        turnover.unclear += len(came)
    if _names_all(now):
        turnover.no_longer = went
    else:
        turnover.unclear += len(went)
    return turnover


def _against(splits: Iterable[list[Contribution]]) -> dict[str, Contribution]:
    """The users or applications with requests against a share, by id, worst first."""
    named = [part for parts in splits for part in parts if part.against and not part.others]
    named.sort(key=lambda part: -part.against)
    subjects: dict[str, Contribution] = {}
    for part in named:
        subjects.setdefault(part.id, part)
    return subjects


def _names_all(splits: Iterable[list[Contribution]]) -> bool:
    return not any(part.others and part.against for parts in splits for part in parts)


def _caveats(report: Report, earlier: Report) -> list[str]:
    day = short_day(earlier.window.ending)
    caveats = []
    if report.window.ending - earlier.window.ending > timedelta(days=1):
        caveats.append(f"The newest earlier report is that of {day}.")
    if report.window.missing:
        caveats.append(
            f"This report lacks {count(len(report.window.missing), 'day')}: users and applications "
            "that are no longer listed may have requests on a missing day."
        )
    if earlier.window.missing:
        caveats.append(
            f"The report of {day} lacked {count(len(earlier.window.missing), 'day')}: users and "
            "applications that are new here may have had requests on a missing day."
        )
    if report.rule != earlier.rule:
        caveats.append(
            "A changed setting counts exempted requests differently than in the earlier report."
        )
    if report.source != earlier.source:
        caveats.append("The two reports were made from different sources.")
    return caveats
