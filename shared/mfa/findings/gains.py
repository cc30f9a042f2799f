"""
What the fixes of findings gain for each figure, on their own and one after the other.

A fix makes accounts, or requests that are made again as before, count for a figure, or takes them
out of it. The unknown never counts, so a share here is the least that the figure can be.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from shared.mfa.accounts.account_set import AccountLookup, AccountSet
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.findings.request_summary import ReadRequests, RequestSummary
from shared.mfa.metrics import AccountMetrics
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.mfa.accounts.assessment import JudgedAccounts

ACCOUNTS = "accounts"  #: the figure that is not of a channel
FIGURES = (ACCOUNTS, *(channel.value for channel in Channel))


class FigureGain(msgspec.Struct, frozen=True, kw_only=True):
    """What one fix does to one figure. Shares and points are fractions; unknown does not count."""

    gained: int  #: accounts or requests that no longer count against the figure
    share_after: float | None  #: `None` if the share is unknown now
    is_least: bool = False  #: whether some are unknown, so that the share is "at least"
    points: float | None  #: how much the share rises
    gain_after_those_above: int  #: of `gained`, once all findings above are fixed
    points_after_those_above: float | None  #: these add up to what all fixes together gain
    share_if_app_only: float | None = None  #: the share if the requests are made without a user


class Share(NamedTuple):
    """A figure: how many count, and of how many."""

    counted: int
    total: int

    @property
    def value(self) -> float:
        """The fraction; 1 if there is nothing to measure."""
        return self.counted / self.total if self.total else 1.0


class Fix(msgspec.Struct, frozen=True):
    """What a fix changes: accounts and their requests, or the requests of certain groups."""

    accounts: int = 0  #: a bit set, none of whose members has MFA enforced
    groups: frozenset[int] = frozenset()  #: indexes of the summary's groups
    removes: bool = False  #: whether accounts and requests leave the figures


class Effect(NamedTuple):
    """What a fix does to a figure."""

    gained: int  #: accounts or requests that no longer count against it
    share: Share
    points: float  #: how much that is above the share before; below it if negative


class Figures:
    """The three figures as they are, and which requests a fix of accounts changes."""

    def __init__(self, accounts: JudgedAccounts | None, requests: RequestSummary | None) -> None:
        metrics = accounts.metrics if accounts else AccountMetrics()
        self._size = accounts.membership.roster.size if accounts else 0
        self._requests = requests or RequestSummary()
        self.shares = {ACCOUNTS: Share(metrics.enforced or 0, metrics.enabled or 0)}
        self.is_known = {ACCOUNTS: bool(metrics.enabled)}
        self.is_least = {ACCOUNTS: bool(metrics.unknown)}
        for channel in Channel:
            read = self._requests.read.get(channel, ReadRequests(is_whole=False))
            self.shares[channel.value] = Share(read.counted, read.total)
            self.is_known[channel.value] = read.is_whole
            self.is_least[channel.value] = bool(read.unknown)
        self._by_account = _groups_by_account(accounts, self._requests)

    @property
    def furthest_behind(self) -> str:
        """The figure with the least share; of equals, the first."""
        return min(FIGURES, key=lambda figure: self.shares[figure].value)

    def whole(self, fix: Fix) -> Fix:
        """The fix with the requests of its accounts."""
        if not fix.accounts:
            return fix
        lookup = AccountLookup(AccountSet.exactly(fix.accounts), self._size)
        theirs = (groups for account, groups in self._by_account.items() if lookup.truth(account))
        return msgspec.structs.replace(fix, groups=fix.groups.union(*theirs))

    def of_channel(self, groups: Iterable[int], channel: str) -> set[int]:
        """Those groups whose requests are of one channel."""
        return {group for group in groups if self._requests.groups[group].channel == channel}

    def count(self, groups: Iterable[int]) -> tuple[int, int]:
        """How many requests of these groups count for their figure, and against it."""
        counted = against = 0
        for group in map(self._requests.groups.__getitem__, groups):
            if self._requests.rule.counts_against(group.verdict):
                against += group.count
            else:
                counted += group.count
        return counted, against


def _groups_by_account(
    accounts: JudgedAccounts | None, requests: RequestSummary
) -> dict[int, set[int]]:
    """The groups of requests of each account that has no MFA enforced, by the account's index."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    if accounts is None:
        return found
    for index, group in enumerate(requests.groups):
        account = accounts.membership.roster.index_of(group.user)
        if account is not None and _is_open(accounts, account):
            found[account].add(index)
    return found


def _is_open(accounts: JudgedAccounts, index: int) -> bool:
    return accounts.class_of(index).judgement.enforcement not in (None, Enforcement.ENFORCED)


class Progress:
    """The figures, and what is left to gain of each as one fix after the other is made."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._shares = dict(figures.shares)
        self._accounts = 0
        self._groups: set[int] = set()

    def effects(self, fix: Fix) -> dict[str, Effect]:
        """What the fix does now, by figure."""
        closed = (fix.accounts & ~self._accounts).bit_count()
        left = fix.groups - self._groups
        found = {ACCOUNTS: self._effect(ACCOUNTS, 0, closed, removes=fix.removes)}
        for channel in FIGURES[1:]:
            counted, against = self._figures.count(self._figures.of_channel(left, channel))
            found[channel] = self._effect(channel, counted, against, removes=fix.removes)
        return found

    def make(self, fix: Fix) -> dict[str, Effect]:
        """Make the fix where it raises a figure, and return what it did there."""
        effects = self.effects(fix)
        for figure, effect in effects.items():
            if effect.points > 0:
                self._shares[figure] = effect.share
                if figure == ACCOUNTS:
                    self._accounts |= fix.accounts
                else:
                    self._groups |= self._figures.of_channel(fix.groups, figure)
        return effects

    def _effect(self, figure: str, counted: int, against: int, *, removes: bool) -> Effect:
        before = self._shares[figure]
        after = (
            Share(before.counted - counted, before.total - counted - against)
            if removes
            else Share(before.counted + against, before.total)
        )
        return Effect(against, after, after.value - before.value)


def gains_of(
    figures: Figures, fix: Fix, made: Mapping[str, Effect], app_only: Fix | None = None
) -> dict[str, FigureGain]:
    """
    What a fix gains, by figure, where it gains anything.

    `made` is what it gains after all fixes above it. `app_only` is the same fix for an application
    whose requests leave the figure instead.
    """
    alone = Progress(figures).effects(fix)
    without = Progress(figures).effects(app_only) if app_only else {}
    return {
        figure: _gain(figures, figure, alone[figure], made[figure], without.get(figure))
        for figure in alone
        if alone[figure].points > 0
    }


def _gain(
    figures: Figures, figure: str, alone: Effect, made: Effect, without: Effect | None
) -> FigureGain:
    is_known, is_made = figures.is_known[figure], made.points > 0
    return FigureGain(
        gained=alone.gained,
        share_after=alone.share.value if is_known else None,
        is_least=figures.is_least[figure],
        points=alone.points if is_known else None,
        gain_after_those_above=made.gained if is_made else 0,
        points_after_those_above=(made.points if is_made else 0.0) if is_known else None,
        share_if_app_only=without.share.value if without and is_known else None,
    )
