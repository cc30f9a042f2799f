"""The rows of ``accounts.csv`` and ``customers.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.delivery.text.formatting import plain_quotes, utc_time
from shared.mfa.accounts.directory import users_with_mfa
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.reasons.reason import ReasonKind
from shared.mfa.request_counts import made

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.mfa.accounts.assessment import AccountRow
    from shared.mfa.accounts.directory import Customer
    from shared.mfa.assessment import Assessment
    from shared.mfa.metrics import ShareRule
    from shared.mfa.reasons.reason import Reason
    from shared.mfa.request_counts import RequestKind


class AccountStatusRow(msgspec.Struct, frozen=True, rename="pascal"):
    """One account in ``accounts.csv``; `None` is unknown."""

    object_id: str
    tenant_id: str | None
    upn: str
    display_name: str
    user_type: str
    enabled: bool | None
    is_admin: bool | None
    enforcement: str | None  #: `None` for a disabled account
    enforced_by: str
    cause: str
    remedy: str
    mfa_registered: bool | None
    last_request: str | None  #: UTC; `None` if it made no request in the window
    last_request_mfa_compliant: bool | None


class CustomerStatusRow(msgspec.Struct, frozen=True, rename="pascal"):
    """One customer in ``customers.csv``; `None` is unknown."""

    customer: str | None
    admins_with_mfa: int | None = msgspec.field(name="Admins with MFA enabled")
    non_admins_with_mfa: int | None = msgspec.field(name="Non-admins with MFA enabled")
    total_users: int | None = msgspec.field(name="Total Users")
    tenant_id: str
    security_defaults: str | None
    conditional_access: str | None
    per_user_mfa: str | None
    as_of: str | None  #: when the figures were read, UTC
    status: str  #: in words


def account_rows(
    accounts: Iterable[AccountRow], assessment: Assessment, tenant_id: str | None
) -> Iterator[AccountStatusRow]:
    """
    One row per account, in the order given, with its newest request in the window.

    An account with MFA enforced has the reason of its newest request without MFA, if there is one.
    """
    newest = _newest_by_user(assessment)
    reasons = _newest_reasons(assessment)
    for account in accounts:
        user = account.object_id.lower()
        explained = _explained(account, reasons.get(user))
        yield _account_row(explained, newest.get(user), assessment.rule, tenant_id)


def _newest_reasons(assessment: Assessment) -> dict[str, Reason]:
    """By user: why the newest of those requests had no MFA that count against a share."""
    against = assessment.rule.counts_against
    return {
        kind.user_id.lower(): kind.reason
        for kind in reversed(assessment.requests.kinds)
        if against(kind.verdict) and kind.reason
    }


def _explained(account: AccountRow, reason: Reason | None) -> AccountRow:
    if reason is None or account.enforcement is not Enforcement.ENFORCED:
        return account
    if reason.kind is ReasonKind.POLICY_TOO_YOUNG and account.cause:
        return account  # its note on the policy says so, with the day
    return msgspec.structs.replace(
        account,
        cause=" ".join(filter(None, [f"{reason.sentence}.", account.cause])),
        remedy=" ".join(filter(None, [reason.remedy, account.remedy])),
    )


def _account_row(
    account: AccountRow, last: RequestKind | None, rule: ShareRule, tenant_id: str | None
) -> AccountStatusRow:
    return AccountStatusRow(
        object_id=account.object_id,
        tenant_id=tenant_id,
        upn=account.upn,
        display_name=account.display_name,
        user_type=account.user_type,
        enabled=account.enabled,
        is_admin=account.is_admin,
        enforcement=account.enforcement.value if account.enforcement else None,
        enforced_by=plain_quotes(account.enforced_by),
        cause=plain_quotes(account.cause),
        remedy=plain_quotes(account.remedy),
        mfa_registered=account.mfa_registered,
        last_request=utc_time(last.newest[0]) if last else None,
        last_request_mfa_compliant=rule.is_compliant(last.verdict) if last else None,
    )


def _newest_by_user(assessment: Assessment) -> dict[str, RequestKind]:
    kinds = assessment.requests.kinds
    return {kind.user_id.lower(): kind for kind in made(reversed(kinds))}


def customer_rows(customers: Iterable[Customer], as_of: str) -> Iterator[CustomerStatusRow]:
    """
    One row per customer, worst first; customers whose figures were not read come first of all.

    `as_of` is when the figures were read, UTC.
    """
    ranked = sorted(customers, key=lambda it: (_protected(it), it.display_name or ""))
    return (_customer_row(customer, as_of) for customer in ranked)


def _customer_row(customer: Customer, as_of: str) -> CustomerStatusRow:
    mfa = customer.mfa
    return CustomerStatusRow(
        customer=customer.display_name or None,
        admins_with_mfa=mfa.compliant_admins_count if mfa else None,
        non_admins_with_mfa=mfa.compliant_non_admins_count if mfa else None,
        total_users=mfa.total_users_count if mfa else None,
        tenant_id=customer.tenant_id,
        security_defaults=mfa.security_defaults_status if mfa else None,
        conditional_access=mfa.mfa_conditional_access_policy_status if mfa else None,
        per_user_mfa=mfa.legacy_per_user_mfa_status if mfa else None,
        as_of=utc_time(as_of) if mfa else None,
        status=_status(customer),
    )


def _with_mfa(customer: Customer) -> tuple[int, int] | None:
    """How many users have MFA, and how many users there are; `None` if either is unknown."""
    if customer.mfa is None:
        return None
    admins, others = customer.mfa.compliant_admins_count, customer.mfa.compliant_non_admins_count
    total = customer.mfa.total_users_count
    with_mfa = users_with_mfa(admins, others, total)
    return None if with_mfa is None or total is None else (with_mfa, total)


def _protected(customer: Customer) -> float:
    """The fraction of users with MFA, to sort by: unknown is lowest, no users at all is highest."""
    counts = _with_mfa(customer)
    if counts is None:
        return -1.0
    with_mfa, total = counts
    return with_mfa / total if total else 1.0


def _status(customer: Customer) -> str:
    counts = _with_mfa(customer)
    if counts is None:
        return "not known"
    with_mfa, total = counts
    if not total:
        return "no users"
    if with_mfa == total:
        return "all users have MFA"
    return f"{total - with_mfa} of {total} users without MFA"
