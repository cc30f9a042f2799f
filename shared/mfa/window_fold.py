"""
From a window's sign-ins to counts, day by day: nothing is held that is not shown.

A first pass notes what has no evidence of its own and may inherit a verdict. A second, in the order
of time, counts each sign-in with those of its kind, verdict and reason, and keeps the newest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.kinds import Kind, Row, restored
from shared.mfa.reasons.explaining import Explainer
from shared.mfa.request_counts import (
    AccountSignIn,
    Counted,
    RequestCounter,
    ShownRequest,
    SignInTraits,
    WindowRequests,
)
from shared.mfa.requests import REQUESTS_CAP, judge_window
from shared.mfa.scope import Channel
from shared.mfa.sign_in import moment
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.metrics import ShareRule
    from shared.mfa.requests import Judged
    from shared.mfa.scope import Scope
    from shared.mfa.sign_in import SignIn
    from shared.mfa.window import Window

ACCOUNT_SIGN_INS_CAP = 100  #: an account's page shows its newest 100
#: So many are held before the oldest are dropped, as that moves all others; accounts are many.
_ACCOUNT_SIGN_INS_HELD = ACCOUNT_SIGN_INS_CAP * 9 // 8


def fold_window(
    window: Window, scope: Scope, rule: ShareRule, accounts: JudgedAccounts | None = None
) -> WindowRequests:
    """Judge, explain and count every sign-in of the window."""
    fold = _Fold(Explainer(rule, accounts, window.ending), keeps_accounts=accounts is not None)
    for _, of_day in groupby(judge_window(window.sign_ins, scope), key=_day):
        fold.add_day(of_day)
    return fold.result()


_day = attrgetter("day")


class _Group(msgspec.Struct, gc=False, eq=False):
    """The sign-ins of one day and kind."""

    channel: Channel
    newest: deque[_Shown]  #: of its channel
    account: list[AccountSignIn] | None  #: of its user, oldest first
    has_own_id: bool
    last: Row | None = None
    always: Counted | None = None  #: what all of them are counted in, if that is known
    by_evidence: dict[tuple[Verdict, Kind], _ByTime] = {}  #: if not; by the kind of the record


class _ByTime(msgspec.Struct, gc=False):
    """What sign-ins are counted in whose evidence was made before, between and after points."""

    points: tuple[str, ...]
    parts: list[Counted | None]


class _Shown(msgspec.Struct, frozen=True, gc=False):
    """A request that a list may show."""

    row: Row
    traits: SignInTraits

    @property
    def request(self) -> ShownRequest:
        """As the list shows it."""
        return ShownRequest(restored(self.row), self.traits.verdict, self.traits.reason)


class _Fold:
    """What has been counted and kept; days are added oldest first."""

    def __init__(self, explainer: Explainer, *, keeps_accounts: bool) -> None:
        self._explainer = explainer
        self._keeps_accounts = keeps_accounts
        self._counter = RequestCounter()
        self._newest: dict[Channel, deque[_Shown]] = {
            channel: deque(maxlen=REQUESTS_CAP) for channel in Channel
        }
        self._of_accounts: dict[str, list[AccountSignIn]] = {}
        self._with_traces: dict[tuple[str, str], SignIn] = {}
        self._addresses: dict[str, str] = {}

    def add_day(self, batches: Iterable[Judged]) -> None:
        """Add all sign-ins of one day, oldest first."""
        groups: dict[Kind, _Group] = {}
        for judged in batches:
            self._add(judged, groups)
        self._counter.end_day()
        for group in groups.values():
            if self._keeps_accounts and group.last is not None:
                self._keep_traces(group.last)

    def result(self) -> WindowRequests:
        """What the days come to."""
        return WindowRequests(
            kinds=self._counter.kinds(),
            days=self._counter.days(),
            newest={
                channel: [each.request for each in reversed(found)]
                for channel, found in self._newest.items()
            },
            of_accounts={
                user: found[: -ACCOUNT_SIGN_INS_CAP - 1 : -1]
                for user, found in self._of_accounts.items()
            },
            with_traces=list(self._with_traces.values()),
        )

    def _add(self, judged: Judged, groups: dict[Kind, _Group]) -> None:
        """Add sign-ins of one day. What is done here is done for millions."""
        for row in judged.rows:
            group = groups.get(row.kind)
            if group is None:
                group = groups[row.kind] = self._group(row.kind, judged)
            counted = group.always or self._counted(group, row, judged)
            counted.of_day += 1
            counted.last = group.last = row
            if counted.is_request:
                group.newest.append(_Shown(row, counted.traits))
            if group.account is not None:
                id_ = row.id if group.has_own_id else ""
                address = self._addresses.setdefault(row.ip_address, row.ip_address)
                if len(group.account) >= _ACCOUNT_SIGN_INS_HELD:
                    del group.account[:-ACCOUNT_SIGN_INS_CAP]
                group.account.append(AccountSignIn(row.created_at, id_, address, counted.traits))

    def _group(self, kind: Kind, judged: Judged) -> _Group:
        channel, account = judged.channels[kind], None
        if self._keeps_accounts and kind.common.user_id:
            account = self._of_accounts.setdefault(kind.common.user_id.lower(), [])
        return _Group(channel, self._newest[channel], account, kind.common.has_own_id)

    def _counted(self, group: _Group, row: Row, judged: Judged) -> Counted:
        """What a sign-in is counted in."""
        verdict, _, evidence = judged.of(row)
        found = group.by_evidence.get((verdict, evidence.kind))
        if found is None:
            points = self._explainer.turning_points(row.kind.common, verdict)
            if row.kind.own is not None and not points:
                group.always = self._new(group, row, verdict, evidence)
                return group.always
            found = _ByTime(points, [None] * (len(points) + 1))
            group.by_evidence[verdict, evidence.kind] = found
        part = bisect_right(found.points, evidence.created_at)
        counted = found.parts[part]
        if counted is None:
            counted = found.parts[part] = self._new(group, row, verdict, evidence)
        return counted

    def _new(self, group: _Group, row: Row, verdict: Verdict, evidence: Row) -> Counted:
        """What it is counted in, if none of the day's like it were."""
        said = verdict, evidence.kind.common, evidence.created_at
        reason = self._explainer.reason_of(row.kind.common, *said)
        return self._counter.of(row, group.channel, verdict, reason)

    def _keep_traces(self, last: Row) -> None:
        sign_in = last.kind.common
        if sign_in.user_id and sign_in.traces:
            key = sign_in.user_id, sign_in.traces
            known = self._with_traces.get(key)
            if known is None or moment(known) < moment(last):
                self._with_traces[key] = restored(last)
