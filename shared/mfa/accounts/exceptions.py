"""
Accepted exceptions: accounts without enforced MFA for which somebody takes responsibility.

They are reported next to the accounts figure and never change it: `AccountMetrics` does not know
about them. This module computes a second number with its own name, and says which exceptions are
no longer needed or valid.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.enforcement import Enforcement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.mfa.accounts.assessment import JudgedAccounts

FORMAT, VERSION = "partner-mfa-status/exceptions", 1


class AcceptedException(msgspec.Struct, frozen=True):
    """One entry of the exceptions file: who is responsible for which account, why, until when."""

    account: str  #: object id or user principal name, as written in the file
    owner: str
    reason: str
    ticket: str
    expires: date  #: the last day on which it is valid


class ExceptionStatus(StrEnum):
    """The status of an exception; the first that applies."""

    UNMATCHED = "unmatched"  #: there is no such enabled account
    NEEDLESS = "needless"  #: MFA is enforced, so there is nothing to accept
    EXPIRED = "expired"
    UNDECIDED = "undecided"  #: valid, but it is unknown whether MFA is enforced
    ACCEPTED = "accepted"  #: valid, and MFA is known not to be enforced


class JudgedException(AcceptedException, frozen=True):
    """An exception with its account and its status."""

    standing: ExceptionStatus
    object_id: str = ""  #: empty if there is no such account
    upn: str = ""


class ExceptionsMetrics(msgspec.Struct, frozen=True):
    """How many enabled accounts are accepted exceptions, and how many exceptions are stale."""

    accepted: int  #: accounts, each counted once
    undecided: int  #: accounts, each counted once; they stay unknown in every figure
    expired: int
    needless: int
    unmatched: int
    share_without_accepted: float | None  #: enforced / (enabled - accepted); `None`: none left


class ExceptionsSummary(msgspec.Struct, frozen=True):
    """Everything a report says about accepted exceptions."""

    metrics: ExceptionsMetrics
    listed: list[JudgedException]  #: by expiry date, earliest first


def judge_exceptions(
    accepted: Iterable[AcceptedException], accounts: JudgedAccounts, day: date
) -> ExceptionsSummary:
    """The status of each exception on *day*; one that expires on this day is still valid."""
    in_order = sorted(accepted, key=lambda entry: (entry.expires, entry.account.lower()))
    indexes = _indexes_of(in_order, accounts)
    listed = [
        _judged(entry, index, accounts, day) for entry, index in zip(in_order, indexes, strict=True)
    ]
    return ExceptionsSummary(_measure(listed, accounts), listed)


def _indexes_of(entries: Sequence[AcceptedException], accounts: JudgedAccounts) -> list[int | None]:
    """The index of each exception's account, found by id, else by name; case is ignored."""
    roster = accounts.membership.roster
    wanted = {entry.account.lower() for entry in entries}
    named = {
        name: index
        for index, user in enumerate(roster.users if wanted else ())
        if (name := (user.user_principal_name or "").lower()) in wanted
    }
    found = [
        (roster.index_of(entry.account), named.get(entry.account.lower())) for entry in entries
    ]
    return [by_name if by_id is None else by_id for by_id, by_name in found]


def _judged(
    entry: AcceptedException, index: int | None, accounts: JudgedAccounts, day: date
) -> JudgedException:
    fields = msgspec.structs.asdict(entry)
    if index is None:
        return JudgedException(**fields, standing=ExceptionStatus.UNMATCHED)
    user = accounts.membership.roster.users[index]
    answer = accounts.class_of(index).judgement.enforcement
    return JudgedException(
        **fields,
        standing=_status(answer, has_expired=entry.expires < day),
        object_id=user.id,
        upn=user.user_principal_name or "",
    )


def _status(answer: Enforcement | None, *, has_expired: bool) -> ExceptionStatus:
    if answer is None:
        return ExceptionStatus.UNMATCHED
    if answer is Enforcement.ENFORCED:
        return ExceptionStatus.NEEDLESS
    if has_expired:
        return ExceptionStatus.EXPIRED
    if answer is Enforcement.UNKNOWN:
        return ExceptionStatus.UNDECIDED
    return ExceptionStatus.ACCEPTED


def _measure(listed: Sequence[JudgedException], accounts: JudgedAccounts) -> ExceptionsMetrics:
    """
    Counts, and the share without the accepted accounts in numerator and denominator.

    An account whose enforcement is unknown is not left out: the share would rise without evidence.
    """
    entries = Counter(exception.standing for exception in listed)
    accepted = _accounts_at(ExceptionStatus.ACCEPTED, listed)
    others = (accounts.metrics.enabled or 0) - accepted
    return ExceptionsMetrics(
        accepted=accepted,
        undecided=_accounts_at(ExceptionStatus.UNDECIDED, listed),
        expired=entries[ExceptionStatus.EXPIRED],
        needless=entries[ExceptionStatus.NEEDLESS],
        unmatched=entries[ExceptionStatus.UNMATCHED],
        share_without_accepted=(accounts.metrics.enforced or 0) / others if others else None,
    )


def _accounts_at(status: ExceptionStatus, listed: Iterable[JudgedException]) -> int:
    """How many accounts have this status; one may be listed twice, by its id and by its name."""
    return len({found.object_id.lower() for found in listed if found.standing is status})
