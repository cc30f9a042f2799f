"""Small directories, in the form of Graph's answers."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.mfa.accounts.assessment import AccountRow, JudgedAccounts, assess_accounts
from shared.mfa.accounts.directory import Directory

PORTAL, PORTAL_TOO = (
    "4990cffe-04e8-4e8b-808a-1175604b879f",
    "fabfbdc4-5751-471c-ac43-3826fa1afc31",
)
API = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
AZURE = "797f4846-ba00-4fd7-ba43-dac1f8f63013"  #: Azure Service Management
PARTNER_CENTER = [PORTAL, PORTAL_TOO, API]

Json = dict[str, Any]


def user(user_id: str = "ann", **changes: Any) -> Json:
    """A member whose per-user MFA is off."""
    return {
        "id": user_id,
        "userPrincipalName": f"{user_id}@contoso.example",
        "displayName": user_id.title(),
        "accountEnabled": True,
        "userType": "Member",
        "perUserMfaState": "disabled",
        **changes,
    }


def group(group_id: str, *members: str, groups: tuple[str, ...] = (), **changes: Any) -> Json:
    """A group of users and of other groups."""
    return {
        "id": group_id,
        "displayName": group_id.title(),
        "members": [
            *({"@odata.type": "#microsoft.graph.user", "id": member} for member in members),
            *({"@odata.type": "#microsoft.graph.group", "id": member} for member in groups),
        ],
        **changes,
    }


def policy(
    name: str = "MFA",
    *,
    users: Json | None = None,
    applications: Json | None = None,
    grant: Json | None = None,
    state: str = "enabled",
    **conditions: Any,
) -> Json:
    """A policy that requires MFA for everybody, all cloud apps, always, except for *changes*."""
    return {
        "id": f"id of {name}",
        "displayName": name,
        "state": state,
        "conditions": {
            "users": {"includeUsers": ["All"]} if users is None else users,
            "applications": {"includeApplications": ["All"], **(applications or {})},
            "clientAppTypes": ["all"],
            **conditions,
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"], **(grant or {})},
    }


def document(*policies: Json, **changes: Any) -> Json:
    """One account, security defaults off, no groups or roles, and these policies."""
    return {
        "users": [user()],
        "groups": [],
        "roleDefinitions": [],
        "roleAssignments": [],
        "securityDefaults": {"isEnabled": False},
        "conditionalAccessPolicies": list(policies),
        **changes,
    }


def directory(*policies: Json, **changes: Any) -> Directory:
    """The same as a `Directory`."""
    return msgspec.convert(document(*policies, **changes), Directory)


def assess(*policies: Json, **changes: Any) -> JudgedAccounts:
    """The same, judged."""
    return assess_accounts(directory(*policies, **changes))


def ann(*policies: Json, **changes: Any) -> AccountRow:
    """The only account, judged."""
    (account,) = assess(*policies, **changes)
    return account


def by_id(*policies: Json, **changes: Any) -> dict[str, AccountRow]:
    """Every account, judged."""
    return {account.object_id: account for account in assess(*policies, **changes)}


#: Ann is a Global Administrator, a Reader through nested groups, and Helpdesk for one unit only.
ROLES_AND_GROUPS: Json = {
    "groups": [
        group("staff", groups=("contractors",)),
        group("contractors", "ann", groups=("staff",)),
    ],
    "roleDefinitions": [
        {"id": "ga", "templateId": "ga", "displayName": "Global Administrator"},
        {"id": "own id", "templateId": "reader", "displayName": "Reader"},
        {"id": "helpdesk", "templateId": "helpdesk"},
    ],
    "roleAssignments": [
        {"principalId": "ann", "roleDefinitionId": "ga", "directoryScopeId": "/"},
        {"principalId": "staff", "roleDefinitionId": "own id", "directoryScopeId": "/"},
        {
            "principalId": "ann",
            "roleDefinitionId": "helpdesk",
            "directoryScopeId": "/administrativeUnits/1",
        },
    ],
}

#: An account of directory synchronisation, which must be one of the users.
SYNCHRONISATION: Json = {
    "roleDefinitions": [],
    "roleAssignments": [
        {
            "principalId": "Sync_DC01_0123456789ab",
            "roleDefinitionId": "d29b2b05-8046-44ba-8758-1e26182fcf32",
            "directoryScopeId": "/",
        }
    ],
}
