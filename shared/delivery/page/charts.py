"""The geometry of the page's charts. Lengths are percent of the chart; texts are printed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from shared.delivery.files.customers import CustomerStatus
from shared.delivery.text.bars import request_pieces, stacked_bar
from shared.delivery.text.figure_words import part_name
from shared.delivery.text.formatting import count, long_day, percent, unbroken, weekday
from shared.mfa.percent import percent_of_tenths, tenths
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shared.delivery.text.bars import Segment
    from shared.delivery.text.figures import AccountFigure, RequestFigure
    from shared.mfa.breakdown import Contribution
    from shared.mfa.metrics import Tally
    from shared.mfa.reasons.of_accounts import AccountCause
    from shared.mfa.report import DayCounts, Report

STEPS_SHOWN = 7  #: users or applications in a waterfall; the others are one more step
_WHOLE = 1000  #: tenths of a percent
_Piece = tuple[str, int, str]  #: a step's name, its number, and when the newest of them was made
_SCALES = (5, 10, 20, 50, 100, 200, 500)  #: tenths that a waterfall may span, other than the whole


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One piece of a waterfall, from 100 % down to the share."""

    name: str
    requests: int  #: those that count against the share; or accounts
    latest: str  #: time of the newest of them, UTC; empty for accounts
    start: float
    length: float
    text: str  #: its length in percent; all steps and the share add up to exactly 100 %


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Why a share is below 100 %."""

    steps: list[WaterfallStep]
    share: float  #: length of the share's bar
    share_text: str
    floor_text: str  #: the percentage at which all bars start; empty if it is zero


def waterfall(
    figure: RequestFigure, parts: Sequence[Contribution], together: str
) -> Waterfall | None:
    """
    The missing share, part by part; `None` if nothing is missing.

    Printed numbers are tenths of a percent. The share is printed as everywhere else on the page,
    and the remainder to 1000 tenths is distributed by largest remainders. Parts too small for a
    tenth are added up in a last step, named `together` if it is the only one.
    """
    share = figure.provisional
    if share is None or not figure.against:
        return None
    ordered = sorted((part for part in parts if part.against), key=lambda part: part.others > 0)
    pieces = [(part_name(part), part.against, part.last_against) for part in ordered]
    named = sum(not part.others for part in ordered)
    return _fall(share, figure.decided, pieces, named, together)


def account_waterfall(
    accounts: AccountFigure, causes: Sequence[AccountCause], together: str
) -> Waterfall | None:
    """The missing part of the accounts figure, cause by cause; `None` if nothing is missing."""
    if accounts.share is None or not causes:
        return None
    pieces = [(cause.name, cause.accounts, "") for cause in causes]
    named = sum(not cause.others for cause in causes)
    return _fall(accounts.share, accounts.enabled, pieces, named, together)


def _fall(
    share: float, whole: int, pieces: Sequence[_Piece], named: int, together: str
) -> Waterfall:
    """From 100 % down to *share*; *pieces* add up to what is missing, the *named* ones first."""
    missing, shown = _WHOLE - tenths(share), min(named, STEPS_SHOWN)
    while True:
        steps = _joined(pieces, shown, together)
        printed = share_out(missing, [amount for _, amount, _ in steps], whole)
        if all(printed):
            break
        shown -= 1
    scale = _scale(missing)
    floor = unbroken(percent_of_tenths(_WHOLE - scale, exact=True)) if scale < _WHOLE else ""
    return Waterfall(
        steps=_steps(steps, printed, whole, scale),
        share=_rounded((tenths(share) - _WHOLE + scale) / scale),
        share_text=percent(share),
        floor_text=floor,
    )


def _joined(pieces: Sequence[_Piece], shown: int, together: str) -> list[_Piece]:
    """The first pieces, and the others as one."""
    rest = pieces[shown:]
    if not rest:
        return list(pieces)
    amount, latest = sum(piece[1] for piece in rest), max(piece[2] for piece in rest)
    return [*pieces[:shown], ("all others" if shown else together, amount, latest)]


def _scale(missing: int) -> int:
    """How many tenths the chart spans down from 100 %, so that the missing part is visible."""
    return next((span for span in _SCALES if span >= 1.1 * missing), _WHOLE)


def share_out(total: int, amounts: Sequence[int], whole: int) -> list[int]:
    """Tenths of a percent for each of `amounts` of `whole`, adding up to exactly `total`."""
    floors = [amount * 1000 // whole for amount in amounts]
    by_remainder = sorted(
        range(len(amounts)), key=lambda index: (-(amounts[index] * 1000 % whole), index)
    )
    for index in by_remainder[: total - sum(floors)]:
        floors[index] += 1
    return floors


def _steps(
    pieces: Sequence[_Piece], printed: list[int], whole: int, scale: int
) -> list[WaterfallStep]:
    return [
        WaterfallStep(
            name=name,
            requests=amount,
            latest=latest,
            start=_rounded((scale - taken) / scale),
            length=_rounded(length / scale),
            text=unbroken(percent_of_tenths(length, exact=amount * 100 % whole == 0)),
        )
        for (name, amount, latest), length, taken in zip(
            pieces, printed, accumulate(printed), strict=True
        )
    ]


def customer_bar(counts: Mapping[CustomerStatus, int]) -> list[Segment]:
    """The customers as one horizontal bar."""
    pieces = [
        ("verified", CustomerStatus.ALL, "with MFA for all users"),
        ("exempted", CustomerStatus.SOME, "for some users"),
        ("not_verified", CustomerStatus.NONE, "for no user"),
        ("missing", CustomerStatus.EMPTY, "without users"),
        ("unknown", CustomerStatus.UNKNOWN, "not known"),
    ]
    return stacked_bar([(kind, counts.get(status, 0), noun) for kind, status, noun in pieces])


@dataclass(frozen=True, slots=True)
class DayBar:
    """One day's requests as a vertical bar."""

    day: date
    missing: bool
    is_provisional: bool  #: its records may still change
    total: int
    against: int
    segments: list[Segment]  #: from the bottom up
    sentence: str  #: the whole bar in words


def day_bars(report: Report, figure: RequestFigure) -> list[DayBar]:
    """The seven days of one channel; the busiest day fills the chart."""
    tallies = [_of(day, figure.channel) for day in report.days]
    busiest = max((counts.requests for counts in tallies if counts), default=0)
    reasons = {gap.day: gap.reason for gap in report.window.missing}
    return [
        _missing_bar(day.day, reasons.get(day.day, "A log that it needs is missing."))
        if counts is None
        else _day_bar(
            day.day,
            counts,
            busiest,
            against=counts.against(figure.rule),
            is_provisional=day.day in report.window.provisional_days,
        )
        for day, counts in zip(report.days, tallies, strict=True)
    ]


def _of(day: DayCounts, channel: Channel) -> Tally | None:
    return day.portal if channel is Channel.PORTAL else day.api


def _missing_bar(day: date, reason: str) -> DayBar:
    sentence = f"{weekday(day)}, {long_day(day)}: not known. {reason}"
    return DayBar(
        day=day,
        missing=True,
        is_provisional=False,
        total=0,
        against=0,
        segments=[],
        sentence=sentence,
    )


def _day_bar(
    day: date, counts: Tally, busiest: int, *, against: int, is_provisional: bool
) -> DayBar:
    segments = stacked_bar(request_pieces(counts), of=busiest)
    kinds = ", ".join(segment.label for segment in segments)
    start = f"{weekday(day)}, {long_day(day)}: {count(counts.requests, 'request')}"
    end = " This may still change." if is_provisional else ""
    return DayBar(
        day=day,
        missing=False,
        is_provisional=is_provisional,
        total=counts.requests,
        against=against,
        segments=segments,
        sentence=f"{start}: {kinds}.{end}" if kinds else f"{start}.{end}",
    )


def _rounded(fraction: float) -> float:
    return round(100 * fraction, 2)
