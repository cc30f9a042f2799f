"""
The permission receipt: which Graph application permissions each figure needs, and which exist.

A permission is identified by its value, such as ``AuditLog.Read.All``. A test shows that these are
exactly the permissions the sources use. Standard library only, because `infra` uses it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

#: The figures by name, and what they are.
FIGURES = {
    "requests": "portal and API requests, with MFA and without",
    "accounts": "accounts with MFA enforced, by what, or why not",
    "federation": "whether federated domains do MFA, and whether Entra accepts it",
    "customers": "MFA status of the customers (global cloud only)",
    "eligible-roles": "accounts that can activate a role without enforced MFA (Entra ID P2 only)",
    "hidden-groups": "policies that target groups with hidden members",
}
#: Least privilege: hidden groups are rare, so their role is only requested if wanted. Graph's
#: documentation says that RoleManagement.Read.Directory includes the one for eligible roles.
USUAL_FIGURES = ("requests", "accounts", "federation", "customers")


class PermissionNeed(NamedTuple):
    """A figure needs a role to read something."""

    figure: str
    role: str
    reads: str


NEEDS = (
    PermissionNeed("requests", "AuditLog.Read.All", "sign-ins"),
    PermissionNeed(
        "accounts", "User.Read.All", "accounts, which of them are enabled, and the tenant's name"
    ),
    PermissionNeed(
        "accounts",
        "Policy.Read.All",
        "conditional access and what Entra's What If says of it, security defaults, per-user MFA",
    ),
    PermissionNeed("accounts", "RoleManagement.Read.Directory", "who is an administrator"),
    PermissionNeed("accounts", "GroupMember.Read.All", "members of the groups that policies name"),
    PermissionNeed("accounts", "AuditLog.Read.All", "who has registered a method"),
    PermissionNeed("federation", "Domain.Read.All", "which domains are federated"),
    PermissionNeed(
        "federation", "Domain-InternalFederation.Read.All", "whether Entra accepts their MFA"
    ),
    PermissionNeed("customers", "PartnerSecurity.Read.All", "the customers' MFA figures"),
    PermissionNeed("customers", "DelegatedAdminRelationship.Read.All", "the customers' names"),
    PermissionNeed(
        "eligible-roles", "RoleEligibilitySchedule.Read.Directory", "who is eligible for a role"
    ),
    PermissionNeed("hidden-groups", "Member.Read.Hidden", "members of groups that hide them"),
)

#: Warnings about roles that no figure needs.
WARNINGS = {
    "Mail.Send": "it covers every mailbox of the tenant and overrides a restriction by Exchange's "
    "RBAC for Applications, because permissions add up",
}


class PermissionReceipt(NamedTuple):
    """What is needed, by state, and what was granted in addition."""

    granted: tuple[PermissionNeed, ...]
    missing: tuple[PermissionNeed, ...]
    not_offered: tuple[PermissionNeed, ...]  #: this cloud's Graph does not have the role
    extra: tuple[str, ...]  #: roles that no figure needs

    @property
    def missing_roles(self) -> list[str]:
        """Each role once, in the order of the needs."""
        return list(dict.fromkeys(need.role for need in self.missing))


def permission_receipt(
    has: Collection[str], figures: Iterable[str], offered: Collection[str] | None = None
) -> PermissionReceipt:
    """The receipt of these figures for an identity with these roles; `None`: all are offered."""
    wanted = set(figures)
    needs = [need for need in NEEDS if need.figure in wanted]
    roles = {need.role for need in needs}
    here = roles if offered is None else roles.intersection(offered)
    return PermissionReceipt(
        granted=tuple(need for need in needs if need.role in has),
        missing=tuple(n for n in needs if n.role in here and n.role not in has),
        not_offered=tuple(n for n in needs if n.role not in here and n.role not in has),
        extra=tuple(role for role in has if role not in roles),
    )


def figures_of(has: Collection[str]) -> list[str]:
    """The usual figures, and those of the others for which a role was granted."""
    asked = {need.figure for need in NEEDS if need.role in has}
    return [figure for figure in FIGURES if figure in USUAL_FIGURES or figure in asked]
