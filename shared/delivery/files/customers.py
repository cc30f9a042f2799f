"""The customers of a partner as ``customers.json`` holds them, and what can be said about them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import msgspec

from shared.decoding import decode_json
from shared.delivery.text.customers import customers_line
from shared.errors import DamagedError
from shared.mfa.accounts.customer_counts import CustomerCounts
from shared.mfa.accounts.directory import users_with_mfa

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.delivery.files.directory_rows import CustomerStatusRow

_NOTED_PARTS = ("customers", "customerInsights", "partnerSecurityScore", "delegatedAdminCustomers")


class CustomerStatus(StrEnum):
    """How many of a customer's users have MFA, worst first; the value also names its look."""

    UNKNOWN = "unknown"  #: a figure was not read, or the figures contradict one another
    NONE = "none"  #: no user has MFA
    SOME = "some"
    ALL = "all"
    EMPTY = "empty"  #: there are no users


class CustomerEntry(msgspec.Struct, frozen=True):
    """One customer; `None` is unknown."""

    customer: str | None
    admins_with_mfa: int | None
    non_admins_with_mfa: int | None
    total_users: int | None
    tenant_id: str
    security_defaults: str | None
    conditional_access: str | None
    per_user_mfa: str | None
    status: str  #: in words, as in ``customers.csv``

    @property
    def users_with_mfa(self) -> int | None:
        """Administrators and others together; `None` if unknown or contradictory."""
        return users_with_mfa(self.admins_with_mfa, self.non_admins_with_mfa, self.total_users)

    @property
    def mfa_status(self) -> CustomerStatus:
        """The status as a value."""
        with_mfa = self.users_with_mfa
        if with_mfa is None:
            return CustomerStatus.UNKNOWN
        if not self.total_users:
            return CustomerStatus.EMPTY
        if with_mfa == self.total_users:
            return CustomerStatus.ALL
        return CustomerStatus.SOME if with_mfa else CustomerStatus.NONE


class CustomerPoint(msgspec.Struct, frozen=True):
    """A customer's figures as an earlier report had them; `None` is unknown."""

    day: date
    users_with_mfa: int | None
    total_users: int | None
    share: float | None


class CustomerTotals(msgspec.Struct, frozen=True):
    """Sums over the customers whose figures are known, which are `known` of them."""

    known: int
    admins_with_mfa: int
    non_admins_with_mfa: int
    total_users: int


class Customers(msgspec.Struct, frozen=True):
    """All customers of a partner, worst first."""

    tenant_id: str | None  #: the partner's
    as_of: str | None  #: when they were read, UTC
    customers: list[CustomerEntry]
    refreshed_at: str | None = None  #: when Microsoft last refreshed the figures, UTC

    @classmethod
    def of(
        cls,
        tenant_id: str | None,
        as_of: str,
        rows: Iterable[CustomerStatusRow],
        refreshed_at: str | None = None,
    ) -> Self:
        """The rows of ``customers.csv`` in their order; both times are stated once, for all."""
        entries = [msgspec.convert(row, CustomerEntry, from_attributes=True) for row in rows]
        return cls(tenant_id, as_of or None, entries, refreshed_at)

    def to_json(self) -> bytes:
        """Indented UTF-8 JSON, ending in a newline; equal customers give equal bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote. Raises `DamagedError` if it is not valid."""
        return decode_json(data, cls, _damaged)

    def totals(self) -> CustomerTotals:
        """The sums over all customers whose figures are known."""
        known = [it for it in self.customers if it.users_with_mfa is not None]
        return CustomerTotals(
            known=len(known),
            admins_with_mfa=sum(it.admins_with_mfa or 0 for it in known),
            non_admins_with_mfa=sum(it.non_admins_with_mfa or 0 for it in known),
            total_users=sum(it.total_users or 0 for it in known),
        )

    def status_counts(self) -> Counter[CustomerStatus]:
        """The number of customers by status."""
        return Counter(customer.mfa_status for customer in self.customers)

    def headline(self) -> str:
        """The verdict in words: ``7 of 42 customers have MFA for all users; 3 not known.``."""
        counts, total = self.status_counts(), len(self.customers)
        protected, unknown = counts[CustomerStatus.ALL], counts[CustomerStatus.UNKNOWN]
        return customers_line(CustomerCounts(total, protected, unknown))


def _damaged(reason: str) -> DamagedError:
    return DamagedError(f"Stored customers cannot be read: {reason}.")


def customer_notes(notes: Mapping[str, str]) -> list[str]:
    """The directory notes that say why customers, or some of their figures, were not read."""
    return [notes[part] for part in _NOTED_PARTS if part in notes]
