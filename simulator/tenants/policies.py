"""
The simulated tenant's policies: every kind that makes MFA weaker than it looks.

One policy requires MFA of everybody except emergency accounts, guests, and five groups; the other
policies cover these.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from simulator.tenants.applications import AZURE_MANAGEMENT
from simulator.tenants.users import Row, named_guid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.tenants.partner import SimulatedPartner
    from simulator.tenants.users import Staff

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
HELPDESK_ADMINISTRATOR = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
DIRECTORY_READERS = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"

_GUESTS = {
    "guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest,b2bCollaborationMember",
    "externalTenants": {"membershipKind": "all"},
}
_MFA = {"operator": "OR", "builtInControls": ["mfa"]}
_BLOCK = {"operator": "OR", "builtInControls": ["block"]}
_EXCEPTED = (
    *("MFA exceptions", "EMEA office (AD FS)", "Field sales"),
    *("Third-party MFA pilots", "Operations on managed devices"),
)
_STRONG = {
    "id": "00000000-0000-0000-0000-000000000004",
    "displayName": "Phishing-resistant MFA",
    "policyType": "builtIn",
    "requirementsSatisfied": "mfa",
    "allowedCombinations": ["windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"],
}


def make_policies(partner: SimulatedPartner, staff: Staff) -> list[Row]:
    """``/identity/conditionalAccess/policies``."""
    emergency = [person.id for person in staff.emergency]
    return [
        *_for_everybody(partner, emergency),
        *_for_groups(),
        *_for_guests(),
        *_ineffective(),
    ]


def make_locations() -> list[Row]:
    """``/identity/conditionalAccess/namedLocations``."""
    return [
        {
            "@odata.type": "#microsoft.graph.ipNamedLocation",
            "id": named_guid("Offices"),
            "displayName": "Offices",
            "isTrusted": True,
            "ipRanges": [
                {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": "192.0.2.0/24"}
            ],
        },
        {
            "@odata.type": "#microsoft.graph.countryNamedLocation",
            "id": named_guid("Where we work"),
            "displayName": "Where we work",
            "countriesAndRegions": ["US", "IE", "DE", "CA"],
            "includeUnknownCountriesAndRegions": False,
        },
    ]


def make_strengths() -> list[Row]:
    """``/policies/authenticationStrengthPolicies``."""
    names = {"2": "Multifactor authentication", "3": "Passwordless MFA"}
    built_in = [
        {**_STRONG, "id": f"{_STRONG['id'][:-1]}{digit}", "displayName": name}
        for digit, name in names.items()
    ]
    return [*built_in, _STRONG]


def make_defaults() -> Row:
    """``/policies/identitySecurityDefaultsEnforcementPolicy``: off, since there are policies."""
    return {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "isEnabled": False,
    }


def _policy_in_the_log(partner: SimulatedPartner) -> str:
    """The id, in the sign-ins, of the policy that requires MFA of everybody."""
    lists = (each.row["appliedConditionalAccessPolicies"] for each in partner.expected)
    return next((str(applied[0]["id"]) for applied in lists if applied), named_guid("everybody"))


def _for_everybody(partner: SimulatedPartner, emergency: Sequence[str]) -> list[Row]:
    """The last people who were excepted one by one have been under the first for two days."""
    since = partner.ending - timedelta(days=2)
    the_first = {
        "id": _policy_in_the_log(partner),
        "modifiedDateTime": f"{since.isoformat()}T00:00:00Z",
    }
    everybody = {
        "includeUsers": ["All"],
        "excludeUsers": emergency,
        "excludeGroups": [named_guid(name) for name in _EXCEPTED],
        "excludeGuestsOrExternalUsers": _GUESTS,
    }
    but_services = {
        "includeUsers": ["All"],
        "excludeUsers": emergency,
        "excludeGroups": [named_guid("Service accounts")],
    }
    administrators = {
        "includeRoles": [GLOBAL_ADMINISTRATOR, HELPDESK_ADMINISTRATOR],
        "excludeUsers": emergency,
    }
    legacy = ["exchangeActiveSync", "other"]
    strength = {"operator": "OR", "builtInControls": [], "authenticationStrength": _STRONG}
    return [
        {**_policy("Require MFA for all users", everybody, _MFA), **the_first},
        _policy("Block legacy authentication", but_services, _BLOCK, clientAppTypes=legacy),
        _policy("Administrators: phishing-resistant MFA", administrators, strength),
    ]


def _for_groups() -> list[Row]:
    outside = {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
    either = {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}
    custom = {
        "operator": "OR",
        "builtInControls": [],
        "customAuthenticationFactors": ["ThirdPartyMfa"],
    }
    azure = {"includeApplications": [AZURE_MANAGEMENT.id]}
    return [
        _policy(
            "EMEA: MFA outside the offices", _group("EMEA office (AD FS)"), _MFA, locations=outside
        ),
        _policy("Operations: MFA or compliant device", _group(_EXCEPTED[4]), either),
        _policy(
            "Field sales: MFA in browsers", _group("Field sales"), _MFA, clientAppTypes=["browser"]
        ),
        _policy("Third-party MFA", _group("Third-party MFA pilots"), custom),
        _policy("Agents: MFA at high risk", _group("AdminAgents"), _MFA, signInRiskLevels=["high"]),
        _policy("Wave 3: MFA for Azure", _group("Rollout wave 3"), _MFA, applications=azure),
    ]


def _for_guests() -> list[Row]:
    guests = {"includeUsers": [], "includeGuestsOrExternalUsers": _GUESTS}
    state = "enabledForReportingButNotEnforced"
    return [_policy("Rehearsal: MFA for guests", guests, _MFA, state)]


def _ineffective() -> list[Row]:
    everybody = {"includeUsers": ["All"]}
    register = {
        "includeApplications": [],
        "includeUserActions": ["urn:user:registersecurityinfo"],
    }
    office = {"includeApplications": ["Office365"]}
    gone = _group("A group that was deleted")
    return [
        _policy("MFA to register security information", everybody, _MFA, applications=register),
        _policy("Old: MFA for Office 365", gone, _MFA, "disabled", applications=office),
        _policy("Old: contractors", gone, _MFA),
    ]


def _group(name: str) -> Row:
    return {"includeUsers": [], "includeGroups": [named_guid(name)]}


def _policy(
    name: str,
    users: Row,
    grant: Row,
    state: str = "enabled",
    **conditions: Any,  # noqa: ANN401 (JSON)
) -> Row:
    lists = ("Users", "Groups", "Roles")
    nobody: Row = {f"{kind}{who}": [] for kind in ("include", "exclude") for who in lists}
    return {
        "id": named_guid(name),
        "displayName": name,
        "createdDateTime": "2024-02-12T10:00:00Z",
        "modifiedDateTime": "2026-10-30T15:21:09Z",
        "state": state,
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"], "excludeApplications": []},
            "users": {**nobody, **users},
            "platforms": None,
            "locations": None,
            "signInRiskLevels": [],
            "userRiskLevels": [],
            **conditions,
        },
        "grantControls": {
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": None,
            **grant,
        },
        "sessionControls": None,
    }
