"""What can be asked of the customers; the words are the names of ``customers.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.customers import CustomerStatus
from shared.delivery.page.table import Column, Filter, Table, natural

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.delivery.files.customers import CustomerEntry, Customers

_STATUS = {
    CustomerStatus.UNKNOWN.value: "Not known",
    CustomerStatus.NONE.value: "No user with MFA",
    CustomerStatus.SOME.value: "Some users without MFA",
    CustomerStatus.ALL.value: "All users with MFA",
    CustomerStatus.EMPTY.value: "No users",
}
_UNKNOWN = "unknown"


def customers_table(customers: Customers) -> Table[CustomerEntry]:
    """What can be asked of the customers; the words are the names of ``customers.json``."""
    return Table(
        rows=customers.customers,
        texts=lambda it: (it.customer or "", it.tenant_id),
        columns={
            "customer": Column(
                "Customer", lambda it: natural(it.customer) if it.customer else None
            ),
            "admins_with_mfa": Column("Admins with MFA enabled", lambda it: it.admins_with_mfa),
            "non_admins_with_mfa": Column(
                "Non-admins with MFA enabled", lambda it: it.non_admins_with_mfa
            ),
            "total_users": Column("Total Users", lambda it: it.total_users),
            "status": Column("Status", _without_mfa),
        },
        filters={
            "status": Filter("Status", _STATUS, lambda it: (it.mfa_status,)),
            "admins_with_mfa": Filter(
                "Administrators",
                {"none": "None with MFA", _UNKNOWN: "Not known"},
                lambda it: _word_of_number(it.admins_with_mfa),
            ),
            "security_defaults": _method("Security defaults", lambda it: it.security_defaults),
            "conditional_access": _method("Conditional access", lambda it: it.conditional_access),
        },
    )


def _method(label: str, word: Callable[[CustomerEntry], str | None]) -> Filter[CustomerEntry]:
    words = {"enabled": "On", "disabled": "Off", _UNKNOWN: "Not known"}
    return Filter(label, words, lambda it: ((word(it) or _UNKNOWN).casefold(),))


def _word_of_number(number: int | None) -> tuple[str, ...]:
    if number is None:
        return (_UNKNOWN,)
    return () if number else ("none",)


def _without_mfa(customer: CustomerEntry) -> int | None:
    """How many of its users have no MFA."""
    with_mfa, total = customer.users_with_mfa, customer.total_users
    return None if with_mfa is None or total is None else total - with_mfa
