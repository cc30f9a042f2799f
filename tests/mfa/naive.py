"""
The slow way to judge accounts: one user, policy and sign-in at a time, straight from the JSON.

Shares no code with the product. Membership is three-valued by Kleene's rules; every policy is
checked against every kind of sign-in that the policies could distinguish.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

from tests.directories import PARTNER_CENTER

Json = dict[str, Any]
Truth = bool | None
OTHER_APP, OTHER_PLATFORM = "any other app", "any other platform"


def either(*truths: Truth) -> Truth:
    if any(truth is True for truth in truths):
        return True
    return None if any(truth is None for truth in truths) else False


def both(*truths: Truth) -> Truth:
    if any(truth is False for truth in truths):
        return False
    return None if any(truth is None for truth in truths) else True


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def in_group(doc: Json, user_id: str, group_id: str, above: tuple[str, ...] = ()) -> Truth:
    if doc.get("groups") is None:
        return None
    found = [group for group in doc["groups"] if group["id"] == group_id]
    if not found or found[0].get("members") is None:
        return None
    members = found[0]["members"]
    direct = any(m["id"] == user_id and m["@odata.type"].endswith("user") for m in members)
    nested = [m["id"] for m in members if m["@odata.type"].endswith("group")]
    return either(
        direct,
        *(
            in_group(doc, user_id, child, (*above, group_id))
            for child in nested
            if child not in (*above, group_id)
        ),
    )


def has_role(doc: Json, user_id: str, template: str) -> Truth:
    if doc.get("roleAssignments") is None or doc.get("roleDefinitions") is None:
        return None
    known = {name for d in doc["roleDefinitions"] for name in (d["id"], d["templateId"])}
    answer: Truth = False if template in known else None  # a word may mean any role
    for assignment in doc["roleAssignments"]:
        if assignment["directoryScopeId"] != "/":
            continue
        definitions = [
            d for d in doc["roleDefinitions"] if d["id"] == assignment["roleDefinitionId"]
        ]
        names = {assignment["roleDefinitionId"], *(d["templateId"] for d in definitions)}
        is_role = template in names or (None if not definitions else False)
        principal = assignment["principalId"]
        if principal in {user["id"] for user in doc["users"]}:
            is_held: Truth = principal == user_id
        else:
            is_held = in_group(doc, user_id, principal)
        answer = either(answer, both(is_role, is_held))
    return answer


def is_guest(user: Json) -> Truth:
    if user.get("userType") is None and "#EXT#" not in user["userPrincipalName"]:
        return None
    return user.get("userType") == "Guest" or "#EXT#" in user["userPrincipalName"]


def listed(doc: Json, user: Json, users: Json, verb: str) -> Truth:
    names = users.get(f"{verb}Users", [])
    return either(
        "All" in names,
        user["id"] in names,
        is_guest(user) if "GuestsOrExternalUsers" in names else False,
        *(in_group(doc, user["id"], group) for group in users.get(f"{verb}Groups", [])),
        *(has_role(doc, user["id"], role) for role in users.get(f"{verb}Roles", [])),
    )


def applies(doc: Json, user: Json, policy: Json) -> Truth:
    users = policy["conditions"]["users"]
    names_nobody = not any(ids for key, ids in users.items() if key.startswith("include"))
    included = None if names_nobody else listed(doc, user, users, "include")
    return both(included, negated(listed(doc, user, users, "exclude")))


def mfa_of(doc: Json, policy: Json) -> tuple[Truth, Truth]:
    """Whether MFA is required, and whether it is on offer."""
    grant = policy["grantControls"]
    ways: list[Truth] = [control == "mfa" for control in grant.get("builtInControls", [])]
    ways += [False for _ in grant.get("customAuthenticationFactors", [])]
    if strength := grant.get("authenticationStrength"):
        known = {s["id"]: s["requirementsSatisfied"] == "mfa" for s in doc.get("strengths", [])}
        ways.append(known.get(strength["id"], None if strength["id"] == "custom" else True))
    if not ways:
        return None, None
    required = both(*ways) if grant["operator"] == "OR" else either(*ways)
    return required, either(*ways)


def state_of(policy: Json) -> Truth:
    return {"enabled": True, "new word": None}.get(policy["state"], False)


def within(policy: Json, app: str, client: str, platform: str, places: frozenset[str]) -> bool:
    conditions = policy["conditions"]
    apps, clients = conditions["applications"], conditions["clientAppTypes"]
    on = conditions.get("platforms") or {"includePlatforms": ["all"], "excludePlatforms": []}
    where = conditions.get("locations") or {"includeLocations": ["All"], "excludeLocations": []}
    return all(
        (
            {"All", app} & set(apps["includeApplications"]),
            app not in apps.get("excludeApplications", []),
            {"all", client} & set(clients),
            {"all", platform} & set(on["includePlatforms"]),
            platform not in on["excludePlatforms"],
            {"All", *places} & set(where["includeLocations"]),
            not places & set(where["excludeLocations"]),
        )
    )


def sign_ins(platforms: list[str], places: list[str]) -> list[tuple[Any, ...]]:
    overlaps = [frozenset(c) for n in range(len(places) + 1) for c in combinations(places, n)]
    return list(
        product(
            [*PARTNER_CENTER, OTHER_APP],
            ["browser", "mobileAppsAndDesktopClients"],
            [*platforms, OTHER_PLATFORM],
            overlaps,
        )
    )


def level(doc: Json, user: Json, every_sign_in: list[tuple[Any, ...]], *, best: bool) -> int:
    """2: MFA always; 1: something is required sometimes; 0: nothing."""

    def counts(truth: Truth) -> bool:
        return truth is True or (best and truth is None)

    asking, demanding = [], []
    for policy in doc["conditionalAccessPolicies"]:
        clients = policy["conditions"]["clientAppTypes"]
        is_modern = {"all", "browser", "mobileAppsAndDesktopClients"} & set(clients)
        in_force = both(state_of(policy), applies(doc, user, policy))
        required, offered = mfa_of(doc, policy)
        blocks = "block" in policy["grantControls"].get("builtInControls", [])
        if not is_modern or policy["conditions"]["applications"]["includeApplications"] == []:
            continue
        if counts(both(in_force, True if blocks else offered)):
            asking.append(policy)
        risk = policy["conditions"].get("signInRiskLevels")
        if counts(both(in_force, required)) and not blocks and not risk:
            demanding.append(policy)
    if all(any(within(policy, *sign_in) for policy in demanding) for sign_in in every_sign_in):
        return 2
    return 1 if asking else 0


def enforcement(doc: Json, user: Json, every_sign_in: list[tuple[Any, ...]]) -> str | None:
    if not user["accountEnabled"]:
        return None
    per_user = {"disabled": False, None: None}.get(user.get("perUserMfaState"), True)
    defaults = doc.get("securityDefaults")
    is_read = doc.get("conditionalAccessPolicies") is not None
    elsewhere = either(
        per_user, defaults["isEnabled"] if defaults else None, False if is_read else None
    )
    if elsewhere:
        return "enforced"
    if not is_read:
        return "unknown"
    worst = level(doc, user, every_sign_in, best=False)
    if worst == 2:
        return "enforced"
    if elsewhere is None or worst != level(doc, user, every_sign_in, best=True):
        return "unknown"
    return "conditional" if worst else "unprotected"
