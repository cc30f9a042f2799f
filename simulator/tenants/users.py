"""The simulated directory's users and groups: the people of the sign-ins as Graph returns them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.tenants.people import DOMAIN, PersonKind, make_guid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simulator.tenants.people import Person

Row = dict[str, Any]  #: an object as Graph returns it

_USER = "#microsoft.graph.user"
_GROUP = "#microsoft.graph.group"
_DEVICE = "#microsoft.graph.device"


def named_guid(name: str) -> str:
    """The id of the one object of that name; the same in every simulation."""
    return make_guid(random.Random(f"directory {name}"))  # noqa: S311 (repeatable made-up data)


@dataclass(frozen=True, slots=True)
class Staff:
    """The people by their part in the scenario; `scenario.Scenario` assigns the same parts."""

    people: Sequence[Person]

    @property
    def members(self) -> list[Person]:
        """The tenant's own enabled accounts: agents, vendor users, license desk, and the rest."""
        return self._of(PersonKind.MEMBER)

    @property
    def agents(self) -> list[Person]:
        """The people who work in the portal."""
        return self.members[:20]

    @property
    def vendor_user(self) -> Person:
        """The user whose control panel still loses the claim."""
        return self.members[23]

    @property
    def license_desk(self) -> list[Person]:
        """The people who work with the license desk."""
        return self.members[24:30]

    @property
    def others(self) -> list[Person]:
        """The people who never use Partner Center."""
        return self.members[31:]

    @property
    def federated(self) -> list[Person]:
        """The people whom another identity provider signs in."""
        return self._of(PersonKind.FEDERATED)

    @property
    def guests(self) -> list[Person]:
        """The people from other tenants."""
        return self._of(PersonKind.GUEST)

    @property
    def services(self) -> list[Person]:
        """Programs that sign in as users."""
        return self._of(PersonKind.SERVICE)

    @property
    def emergency(self) -> list[Person]:
        """Emergency access accounts."""
        return self._of(PersonKind.BREAK_GLASS)

    def _of(self, kind: PersonKind) -> list[Person]:
        return [person for person in self.people if person.kind is kind and person.is_enabled]


def make_users(staff: Staff) -> list[Row]:
    """``/users``, with the properties that are returned only if selected by name."""
    others = staff.others
    states = {others[8].id: "enforced", others[9].id: "enabled"}
    return [_user(person, states.get(person.id, "disabled")) for person in staff.people]


def make_registrations(staff: Staff) -> list[Row]:
    """``userRegistrationDetails``; disabled accounts are left out."""
    admins = {person.id for person in (staff.members[0], staff.others[7], *staff.license_desk[:3])}
    return [
        _registration(person, _methods(staff, person), is_admin=person.id in admins)
        for person in staff.people
        if person.is_enabled
    ]


def make_groups(staff: Staff) -> list[Row]:
    """Groups with their direct members; "MFA exceptions" is nested three deep."""
    members, others, services = staff.members, staff.others, staff.services
    return [
        _group("Integrations", services[2:]),
        _group("Service accounts", services[:2], nested=["Integrations"]),
        _group("Rollout wave 3", [members[15], members[16], others[6]]),
        _group("MFA exceptions", [staff.vendor_user], ["Service accounts", "Rollout wave 3"]),
        _group("EMEA office (AD FS)", staff.federated, has_device=True),
        _group("Field sales", others[:3]),
        _group("Third-party MFA pilots", others[3:5]),
        _group("Operations on managed devices", others[5:6]),
        _group("Tier 0 administrators", [members[0], others[7]]),
        _group("AdminAgents", staff.agents),
        _group("HelpdeskAgents", staff.license_desk),
        _group("SalesAgents", others[:3]),
    ]


def _user(person: Person, state: str) -> Row:
    is_guest = person.kind is PersonKind.GUEST
    home = person.upn.replace("@", "_")
    return {
        "id": person.id,
        "displayName": person.name,
        "userPrincipalName": f"{home}#EXT#@{DOMAIN}" if is_guest else person.upn,
        "mail": person.upn,
        "accountEnabled": person.is_enabled,
        "userType": "Guest" if is_guest else "Member",
        "creationType": "Invitation" if is_guest else None,
        "externalUserState": "Accepted" if is_guest else None,
        "onPremisesSyncEnabled": True if person.kind is PersonKind.FEDERATED else None,
        "createdDateTime": "2021-03-08T09:12:44Z",
        "perUserMfaState": state,
    }


def _methods(staff: Staff, person: Person) -> list[str]:
    if person.kind in (PersonKind.SERVICE, PersonKind.GUEST):
        return []
    if person in staff.emergency:
        return ["fido2SecurityKey"] if person is staff.emergency[0] else []
    if person in (staff.others[7], staff.vendor_user):
        return ["mobilePhone"]  # useless where a phishing-resistant method is required
    return ["microsoftAuthenticatorPush", "softwareOneTimePasscode", "fido2SecurityKey"]


def _registration(person: Person, methods: list[str], *, is_admin: bool) -> Row:
    return {
        "id": person.id,
        "userPrincipalName": person.upn,
        "userDisplayName": person.name,
        "userType": "guest" if person.kind is PersonKind.GUEST else "member",
        "isAdmin": is_admin or person.kind is PersonKind.BREAK_GLASS,
        "isMfaCapable": bool(methods),
        "isMfaRegistered": bool(methods),
        "isPasswordlessCapable": "fido2SecurityKey" in methods,
        "isSsprCapable": False,
        "isSsprEnabled": False,
        "isSsprRegistered": False,
        "methodsRegistered": methods,
        "lastUpdatedDateTime": "2026-11-23T04:00:00Z",
    }


def _group(
    name: str,
    users: Iterable[Person],
    nested: Iterable[str] = (),
    *,
    has_device: bool = False,
) -> Row:
    members = [{"@odata.type": _USER, "id": user.id} for user in users]
    members += [{"@odata.type": _GROUP, "id": named_guid(other)} for other in nested]
    members += [{"@odata.type": _DEVICE, "id": named_guid("a device")}] * has_device
    return {
        "id": named_guid(name),
        "displayName": name,
        "visibility": None,
        "securityEnabled": True,
        "members": members,
    }
