"""The rows of ``accounts.csv`` and ``customers.csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.words import utc_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.delivery.files.csv_files import Row
    from shared.mfa.accounts.assessment import AccountRow
    from shared.mfa.accounts.directory import Customer
    from shared.mfa.assessment import Assessment
    from shared.mfa.requests import Request


_QUOTES = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")


def account_rows(
    accounts: Iterable[AccountRow], assessment: Assessment, tenant_id: str | None
) -> Iterator[Row]:
    """One row per account, in the order given, with the newest request of the window it made."""
    newest = _newest_by_user(assessment)
    for account in accounts:
        request = newest.get(account.object_id.lower())
        yield (
            account.object_id,
            tenant_id,
            account.upn,
            account.display_name,
            account.user_type,
            account.enabled,
            account.is_admin,
            account.enforcement.value if account.enforcement else None,
            *map(_plain, (account.enforced_by, account.cause, account.remedy)),
            account.mfa_registered,
            utc_time(request.sign_in.created_at) if request else None,
            assessment.rule.is_compliant(request.verdict) if request else None,
        )


def _plain(sentence: str) -> str:
    """A sentence of ours without curly quotes, which Excel garbles where it is not told UTF-8."""
    return sentence.translate(_QUOTES)


def _newest_by_user(assessment: Assessment) -> dict[str, Request]:
    newest: dict[str, Request] = {}
    for requests in assessment.requests.values():
        for request in requests:
            user = request.sign_in.user_id.lower()
            if request.verdict.is_request and (
                user not in newest or _made_at(newest[user]) < _made_at(request)
            ):
                newest[user] = request
    return newest


def _made_at(request: Request) -> tuple[str, str]:
    return request.sign_in.created_at, request.sign_in.id


def customer_rows(customers: Iterable[Customer], as_of: str) -> Iterator[Row]:
    """
    One row per customer, worst first; those whose figures were not read come before all others.

    `as_of` is when the figures were read, UTC.
    """
    ranked = sorted(customers, key=lambda customer: (_protected(customer), _name(customer)))
    return (_customer_row(customer, as_of) for customer in ranked)


def _customer_row(customer: Customer, as_of: str) -> Row:
    mfa = customer.mfa
    return (
        _name(customer),
        mfa.compliant_admins_count if mfa else None,
        mfa.compliant_non_admins_count if mfa else None,
        mfa.total_users_count if mfa else None,
        customer.tenant_id,
        mfa.security_defaults_status if mfa else None,
        mfa.mfa_conditional_access_policy_status if mfa else None,
        mfa.legacy_per_user_mfa_status if mfa else None,
        as_of if mfa else None,
        _status(customer),
    )


def _name(customer: Customer) -> str:
    return customer.display_name or ""


def _with_mfa(customer: Customer) -> tuple[int, int] | None:
    """How many users have MFA, of how many; `None` where any of the figures is not known."""
    mfa = customer.mfa
    if mfa is None:
        return None
    told = (mfa.compliant_admins_count, mfa.compliant_non_admins_count, mfa.total_users_count)
    admins, others, total = told
    if admins is None or others is None or total is None:
        return None
    return admins + others, total


def _protected(customer: Customer) -> float:
    """Fraction of users with MFA, for sorting; unknown sorts below all, no users at the end."""
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
    if with_mfa >= total:
        return "all users have MFA"
    return f"{total - with_mfa} of {total} users without MFA"
