"""What can be asked of the accounts; the words are the names of ``accounts.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.accounts import DISABLED
from shared.delivery.page.table import Column, Filter, Table, natural
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.exceptions import ExceptionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.delivery.files.accounts import AccountEntry, Accounts

STATES = {
    Enforcement.UNPROTECTED.value: "Not enforced",
    Enforcement.CONDITIONAL.value: "Only sometimes",
    Enforcement.UNKNOWN.value: "Not known",
    Enforcement.ENFORCED.value: "Enforced",
    DISABLED: "Disabled",
}
_ORDER = {state: place for place, state in enumerate((*Enforcement, DISABLED))}
EXCEPTIONS = {
    ExceptionStatus.ACCEPTED.value: "In force",
    ExceptionStatus.UNDECIDED.value: "In force, MFA not known",
    ExceptionStatus.EXPIRED.value: "Expired",
    ExceptionStatus.NEEDLESS.value: "Not needed",
    "none": "None",
}


def accounts_table(accounts: Accounts) -> Table[AccountEntry]:
    """The accounts as a table that people search, filter and sort."""
    return Table(
        rows=accounts.accounts,
        texts=lambda it: (it.upn, it.display_name, it.object_id),
        columns={
            "upn": Column("Account", lambda it: natural(it.upn or it.object_id)),
            "state": Column("MFA", lambda it: _ORDER.get(it.state)),
            "is_admin": Column("Administrator", lambda it: it.is_admin),
            "mfa_registered": Column("Registered", lambda it: it.mfa_registered),
            "last_request": Column("Last request", lambda it: it.last_request),
        },
        filters={
            "state": Filter("MFA", STATES, lambda it: (it.state,)),
            "is_admin": _yes_or_no("Administrator", lambda it: it.is_admin),
            "user_type": Filter(
                "Kind", {"member": "Members", "guest": "Guests"}, lambda it: (it.user_type.lower(),)
            ),
            "active": Filter(
                "Partner Center",
                {"true": "Used in these days", "false": "Not used"},
                lambda it: ("true" if it.last_request else "false",),
            ),
            "exception": Filter(
                "Accepted exception", EXCEPTIONS, lambda it: (it.exception or "none",)
            ),
        },
    )


def _yes_or_no(label: str, truth: Callable[[AccountEntry], bool | None]) -> Filter[AccountEntry]:
    words = {True: "true", False: "false", None: "unknown"}
    shown = {"true": "Yes", "false": "No", "unknown": "Not known"}
    return Filter(label, shown, lambda it: (words[truth(it)],))
