"""
The scope receipt of a principal in a tenant, and its lines.

Pure: names and ids in, a receipt and its lines out. What each figure needs is the app's to say
(`shared.mfa.permissions`). A role is known by its value alone; its id is looked up in the tenant's
own Graph service principal, which lists what this cloud offers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.mfa import permissions
from shared.mfa.permissions import FIGURES, NEEDS, WARNINGS, PermissionNeed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


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

    granted: tuple[PermissionNeed, ...]
    missing: tuple[PermissionNeed, ...]
    not_offered: tuple[PermissionNeed, ...]  #: this cloud's Graph has no such role
    extra: tuple[Extra, ...]
    missing_roles: list[str]  #: each role once, in the order of the needs


def permission_receipt(
    offered: Mapping[str, str], assignments: Iterable[Assignment], figures: Iterable[str]
) -> Receipt:
    """The receipt of these figures; `offered` gives the ids of Graph's roles by value."""
    values = {role_id: role for role, role_id in offered.items()}
    has = {values.get(each.role_id, each.role_id): each.id for each in assignments}
    drawn = permissions.permission_receipt(has.keys(), figures, offered.keys())
    return Receipt(
        drawn.granted,
        drawn.missing,
        drawn.not_offered,
        tuple(Extra(has[role], role) for role in drawn.extra),
        drawn.missing_roles,
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


def _extra_line(extra: Extra) -> str:
    warning = WARNINGS.get(extra.role)
    said = f"{extra.role} (assignment {extra.assignment_id})"
    return f"{said}: {warning}" if warning else said


def _conclusion(receipt: Receipt) -> str:
    count = len(receipt.missing_roles)
    if not count:
        return "Nothing is missing."
    return f"{count} {'role is' if count == 1 else 'roles are'} missing; --grant grants what is."
