"""
Why the accounts figure is below 100 %, what to do about it, and what that would buy.

Everything is read off the classes of accounts; what a fix buys is found by judging the classes
again as if it were done. `policy_findings` goes policy by policy, `account_notes` tells what the
accounts themselves show, `request_findings` what their sign-ins do.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shared.mfa.accounts.causes import NOTHING, unread
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.findings.finding import by_gain, finding, named, worth
from shared.mfa.findings.of_policies import policy_findings
from shared.mfa.findings.of_registration import account_notes
from shared.mfa.findings.of_roles import role_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.directory import Directory
    from shared.mfa.findings.finding import Finding

_MOST_MISSING = 3


def account_findings(directory: Directory, accounts: JudgedAccounts) -> list[Finding]:
    """Every finding about the accounts, what buys most first; *accounts* are *directory*'s."""
    return by_gain(
        [
            *_coverage(accounts),
            *_not_read(accounts),
            *policy_findings(accounts),
            *account_notes(directory, accounts),
            *role_findings(directory, accounts),
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
