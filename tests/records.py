"""
Sign-in records for tests, in the three shapes in which they are logged; all made for this project.

Each builder returns one record as Python values: Ann (``ANN``) opens the portal in a browser with
only a password, which is "not verified". Pass what differs, by the keys of the shape:
``graph_record(appId=VENDOR, isInteractive=False)``; the value `ABSENT` removes a key. Names and
nesting: Graph beta ``signIn``, Entra's sign-in log schema, and the ``SigninLogs`` table.
"""

from __future__ import annotations

import json
from itertools import count
from typing import Any

PORTAL = "4990cffe-04e8-4e8b-808a-1175604b879f"  #: client: the Partner Center portal
API = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"  #: resource: the Partner Center API
AZURE = "797f4846-ba00-4fd7-ba43-dac1f8f63013"  #: a resource that the portal also requests
VENDOR = "aaaaaaaa-0000-4000-8000-00000000000a"  #: client: a control panel vendor
OTHER = "bbbbbbbb-0000-4000-8000-00000000000b"  #: client and resource out of scope
TENANT = "cccccccc-0000-4000-8000-00000000000c"  #: the partner
WORKSPACE = "dddddddd-0000-4000-8000-00000000000d"  #: Log Analytics' own ``TenantId``
ANN = "eeeeeeee-0000-4000-8000-00000000000e"

BY_CLAIM = "MFA requirement satisfied by claim in the token"
REMEMBERED = "MFA requirement skipped due to remembered device"

ABSENT = object()  #: a change to this value removes the key

_numbers = count(1)


def new_id() -> str:
    """Another record id, a GUID."""
    return f"{next(_numbers):08x}-0000-4000-8000-000000000000"


def step(detail: str | None, method: str = "Password") -> dict[str, Any]:
    """One row of ``authenticationDetails``."""
    return {
        "authenticationStepDateTime": "2026-11-20T09:00:00Z",
        "authenticationMethod": method,
        "authenticationMethodDetail": None,
        "succeeded": True,
        "authenticationStepResultDetail": detail,
        "authenticationStepRequirement": "Primary authentication",
    }


def policy(result: str = "success", *controls: str) -> dict[str, Any]:
    """One row of ``appliedConditionalAccessPolicies``."""
    return {
        "id": "ffffffff-0000-4000-8000-00000000000f",
        "displayName": "Require MFA for everybody",
        "enforcedGrantControls": list(controls),
        "enforcedSessionControls": [],
        "result": result,
    }


def graph_record(**changes: Any) -> dict[str, Any]:
    """What ``GET /beta/auditLogs/signIns`` returns for one sign-in."""
    record = {
        "id": new_id(),
        "createdDateTime": "2026-11-20T09:00:00Z",
        "userDisplayName": "Ann Adams",
        "userPrincipalName": "ann@contoso.example",
        "userId": ANN,
        "appId": PORTAL,
        "appDisplayName": "Microsoft Partner",
        "authenticationRequirement": "singleFactorAuthentication",
        "ipAddress": "203.0.113.7",
        "clientAppUsed": "Browser",
        "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        "correlationId": "11111111-0000-4000-8000-000000000001",
        "conditionalAccessStatus": "notApplied",
        "isInteractive": True,
        "sessionId": "22222222-0000-4000-8000-000000000002",
        "resourceDisplayName": "Windows Azure Service Management API",
        "resourceId": AZURE,
        "resourceTenantId": TENANT,
        "homeTenantId": TENANT,
        "signInEventTypes": ["interactiveUser"],
        "servicePrincipalName": None,
        "servicePrincipalId": "",
        "status": {"errorCode": 0, "failureReason": "Other.", "additionalDetails": None},
        "deviceDetail": {"deviceId": "", "operatingSystem": "Windows 10", "browser": "Edge 130"},
        "location": {"city": "Seattle", "state": "Washington", "countryOrRegion": "US"},
        "appliedConditionalAccessPolicies": [],
        "authenticationDetails": [step("Correct password")],
        "authenticationRequirementPolicies": [],
    }
    return _changed(record, changes)


def diagnostic_record(*, envelope: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """What an Entra diagnostic setting writes; `changes` are to ``properties``."""
    properties = graph_record(createdDateTime="2026-11-20T09:00:00.0000000+00:00")
    properties = _changed(properties, {"signInEventTypes": ABSENT, "userType": "Member"} | changes)
    frame = {
        "time": "2026-11-20T09:04:10.1234567Z",
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "operationVersion": "1.0",
        "category": "SignInLogs",
        "tenantId": TENANT,
        "resultType": "0",
        "resultSignature": "None",
        "durationMs": 0,
        "callerIpAddress": "203.0.113.7",
        "correlationId": "33333333-0000-4000-8000-000000000003",
        "identity": "Ann Adams",
        "Level": 4,
        "location": "US",
        "properties": properties,
    }
    return _changed(frame, envelope or {})


def log_analytics_row(**changes: Any) -> dict[str, Any]:
    """One row of ``SigninLogs``; ``Status`` and ``ConditionalAccessPolicies`` are `dynamic`."""
    row = {
        "TenantId": WORKSPACE,
        "SourceSystem": "Azure AD",
        "TimeGenerated": "2026-11-20T09:05:00.1234567Z",
        "ResourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "OperationName": "Sign-in activity",
        "Category": "SignInLogs",
        "ResultType": "0",
        "CorrelationId": "11111111-0000-4000-8000-000000000001",
        "Identity": "Ann Adams",
        "AppDisplayName": "Microsoft Partner",
        "AppId": PORTAL,
        "AuthenticationDetails": json.dumps([step("Correct password")], indent=2),
        "AuthenticationRequirement": "singleFactorAuthentication",
        "ConditionalAccessPolicies": [],
        "ConditionalAccessStatus": "notApplied",
        "CreatedDateTime": "2026-11-20T09:00:00.0000000Z",
        "IsInteractive": True,
        "Id": new_id(),
        "IPAddress": "203.0.113.7",
        "ResourceDisplayName": "Windows Azure Service Management API",
        "ResourceIdentity": AZURE,
        "ResourceTenantId": TENANT,
        "ServicePrincipalName": "",
        "SessionId": "22222222-0000-4000-8000-000000000002",
        "Status": {"errorCode": 0},
        "UserDisplayName": "Ann Adams",
        "UserId": ANN,
        "UserPrincipalName": "ann@contoso.example",
        "AADTenantId": TENANT,
        "Type": "SigninLogs",
    }
    return _changed(row, changes)


def of_every_log(*days: str) -> list[dict[str, Any]]:
    """Sign-ins elsewhere in each log on each of the days: a file with them holds all logs."""
    kinds = ("interactiveUser", "nonInteractiveUser", "servicePrincipal")
    elsewhere = {"appId": OTHER, "resourceId": OTHER}
    return [
        graph_record(createdDateTime=f"{day}T12:00:00Z", signInEventTypes=[kind], **elsewhere)
        for day in days
        for kind in kinds
    ]


def line(record: Any) -> bytes:
    """A record as Azure writes it: compact JSON, UTF-8."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def ndjson(*records: Any) -> bytes:
    """One record per line."""
    return b"".join(line(record) + b"\n" for record in records)


def page(*records: Any, next_link: str | None = None) -> bytes:
    """One page of a Graph collection."""
    whole: dict[str, Any] = {"@odata.context": "https://graph.microsoft.com/beta/$metadata#signIns"}
    if next_link:
        whole["@odata.nextLink"] = next_link
    return line({**whole, "value": list(records)})


def _changed(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    changed = record | changes
    return {key: value for key, value in changed.items() if value is not ABSENT}
