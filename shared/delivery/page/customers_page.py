"""The customers as one self-contained HTML page, in the look of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.customers import CustomerStatus
from shared.delivery.page import charts
from shared.delivery.page.customers_table import customers_table
from shared.delivery.page.history_chart import series
from shared.delivery.page.report_page import environment, look
from shared.delivery.text import formatting
from shared.delivery.text.figures import State
from shared.mfa.guid import is_guid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.delivery.files.customers import CustomerEntry, CustomerPoint, Customers
    from shared.delivery.page.table import PageContext
    from shared.mfa.assessment import ReportMeta

_ENTRA = "https://entra.microsoft.com"
#: The commands of Partner Center's page, each with its view in Entra. Sources: the addresses that
#: the Entra admin center itself shows; security defaults are under Properties there.
COMMANDS = {
    "Manage security defaults": "Microsoft_AAD_IAM/TenantOverview.ReactView",
    "Manage conditional access": (
        "Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"
    ),
    "View all users": "Microsoft_AAD_UsersAndTenants/UserManagementMenuBlade/~/AllUsers",
}
#: What each command takes in the customer's tenant, and what to do there.
STEPS = {
    "Manage security defaults": (
        "Security Administrator at least; then Overview, Properties, Manage security defaults, "
        "Enabled."
    ),
    "Manage conditional access": "Conditional Access Administrator or Security Administrator.",
    "View all users": "Directory Readers or Global Reader.",
}
_STATES = {
    CustomerStatus.UNKNOWN: State.UNDECIDED,
    CustomerStatus.NONE: State.BELOW,
    CustomerStatus.SOME: State.BELOW,
    CustomerStatus.ALL: State.MET,
    CustomerStatus.EMPTY: State.EMPTY,
}
_SWITCHED = {"enabled": "on", "disabled": "off"}


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
            chosen=customers_table(customers).select(context.query),
            meta=meta,
            context=context,
            state=_state(customers),
            bar=charts.customer_bar(customers.status_counts()),
            switched=_switched,
            commands=_commands,
            steps=STEPS,
            **look("table.css", "customers.css"),
        )
    )


def render_customer(
    customer: CustomerEntry,
    customers: Customers,
    history: Sequence[CustomerPoint],
    meta: ReportMeta,
    base: str,
) -> str:
    """Render one customer's page; its `history` comes oldest first."""
    shares = [point.share for point in history]
    days = [point.day for point in history]
    is_drawn = len(days) > 1 and any(share is not None for share in shares)
    return (
        environment()
        .get_template("customer.html")
        .render(
            customer=customer,
            customers=customers,
            history_points=history,
            lines=[series("portal", "Users with MFA", days, shares)] if is_drawn else [],
            meta=meta,
            base=base,
            state=_STATES[customer.mfa_status],
            switched=_switched,
            commands=_commands(customer.tenant_id),
            steps=STEPS,
            **look("details.css"),
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


def _commands(tenant_id: str) -> dict[str, str]:
    """The commands with their addresses in a customer's tenant; none if its id is not a GUID."""
    if not is_guid(tenant_id):
        return {}
    return {command: f"{_ENTRA}/{tenant_id}/#view/{view}" for command, view in COMMANDS.items()}
