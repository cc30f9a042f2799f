"""
Draws the names that we use of Microsoft Graph from Microsoft's own SDKs into ``graph_names.json``.

    python tests/contracts/draw_graph_names.py FOLDER_OF_V1 FOLDER_OF_BETA

Each folder is a ``site-packages`` that holds ``msgraph-sdk`` or ``msgraph-beta-sdk``. Their models
are generated from Graph's published metadata. They are read as text, never imported, and only names
are taken: paths with their query options, properties with the name of their type, and words.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).with_name("graph_names.json")
#: By version of Graph: the package, its distribution, and what is drawn from it.
PACKAGES = {"v1.0": ("msgraph", "msgraph_sdk"), "beta": ("msgraph_beta", "msgraph_beta_sdk")}
PATHS = {
    "v1.0": """
    /users /users/{id} /users/{id}/sendMail /groups /groups/{id} /groups/{id}/members
    /groups/{id}/transitiveMembers /organization /domains /domains/{id}/federationConfiguration
    /identity/conditionalAccess/policies /identity/conditionalAccess/policies/{id}
    /identity/conditionalAccess/namedLocations
    /policies/authenticationStrengthPolicies /policies/identitySecurityDefaultsEnforcementPolicy
    /roleManagement/directory/roleDefinitions /roleManagement/directory/roleAssignments
    /roleManagement/directory/roleEligibilityScheduleInstances
    /reports/authenticationMethods/userRegistrationDetails
    /reports/authenticationMethods/userRegistrationDetails/{id}
    /servicePrincipals /servicePrincipals/{id}/oauth2PermissionGrants
    /servicePrincipals/{id}/appRoleAssignedTo /oauth2PermissionGrants/{id}
    /tenantRelationships/delegatedAdminCustomers
    """,
    "beta": """
    /auditLogs/signIns /identity/conditionalAccess/policies
    /users/{id}/authentication/requirements /security/partner/securityScore
    /security/partner/securityScore/customerInsights
    """,
}
#: The types whose properties are drawn; those of enumerations give words.
TYPES = {
    "v1.0": """
    user group servicePrincipal directoryObject organization verifiedDomain domain
    internalDomainFederation federatedIdpMfaBehavior ipNamedLocation countryNamedLocation
    iPv4CidrRange
    authenticationStrengthPolicy authenticationMethodModes authenticationStrengthRequirements
    authenticationStrengthPolicyType identitySecurityDefaultsEnforcementPolicy
    unifiedRoleDefinition unifiedRoleAssignment unifiedRoleEligibilityScheduleInstance
    userRegistrationDetails signInUserType delegatedAdminCustomer
    whatIfAnalysisResult whatIfAnalysisReasons userSignIn applicationContext signInConditions
    conditionalAccessClientApp conditionalAccessDevicePlatform
    conditionalAccessGuestOrExternalUserTypes
    """,
    "beta": """
    signIn signInStatus authenticationDetail appliedConditionalAccessPolicy
    appliedConditionalAccessPolicyResult conditionalAccessRuleSatisfied
    conditionalAccessRule conditionalAccessConditions deviceDetail signInLocation geoCoordinates
    conditionalAccessStatus riskLevel riskState riskDetail incomingTokenType signInAccessType
    tokenIssuerType protocolType agentic.agentSignIn agentic.agentType signInUserType keyValue
    authenticationRequirementPolicy requirementProvider networkLocationDetail networkType
    clientCredentialType signInIdentifierType sessionLifetimePolicy managedIdentity
    authenticationStrength authenticationStrengthResult
    conditionalAccessPolicy conditionalAccessPolicyState conditionalAccessConditionSet
    conditionalAccessApplications conditionalAccessFilter filterMode conditionalAccessUsers
    conditionalAccessGuestsOrExternalUsers conditionalAccessGuestOrExternalUserTypes
    conditionalAccessExternalTenants conditionalAccessEnumeratedExternalTenants
    conditionalAccessExternalTenantsMembershipKind conditionalAccessPlatforms
    conditionalAccessDevicePlatform conditionalAccessLocations conditionalAccessDevices
    conditionalAccessDeviceStates conditionalAccessAuthenticationFlows
    conditionalAccessTransferMethods conditionalAccessClientApp conditionalAccessInsiderRiskLevels
    conditionalAccessAgentIdRiskLevels conditionalAccessGrantControls
    conditionalAccessGrantControl authenticationStrengthPolicy authenticationMethodModes
    authenticationStrengthRequirements authenticationStrengthPolicyType
    strongAuthenticationRequirements perUserMfaState
    partner.security.partnerSecurityScore
    partner.security.customerInsight partner.security.customerMfaInsight
    partner.security.policyStatus
    """,
}
#: What a member of a group may be, from the base type on.
KINDS = """
user agentUser group servicePrincipal agentIdentity agentIdentityBlueprintPrincipal application
agentIdentityBlueprint device orgContact administrativeUnit directoryRole contract organization
"""

_PRIMITIVE = ("", "str", "UUID", "bool", "int")
_ROOTS = ("AdditionalDataHolder", "str")
_PROPERTY = re.compile(r'^ +"([\w@.]+)": lambda n : .*\.get_\w+\((\w*)\)', re.MULTILINE)
_WORD = re.compile(r'^    \w+ = "([^"]+)",', re.MULTILINE)
_BASE = re.compile(r"^class \w+\((\w+)", re.MULTILINE)
_OPTIONS = re.compile(r"\{\?([^}]*)\}")
_METHOD = re.compile(r"^    async def (get|post|patch|put|delete)\(", re.MULTILINE)
_GIVES = re.compile(r"async def get\(self.*?-> Optional\[(\w+)\]:", re.DOTALL)


def main(folders: list[str]) -> int:
    """Draw both versions and write the file."""
    names = {
        version: drawn(version, Path(folder))
        for version, folder in zip(PACKAGES, folders, strict=True)
    }
    OUTPUT.write_text(f"{json.dumps(names, indent=1, sort_keys=True)}\n")
    return 0


def drawn(version: str, folder: Path) -> dict[str, Any]:
    """The names of one version, from the folder that holds its SDK."""
    package, distribution = PACKAGES[version]
    generated = folder / package / "generated"
    source = next(folder.glob(f"{distribution}-*.dist-info")).name.removesuffix(".dist-info")
    types, words = {}, {}
    for name in TYPES[version].split():
        text = _model(generated, name)
        if "(str, Enum)" in text:
            words[name] = _WORD.findall(text)
        else:
            types[name] = _properties(generated, name)
    return {
        "source": source,
        "paths": {path: _path(generated, path) for path in PATHS[version].split()},
        "types": types,
        "words": words,
        "kinds": {kind: _base(generated, kind) for kind in KINDS.split()},
    }


def _path(generated: Path, path: str) -> dict[str, Any]:
    """The query options of a path, the type of what it gives, and how it may be asked."""
    segments = ["item" if part == "{id}" else _snake(part) for part in path.split("/")[1:]]
    builder = next(generated.joinpath(*segments).glob("*_request_builder.py")).read_text()
    options, gives = _OPTIONS.search(builder), _GIVES.search(builder)
    return {
        "options": [f"${name}" for name in re.findall(r"%24(\w+)", options[1] if options else "")],
        "gives": _qualified(gives[1], builder, []).removesuffix("CollectionResponse")
        if gives
        else None,
        "methods": _METHOD.findall(builder),
    }


def _properties(generated: Path, name: str) -> dict[str, str]:
    """The properties of a type and of those it is based on; primitive types have no name."""
    text = _model(generated, name)
    base = _base(generated, name)
    inherited = _properties(generated, base) if base else {}
    spaces = name.split(".")[:-1]
    return inherited | {
        property_: "" if type_ in _PRIMITIVE else _qualified(type_, text, spaces)
        for property_, type_ in _PROPERTY.findall(text)
        if not property_.startswith("@")
    }


def _base(generated: Path, name: str) -> str:
    found = _BASE.search(_model(generated, name))
    base = found[1] if found else ""
    return "" if base in _ROOTS else _qualified(base, _model(generated, name), [])


def _qualified(type_: str, text: str, spaces: list[str]) -> str:
    """A type's name with its namespace, as the import in a model or builder tells it."""
    found = re.search(rf"^ *from (\.+)([\w.]+) import {type_}$", text, re.MULTILINE)
    if found is None:
        return _camel(type_)
    parts = found[2].split(".")[:-1]
    if "models" in parts:
        spaces = parts[parts.index("models") + 1 :]
    else:
        spaces = [*spaces[: len(spaces) - (len(found[1]) - 1)], *parts]
    return ".".join([*spaces, _camel(type_)])


def _model(generated: Path, name: str) -> str:
    *spaces, last = name.split(".")
    path = generated.joinpath("models", *spaces, f"{_snake(last)}.py")
    return path.read_text()


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
