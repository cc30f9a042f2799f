"""
Why the accounts figure is below 100 %, what to do about it, and what that would gain.

Findings are made per class of accounts; the gain of a fix is found by judging the classes again as
if the fix were in place. `policy_findings` covers each policy, `attribute_findings` the attributes
of the accounts, `request_findings` their sign-ins.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.account_set import AccountLookup
from shared.mfa.accounts.causes import NOTHING
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.unread import unread
from shared.mfa.findings.finding import (
    account_subjects,
    finding,
    not_enforced_finding,
    with_gain,
)
from shared.mfa.findings.of_attributes import attribute_findings
from shared.mfa.findings.of_policies import policy_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.directory import Directory
    from shared.mfa.findings.finding import Finding, Gap

_MOST_MISSING = 3
_GAPS = tuple(answer for answer in Enforcement if answer is not Enforcement.ENFORCED)
_MAYBE_MORE = " There may be more: the members of an eligible group were not read."
_FILE_REMEDY = (  #: no permission was asked for, and none would help
    "Add the missing key to the directory file. What is new to this version can be judged by a "
    "later one."
)
_UNKNOWN_NUMBER = "An unknown number of accounts, members of a group that was not read,"


def account_findings(
    directory: Directory, accounts: JudgedAccounts, *, is_from_file: bool = False
) -> Iterator[Finding | Gap]:
    """Every finding about the accounts of *directory*; a file has keys, and no permissions."""
    yield from _coverage(accounts)
    yield from _not_read(accounts, is_from_file=is_from_file)
    yield from _disputed(accounts)
    yield from policy_findings(accounts)
    yield from attribute_findings(directory, accounts)
    yield from _eligible_admins(directory, accounts)


def _coverage(accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    """Whether there is any MFA; if so, the accounts that nothing covers."""
    if _has_no_mfa(accounts):
        finding_id = "mfa-not-implemented"
        missed = accounts.classes_with(Enforcement.UNPROTECTED)
    else:
        finding_id = "accounts-not-targeted"
        missed = accounts.classes_where(lambda found: found.judgement.cause == NOTHING.cause)
    yield from not_enforced_finding(finding_id, accounts, accounts.indexes_in(missed))


def _has_no_mfa(accounts: JudgedAccounts) -> bool:
    """Whether it is known that nothing in the tenant requires MFA for anybody."""
    answers = {found.judgement.enforcement for found in accounts.classes}
    requires_mfa = (d.asks is not False and not d.grant.blocks for d in accounts.tenant.demands)
    return answers <= {Enforcement.UNPROTECTED, None} and not any(requires_mfa)


def _not_read(accounts: JudgedAccounts, *, is_from_file: bool) -> Iterator[Finding]:
    """The accounts that cannot be judged, and what is missing: what affects most of them first."""
    unjudged = accounts.classes_with(Enforcement.UNKNOWN) - _disputed_classes(accounts)
    missing: Counter[str] = Counter()
    for index in unjudged:
        unknown = accounts.classes[index]
        missing.update(dict.fromkeys(unread(accounts.tenant, unknown.facts), unknown.size))
    subjects = account_subjects(accounts, accounts.indexes_in(unjudged))
    if subjects.total:
        found = finding("not-read", subjects, missing=_first(missing))
        gain = f"{subjects.total:,} more can be judged."
        remedy = _FILE_REMEDY if is_from_file else found.remedy
        yield msgspec.structs.replace(found, gain=gain, remedy=remedy)


def _disputed(accounts: JudgedAccounts) -> Iterator[Finding]:
    """The accounts that are unknown because Entra's What If contradicts our evaluation."""
    disputed = _disputed_classes(accounts)
    differences: Counter[str] = Counter()
    for index in disputed:
        found = accounts.classes[index]
        differences.update({each.text: found.size for each in found.facts.disagreements})
    if disputed:
        subjects = account_subjects(accounts, accounts.indexes_in(disputed))
        yield finding("what-if-disagrees", subjects, differences=_first(differences))


def _disputed_classes(accounts: JudgedAccounts) -> set[int]:
    return accounts.classes_where(
        lambda found: (
            found.judgement.enforcement is Enforcement.UNKNOWN and bool(found.facts.disagreements)
        )
    )


def _first(weights: Counter[str]) -> str:
    """What affects most accounts, and how much more there is."""
    shown = [what for what, _ in weights.most_common(_MOST_MISSING)]
    more = f"; and {len(weights) - len(shown)} more" if len(weights) > len(shown) else ""
    return "; ".join(shown) + more


def _eligible_admins(directory: Directory, accounts: JudgedAccounts) -> Iterator[Finding | Gap]:
    """
    Accounts that are eligible for a role and have no MFA enforced.

    Only those that are certainly eligible are named. If an eligible group was not read, the finding
    says so: there may be more accounts, or all of them may be members of it.
    """
    if directory.role_eligibilities is None:
        return
    eligible = AccountLookup(accounts.membership.roles.eligible, len(accounts))
    gaps = accounts.classes_with(*_GAPS)
    named = [index for index in accounts.indexes_in(gaps) if eligible.truth(index)]
    subjects = account_subjects(accounts, iter(named))
    all_were_read = all(eligible.truth(index) is not None for index in accounts.indexes_in(gaps))
    if subjects.total:
        found = finding("eligible-admins", subjects, unread="" if all_were_read else _MAYBE_MORE)
        yield with_gain(found, accounts, named)
    elif not all_were_read:
        yield finding("eligible-admins", subjects, accounts=_UNKNOWN_NUMBER, unread="")
