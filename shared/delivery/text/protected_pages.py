"""Who may open Partner Center's protected pages, and the mandate's scenarios, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.formatting import listed, name_of, thousands
from shared.mfa.accounts.partner_roles import ADMINISTRATORS
from shared.mfa.mandate_tables import (
    ADDITIONAL_WORKLOADS,
    ENTRA_2023,
    NOBODY_2023,
    PAGES,
    PAGES_2023,
    WORKLOADS,
)

if TYPE_CHECKING:
    from shared.mfa.accounts.partner_roles import PartnerRole
    from shared.mfa.metrics import AccountShare
    from shared.mfa.report import Report

NAMES_SHOWN = 20
NEW_PAGES = set(PAGES) - set(PAGES_2023)  #: which the edition of May 2023 does not have


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One role, the pages that it opens, and its accounts."""

    name: str
    opens: str  #: the pages, and those of the edition of May 2023 where it differs
    accounts: str  #: how many have the role
    not_enforced: str  #: how many of them are known to have no MFA enforced
    names: list[str]
    more: int  #: further names that are not shown


def role_rows(report: Report) -> list[RoleRow]:
    """A row for each role; none if no directory was read."""
    return [_row(role) for role in report.partner_roles]


def _row(role: PartnerRole) -> RoleRow:
    shown = [name_of(name) for name in role.not_enforced[:NAMES_SHOWN]]
    return RoleRow(
        name=role.name,
        opens=_opens(role),
        accounts=_accounts(role.accounts),
        not_enforced="unknown" if role.accounts.enabled is None else _not_enforced(role),
        names=shown,
        more=role.not_enforced_total - len(shown),
    )


def _opens(role: PartnerRole) -> str:
    if role.name == ADMINISTRATORS:
        return "Any directory role. Authorisation as a Cloud Solution Provider depends on them."
    opens = f"Opens {listed(role.pages)}" if role.pages else "Opens none of them"
    if set(role.pages_2023) == set(role.pages) - NEW_PAGES:
        return f"{opens}."
    return f"{opens}; by the edition of May 2023, {listed(role.pages_2023) or 'none'}."


def _accounts(share: AccountShare) -> str:
    if share.enabled is None:
        return "not read"
    unknown = f", {thousands(share.unknown)} unknown" if share.unknown else ""
    return f"{thousands(share.enabled)}{unknown}"


def _not_enforced(role: PartnerRole) -> str:
    at_least = "at least " if role.accounts.unknown else ""
    return f"{at_least}{thousands(role.not_enforced_total)}"


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """One of the mandate's scenarios, with its cells by the edition of May 2023."""

    title: str
    entra: str
    third_party: str
    nobody: str


def scenario_rows() -> list[ScenarioRow]:
    """The seven scenarios."""
    return [
        ScenarioRow(each.title, ENTRA_2023, each.third_party_2023, NOBODY_2023)
        for each in WORKLOADS
    ]


def additional_rows() -> list[ScenarioRow]:
    """The additional workloads, which have no column for nobody's MFA."""
    return [
        ScenarioRow(each.title, each.entra_2023, each.third_party_2023, "")
        for each in ADDITIONAL_WORKLOADS
    ]
