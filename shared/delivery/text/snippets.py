"""
A few lines of Microsoft Graph PowerShell for each finding: they read what it is about.

A line that would change the tenant is commented out, below a line that says so; the reader has to
remove its ``#``. Permissions are those that Microsoft Graph's reference names as the least for each
call. Only paths that ``tests/contracts/graph_names.json`` has are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.delivery.text.powershell import connect, literal, request
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS, PORTAL_APP_IDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.mfa.findings.finding import Finding

_POLICY = "/v1.0/identity/conditionalAccess/policies/{id}"
_POLICIES = "/v1.0/identity/conditionalAccess/policies"
_DEFAULTS = "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy"
_AZURE = "797f4846-ba00-4fd7-ba43-dac1f8f63013"  #: Azure Service Management
_GRAPH = "00000003-0000-0000-c000-000000000000"
_WRITE_POLICIES = "Policy.ReadWrite.ConditionalAccess"


@dataclass(frozen=True, slots=True)
class _Change:
    """What would fix a finding: the lines, and the permission they need."""

    scope: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Script:
    """What to read, and perhaps what to change."""

    scope: str
    lines: tuple[str, ...]
    for_each: bool = False  #: whether the lines are run for each of the finding's ids
    change: _Change | None = None


def snippet(found: Finding, cloud: str, tenant_id: str) -> list[str]:
    """The lines for a finding."""
    script = _SCRIPTS.get(found.id, _LIST_OF_POLICIES)
    lines = connect(cloud, tenant_id, script.scope)
    lines += _for_each(found, script) if script.for_each else _for_one(found, script)
    return ["# Reads only.", *lines]


def _for_each(found: Finding, script: _Script) -> list[str]:
    ids = ", ".join(map(literal, found.ids))
    shown = len(found.ids)
    first = f"  # the first {shown} of {found.subjects_total:,}" if shown else ""
    first = first if found.subjects_total > shown else ""
    return [
        f"$ids = @({ids}){first}",
        "foreach ($id in $ids) {",
        *(f"    {line}" for line in [*script.lines, *_change(script)]),
        "}",
    ]


def _for_one(found: Finding, script: _Script) -> list[str]:
    first = next(iter(script.lines))
    needs_id = "$id" in first and not first.startswith(("$id = '", "$ids = "))
    given = literal(found.ids[0]) if found.ids else "Read-Host 'Id'"
    return [*([f"$id = {given}"] if needs_id else []), *script.lines, *_change(script)]


def _change(script: _Script) -> list[str]:
    if script.change is None:
        return []
    return [
        f"# CHANGES THE TENANT, with {script.change.scope}: to run it, remove the # of each line.",
        *(f"# {line}" for line in script.change.lines),
    ]


def _value(path: str) -> str:
    """Reads a list."""
    return f"({request(path)}).value | ConvertTo-Json -Depth 20"


def _assigned(app_id: str) -> _Script:
    """Reads which applications have permissions of this one."""
    lines = (f"$id = {literal(app_id)}", _FIND_APPLICATION, _value(_ASSIGNED))
    return _Script("Directory.Read.All", lines)


def _of_policy(*lines: str, body: str) -> _Script:
    """Reads one policy; the change sets local values, then writes them."""
    change = _Change(_WRITE_POLICIES, (*lines, request(_POLICY, "PATCH", body)))
    return _Script(*_READ_POLICY, change=change)


def _without(condition: str, value: str = "$null") -> _Script:
    """The policy without one of its conditions."""
    return _of_policy(
        f"$policy.conditions.{condition} = {value}", body="@{ conditions = $policy.conditions }"
    )


def _not_excluded(app_ids: Collection[str]) -> _Script:
    """The policy without these among the resources that it excludes."""
    ids = ", ".join(map(literal, sorted(app_ids)))
    excluded = "$policy.conditions.applications.excludeApplications"
    kept = f"@({excluded} | Where-Object {{ $_ -notin @({ids}) }})"
    return _without("applications.excludeApplications", kept)


_READ_POLICY = (
    "Policy.Read.All",
    (f"$policy = {request(_POLICY)}", "$policy | ConvertTo-Json -Depth 20"),
)
_ONE_POLICY = _Script(*_READ_POLICY)
_NEW_POLICY = (
    "@{ displayName = 'MFA for all users'; state = 'enabledForReportingButNotEnforced'; "
    "conditions = @{ users = @{ includeUsers = @('All') }; "
    "applications = @{ includeApplications = @('All') }; clientAppTypes = @('all') }; "
    "grantControls = @{ operator = 'OR'; builtInControls = @('mfa') } }"
)
_LIST_OF_POLICIES = _Script(
    "Policy.Read.All",
    (_value(f"{_POLICIES}?$select=id,displayName,state"),),
    change=_Change(_WRITE_POLICIES, (request(_POLICIES, "POST", _NEW_POLICY),)),
)
_READ_LIST_OF_POLICIES = _Script(_LIST_OF_POLICIES.scope, _LIST_OF_POLICIES.lines)
_MFA_ALONE = _of_policy(
    body="@{ grantControls = @{ operator = 'OR'; builtInControls = @('mfa') } }",
)
_NOBODY_EXCLUDED = _of_policy(
    "$policy.conditions.users.excludeUsers = @()",
    "$policy.conditions.users.excludeGroups = @()",
    "$policy.conditions.users.excludeRoles = @()",
    body="@{ conditions = $policy.conditions }",
)
_DISABLED = _Change(
    "User.EnableDisableAccount.All",
    (request("/v1.0/users/{id}", "PATCH", "@{ accountEnabled = $false }"),),
)
_READ_ACCOUNTS = (
    "User.Read.All",
    (
        request(
            "/v1.0/users/{id}?$select=id,userPrincipalName,userType,accountEnabled,createdDateTime"
        ),
    ),
)
_ACCOUNTS = _Script(*_READ_ACCOUNTS, for_each=True)
_ACCOUNTS_TO_DISABLE = _Script(*_READ_ACCOUNTS, for_each=True, change=_DISABLED)
_REGISTRATIONS = _Script(
    "AuditLog.Read.All",
    (request("/v1.0/reports/authenticationMethods/userRegistrationDetails/{id}"),),
    for_each=True,
)
_RECORDS = _Script(
    "AuditLog.Read.All",
    (_value("/beta/auditLogs/signIns?$filter=id%20eq%20'{text}'"),),
    for_each=True,
)
_NEWEST_SIGN_INS = _Script(
    "AuditLog.Read.All",
    (_value("/beta/auditLogs/signIns?$top=5"),),
)


_SERVICE_PRINCIPAL = "/v1.0/servicePrincipals?$select=id,displayName&$filter=appId%20eq%20'{text}'"
_FIND_APPLICATION = f"$id = ({request(_SERVICE_PRINCIPAL)}).value[0].id"
_CONSENTS = "/v1.0/servicePrincipals/{id}/oauth2PermissionGrants"
_ASSIGNED = "/v1.0/servicePrincipals/{id}/appRoleAssignedTo"
_ELIGIBLE = "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances"
_ONE_APPLICATION = _Script(
    "Directory.Read.All",
    (
        _FIND_APPLICATION,
        f"$consents = ({request(_CONSENTS)}).value",
        "$consents | ConvertTo-Json",
    ),
    change=_Change(
        "DelegatedPermissionGrant.ReadWrite.All",
        (
            "foreach ($id in $consents.id) {  # only if nobody knows the application",
            f"    {request('/v1.0/oauth2PermissionGrants/{id}', 'DELETE')}",
            "}",
        ),
    ),
)

_SCRIPTS: dict[str, _Script] = {
    "mfa-not-implemented": _Script(
        "Policy.Read.All",
        (request(_DEFAULTS),),
        change=_Change(
            "Policy.ReadWrite.SecurityDefaults",
            (request(_DEFAULTS, "PATCH", "@{ isEnabled = $true }"),),
        ),
    ),
    "security-defaults": _Script("Policy.Read.All", (request(_DEFAULTS),)),
    "accounts-excluded": _NOBODY_EXCLUDED,
    "excluded-by-activation": _NOBODY_EXCLUDED,
    "conditional-applications": _without("applications.includeApplications", "@('All')"),
    "conditional-partner-center": _not_excluded(PORTAL_APP_IDS | PARTNER_CENTER_RESOURCE_IDS),
    "conditional-azure-management": _not_excluded({_AZURE}),
    "conditional-client-app": _without("clientAppTypes", "@('all')"),
    "conditional-platform": _without("platforms"),
    "conditional-location": _without("locations"),
    "conditional-device-filter": _without("devices"),
    "conditional-risk": _ONE_POLICY,  # may stay: another policy is needed
    "conditional-authentication-flow": _ONE_POLICY,
    "conditional-other": _ONE_POLICY,
    "mfa-or-something-else": _MFA_ALONE,
    "custom-control": _MFA_ALONE,
    "blocked-not-mfa": _ONE_POLICY,
    "policy-without-sign-ins": _ONE_POLICY,
    "report-only": _of_policy(body="@{ state = 'enabled' }"),
    "what-if-disagrees": _READ_LIST_OF_POLICIES,
    "legacy-authentication": _READ_LIST_OF_POLICIES,
    "federation-claim": _Script(
        "Domain.Read.All", (_value("/v1.0/domains/{id}/federationConfiguration"),)
    ),
    "third-party-mfa": _Script(
        "Domain.Read.All", (_value("/v1.0/domains?$select=id,authenticationType"),)
    ),
    "strength-not-registered": _REGISTRATIONS,
    "mfa-not-registered": _REGISTRATIONS,
    "service-accounts-as-users": _ACCOUNTS_TO_DISABLE,
    "agent-accounts": _ACCOUNTS_TO_DISABLE,
    "synchronisation-accounts": _ACCOUNTS,
    "exception-expired": _ACCOUNTS,
    "exception-needless": _ACCOUNTS,
    "eligible-admins": _Script(
        "RoleEligibilitySchedule.Read.Directory",
        (_value(f"{_ELIGIBLE}?$filter=principalId%20eq%20'{{text}}'"),),
        for_each=True,
    ),
    "not-read": _assigned(_GRAPH),
    "enforced-but-without-mfa": _RECORDS,
    "signed-in-without-mfa": _RECORDS,
    "remembered-device": _RECORDS,
    "applications-without-mfa": _ONE_APPLICATION,
    "app-only-access": _assigned(min(PARTNER_CENTER_RESOURCE_IDS)),
    "applications-unknown": _NEWEST_SIGN_INS,
    "users-unknown": _NEWEST_SIGN_INS,
    "records-cannot-show": _NEWEST_SIGN_INS,
}
