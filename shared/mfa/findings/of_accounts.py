"""
Why the accounts figure is below 100 %, what to do about it, and what that would gain.

Findings are made per class of accounts; the gain of a fix is found by judging the classes again as
if the fix were in place. `policy_findings` covers each policy, `attribute_findings` the attributes
of the accounts, `request_findings` their sign-ins.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import AccountLookup
from shared.mfa.accounts.causes import NOTHING, unread
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.findings.finding import by_gain, finding, named, worth
from shared.mfa.findings.of_attributes import attribute_findings
from shared.mfa.findings.of_policies import policy_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.directory import Directory
    from shared.mfa.findings.finding import Finding

_MOST_MISSING = 3
_GAPS = tuple(answer for answer in Enforcement if answer is not Enforcement.ENFORCED)
_MORE = " Who else can is not known: the members of a group that can were not read."
_ONLY_MORE = "Unknown accounts, members of a group that was not read,"


def account_findings(directory: Directory, accounts: JudgedAccounts) -> list[Finding]:
    """Every finding about the accounts, what buys most first; *accounts* are *directory*'s."""
    return by_gain(
        [
            *_coverage(accounts),
            *_not_read(accounts),
            *policy_findings(accounts),
            *attribute_findings(directory, accounts),
            *_eligible_admins(directory, accounts),
        ]
    )


def _coverage(accounts: JudgedAccounts) -> Iterator[Finding]:
    """Whether there is MFA at all; if so, the accounts that nothing comes near."""
    if _has_no_mfa(accounts):
        finding_id = "mfa-not-implemented"
        missed = accounts.standing_at(Enforcement.UNPROTECTED)
    else:
        finding_id = "accounts-not-targeted"
        missed = accounts.places(lambda one: one.judgement.cause == NOTHING.cause)
    if missed:
        subjects = named(accounts, accounts.numbers(missed))
        yield worth(finding(finding_id, subjects), accounts, subjects.total)


def _has_no_mfa(accounts: JudgedAccounts) -> bool:
    """Whether it is known that nothing in the tenant demands MFA of anybody."""
    answers = {one.judgement.enforcement for one in accounts.classes}
    is_demanded = (d.asks is not False and not d.grant.blocks for d in accounts.tenant.demands)
    return answers <= {Enforcement.UNPROTECTED, None} and not any(is_demanded)


def _not_read(accounts: JudgedAccounts) -> Iterator[Finding]:
    """The accounts that cannot be judged, and what is missing, what concerns most of them first."""
    unjudged = accounts.standing_at(Enforcement.UNKNOWN)
    if not unjudged:
        return
    missing: Counter[str] = Counter()
    for place in unjudged:
        one = accounts.classes[place]
        missing.update(dict.fromkeys(unread(accounts.tenant, one.standing), one.size))
    told = [what for what, _ in missing.most_common(_MOST_MISSING)]
    more = f"; and {len(missing) - len(told)} more" if len(missing) > len(told) else ""
    subjects = named(accounts, accounts.numbers(unjudged))
    found = finding("not-read", subjects, missing="; ".join(told) + more)
    yield worth(found, accounts, subjects.total)


def _eligible_admins(directory: Directory, accounts: JudgedAccounts) -> Iterator[Finding]:
    """
    Accounts that are eligible for a role and have no MFA enforced.

    Only who is so for certain is named. Where a group that is eligible was not read, that is said:
    there may be more, or all of them may be in it.
    """
    if directory.role_eligibilities is None:
        return
    eligible = AccountLookup(accounts.membership.roles.eligible, len(accounts))
    gaps = accounts.standing_at(*_GAPS)
    subjects = named(accounts, (one for one in accounts.numbers(gaps) if eligible.truth(one)))
    is_whole = all(eligible.truth(one) is not None for one in accounts.numbers(gaps))
    if subjects.total:
        found = finding("eligible-admins", subjects, unread="" if is_whole else _MORE)
        yield worth(found, accounts, subjects.total)
    elif not is_whole:
        yield finding("eligible-admins", subjects, accounts=_ONLY_MORE, unread="")
