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

    def reason_of(
        self, sign_in: SignIn, verdict: Verdict, evidence: SignIn, made_at: str
    ) -> Reason | None:
        """
        Why a request had no MFA, or is unknown; `None` if it counts as made with MFA.

        `evidence` is the sign-in whose record its verdict comes from, which was made at `made_at`.
        Of both, only what a kind of sign-ins has in common is looked at.
        """
        if verdict is Verdict.UNKNOWN:
            return self._shared(unknown_reason(sign_in))
        if not self._rule.counts_against(verdict):
            return None
        index = self._index_of(sign_in)
        if verdict is not Verdict.EXEMPTED and (demand := self._policy_since(index)):
            found = too_young(demand, made_at, self._ending)
            if found:
                return self._shared(found)
        return self._reason(verdict, evidence, index)

    def turning_points(self, sign_in: SignIn, verdict: Verdict) -> tuple[str, ...]:
        """The instants at which the reasons for such a verdict of its user change, in order."""
        if verdict is Verdict.EXEMPTED or not self._rule.counts_against(verdict):
            return ()
        demand = self._policy_since(self._index_of(sign_in))
        return tuple(sorted((demand.created_at, demand.changed_at))) if demand else ()

    def _index_of(self, sign_in: SignIn) -> int | None:
        if self._accounts is None or not sign_in.user_id:
            return None
        return self._accounts.membership.roster.index_of(sign_in.user_id)

    def _reason(self, verdict: Verdict, evidence: SignIn, index: int | None) -> Reason:
        key = (verdict, index, evidence.circumstance, evidence.traces, evidence.upn)
        if key not in self._known:
            self._known[key] = self._shared(self._judge(verdict, evidence, index))
        return self._known[key]

    def _judge(self, verdict: Verdict, evidence: SignIn, index: int | None) -> Reason:
        told = record_reason(evidence, verdict, Named(self._accounts, index))
        if told:
            return told
        if verdict is Verdict.EXEMPTED:
            return _SKIPPED
        if self._accounts is None:
            return _NOT_TOLD
        return UNKNOWN_ACCOUNT if index is None else directory_reason(self._accounts, index)

    def _policy_since(self, index: int | None) -> Demand | None:
        if self._accounts is None or index is None:
            return None
        if index not in self._since:
            self._since[index] = policy_since(self._accounts, index)
        return self._since[index]

    def _shared(self, reason: Reason) -> Reason:
        return self._reasons.setdefault(reason, reason)
