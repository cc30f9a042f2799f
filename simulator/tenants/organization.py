"""The rest of the simulated directory: roles, domains, the tenant itself, and its customers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from simulator.tenants.people import DOMAIN, FEDERATED_DOMAIN
from simulator.tenants.policies import (
    DIRECTORY_READERS,
    GLOBAL_ADMINISTRATOR,
    HELPDESK_ADMINISTRATOR,
    SECURITY_READER,
    USER_ADMINISTRATOR,
)
from simulator.tenants.users import Row, named_guid

if TYPE_CHECKING:
    from simulator.tenants.partner import SimulatedPartner
    from simulator.tenants.users import Staff

#: Microsoft's fictitious companies, and some of our own.
_CUSTOMERS = """
Adatum Logistics, Adventure Works Cycles, Alpine Ski House, Baldwin Museum of Science, Bellows
College, Best For You Organics, Blue Yonder Airlines, City Power and Light, Coho Vineyard, Coho
Winery, Consolidated Messenger, Contoso Pharmaceuticals, Datum Analytics, Fabrikam Fibre, First Up
Consultants, Fourth Coffee, Graphic Design Institute, Harbour Street Dental, Humongous Insurance,
Kestrel Freight, Lamna Healthcare, Liberty's Delightful Bakery, Litware Instruments, Lucerne
Publishing, Margie's Travel, Munson's Pickles, Nod Publishers, Northern Lights Hotels, Oakridge
Primary School, Parnell Aerospace, Proseware Interactive, Relecloud Hosting, Sandstone Architects,
School of Fine Art, Southridge Video, Tailspin Toys, Tidewater Marine, Trey Research, VanArsdel
Motors, Wide World Importers, Wingtip Toys, Woodgrove Bank
"""
_ROLES = {
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    HELPDESK_ADMINISTRATOR: "Helpdesk Administrator",
    USER_ADMINISTRATOR: "User Administrator",
    DIRECTORY_READERS: "Directory Readers",
    SECURITY_READER: "Security Reader",
}
_STATES = ("disabled", "enabled")


def make_organization(partner: SimulatedPartner) -> Row:
    """``/organization``."""
    return {
        "id": partner.tenant_id,
        "displayName": partner.tenant_name,
        "tenantType": "AAD",
        "verifiedDomains": [{"name": DOMAIN, "isDefault": True}],
    }


def make_definitions() -> list[Row]:
    """``roleDefinitions``; a built-in role's id is that of its template."""
    return [
        {"id": id_, "templateId": id_, "displayName": name, "isBuiltIn": True, "isEnabled": True}
        for id_, name in _ROLES.items()
    ]


def make_assignments(staff: Staff) -> list[Row]:
    """``roleAssignments``: to users, a group, an application, and one limited to a unit."""
    desk = staff.license_desk
    user, unit = "#microsoft.graph.user", f"/administrativeUnits/{named_guid('EMEA')}"
    tier_0, program = named_guid("Tier 0 administrators"), named_guid("a program")
    return [
        _assignment(GLOBAL_ADMINISTRATOR, tier_0, "#microsoft.graph.group"),
        *(_assignment(GLOBAL_ADMINISTRATOR, person.id, user) for person in staff.emergency),
        *(_assignment(HELPDESK_ADMINISTRATOR, person.id, user) for person in desk[:2]),
        _assignment(USER_ADMINISTRATOR, desk[2].id, user, unit),
        _assignment(SECURITY_READER, staff.guests[0].id, user),
        _assignment(DIRECTORY_READERS, program, "#microsoft.graph.servicePrincipal"),
    ]


def make_eligibilities(staff: Staff) -> list[Row]:
    """
    ``roleEligibilityScheduleInstances``: roles that two people and a group can activate in PIM.

    One of the two has MFA enforced like everybody. Nothing always requires it of the other or of
    the group, and the policy for administrators does not cover them yet.
    """
    user, operations = "#microsoft.graph.user", named_guid("Operations on managed devices")
    return [
        _eligibility(GLOBAL_ADMINISTRATOR, staff.others[10].id, user),
        _eligibility(HELPDESK_ADMINISTRATOR, staff.others[6].id, user),
        _eligibility(USER_ADMINISTRATOR, operations, "#microsoft.graph.group"),
    ]


def make_domains() -> list[Row]:
    """``/domains``, each with its federation settings, which Graph returns separately."""
    settings = {
        "@odata.type": "#microsoft.graph.internalDomainFederation",
        "id": named_guid("AD FS"),
        "displayName": "AD FS",
        "issuerUri": f"http://sts.{FEDERATED_DOMAIN}/adfs/services/trust",
        "preferredAuthenticationProtocol": "wsFed",
        "federatedIdpMfaBehavior": "acceptIfMfaDoneByFederatedIdp",
    }
    return [
        {"id": DOMAIN, "authenticationType": "Managed", "isDefault": True},
        {
            "id": FEDERATED_DOMAIN,
            "authenticationType": "Federated",
            "isDefault": False,
            "federationConfiguration": [settings],
        },
    ]


def make_customers() -> list[Row]:
    """
    Names and figures, which Graph returns separately; `None` if either list lacks a customer.

    Three have no figures yet, and the relationship with the last has ended.
    """
    rng = random.Random("customers")  # noqa: S311 (repeatable made-up data)
    names = [" ".join(name.split()) for name in _CUSTOMERS.split(",")]
    customers = [_customer(rng, number, name) for number, name in enumerate(names)]
    return [*customers[:-1], {**customers[-1], "displayName": None}]


def _assignment(role: str, principal_id: str, kind: str, scope: str = "/") -> Row:
    return {
        "id": named_guid(f"{role} {principal_id}"),
        "roleDefinitionId": role,
        "principalId": principal_id,
        "directoryScopeId": scope,
        "principal": {"@odata.type": kind, "id": principal_id, "displayName": "left out by us"},
    }


def _eligibility(role: str, principal_id: str, kind: str) -> Row:
    return {
        **_assignment(role, principal_id, kind),
        "id": named_guid(f"eligible {role} {principal_id}"),
        "roleEligibilityScheduleId": named_guid(f"schedule {role} {principal_id}"),
        "memberType": "Direct",
        "startDateTime": "2026-02-02T08:00:00Z",
        "endDateTime": None,
    }


def _customer(rng: random.Random, number: int, name: str) -> Row:
    tenant_id = named_guid(name)
    users, admins = rng.randint(4, 400), rng.randint(1, 4)
    is_complete, is_unknown, has_defaults = number % 3 == 0, number % 13 == 5, number % 4 == 1  # noqa: PLR2004
    share = 1.0 if is_complete else rng.choice((0.0, 0.35, 0.6, 0.8, 0.95))
    mfa = {
        "@odata.type": "#microsoft.graph.partner.security.customerMfaInsight",
        "compliantAdminsCount": admins if is_complete else rng.randint(0, admins),
        "compliantNonAdminsCount": int((users - admins) * share),
        "totalUsersCount": users,
        "securityDefaultsStatus": _STATES[has_defaults],
        "mfaConditionalAccessPolicyStatus": _STATES[share > 0 and not has_defaults],
        "legacyPerUserMfaStatus": _STATES[rng.random() < 1 / 5],
    }
    return {
        "id": tenant_id,
        "tenantId": tenant_id,
        "displayName": name,
        "mfa": None if is_unknown else mfa,
    }
