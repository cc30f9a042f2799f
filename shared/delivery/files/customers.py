"""How the customers stand, as ``customers.json`` tells it: values, and what can be said of them."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import msgspec

from shared.delivery.text.words import count
from shared.errors import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.delivery.files.csv_files import Row

_PARTS = ("customers", "customerInsights", "delegatedAdminCustomers")  #: of a directory's notes


class CustomerStatus(StrEnum):
    """Where a customer stands, worst first; also its look."""

    UNKNOWN = "unknown"  #: a figure was not read
    NONE = "none"  #: no user has MFA
    SOME = "some"
    ALL = "all"
    EMPTY = "empty"  #: there are no users


class Customer(msgspec.Struct, frozen=True):
    """One customer; `None` is not known."""

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
    def standing(self) -> CustomerStatus:
        """The status as a value."""
        admins, others, total = self.admins_with_mfa, self.non_admins_with_mfa, self.total_users
        if admins is None or others is None or total is None:
            return CustomerStatus.UNKNOWN
        if not total:
            return CustomerStatus.EMPTY
        if admins + others >= total:
            return CustomerStatus.ALL
        return CustomerStatus.SOME if admins + others else CustomerStatus.NONE

    def answers_to(self, search: str) -> bool:
        """Whether its name or tenant id holds a text, in any case."""
        wanted = search.casefold()
        return wanted in (self.customer or "").casefold() or wanted in self.tenant_id.casefold()


class Customers(msgspec.Struct, frozen=True):
    """All customers of a partner, worst first."""

    tenant_id: str | None  #: the partner's
    as_of: str | None  #: when they were read, UTC
    customers: list[Customer]

    @classmethod
    def of(cls, tenant_id: str | None, as_of: str, rows: Iterable[Row]) -> Self:
        """What the rows of ``customers.csv`` tell, in their order."""
        return cls(tenant_id, as_of or None, [_customer(row) for row in rows])

    def to_json(self) -> bytes:
        """Indented UTF-8 JSON, ending in a newline; equal customers give equal bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """What `to_json` gave; `DamagedError` if it is none."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise DamagedError(f"Stored customers cannot be read: {error}.") from error

    def matching(self, search: str) -> Self:
        """Only those that answer to a text; all where it is empty."""
        found = [customer for customer in self.customers if customer.answers_to(search)]
        return msgspec.structs.replace(self, customers=found)

    def standings(self) -> Counter[CustomerStatus]:
        """How many stand where."""
        return Counter(customer.standing for customer in self.customers)

    def headline(self) -> str:
        """The verdict: ``7 of 42 customers have MFA for all users; 3 not known.`` or the like."""
        if not self.customers:
            return "There are no customers."
        found, total = self.standings(), len(self.customers)
        have = "has" if 1 in (found[CustomerStatus.ALL], total) else "have"
        unknown = (
            f"; {found[CustomerStatus.UNKNOWN]:,} not known"
            if found[CustomerStatus.UNKNOWN]
            else ""
        )
        whose = f"{found[CustomerStatus.ALL]:,} of {count(total, 'customer')}"
        return f"{whose} {have} MFA for all users{unknown}."


def customer_notes(notes: Mapping[str, str]) -> list[str]:
    """Those of a directory's notes that say why customers, or something of them, were not read."""
    return [notes[part] for part in _PARTS if part in notes]


def _customer(row: Row) -> Customer:
    """One row, whose columns are `HEADERS`'s; as-of is said once, for all."""
    *told, _, status = row
    values = dict(zip(Customer.__struct_fields__, (*told, status), strict=True))
    return msgspec.convert({**values, "customer": values["customer"] or None}, Customer)
