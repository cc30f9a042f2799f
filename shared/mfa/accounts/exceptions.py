"""
Accepted exceptions: accounts of which somebody answers for it that MFA is not enforced.

They stand beside the accounts figure, never inside: `AccountMetrics` does not know of them. What is
said here is a second number with a name of its own, and which exceptions are of use no longer.
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
    """One entry of the exceptions file: who answers for which account, why, and for how long."""

    account: str  #: object id or user principal name, as it was written
    owner: str
    reason: str
    ticket: str
    expires: date  #: the last day on which it holds


class ExceptionStatus(StrEnum):
    """What has become of an exception; the first that fits."""

    UNMATCHED = "unmatched"  #: there is no such enabled account
    NEEDLESS = "needless"  #: MFA is enforced, so there is nothing to accept
    EXPIRED = "expired"
    UNDECIDED = "undecided"  #: it holds, but whether MFA is enforced is not known
    ACCEPTED = "accepted"  #: it holds, and MFA is known not to be enforced


class JudgedException(AcceptedException, frozen=True):
    """An exception, the account it was found to be of, and what has become of it."""

    standing: ExceptionStatus
    object_id: str = ""  #: empty where there is no such account
    upn: str = ""


class ExceptionsMetrics(msgspec.Struct, frozen=True):
    """How many enabled accounts are accepted exceptions, and how many exceptions are stale."""

    accepted: int  #: accounts, each once
    undecided: int  #: accounts, each once; they stay unknown in every number
    expired: int
    needless: int
    unmatched: int
    share_without_accepted: float | None  #: enforced / (enabled - accepted); `None` for none left


class ExceptionsSummary(msgspec.Struct, frozen=True):
    """All that a report says of accepted exceptions."""

    metrics: ExceptionsMetrics
    listed: list[JudgedException]  #: those that expire, or expired, first come first


def judge_exceptions(
    kept: Iterable[AcceptedException], accounts: JudgedAccounts, day: date
) -> ExceptionsSummary:
    """What has become of each exception on *day*, which is the last that its date may name."""
    in_order = sorted(kept, key=lambda one: (one.expires, one.account.lower()))
    numbers = _numbers_of(in_order, accounts)
    listed = [
        _judged(one, number, accounts, day) for one, number in zip(in_order, numbers, strict=True)
    ]
    return ExceptionsSummary(_measure(listed, accounts), listed)


def _numbers_of(kept: Sequence[AcceptedException], accounts: JudgedAccounts) -> list[int | None]:
    """The account of each exception by number: by its id, else by its name, in whatever case."""
    roster = accounts.membership.roster
    wanted = {one.account.lower() for one in kept}
    named = {
        name: number
        for number, user in enumerate(roster.users if wanted else ())
        if (name := (user.user_principal_name or "").lower()) in wanted
    }
    found = [(roster.number(one.account), named.get(one.account.lower())) for one in kept]
    return [by_name if by_id is None else by_id for by_id, by_name in found]


def _judged(
    one: AcceptedException, number: int | None, accounts: JudgedAccounts, day: date
) -> JudgedException:
    told = msgspec.structs.asdict(one)
    if number is None:
        return JudgedException(**told, standing=ExceptionStatus.UNMATCHED)
    user = accounts.membership.roster.users[number]
    answer = accounts.class_of(number).judgement.enforcement
    return JudgedException(
        **told,
        standing=_standing(answer, is_over=one.expires < day),
        object_id=user.id,
        upn=user.user_principal_name or "",
    )


def _standing(answer: Enforcement | None, *, is_over: bool) -> ExceptionStatus:
    if answer is None:
        return ExceptionStatus.UNMATCHED
    if answer is Enforcement.ENFORCED:
        return ExceptionStatus.NEEDLESS
    if is_over:
        return ExceptionStatus.EXPIRED
    if answer is Enforcement.UNKNOWN:
        return ExceptionStatus.UNDECIDED
    return ExceptionStatus.ACCEPTED


def _measure(listed: Sequence[JudgedException], accounts: JudgedAccounts) -> ExceptionsMetrics:
    """
    Counts, and the share that would be read without the accepted accounts above and below.

    An account of unknown standing is not left out: the number would rise by what nobody knows.
    """
    entries = Counter(one.standing for one in listed)
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


def _accounts_at(standing: ExceptionStatus, listed: Iterable[JudgedException]) -> int:
    """How many accounts; one may be listed twice, by its id and by its name."""
    return len({one.object_id.lower() for one in listed if one.standing is standing})
