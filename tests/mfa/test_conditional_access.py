"""What a single policy requires of an account: each condition, each control."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.policy import ConditionalAccessPolicy
from tests.directories import API, AZURE, PARTNER_CENTER, PORTAL, ann, policy

ENFORCED, CONDITIONAL = Enforcement.ENFORCED, Enforcement.CONDITIONAL
UNPROTECTED, UNKNOWN = Enforcement.UNPROTECTED, Enforcement.UNKNOWN


OWN_ID = "11111111-2222-4333-8444-aaaaaaaaaaaa"
STRENGTH = {"builtInControls": [], "authenticationStrength": {"id": "custom"}}
BUILT_IN = {"id": "00000000-0000-0000-0000-000000000004"}

GRANTS = {
    "MFA": ({}, ENFORCED),
    "MFA and a compliant device": (
        {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]},
        ENFORCED,
    ),
    "MFA or a compliant device": (
        {"builtInControls": ["mfa", "compliantDevice"]},
        CONDITIONAL,
    ),
    "MFA or terms of use": ({"termsOfUse": ["t"]}, CONDITIONAL),
    "MFA and a custom control": (
        {"operator": "AND", "customAuthenticationFactors": ["duo"]},
        ENFORCED,
    ),
    "MFA or a custom control": ({"customAuthenticationFactors": ["duo"]}, CONDITIONAL),
    "a custom control": (
        {"builtInControls": [], "customAuthenticationFactors": ["duo"]},
        UNPROTECTED,
    ),
    "a compliant device": ({"builtInControls": ["compliantDevice"]}, UNPROTECTED),
    "terms of use": ({"builtInControls": [], "termsOfUse": ["t"]}, UNPROTECTED),
    "a block": ({"builtInControls": ["block"]}, CONDITIONAL),
    "a built-in strength": ({"builtInControls": [], "authenticationStrength": BUILT_IN}, ENFORCED),
    "a strength that is said to be MFA": (
        {
            "builtInControls": [],
            "authenticationStrength": {"id": "custom", "requirementsSatisfied": "mfa"},
        },
        ENFORCED,
    ),
    "a strength that is said not to be MFA": (
        {
            "builtInControls": [],
            "authenticationStrength": {"id": "custom", "requirementsSatisfied": "none"},
        },
        UNPROTECTED,
    ),
    "a strength with a new word": (
        {
            "builtInControls": [],
            "authenticationStrength": {"id": "custom", "requirementsSatisfied": "somethingNew"},
        },
        UNKNOWN,
    ),
    "a strength that was not read": (STRENGTH, UNKNOWN),
    "a strength that was not read, or a compliant device": (
        {**STRENGTH, "builtInControls": ["compliantDevice"]},
        UNKNOWN,
    ),
    "MFA, or a strength that was not read": ({**STRENGTH, "builtInControls": ["mfa"]}, UNKNOWN),
    "MFA, and a strength that was not read": (
        {**STRENGTH, "operator": "AND", "builtInControls": ["mfa"]},
        ENFORCED,
    ),
    "an unknown control": ({"builtInControls": ["unknownFutureValue"]}, UNKNOWN),
    "MFA, and an unknown control": (
        {"operator": "AND", "builtInControls": ["mfa", "unknownFutureValue"]},
        ENFORCED,
    ),
    "MFA with an unknown operator": ({"operator": "XOR"}, ENFORCED),
    "two controls with an unknown operator": (
        {"operator": "XOR", "builtInControls": ["mfa", "compliantDevice"]},
        UNKNOWN,
    ),
    "nothing that can be read": ({"builtInControls": []}, UNKNOWN),
    "MFA, and something new": ({"passwordlessExemptions": ["x"]}, UNKNOWN),
    "MFA, and a new key without a value": ({"passwordlessExemptions": []}, ENFORCED),
}


@pytest.mark.parametrize(("grant", "expected"), GRANTS.values(), ids=GRANTS)
def test_what_a_policy_requires_decides(grant: dict[str, Any], expected: Enforcement) -> None:
    assert ann(policy(grant=grant)).enforcement is expected


def test_a_policy_without_grant_controls_requires_nothing() -> None:
    assert ann({**policy(), "grantControls": None}).enforcement is UNPROTECTED


def test_a_strength_is_looked_up_if_the_policy_does_not_expand_it() -> None:
    strengths = [{"id": "CUSTOM", "requirementsSatisfied": "mfa"}]

    account = ann(policy(grant=STRENGTH), authenticationStrengthPolicies=strengths)

    assert account.enforcement is ENFORCED


STATES = {
    "enabled": ENFORCED,
    "disabled": UNPROTECTED,
    "enabledForReportingButNotEnforced": UNPROTECTED,
    "unknownFutureValue": UNKNOWN,
    None: UNKNOWN,
}


@pytest.mark.parametrize(("state", "expected"), STATES.items())
def test_only_a_policy_that_is_switched_on_counts(state: Any, expected: Enforcement) -> None:
    assert ann(policy(state=state)).enforcement is expected


ANYWHERE = {"includeLocations": ["All"], "excludeLocations": []}
ALL_PLATFORMS = {"includePlatforms": ["all"], "excludePlatforms": []}

CONDITIONS: dict[str, tuple[dict[str, Any], Enforcement, str]] = {
    "no condition": ({}, ENFORCED, ""),
    "conditions that are there but empty": (
        {
            "locations": {"includeLocations": [], "excludeLocations": []},
            "platforms": {"includePlatforms": [], "excludePlatforms": []},
            "devices": {"deviceFilter": None},
            "signInRiskLevels": [],
            "authenticationFlows": {"transferMethods": "none"},
            "insiderRiskLevels": None,
        },
        ENFORCED,
        "",
    ),
    "every place, every platform": (
        {"locations": ANYWHERE, "platforms": ALL_PLATFORMS},
        ENFORCED,
        "",
    ),
    "outside trusted locations": (
        {"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}},
        CONDITIONAL,
        "only from locations other than trusted locations",
    ),
    "from one place": (
        {"locations": {"includeLocations": ["HQ"]}},
        CONDITIONAL,
        "only from Head office",
    ),
    "from one place but another": (
        {"locations": {"includeLocations": ["HQ"], "excludeLocations": ["lab"]}},
        CONDITIONAL,
        "only from Head office except lab",
    ),
    "on some platforms": (
        {"platforms": {"includePlatforms": ["android", "iOS"]}},
        CONDITIONAL,
        "only on Android and iOS",
    ),
    "on every platform but one": (
        {"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["macOS"]}},
        CONDITIONAL,
        "only on platforms other than macOS",
    ),
    "on every platform but an unknown one": (
        {"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["unknownFutureValue"]}},
        CONDITIONAL,
        "only on platforms other than unknownfuturevalue",
    ),
    "in browsers": ({"clientAppTypes": ["browser"]}, CONDITIONAL, "only in browsers"),
    "in apps": (
        {"clientAppTypes": ["mobileAppsAndDesktopClients", "exchangeActiveSync", "other"]},
        CONDITIONAL,
        "only in mobile apps and desktop clients",
    ),
    "in all modern clients": (
        {"clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]},
        ENFORCED,
        "",
    ),
    "in clients of an unknown kind": (
        {"clientAppTypes": ["unknownFutureValue"]},
        CONDITIONAL,
        "only in clients of an unknown kind",
    ),
    "by legacy protocols only": (
        {"clientAppTypes": ["exchangeActiveSync", "other"]},
        UNPROTECTED,
        "targets legacy protocols only",
    ),
    "client types not configured": ({"clientAppTypes": None}, ENFORCED, ""),
    "at high sign-in risk": (
        {"signInRiskLevels": ["high"]},
        CONDITIONAL,
        "only at high sign-in risk",
    ),
    "at every sign-in risk, by name": (
        {"signInRiskLevels": ["low", "medium", "high", "none"]},
        CONDITIONAL,
        "sign-in risk",
    ),
    "at user risk": ({"userRiskLevels": ["high"]}, CONDITIONAL, "only at high user risk"),
    "at insider risk": (
        {"insiderRiskLevels": "moderate,elevated"},
        CONDITIONAL,
        "only at elevated and moderate insider risk",
    ),
    "a device filter": (
        {"devices": {"deviceFilter": {"mode": "exclude", "rule": "device.isCompliant -eq True"}}},
        CONDITIONAL,
        "only on devices that a filter selects",
    ),
    "device states of the older kind": (
        {"deviceStates": {"includeStates": ["All"], "excludeStates": ["Compliant"]}},
        CONDITIONAL,
        "only on devices that a filter selects",
    ),
    "every device of the older kind": (
        {"devices": {"includeDevices": ["All"], "excludeDevices": []}},
        ENFORCED,
        "",
    ),
    "by device code flow": (
        {"authenticationFlows": {"transferMethods": "deviceCodeFlow"}},
        CONDITIONAL,
        "only by device code flow",
    ),
    "at agent risk": ({"agentIdRiskLevels": "high"}, CONDITIONAL, "only at high agent risk"),
    "on devices in a state": (
        {"deviceStates": {"includeStates": ["Compliant"]}},
        CONDITIONAL,
        "only on devices that a filter selects",
    ),
    "for agents": (
        {"clientApplications": {"includeAgentIdServicePrincipals": ["All"]}},
        CONDITIONAL,
        "only for workload identities or agents",
    ),
    "under a condition that only a later version knows": (
        {"moonPhases": {"includePhases": ["full"]}},
        UNKNOWN,
        "Not read: what “conditions.moonPhases” means in policy “MFA”.",
    ),
    "a new condition inside one that is known": (
        {"locations": {**ANYWHERE, "excludeNetworks": ["n"]}},
        UNKNOWN,
        "Not read: what “conditions.locations.excludeNetworks” means in policy “MFA”.",
    ),
    "a new condition that is not configured": (
        {"moonPhases": {"includePhases": [], "note@odata.context": "x"}},
        ENFORCED,
        "",
    ),
    "a value of another type": (
        {"locations": 5},
        UNKNOWN,
        "Not read: what “conditions.locations” means in policy “MFA”.",
    ),
    "at certain times": ({"times": {"includedRanges": ["office hours"]}}, CONDITIONAL, "times"),
}


@pytest.mark.parametrize(("conditions", "expected", "cause"), CONDITIONS.values(), ids=CONDITIONS)
def test_when_a_policy_applies_decides(
    conditions: dict[str, Any], expected: Enforcement, cause: str
) -> None:
    locations = [{"id": "hq", "displayName": "Head office"}]

    account = ann(policy(**conditions), namedLocations=locations)

    assert account.enforcement is expected
    assert cause in account.cause
    assert bool(cause) == (account.enforcement is not ENFORCED)


APPLICATIONS: dict[str, tuple[dict[str, Any], Enforcement, str]] = {
    "all but another application": (
        {"excludeApplications": ["Office365"]},
        ENFORCED,
        "not required for Office 365",
    ),
    "all but Microsoft's admin portals, of which Partner Center is none": (
        {"excludeApplications": ["MicrosoftAdminPortals"]},
        ENFORCED,
        "not required for Microsoft Admin Portals",
    ),
    "all but the portal": (
        {"excludeApplications": [PORTAL.upper()]},
        CONDITIONAL,
        "only for applications other than Partner Center",
    ),
    "all but the API": ({"excludeApplications": [API]}, CONDITIONAL, "other than Partner Center"),
    "Partner Center alone": (
        {"includeApplications": PARTNER_CENTER},
        CONDITIONAL,
        "(Partner Center among them)",
    ),
    "Office 365": (
        {"includeApplications": ["Office365"]},
        CONDITIONAL,
        "only for Office 365 (Partner Center not among them)",
    ),
    "Microsoft's admin portals": (
        {"includeApplications": ["MicrosoftAdminPortals"]},
        CONDITIONAL,
        "only for Microsoft Admin Portals (Partner Center not among them)",
    ),
    "all but Azure Service Management, which the portal asks for": (
        {"excludeApplications": [AZURE.upper()]},
        CONDITIONAL,
        "only for applications other than Windows Azure Service Management API",
    ),
    "Azure Service Management": (
        {"includeApplications": [AZURE]},
        CONDITIONAL,
        "only for Windows Azure Service Management API (Partner Center not among them)",
    ),
    "all but an unknown word": (
        {"excludeApplications": ["AllConsoles"]},
        UNKNOWN,
        "Not read: which applications “allconsoles” excludes in policy “MFA”.",
    ),
    "what only a later version knows": (
        {"includeApplications": [], "includeRobots": ["All"]},
        UNKNOWN,
        "Not read: what “conditions.applications.includeRobots” means in policy “MFA”.",
    ),
    "nothing that can be read": (
        {"includeApplications": []},
        UNKNOWN,
        "Not read: which applications are targeted in policy “MFA”.",
    ),
    "none": ({"includeApplications": ["None"]}, UNPROTECTED, "names no application"),
    "a user action": (
        {
            "includeApplications": [],
            "includeUserActions": ["urn:user:registersecurityinfo"],
        },
        UNPROTECTED,
        "registration of security information",
    ),
    "an authentication context": (
        {
            "includeApplications": [],
            "includeAuthenticationContextClassReferences": ["c1"],
        },
        CONDITIONAL,
        "only where an application asks for an authentication context",
    ),
    "those a filter selects": (
        {"includeApplications": [], "applicationFilter": {"mode": "include", "rule": "r"}},
        CONDITIONAL,
        "only for applications that a filter selects",
    ),
    "all and those a filter selects": (
        {"applicationFilter": {"mode": "include", "rule": "r"}},
        ENFORCED,
        "",
    ),
    "all but those a filter selects, which may be Partner Center": (
        {"applicationFilter": {"mode": "exclude", "rule": "r"}},
        UNKNOWN,
        "which applications the filter excludes in policy “MFA”",
    ),
}


@pytest.mark.parametrize(
    ("applications", "expected", "cause"), APPLICATIONS.values(), ids=APPLICATIONS
)
def test_what_a_policy_targets_decides(
    applications: dict[str, Any], expected: Enforcement, cause: str
) -> None:
    account = ann(policy(applications=applications))

    assert account.enforcement is expected
    assert cause in account.cause


@pytest.mark.parametrize("part", ["id", "state", "conditions", "grantControls"])
def test_a_policy_that_lacks_a_part_was_not_read(part: str) -> None:
    account = ann({key: value for key, value in policy().items() if key != part})

    assert account.enforcement is UNKNOWN
    assert account.cause.startswith("Not read: ")


def test_a_policy_of_which_nothing_is_known_was_not_read() -> None:
    assert ann({}).enforcement is UNKNOWN


def test_other_ids_can_replace_partner_centers() -> None:
    given = policy(applications={"excludeApplications": [OWN_ID]})
    tenant = msgspec.convert(
        {
            "users": [{"id": "ann", "accountEnabled": True, "perUserMfaState": "disabled"}],
            "securityDefaults": {"isEnabled": False},
            "conditionalAccessPolicies": [given],
        },
        Directory,
    )

    (plain,) = assess_accounts(tenant)
    (own,) = assess_accounts(tenant, partner_center_ids=frozenset({OWN_ID.upper()}))

    assert (plain.enforcement, own.enforcement) == (ENFORCED, CONDITIONAL)


SAMPLES = {
    "graph-docs-ca-policies-v1.0.json": [UNPROTECTED, UNPROTECTED],  # disabled both
    # For one group, Exchange and outside trusted locations; the other one is disabled.
    "graph-docs-ca-policies-created.json": [CONDITIONAL, UNPROTECTED],
}


@pytest.mark.parametrize(("name", "expected"), SAMPLES.items())
def test_the_policies_of_microsofts_own_pages_are_read(samples, name, expected) -> None:
    pages = msgspec.json.decode((samples / name).read_bytes())["value"]
    members = [{"@odata.type": "#microsoft.graph.user", "id": "ann"}]
    groups = [{"id": "ba8e7ded-8b0f-4836-ba06-8ff1ecc5c8ba", "members": members}]

    assert [ann(page, groups=groups).enforcement for page in pages] == expected


def test_the_strengths_of_microsofts_own_page_are_all_mfa(samples) -> None:
    path = samples / "graph-docs-authenticationStrengthPolicies.json"
    strengths = msgspec.json.decode(path.read_bytes())["value"]

    for strength in strengths:
        grant = {"builtInControls": [], "authenticationStrength": {"id": strength["id"]}}
        account = ann(policy(grant=grant), authenticationStrengthPolicies=strengths)
        assert account.enforcement is ENFORCED


def test_unknown_words_from_graph_never_stop_the_reading() -> None:
    strange = {"state": "paused", "grantControls": {"operator": "NAND"}, "newKey": {"a": [1]}}

    assert msgspec.convert(strange, ConditionalAccessPolicy).state == "unknownFutureValue"
