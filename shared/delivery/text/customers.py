"""The partner's customers in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.text.formatting import count

if TYPE_CHECKING:
    from shared.mfa.accounts.customer_counts import CustomerCounts


def customers_line(counts: CustomerCounts) -> str:
    """The verdict in words: ``7 of 42 customers have MFA for all users; 3 not known.``."""
    if not counts.total:
        return "There are no customers."
    have = "has" if 1 in (counts.protected, counts.total) else "have"
    rest = f"; {counts.unknown:,} not known" if counts.unknown else ""
    every = count(counts.total, "customer")
    return f"{counts.protected:,} of {every} {have} MFA for all users{rest}."
