"""What a single policy requires of an account: each condition, each control."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.mfa.accounts.assessment import assess_accounts
from shared.mfa.accounts.directory import Directory
from shared.mfa.accounts.enforcement import Enforcement
from shared.mfa.accounts.policy import ConditionalAccessPolicy
from tests.directories import API, PARTNER_CENTER, PORTAL, ann, policy

ENFORCED, CONDITIONAL = Enforcement.ENFORCED, Enforcement.CONDITIONAL
UNPROTECTED, UNKNOWN = Enforcement.UNPROTECTED, Enforcement.UNKNOWN


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
    "nothing": ({"builtInControls": []}, UNPROTECTED),
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
        "which applications the filter of policy “MFA” excludes",
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


def test_a_policy_without_conditions_at_all_reaches_nobody() -> None:
    assert ann({**policy(), "conditions": None}).enforcement is UNPROTECTED


def test_other_ids_can_replace_partner_centers() -> None:
    given = policy(applications={"excludeApplications": ["an id of our own"]})
    tenant = msgspec.convert(
        {
            "users": [{"id": "ann", "accountEnabled": True, "perUserMfaState": "disabled"}],
            "securityDefaults": {"isEnabled": False},
            "conditionalAccessPolicies": [given],
        },
        Directory,
    )

    (plain,) = assess_accounts(tenant)
    (own,) = assess_accounts(tenant, partner_center_ids=frozenset({"An ID of our own"}))

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
