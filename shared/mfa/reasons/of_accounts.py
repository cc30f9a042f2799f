"""Why accounts have no MFA enforced: causes of the accounts figure that add up exactly."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import NOT_ENFORCED, Enforcement
from shared.mfa.accounts.federation import domain_of
from shared.mfa.reasons.of_directory import directory_reason
from shared.mfa.reasons.reason import ReasonKind

if TYPE_CHECKING:
    from shared.mfa.accounts.assessment import JudgedAccounts

CAUSES_SHOWN = 50  #: any more are summed in a last one named "others"


class AccountCause(msgspec.Struct, frozen=True):
    """What the accounts with one cause contribute; each account has the first that applies."""

    kind: ReasonKind | None  #: `None` for "others", which may be of several kinds
    name: str  #: a short sentence, without a full stop; empty for "others"
    accounts: int
    points: float  #: `accounts` / all enabled accounts; all contributions sum to 1 - share
    others: int = 0  #: how many causes "others" stands for


_Cause = tuple[ReasonKind, str]

_NOT_READ = ReasonKind.NOT_TOLD, "Not everything that decides about the account was read"
#: Kinds of accounts that nothing affects: with a federated domain, this decides.
_BY_DOMAIN = {ReasonKind.NO_POLICY, ReasonKind.NOT_TARGETED, ReasonKind.FEDERATION_CLAIM}


def account_causes(accounts: JudgedAccounts) -> list[AccountCause]:
    """The causes of all accounts that are not known to have MFA enforced, the most common first."""
    counts: Counter[_Cause] = Counter()
    by_account: set[int] = set()
    for class_index, index in _first_of_each(accounts).items():
        cause = _of_class(accounts, index)
        if cause[0] in _BY_DOMAIN and accounts.federated_domains:
            by_account.add(class_index)
        else:
            counts[cause] += accounts.classes[class_index].size
    counts.update(_of_class(accounts, index) for index in accounts.indexes_in(by_account))
    return _contributions(counts, accounts.metrics.enabled or 0)


def _first_of_each(accounts: JudgedAccounts) -> dict[int, int]:
    """An account of each class that is not known to have MFA enforced, by the class's index."""
    wanted = accounts.classes_with(Enforcement.UNKNOWN, *NOT_ENFORCED)
    first: dict[int, int] = {}
    for index in accounts.indexes_in(wanted):
        first.setdefault(accounts.class_index(index), index)
    return first


def _of_class(accounts: JudgedAccounts, index: int) -> _Cause:
    """The cause of an account, which others of its class share unless their domains differ."""
    judgement = accounts.class_of(index).judgement
    if judgement.enforcement is Enforcement.UNKNOWN:
        return _NOT_READ
    reason = directory_reason(accounts, index)
    if reason.kind is ReasonKind.EXCLUDED and not judgement.left:
        name = accounts.tenant.demands[judgement.excluded_from[0]].name
        return reason.kind, f"Policy “{name}” excludes the account"
    if reason.kind is ReasonKind.FEDERATION_CLAIM:
        domain = domain_of(accounts.membership.roster.users[index])
        sentence = f"The domain {domain} is federated: only its provider may ask for MFA"
        return reason.kind, sentence
    return reason.kind, reason.sentence


def _contributions(counts: Counter[_Cause], enabled: int) -> list[AccountCause]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    found = [
        AccountCause(kind, name, count, count / enabled)
        for (kind, name), count in ordered[:CAUSES_SHOWN]
    ]
    if rest := ordered[CAUSES_SHOWN:]:
        left = sum(count for _, count in rest)
        found.append(AccountCause(None, "", left, left / enabled, others=len(rest)))
    return found
