"""
Generates any number of made-up sign-in records, equal for equal seeds.

Names, nesting and order of keys are those of Entra's sample of the log schema; a record has 3.5 to
3.9 kB. Times increase over seven days. No value is from a real tenant.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PORTAL = "4990cffe-04e8-4e8b-808a-1175604b879f"
API = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
TENANT = "6f0a3c5e-7d21-4b8e-9c40-2a1b3c4d5e6f"

PAGE_RECORDS = 1000  #: Graph's largest page
_PAGE = (
    b'{"@odata.context":"https://graph.microsoft.com/beta/$metadata#auditLogs/signIns","value":['
)
_FIRST = datetime(2026, 11, 17, tzinfo=UTC)
_SPAN = timedelta(days=7)
_VARIANTS = 64
_USERS, _APPS = 5000, 200

_POLICIES = [
    ("Require MFA for all users", ["Mfa"]),
    ("Block legacy authentication", ["Block"]),
    ("Compliant device for finance", ["RequireCompliantDevice"]),
    ("Terms of use for guests", []),
]
_RESULTS = ["success", "notApplied", "notApplied", "notEnabled", "reportOnlyNotApplied"]
MakeRecord = Callable[[int, Random], dict[str, Any]]

_BROWSERS = ["Edge 130.0.2849", "Chrome 130.0.0", "Firefox 132.0", "Rich Client 4.66.1"]
_STEPS = [
    [("Password", "Correct password")],
    [("Previously satisfied", "First factor requirement satisfied by claim in the token")],
    [
        ("Password", "Correct password"),
        ("Mobile app notification", "MFA completed in Azure AD"),
    ],
    [("Previously satisfied", "MFA requirement satisfied by claim in the token")],
]


def write_lines(file: Path, count: int, share: float, *, seed: int) -> None:
    """Write a diagnostic setting's lines; as gzip if the file's name ends in ``.gz``."""
    records = diagnostic_records(count, share, seed=seed)
    with gzip.open(file, "wb", 1) if file.suffix == ".gz" else file.open("wb") as target:
        while batch := list(islice(records, PAGE_RECORDS)):
            target.write(b"\n".join(batch) + b"\n")


def write_pages(file: Path, count: int, share: float, *, seed: int) -> None:
    """Write Graph's pages, one per line."""
    records = graph_records(count, share, seed=seed)
    with file.open("wb") as target:
        while batch := list(islice(records, PAGE_RECORDS)):
            target.write(_PAGE + b",".join(batch) + b"]}\n")


def diagnostic_records(count: int, share: float, *, seed: int) -> Iterator[bytes]:
    """Records as an Entra diagnostic setting writes them; `share` of them are Partner Center's."""
    return _records(count, share, Random(seed), _diagnostic)


def graph_records(count: int, share: float, *, seed: int) -> Iterator[bytes]:
    """Records as Graph beta returns them."""
    return _records(count, share, Random(seed), _graph)


def _records(count: int, share: float, rng: Random, shape: MakeRecord) -> Iterator[bytes]:
    templates = [_template(shape(variant, rng)) for variant in range(_VARIANTS)]
    users = [(_guid(rng), f"person{n}@contoso.example", f"Person {n}") for n in range(_USERS)]
    apps = [(_guid(rng), f"Application {n}") for n in range(_APPS)]
    step = _SPAN / count
    for number in range(count):
        user_id, upn, name = users[rng.randrange(_USERS)]
        app_id, app_name = apps[rng.randrange(_APPS)]
        resource_id = apps[rng.randrange(_APPS)][0]
        if rng.random() < share:
            if rng.getrandbits(1):
                app_id, app_name = PORTAL, "Microsoft Partner"
            else:
                resource_id = API
        at = _FIRST + number * step
        yield (
            templates[rng.randrange(_VARIANTS)]
            % {
                "id": _guid(rng),
                "time": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06}7",
                "correlation": _guid(rng),
                "session": _guid(rng),
                "user_id": user_id,
                "upn": upn,
                "name": name,
                "app_id": app_id,
                "app": app_name,
                "resource_id": resource_id,
                "ip": f"203.0.113.{number % 250}",
            }
        ).encode()


def _guid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _template(record: dict[str, Any]) -> str:
    """A record's JSON with its values left open, to be filled in with ``%``."""
    return json.dumps(record, separators=(",", ":"))


def _diagnostic(variant: int, rng: Random) -> dict[str, Any]:
    properties = _graph(variant, rng)
    properties["createdDateTime"] = "%(time)s+00:00"
    del properties["signInEventTypes"]
    return {
        "time": "%(time)sZ",
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "operationVersion": "1.0",
        "category": "SignInLogs" if variant % 3 else "NonInteractiveUserSignInLogs",
        "tenantId": TENANT,
        "resultType": str(properties["status"]["errorCode"]),
        "resultSignature": "None",
        "durationMs": 0,
        "callerIpAddress": "%(ip)s",
        "correlationId": "%(correlation)s",
        "identity": "%(name)s",
        "Level": 4,
        "location": "US",
        "properties": properties,
    }


def _graph(variant: int, rng: Random) -> dict[str, Any]:
    is_interactive = bool(variant % 3)
    steps = rng.choice(_STEPS)
    return {
        "id": "%(id)s",
        "createdDateTime": "%(time)sZ",
        "userDisplayName": "%(name)s",
        "userPrincipalName": "%(upn)s",
        "userId": "%(user_id)s",
        "appId": "%(app_id)s",
        "appDisplayName": "%(app)s",
        "ipAddress": "%(ip)s",
        "status": {
            "errorCode": rng.choice([0, 0, 0, 0, 50074, 50126]),
            "failureReason": "Other.",
            "additionalDetails": steps[-1][1] if len(steps) > 1 else None,
        },
        "clientAppUsed": "Browser" if is_interactive else "Mobile Apps and Desktop clients",
        "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
        **_surroundings(rng),
        "correlationId": "%(correlation)s",
        "conditionalAccessStatus": "success",
        "appliedConditionalAccessPolicies": [_policy(*policy, rng) for policy in _POLICIES],
        "originalRequestId": "%(id)s",
        "isInteractive": is_interactive,
        "authenticationProcessingDetails": [{"key": "Login Hint Present", "value": "True"}],
        "networkLocationDetails": [],
        "processingTimeInMilliseconds": 238,
        **dict.fromkeys(("riskDetail", "riskLevelAggregated", "riskState"), "none"),
        "riskEventTypes_v2": [],
        "resourceDisplayName": "Resource",
        "resourceId": "%(resource_id)s",
        "resourceTenantId": TENANT,
        "homeTenantId": TENANT,
        "authenticationDetails": [_step(*step) for step in steps],
        "authenticationRequirementPolicies": [
            {"requirementProvider": "multiConditionalAccess", "detail": "Conditional Access"}
        ],
        "authenticationRequirement": rng.choice(
            ["singleFactorAuthentication", "multiFactorAuthentication"]
        ),
        "authenticationProtocol": "oAuth2",
        "signInEventTypes": ["interactiveUser" if is_interactive else "nonInteractiveUser"],
        "sessionId": "%(session)s",
        "uniqueTokenIdentifier": "%(id)s",
        "servicePrincipalId": "",
        "servicePrincipalName": None,
        "tokenIssuerType": "AzureAD",
        "incomingTokenType": "primaryRefreshToken",
        "crossTenantAccessType": "none",
        "autonomousSystemNumber": 8075,
        "flaggedForReview": False,
        "isTenantRestricted": False,
        "privateLinkDetails": {},
    }


def _surroundings(rng: Random) -> dict[str, Any]:
    return {
        "deviceDetail": {
            "deviceId": _guid(rng),
            "displayName": f"DESKTOP-{rng.randrange(10**6)}",
            "operatingSystem": "Windows10",
            "browser": rng.choice(_BROWSERS),
            "isCompliant": True,
            "isManaged": True,
            "trustType": "Azure AD joined",
        },
        "location": {
            "city": "Seattle",
            "state": "Washington",
            "countryOrRegion": "US",
            "geoCoordinates": {"altitude": None, "latitude": 47.6062, "longitude": -122.3321},
        },
    }


def _policy(name: str, controls: list[str], rng: Random) -> dict[str, Any]:
    return {
        "id": _guid(rng),
        "displayName": name,
        "enforcedGrantControls": controls,
        "enforcedSessionControls": [],
        "result": rng.choice(_RESULTS),
        "conditionsSatisfied": 3,
        "conditionsNotSatisfied": 0,
    }


def _step(method: str, detail: str) -> dict[str, Any]:
    return {
        "authenticationStepDateTime": "%(time)s+00:00",
        "authenticationMethod": method,
        "authenticationMethodDetail": None,
        "succeeded": True,
        "authenticationStepResultDetail": detail,
        "authenticationStepRequirement": "",
        "StatusSequence": 0,
        "RequestSequence": 1,
    }
