"""What a record says about the policies: those of `policies`, by rules of this file's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.tenants.people import PersonKind
from simulator.tenants.users import Row, Staff, named_guid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulator.tenants.people import Person

_FOR_ALL = [
    {"conditionalAccessCondition": "application", "ruleSatisfied": "allApps"},
    {"conditionalAccessCondition": "users", "ruleSatisfied": "allUsers"},
]


def left_out(people: Sequence[Person]) -> Mapping[str, str]:
    """By which rule the policy for everybody excludes a person, by id."""
    staff = Staff(people)
    members, others = staff.members, staff.others
    in_groups = [
        *(*staff.federated, *staff.services, staff.vendor_user),
        *(members[15], members[16], *others[:7]),
    ]
    return {
        **{person.id: "groupId" for person in in_groups},
        **{person.id: "userId" for person in staff.emergency},
        **{person.id: "b2bCollaborationGuest" for person in people if _is_guest(person)},
    }


def _is_guest(person: Person) -> bool:
    return person.kind is PersonKind.GUEST


def applied_policy(policy_id: str, name: str, excluded_by: str, result: str = "success") -> Row:
    """A policy that asks for MFA, as beta's ``appliedConditionalAccessPolicy`` writes it."""
    excluded = [{"conditionalAccessCondition": "users", "ruleSatisfied": excluded_by}]
    return {
        "id": policy_id,
        "displayName": name,
        "enforcedGrantControls": ["Mfa"],
        "enforcedSessionControls": [],
        "sessionControlsNotSatisfied": [],
        "authenticationStrength": None,
        "result": "notApplied" if excluded_by else result,
        "conditionsSatisfied": "application" if excluded_by else "application,users",
        "conditionsNotSatisfied": "users" if excluded_by else "none",
        "includeRulesSatisfied": _FOR_ALL,
        "excludeRulesSatisfied": excluded if excluded_by else [],
    }


def not_applied(name: str, condition: str) -> Row:
    """A policy for the person of which one condition did not hold."""
    return {
        **applied_policy(named_guid(name), name, "", "notApplied"),
        "conditionsNotSatisfied": condition,
    }


def satisfied(name: str, *controls: str) -> Row:
    """A policy that was satisfied by one of several controls, or by another one than MFA."""
    return {
        **applied_policy(named_guid(name), name, ""),
        "enforcedGrantControls": list(controls),
    }


def rehearsal(*, is_met: bool) -> Row:
    """The report-only policy for guests: a guest who did MFA at home satisfies it."""
    name = "Rehearsal: MFA for guests"
    result = "reportOnlySuccess" if is_met else "reportOnlyInterrupted"
    return applied_policy(named_guid(name), name, "", result)
