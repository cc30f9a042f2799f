"""How many of a partner's customers have MFA for all of their users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.accounts.directory import users_with_mfa

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.mfa.accounts.directory import Customer


class CustomerCounts(msgspec.Struct, frozen=True):
    """The customers in one line."""

    total: int
    protected: int  #: MFA for all users; there is at least one
    unknown: int  #: figures were not read, or contradict one another


def customer_counts(customers: Iterable[Customer]) -> CustomerCounts:
    """Count customers by Microsoft's figures of them."""
    found = [_users(customer) for customer in customers]
    return CustomerCounts(
        total=len(found),
        protected=sum(users is not None and users[0] == users[1] > 0 for users in found),
        unknown=found.count(None),
    )


def _users(customer: Customer) -> tuple[int, int] | None:
    """With MFA, and altogether; `None` if unknown."""
    if customer.mfa is None:
        return None
    mfa = customer.mfa
    total = mfa.total_users_count
    admins, others = mfa.compliant_admins_count, mfa.compliant_non_admins_count
    with_mfa = users_with_mfa(admins, others, total)
    return None if with_mfa is None or total is None else (with_mfa, total)
