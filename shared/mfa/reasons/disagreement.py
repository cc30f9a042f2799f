"""Where a sign-in's record and our evaluation of the directory contradict one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.sign_in import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.accounts.account_facts import AccountFacts
    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.circumstances import PolicyTrace
    from shared.mfa.sign_in import SignIn


class Disagreement(msgspec.Struct, frozen=True, gc=False):
    """What the newest record of an account says about a policy, and what the directory says."""

    account: int  #: its index
    policy: str  #: its name
    judged: str  #: "excluded"
    recorded: str  #: "applied"
    record_id: str

    @property
    def words(self) -> str:
        """Both in words: "judged excluded, the record says applied"."""
        return f"judged {self.judged}, the record says {self.recorded}"


def disagreements(sign_ins: Iterable[SignIn], accounts: JudgedAccounts) -> list[Disagreement]:
    """
    Each account and policy of which the newest record says something else than the directory.

    Records made before the policy was last changed say nothing about it as it is.
    """
    found: dict[tuple[int, int], Disagreement | None] = {}
    seen: set[tuple[str, str]] = set()
    for sign_in in sorted(sign_ins, key=moment, reverse=True):
        if not sign_in.traces or (sign_in.user_id, sign_in.traces) in seen:
            continue  # nothing new: the newest one with these traces has been judged
        seen.add((sign_in.user_id, sign_in.traces))
        index = accounts.membership.roster.index_of(sign_in.user_id) if sign_in.user_id else None
        if index is not None:
            for policy_index, disagreement in _of_account(sign_in, index, accounts):
                found.setdefault((index, policy_index), disagreement)
    return [disagreement for disagreement in found.values() if disagreement]


def _of_account(
    sign_in: SignIn, index: int, accounts: JudgedAccounts
) -> Iterator[tuple[int, Disagreement | None]]:
    """Each policy in force that the record names, and how they disagree about it."""
    facts = accounts.class_of(index).facts
    for trace in sign_in.traces.policies:
        policy_index = accounts.policy_index(trace.id)
        demand = None if policy_index is None else accounts.tenant.demands[policy_index]
        if policy_index is None or demand is None or not (demand.is_relevant and demand.in_force):
            continue
        if sign_in.created_at < max(demand.created_at, demand.changed_at):
            continue
        words = _contradiction(trace, facts, policy_index)
        yield (
            policy_index,
            Disagreement(index, demand.name, *words, sign_in.id) if words else None,
        )


def _contradiction(
    trace: PolicyTrace, facts: AccountFacts, policy_index: int
) -> tuple[str, str] | None:
    """What was judged and what was recorded; `None` if both can be true, or either is unknown."""
    applies, included = facts.applies[policy_index], facts.included[policy_index]
    if trace.was_applied and applies is False and "users:roleid" not in trace.included_by:
        return ("excluded" if included else "not included"), "applied"
    if trace.result != "notapplied" or applies is not True:
        return None
    if facts.may_leave[policy_index] is not False and "users:roleid" in trace.excluded_by:
        return None  # a role that was active then
    if "users:" in trace.excluded_by:
        return "subject to it", "excluded"
    if "users" in trace.unmet.split(","):
        return "subject to it", "not included"
    return None
