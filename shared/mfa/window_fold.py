"""
From a window's sign-ins to counts, in one pass over its days: nothing is held that is not shown.

A first pass notes what has no evidence of its own and may inherit a verdict. A second, in the order
of time, judges each sign-in, explains it, counts it, and keeps the newest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from shared.mfa.inheritance import Inheritance
from shared.mfa.reasons.explaining import Explainer
from shared.mfa.request_counts import (
    AccountSignIn,
    RequestCounter,
    ShownRequest,
    SignInTraits,
    WindowRequests,
)
from shared.mfa.requests import REQUESTS_CAP, expect_heirs, judge_in_order
from shared.mfa.scope import Channel

if TYPE_CHECKING:
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.metrics import ShareRule
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.requests import Request
    from shared.mfa.scope import Scope
    from shared.mfa.verdict import Verdict
    from shared.mfa.window import Window

    _Traits: TypeAlias = tuple[Channel, Verdict, str, str, str, Reason | None]

ACCOUNT_SIGN_INS_CAP = 100  #: an account's page shows its newest 100

_T = TypeVar("_T")


def fold_window(
    window: Window, scope: Scope, rule: ShareRule, accounts: JudgedAccounts | None = None
) -> WindowRequests:
    """Judge, explain and count every sign-in of the window."""
    sign_ins, inheritance = window.sign_ins, Inheritance()
    expect_heirs(sign_ins.read(), scope, inheritance)
    explainer = Explainer(rule, accounts, window.ending)
    counter, kept = RequestCounter(), _Kept()
    for request in judge_in_order(sign_ins.in_order(), scope, inheritance):
        reason = explainer.reason_of(request)
        counter.add(request, reason)
        if request.verdict.is_request:
            kept.newest[request.channel].add(ShownRequest(request, reason))
        if accounts is not None and request.sign_in.user_id:
            kept.add_to_account(request, reason)
    return WindowRequests(
        kinds=counter.kinds(),
        days=counter.days(),
        newest={channel: found.newest_first() for channel, found in kept.newest.items()},
        of_accounts={user: found.newest_first() for user, found in kept.of_accounts.items()},
        with_traces=list(kept.with_traces.values()),
    )


class _Newest(Generic[_T]):
    """The newest so many of what is added oldest first; small, because accounts are many."""

    __slots__ = ("_cap", "_items")

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._items: list[_T] = []

    def add(self, item: _T) -> None:
        if len(self._items) >= self._cap * 9 // 8:  # seldom, as it moves all others
            del self._items[: -self._cap]
        self._items.append(item)

    def newest_first(self) -> list[_T]:
        return self._items[: -self._cap - 1 : -1]


class _Kept:
    """The requests that are shown one by one."""

    def __init__(self) -> None:
        self.newest: dict[Channel, _Newest[ShownRequest]] = {
            channel: _Newest(REQUESTS_CAP) for channel in Channel
        }
        self.of_accounts: dict[str, _Newest[AccountSignIn]] = {}
        self.with_traces: dict[tuple[str, str], Request] = {}
        self._shared: dict[_Traits, SignInTraits] = {}

    def add_to_account(self, request: Request, reason: Reason | None) -> None:
        sign_in = request.sign_in
        if sign_in.traces:
            self.with_traces[sign_in.user_id, sign_in.traces] = request
        user = sign_in.user_id.lower()
        if user not in self.of_accounts:
            self.of_accounts[user] = _Newest(ACCOUNT_SIGN_INS_CAP)
        shown_id = sign_in.id if sign_in.has_own_id else ""
        traits = self._traits(request, reason)
        self.of_accounts[user].add(AccountSignIn(sign_in.created_at, shown_id, traits))

    def _traits(self, request: Request, reason: Reason | None) -> SignInTraits:
        """The one object with these."""
        app_id, app_name = request.sign_in.app_id, request.sign_in.app_name
        address = request.sign_in.ip_address
        key = request.channel, request.verdict, app_id, app_name, address, reason
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = SignInTraits(*key)
        return found
