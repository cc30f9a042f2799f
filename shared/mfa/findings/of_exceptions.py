"""Findings about accepted exceptions that are of use no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import NOT_ENFORCED
from shared.mfa.accounts.exceptions import ExceptionStatus
from shared.mfa.findings.finding import finding, named, worth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.mfa.accounts.assessment import JudgedAccounts
    from shared.mfa.accounts.exceptions import ExceptionsSummary
    from shared.mfa.findings.finding import Finding


def exception_findings(
    exceptions: ExceptionsSummary, accounts: JudgedAccounts
) -> Iterator[Finding]:
    """What is to be done about exceptions: those that have expired, and those not needed."""
    expired = _numbers_at(ExceptionStatus.EXPIRED, exceptions, accounts)
    if expired:
        found = finding("exception-expired", named(accounts, iter(expired)))
        yield worth(found, accounts, _open_ones(expired, accounts))
    needless = _numbers_at(ExceptionStatus.NEEDLESS, exceptions, accounts)
    if needless:
        found = finding("exception-needless", named(accounts, iter(needless)))
        yield msgspec.structs.replace(found, href="")  # it is mended in a file, not in Entra


def _numbers_at(
    standing: ExceptionStatus, exceptions: ExceptionsSummary, accounts: JudgedAccounts
) -> list[int]:
    """The accounts, by number, each once."""
    ids = (one.object_id for one in exceptions.listed if one.standing is standing)
    numbers = map(accounts.membership.roster.number, ids)
    return sorted({number for number in numbers if number is not None})


def _open_ones(numbers: list[int], accounts: JudgedAccounts) -> int:
    """How many of them are known to have no MFA enforced: what enforcing it surely buys."""
    answers = [accounts.class_of(number).judgement.enforcement for number in numbers]
    return sum(answer in NOT_ENFORCED for answer in answers)
