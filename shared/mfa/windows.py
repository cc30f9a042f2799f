"""The figures of many windows of the same days, from one pass over the days."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from shared.mfa.assessment import assess, measure
from shared.mfa.requests import judge_window
from shared.mfa.scope import Channel
from shared.mfa.verdict import Verdict
from shared.mfa.window_sign_ins import WindowSignIns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.mfa.kinds import Row
    from shared.mfa.metrics import Metrics, ShareRule
    from shared.mfa.requests import Judged
    from shared.mfa.scope import Scope
    from shared.mfa.window import Window

#: The verdict of a window that begins on that day or before; the first that fits. None is inherited
#: from before a window begins, so one request can have several verdicts.
_Verdicts: TypeAlias = tuple[tuple[str, Verdict], ...]
_NEVER = "9"  #: later than any day


class _Kind(msgspec.Struct, frozen=True):
    """Requests that are equal in what a share distinguishes, in every window."""

    channel: Channel
    day: str  #: ``YYYY-MM-DD``
    can_show_single_factor: bool
    verdicts: _Verdicts


class _Count(msgspec.Struct, frozen=True):
    """So many of them in one window."""

    verdict: Verdict
    can_show_single_factor: bool
    count: int


def measure_windows(windows: Sequence[Window], scope: Scope, rule: ShareRule) -> list[Metrics]:
    """The figures of each window's requests; a day is the same in all windows that have it."""
    rollups = {day: rollup for window in windows for day, rollup in window.rollups.items()}
    sign_ins = WindowSignIns([rollups[day] for day in sorted(rollups)])
    kinds: Counter[_Kind] = Counter()
    for judged in judge_window(sign_ins, scope):
        if sign_ins.has_split:
            break
        _count(judged, kinds)
    if sign_ins.has_split:  # a window may have only one of the days of a sign-in's copies
        return [assess(window, scope, rule).metrics for window in windows]
    return [_measured(window, kinds, rule) for window in windows]


def _count(judged: Judged, kinds: Counter[_Kind]) -> None:
    equal = Counter((row.kind, _verdicts(row, judged)) for row in judged.rows)
    for (kind, verdicts), count in equal.items():
        channel, can_show = judged.channels[kind], kind.common.can_show_single_factor
        kinds[_Kind(channel, judged.day, can_show, verdicts)] += count


def _verdicts(row: Row, judged: Judged) -> _Verdicts:
    own = row.kind.own
    if own is not None:
        return ((_NEVER, own),)
    heritage = judged.inherited.get(row.id)
    links = (heritage.session, heritage.correlation) if heritage else ()
    found = [(each.day, each.verdict) for each in links if each]
    return *found, (_NEVER, Verdict.UNKNOWN)


def _measured(window: Window, kinds: Counter[_Kind], rule: ShareRule) -> Metrics:
    days = {day.isoformat() for day in window.rollups}
    start = min(window.days).isoformat()
    counts: dict[Channel, list[_Count]] = {channel: [] for channel in Channel}
    for kind, count in kinds.items():
        if kind.day in days:
            verdict = next(verdict for since, verdict in kind.verdicts if start <= since)
            counts[kind.channel].append(_Count(verdict, kind.can_show_single_factor, count))
    return measure(window, rule, counts[Channel.PORTAL], counts[Channel.API])
