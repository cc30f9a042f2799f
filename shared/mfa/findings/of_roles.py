"""What directory roles show: who can activate one, and is not asked for MFA before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.account_set import AccountLookup
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.findings.finding import finding, named, worth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.directory import Directory
    from shared.mfa.findings.finding import Finding

_GAPS = tuple(answer for answer in Enforcement if answer is not Enforcement.ENFORCED)
_MORE = " Who else can is not known: the members of a group that can were not read."
_ONLY_MORE = "Unknown accounts, members of a group that was not read,"


def role_findings(directory: Directory, accounts: JudgedAccounts) -> Iterator[Finding]:
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
