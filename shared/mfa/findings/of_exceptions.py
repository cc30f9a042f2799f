"""Findings about accepted exceptions that are no longer valid or needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.mfa.accounts.enforcement import NOT_ENFORCED
from shared.mfa.accounts.exceptions import ExceptionStatus
from shared.mfa.findings.finding import account_subjects, finding, with_gain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.exceptions import ExceptionsSummary
    from shared.mfa.findings.finding import Finding, Gap


def exception_findings(
    exceptions: ExceptionsSummary, accounts: JudgedAccounts
) -> Iterator[Finding | Gap]:
    """The exceptions that have expired, and those that are not needed."""
    expired = _indexes_at(ExceptionStatus.EXPIRED, exceptions, accounts)
    if expired:
        found = finding("exception-expired", account_subjects(accounts, iter(expired)))
        yield with_gain(found, accounts, _not_enforced(expired, accounts))
    needless = _indexes_at(ExceptionStatus.NEEDLESS, exceptions, accounts)
    if needless:
        yield finding("exception-needless", account_subjects(accounts, iter(needless)))


def _indexes_at(
    status: ExceptionStatus, exceptions: ExceptionsSummary, accounts: JudgedAccounts
) -> list[int]:
    """The indexes of the accounts, each once."""
    ids = (found.object_id for found in exceptions.listed if found.standing is status)
    indexes = map(accounts.membership.roster.index_of, ids)
    return sorted({index for index in indexes if index is not None})


def _not_enforced(indexes: list[int], accounts: JudgedAccounts) -> list[int]:
    """Those known to have no MFA enforced: the certain gain of enforcing it."""
    return [
        index for index in indexes if accounts.class_of(index).judgement.enforcement in NOT_ENFORCED
    ]
