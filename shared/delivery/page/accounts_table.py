"""What can be asked of the accounts; the words are the names of ``accounts.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.delivery.files.accounts import DISABLED
from shared.delivery.page.table import Column, Filter, Table, natural
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.exceptions import ExceptionStatus
from shared.mfa.findings.catalogue import CATALOGUE
from shared.mfa.reasons.reason import ReasonKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.delivery.files.accounts import AccountEntry, Accounts
    from shared.mfa.findings.finding import Finding

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


CAUSES = {
    ReasonKind.EXCLUDED.value: "Excluded from a policy",
    ReasonKind.CONDITION.value: "Policy applies only sometimes",
    ReasonKind.NOT_TARGETED.value: "Not reached by a policy",
    ReasonKind.NO_POLICY.value: "No policy at all",
    ReasonKind.REPORT_ONLY.value: "Policy in report-only mode",
    ReasonKind.CUSTOM_CONTROL.value: "Custom control",
    ReasonKind.FEDERATION_CLAIM.value: "Federation without the claim",
    ReasonKind.AGENT.value: "Agent's account",
    ReasonKind.NOT_TOLD.value: "Not known",
}
#: The filters that show the accounts of the findings whose fix enforces MFA for nobody.
FINDING_FILTERS = {
    "agent-accounts": {"cause": "agent"},
    "enforced-but-without-mfa": {"state": "enforced", "active": "true"},
    "exception-expired": {"exception": "expired"},
    "exception-needless": {"exception": "needless"},
    "mfa-not-registered": {"mfa_registered": "false"},
    "not-read": {"state": "unknown"},
    "signed-in-without-mfa": {"active": "true"},
}


def filters_of_finding(found: Finding) -> dict[str, str]:
    """The filters that show a finding's accounts; empty if it is not about accounts."""
    if found.gained or found.share_after is not None:
        return {"finding": found.id}
    return FINDING_FILTERS.get(found.id, {})


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
            "finding": Filter("Finding", _findings(accounts), lambda it: it.findings),
            "cause": Filter("Why not", CAUSES, lambda it: (it.cause_kind,)),
            "is_admin": _yes_or_no("Administrator", lambda it: it.is_admin),
            "mfa_registered": _yes_or_no("Registered", lambda it: it.mfa_registered),
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


def _findings(accounts: Accounts) -> dict[str, str]:
    """The findings that the listed accounts have, by their ids."""
    ids = {name for it in accounts.accounts for name in it.findings if name in CATALOGUE}
    return {name: CATALOGUE[name].title for name in sorted(ids)}


def _yes_or_no(label: str, truth: Callable[[AccountEntry], bool | None]) -> Filter[AccountEntry]:
    words = {True: "true", False: "false", None: "unknown"}
    shown = {"true": "Yes", "false": "No", "unknown": "Not known"}
    return Filter(label, shown, lambda it: (words[truth(it)],))
