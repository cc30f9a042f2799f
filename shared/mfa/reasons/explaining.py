"""One reason for each request that counts against a share or is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.reasons.of_directory import (
    UNKNOWN_ACCOUNT,
    directory_reason,
    policy_since,
    too_young,
)
from shared.mfa.reasons.of_record import Named, record_reason, unknown_reason
from shared.mfa.reasons.reason import ReasonKind, from_record
from shared.mfa.verdict import Verdict

if TYPE_CHECKING:
    from datetime import date

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.conditional_access import Demand
    from shared.mfa.metrics import ShareRule
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.requests import Request
    from shared.mfa.sign_in import SignIn

_NOT_TOLD = from_record(
    ReasonKind.NOT_TOLD, "The record does not tell why, and no directory was read"
)
_SKIPPED = from_record(ReasonKind.NOT_TOLD, "MFA was skipped, and the record does not tell why")


class Explainer:
    """
    Explains the requests of one window. Requests of one kind and account are judged once.

    The record is believed first, where it tells; else the directory's evaluation stands in. Only
    where a policy that now enforces MFA is younger than the request, that is the reason.
    """

    def __init__(self, rule: ShareRule, accounts: JudgedAccounts | None, ending: date) -> None:
        self._rule = rule
        self._accounts = accounts
        self._ending = ending
        self._known: dict[tuple[object, ...], Reason] = {}
        self._since: dict[int, Demand | None] = {}
        self._reasons: dict[Reason, Reason] = {}

    def reason_of(self, request: Request) -> Reason | None:
        """Why a request had no MFA, or is unknown; `None` if it counts as made with MFA."""
        if request.verdict is Verdict.UNKNOWN:
            return self._shared(unknown_reason(request.sign_in))
        if not self._rule.counts_against(request.verdict):
            return None
        index = self._index_of(request.sign_in)
        return self._too_young(request, index) or self._reason(request, index)

    def _index_of(self, sign_in: SignIn) -> int | None:
        if self._accounts is None or not sign_in.user_id:
            return None
        return self._accounts.membership.roster.index_of(sign_in.user_id)

    def _reason(self, request: Request, index: int | None) -> Reason:
        record = request.evidence
        key = (request.verdict, index, record.circumstance, record.traces, record.upn)
        if key not in self._known:
            self._known[key] = self._shared(self._judge(request, index))
        return self._known[key]

    def _judge(self, request: Request, index: int | None) -> Reason:
        told = record_reason(request.evidence, request.verdict, Named(self._accounts, index))
        if told:
            return told
        if request.verdict is Verdict.EXEMPTED:
            return _SKIPPED
        if self._accounts is None:
            return _NOT_TOLD
        return UNKNOWN_ACCOUNT if index is None else directory_reason(self._accounts, index)

    def _too_young(self, request: Request, index: int | None) -> Reason | None:
        if self._accounts is None or index is None or request.verdict is Verdict.EXEMPTED:
            return None
        if index not in self._since:
            self._since[index] = policy_since(self._accounts, index)
        demand = self._since[index]
        found = demand and too_young(demand, request.evidence.created_at, self._ending)
        return self._shared(found) if found else None

    def _shared(self, reason: Reason) -> Reason:
        return self._reasons.setdefault(reason, reason)
