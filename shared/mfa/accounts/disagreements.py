"""
Compares our evaluation with Entra's What If, policy by policy.

Only what both sides say for certain is compared. Where they differ, the policy's effect on the
accounts of the class is unknown: that can turn an answer into "unknown", never into a better one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_facts import Disagreement
from shared.mfa.accounts.extent import Axis, FutileReason
from shared.mfa.accounts.graph import id_key
from shared.mfa.accounts.second_opinion import PLATFORM, ClientType, Requirement
from shared.mfa.accounts.truth import Truth, all_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shared.mfa.accounts.account_facts import AccountFacts, EvaluatedPolicy, TenantFacts
    from shared.mfa.accounts.extent import Extent, Limit
    from shared.mfa.accounts.second_opinion import Answer, AskedSignIn, PolicyAnswer

_CLIENTS = {
    ClientType.BROWSER: "in browsers",
    ClientType.APPS: "in apps",
    ClientType.LEGACY: "by legacy protocols",
}
#: What makes a policy matter to whether MFA is enforced.
_CONCERNS_MFA = frozenset(Requirement) - {Requirement.OTHER}


def sign_in_words(sign_in: AskedSignIn) -> str:
    """The sign-in in words: "portal in browsers"."""
    return f"{sign_in.channel} {_CLIENTS[sign_in.client]}"


def places_of(sign_ins: Sequence[AskedSignIn]) -> list[str]:
    """The same of several sign-ins; one phrase for a kind of client in both channels."""
    channels: dict[ClientType, list[str]] = {}
    for sign_in in sign_ins:
        channels.setdefault(sign_in.client, []).append(sign_in.channel)
    return [
        _CLIENTS[client] if len(found) > 1 else f"{found[0]} {_CLIENTS[client]}"
        for client, found in channels.items()
    ]


def contradicted(
    tenant: TenantFacts, facts: AccountFacts, answers: Iterable[Answer]
) -> AccountFacts:
    """
    The facts of a class after Entra's answers about one of its accounts.

    A policy that applies by our evaluation alone may or may not apply. If one applies by Entra's
    alone, something that was not understood may enforce MFA.
    """
    first: dict[tuple[str, bool], Disagreement] = {}
    for answer in answers:
        for found in _disagreements(tenant, facts, answer):
            first.setdefault((found.policy, found.is_ours), found)
    if not first:
        return facts
    doubted = {found.policy_index for found in first.values() if found.is_ours}
    applies = (None if i in doubted else truth for i, truth in enumerate(facts.applies))
    return msgspec.structs.replace(
        facts, applies=tuple(applies), disagreements=tuple(first.values())
    )


def _disagreements(
    tenant: TenantFacts, facts: AccountFacts, answer: Answer
) -> Iterator[Disagreement]:
    theirs = {id_key(policy.id): policy for policy in answer.policies}
    where = sign_in_words(answer.sign_in)
    for index, policy in enumerate(tenant.policies):
        found = theirs.get(id_key(policy.demand.id))
        ours = _applies(policy, facts.applies[index], answer.sign_in)
        if ours is True and (reason := _reason_against(policy, found)):
            yield Disagreement(policy.demand.name, index, where, reason)
        if ours is False and found and _adds(found):
            yield Disagreement(policy.demand.name, index, where, found.requirement, is_ours=False)
    read = {id_key(demand.id) for demand in tenant.demands}
    for unread in (policy for key, policy in theirs.items() if key not in read and _adds(policy)):
        yield Disagreement(unread.name, -1, where, unread.requirement, is_ours=False)


def _reason_against(policy: EvaluatedPolicy, theirs: PolicyAnswer | None) -> str:
    """Why the policy does not do what we say, by Entra's answer; empty if that is not certain."""
    if theirs is None:
        return "not in its answer"
    if theirs.applies is False:
        return "report-only" if theirs.is_report_only else theirs.reasons or "no reason given"
    changed = policy.demand.grant.requires_mfa and theirs.requirement in (
        Requirement.EITHER,
        Requirement.OTHER,
    )
    return f"requires {theirs.requirement}" if changed else ""


def _adds(theirs: PolicyAnswer) -> bool:
    return theirs.applies is True and theirs.requirement in _CONCERNS_MFA


def _applies(policy: EvaluatedPolicy, reaches: Truth, sign_in: AskedSignIn) -> Truth:
    """Whether the policy applies to the sign-in, by our evaluation."""
    demand = policy.demand
    if not demand.is_relevant:  # whom it reaches was not worked out
        return False
    return all_of((demand.in_force, reaches, _covers(demand.extent, sign_in)))


def _covers(extent: Extent, sign_in: AskedSignIn) -> Truth:
    is_legacy = sign_in.client is ClientType.LEGACY
    if extent.futile and not (is_legacy and extent.futile is FutileReason.LEGACY_ONLY):
        return False
    case = {
        Axis.APPLICATION: frozenset({id_key(sign_in.application_id)}),
        Axis.CLIENT: frozenset({sign_in.client.lower()}),
        Axis.PLATFORM: frozenset({PLATFORM}),
    }
    limits = all_of(
        _admits(limit, case)
        for limit in extent.limits
        if not (is_legacy and limit.span and limit.span.axis is Axis.CLIENT)
    )
    return all_of((limits, extent.covers_legacy or not is_legacy))


def _admits(limit: Limit, case: Mapping[Axis, frozenset[str]]) -> Truth:
    """Whether the sign-in is within the limit; not known for what Entra is not told, as a place."""
    if limit.span is None or limit.span.axis not in case or not limit.is_certain:
        return None
    return limit.span.admits(case[limit.span.axis])
