"""The accounts as one self-contained HTML page, in the look of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.accounts import DISABLED, MOST_LISTED
from shared.delivery.page.accounts_table import STATES, accounts_table
from shared.delivery.page.report_page import environment, look
from shared.delivery.text.figures import State
from shared.mfa.accounts.enforcement import Enforcement

if TYPE_CHECKING:
    from shared.delivery.files.accounts import Accounts
    from shared.delivery.page.table import PageContext
    from shared.mfa.assessment import ReportMeta

_LOOKS = {
    Enforcement.ENFORCED.value: "all",
    Enforcement.CONDITIONAL.value: "some",
    Enforcement.UNPROTECTED.value: "none",
    Enforcement.UNKNOWN.value: "unknown",
    DISABLED: "disabled",
}


def render_accounts(accounts: Accounts, meta: ReportMeta, context: PageContext) -> str:
    """
    Render the whole page: no other host, no script, and equal values give equal pages.

    People choose their own names, so every printed text is escaped and made harmless.
    """
    return (
        environment()
        .get_template("accounts.html")
        .render(
            accounts=accounts,
            chosen=accounts_table(accounts).select(context.query),
            meta=meta,
            context=context,
            state=_state(accounts),
            states=STATES,
            looks=_LOOKS,
            most_listed=MOST_LISTED,
            **look("table.css", "accounts.css"),
        )
    )


def _state(accounts: Accounts) -> State:
    metrics = accounts.metrics
    if metrics.conditional or metrics.unprotected:
        return State.BELOW
    if metrics.unknown or metrics.enabled is None:
        return State.UNDECIDED
    return State.MET if metrics.enabled else State.EMPTY
