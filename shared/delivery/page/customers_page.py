"""The customers as one self-contained HTML page, in the look of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.files.customers import CustomerStatus
from shared.delivery.page import charts
from shared.delivery.page.report_page import environment, look
from shared.delivery.text import formatting
from shared.delivery.text.figures import State
from shared.mfa.guid import is_guid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.delivery.files.customers import Customers
    from shared.mfa.assessment import ReportMeta

LINKED_ROWS = 400  #: rows with links, worst first; keeps 3,000 customers below a megabyte

_ENTRA = "https://entra.microsoft.com"
_SECURITY_DEFAULTS = "Microsoft_AAD_IAM/TenantOverview.ReactView"  #: under Properties there
_POLICIES = "Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"
_SWITCHED = {"enabled": "on", "disabled": "off"}


@dataclass(frozen=True, slots=True)
class PageContext:
    """What the page shows apart from the customers themselves."""

    base: str = ""  #: the path below which the HTTP functions are
    notes: Sequence[str] = ()  #: why some of their data was not read
    search: str = ""  #: only customers that match are listed; the figures count all


def render_customers(customers: Customers, meta: ReportMeta, context: PageContext) -> str:
    """
    Render the whole page: no other host, no script, and equal values give equal pages.

    Customers choose their own names, so every printed text is escaped and made harmless.
    """
    return (
        environment()
        .get_template("customers.html")
        .render(
            customers=customers,
            listed=customers.matching(context.search).customers,
            meta=meta,
            context=context,
            state=_state(customers),
            bar=charts.customer_bar(customers.status_counts()),
            linked_rows=LINKED_ROWS,
            switched=_switched,
            security_defaults=_security_defaults,
            policies=_policies,
            **look("customers.css"),
        )
    )


def _state(customers: Customers) -> State:
    found = customers.status_counts()
    if found[CustomerStatus.SOME] or found[CustomerStatus.NONE]:
        return State.BELOW
    if found[CustomerStatus.UNKNOWN]:
        return State.UNDECIDED
    return State.MET if found[CustomerStatus.ALL] else State.EMPTY


def _switched(word: str | None) -> str:
    """``on`` or ``off``; any other word of Graph's unchanged."""
    if word is None:
        return "not known"
    return _SWITCHED.get(word) or formatting.name_of(word)


def _security_defaults(tenant_id: str) -> str:
    return _blade(tenant_id, _SECURITY_DEFAULTS)


def _policies(tenant_id: str) -> str:
    return _blade(tenant_id, _POLICIES)


def _blade(tenant_id: str, view: str) -> str:
    """The page in Entra where the tenant switches it; empty if the tenant id is not a GUID."""
    return f"{_ENTRA}/{tenant_id}/#view/{view}" if is_guid(tenant_id) else ""
