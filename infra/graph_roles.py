"""
The scope receipt: which Graph application role each figure needs, and what a principal has of them.

Pure: names and ids in, a receipt and its lines out. A role is known by its value alone; its id is
looked up in the tenant's own Graph service principal, which lists what this cloud offers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: What a figure is called here, and what it is.
FIGURES = {
    "requests": "portal and API requests, with MFA and without",
    "accounts": "accounts with MFA enforced, by what, and why not",
    "federation": "whether federated domains do MFA, and whether Entra believes them",
    "customers": "how the customers stand (the global cloud only)",
    "eligible-roles": "who can activate a role, and has no MFA enforced before (Entra ID P2 only)",
    "hidden-groups": "policies that aim at groups whose members are hidden",
}
#: Least privilege: hidden groups are rare, so their role is asked for only where it is wanted. That
#: for eligible roles Graph documents as contained in RoleManagement.Read.Directory.
USUAL_FIGURES = ("requests", "accounts", "federation", "customers")


class Need(NamedTuple):
    """One figure needs one role, for what it reads with it."""

    figure: str
    role: str
    reads: str


NEEDS = (
    Need("requests", "AuditLog.Read.All", "sign-ins"),
    Need("accounts", "User.Read.All", "accounts, and which of them are enabled"),
    Need("accounts", "Policy.Read.All", "conditional access, security defaults, per-user MFA"),
    Need("accounts", "RoleManagement.Read.Directory", "who is an administrator"),
    Need("accounts", "GroupMember.Read.All", "members of the groups that policies name"),
    Need("accounts", "AuditLog.Read.All", "who has registered a method"),
    Need("accounts", "Organization.Read.All", "the tenant's name"),
    Need("federation", "Domain.Read.All", "which domains are federated"),
    Need("federation", "Domain-InternalFederation.Read.All", "what Entra makes of their MFA"),
    Need("customers", "PartnerSecurity.Read.All", "the customers' MFA figures"),
    Need("customers", "DelegatedAdminRelationship.Read.All", "the customers' names"),
    Need("eligible-roles", "RoleEligibilitySchedule.Read.Directory", "who is eligible for a role"),
    Need("hidden-groups", "Member.Read.Hidden", "members of groups that hide them"),
)

#: What is said of a role that no figure needs, where there is more to say.
WARNINGS = {
    "Mail.Send": "it is for every mailbox of the tenant, and undoes the narrowing by Exchange's "
    "RBAC for Applications, because permissions add up",
}


class Assignment(NamedTuple):
    """A role of Graph that the principal has."""

    id: str
    role_id: str


class Extra(NamedTuple):
    """A role that it has and that no figure needs."""

    assignment_id: str
    role: str  #: its value; its id, where this cloud's Graph does not list it (any more)


class Receipt(NamedTuple):
    """What is needed, by state, and what is there besides."""

    granted: tuple[Need, ...]
    missing: tuple[Need, ...]
    not_offered: tuple[Need, ...]  #: this cloud's Graph has no such role
    extra: tuple[Extra, ...]

    @property
    def missing_roles(self) -> list[str]:
        """Each role once, in the order of the needs."""
        return list(dict.fromkeys(need.role for need in self.missing))


def draw_up(
    offered: Mapping[str, str], assignments: Iterable[Assignment], figures: Iterable[str]
) -> Receipt:
    """The receipt of these figures; `offered` gives the ids of Graph's roles by value."""
    wanted = set(figures)
    needs = [need for need in NEEDS if need.figure in wanted]
    assigned = list(assignments)
    assigned_ids = {each.role_id for each in assigned}
    has = {role for role, role_id in offered.items() if role_id in assigned_ids}
    return Receipt(
        granted=tuple(need for need in needs if need.role in has),
        missing=tuple(n for n in needs if n.role in offered and n.role not in has),
        not_offered=tuple(need for need in needs if need.role not in offered),
        extra=tuple(_extras(offered, assigned, {need.role for need in needs})),
    )


def lines_of(receipt: Receipt) -> Iterator[str]:
    """The receipt for people: by figure, then what could be removed, then what is to be done."""
    states = dict.fromkeys(receipt.granted, "granted")
    states |= dict.fromkeys(receipt.missing, "MISSING")
    states |= dict.fromkeys(receipt.not_offered, "not here")
    for figure, what in FIGURES.items():
        needs = [need for need in NEEDS if need in states and need.figure == figure]
        if needs:
            yield f"{figure}: {what}"
            yield from (f"  {states[n]:9} {n.role:38} {n.reads}" for n in needs)
    if receipt.not_offered:
        yield "not here: this cloud's Graph has no such role; what needs it will be unknown."
    if receipt.extra:
        yield "could be removed, because none of these figures needs it:"
        yield from (f"  {_extra_line(extra)}" for extra in receipt.extra)
    yield _conclusion(receipt)


def _extras(
    offered: Mapping[str, str], assigned: Iterable[Assignment], needed: set[str]
) -> Iterator[Extra]:
    names = {role_id: role for role, role_id in offered.items()}
    for each in assigned:
        role = names.get(each.role_id, each.role_id)
        if role not in needed:
            yield Extra(each.id, role)


def _extra_line(extra: Extra) -> str:
    warning = WARNINGS.get(extra.role)
    said = f"{extra.role} (assignment {extra.assignment_id})"
    return f"{said}: {warning}" if warning else said


def _conclusion(receipt: Receipt) -> str:
    count = len(receipt.missing_roles)
    if not count:
        return "Nothing is missing."
    return f"{count} {'role is' if count == 1 else 'roles are'} missing; --grant grants what is."
