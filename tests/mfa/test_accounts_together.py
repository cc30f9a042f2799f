"""Several policies count together, and each is named as what it is."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mfa.accounts.enforcement import Enforcement
from tests.directories import PARTNER_CENTER, PORTAL, ann, policy

ENFORCED, CONDITIONAL = Enforcement.ENFORCED, Enforcement.CONDITIONAL
UNPROTECTED, UNKNOWN = Enforcement.UNPROTECTED, Enforcement.UNKNOWN

CRM = "11111111-2222-4333-8444-555555555555"
BROWSERS = policy("Browsers", clientAppTypes=["browser"])
APPS = policy("Apps", clientAppTypes=["mobileAppsAndDesktopClients", "other"])
OUTSIDE = policy(
    "Outside", locations={"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}
)
INSIDE = policy("Inside", locations={"includeLocations": ["AllTrusted"], "excludeLocations": []})
BUT_PORTAL = policy("But portal", applications={"excludeApplications": [PORTAL]})
FOR_PORTAL = policy("For portal", applications={"includeApplications": [PORTAL]})

UNIONS: dict[str, tuple[list[dict[str, Any]], Enforcement]] = {
    "browsers, and apps": ([BROWSERS, APPS], ENFORCED),
    "browsers twice": ([BROWSERS, BROWSERS], CONDITIONAL),
    "outside trusted locations, and inside": ([OUTSIDE, INSIDE], ENFORCED),
    "outside trusted locations, and inside but for one of them": (
        [
            OUTSIDE,
            policy(
                "Inside but HQ",
                locations={"includeLocations": ["AllTrusted"], "excludeLocations": ["HQ"]},
            ),
        ],
        CONDITIONAL,
    ),
    "all but Windows, and Windows": (
        [
            policy("But", platforms={"includePlatforms": ["all"], "excludePlatforms": ["windows"]}),
            policy("Windows", platforms={"includePlatforms": ["windows"]}),
        ],
        ENFORCED,
    ),
    "every platform by name, which leaves those without a name": (
        [
            policy(name, platforms={"includePlatforms": [name]})
            for name in ("android", "iOS", "windows", "windowsPhone", "macOS", "linux")
        ],
        CONDITIONAL,
    ),
    "all but the portal, and the portal": ([BUT_PORTAL, FOR_PORTAL], ENFORCED),
    "all but the portal, and the portal in browsers": (
        [
            BUT_PORTAL,
            {
                **FOR_PORTAL,
                "conditions": {**FOR_PORTAL["conditions"], "clientAppTypes": ["browser"]},
            },
        ],
        CONDITIONAL,
    ),
    "Partner Center alone, and Office 365": (
        [
            policy("Partner Center", applications={"includeApplications": PARTNER_CENTER}),
            policy("Office", applications={"includeApplications": ["Office365"]}),
        ],
        CONDITIONAL,
    ),
    "browsers outside, apps outside, everything inside": (
        [
            {**OUTSIDE, "conditions": {**OUTSIDE["conditions"], "clientAppTypes": ["browser"]}},
            {
                **OUTSIDE,
                "conditions": {
                    **OUTSIDE["conditions"],
                    "clientAppTypes": ["mobileAppsAndDesktopClients"],
                },
            },
            INSIDE,
        ],
        ENFORCED,
    ),
    "browsers by MFA, apps by MFA or a compliant device": (
        [
            BROWSERS,
            {
                **APPS,
                "grantControls": {"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]},
            },
        ],
        CONDITIONAL,
    ),
    "browsers by MFA, apps by a block": (
        [BROWSERS, {**APPS, "grantControls": {"operator": "OR", "builtInControls": ["block"]}}],
        CONDITIONAL,
    ),
    "browsers, and apps in report-only mode": (
        [BROWSERS, {**APPS, "state": "enabledForReportingButNotEnforced"}],
        CONDITIONAL,
    ),
    "low and high risk": (
        [policy("Low", signInRiskLevels=["low"]), policy("High", signInRiskLevels=["high"])],
        CONDITIONAL,
    ),
    "a filter for devices, and one for all others": (
        [
            policy(mode, devices={"deviceFilter": {"mode": mode, "rule": "r"}})
            for mode in ("include", "exclude")
        ],
        CONDITIONAL,
    ),
}


@pytest.mark.parametrize(("policies", "expected"), UNIONS.values(), ids=UNIONS)
def test_policies_count_together(policies: list[dict[str, Any]], expected: Enforcement) -> None:
    assert ann(*policies).enforcement is expected


def test_policies_that_enforce_only_together_are_named_without_superfluous_ones() -> None:
    account = ann(BROWSERS, OUTSIDE, APPS)

    assert account.enforced_by == "policies “Browsers” and “Apps” together"


def test_an_application_that_one_policy_leaves_out_and_another_covers_is_not_noted() -> None:
    but_mail = policy("But mail", applications={"excludeApplications": ["Office365", CRM]})
    mail = policy("Mail", applications={"includeApplications": ["Office365"]})

    account = ann(but_mail, mail)

    assert account.enforcement is ENFORCED
    assert account.cause == f"MFA is not required for {CRM}, which policy “But mail” excludes."


def test_an_application_that_another_policy_covers_in_browsers_only_stays_noted() -> None:
    but_mail = policy("But mail", applications={"excludeApplications": ["Office365"]})
    mail = policy(
        "Mail", applications={"includeApplications": ["Office365"]}, clientAppTypes=["browser"]
    )

    assert "Office 365" in ann(but_mail, mail).cause


def test_partner_center_excluded_by_one_policy_and_covered_by_another_is_not_noted() -> None:
    account = ann(BUT_PORTAL, FOR_PORTAL)

    assert account.enforced_by == "policies “But portal” and “For portal” together"
    assert account.cause == account.remedy == ""


def test_a_block_is_called_a_block() -> None:
    account = ann(policy(grant={"builtInControls": ["block"]}, signInRiskLevels=["high"]))

    assert account.enforcement is CONDITIONAL
    assert account.cause == (
        "Policy “MFA” does not require MFA; it blocks sign-in only at high sign-in risk."
    )


def test_blocking_legacy_protocols_protects_nobody_by_itself() -> None:
    block = policy("No legacy", grant={"builtInControls": ["block"]}, clientAppTypes=["other"])

    assert ann(block).enforcement is UNPROTECTED


def test_with_many_named_locations_the_answer_errs_towards_conditional() -> None:
    locations = [f"location-{n}" for n in range(9)]
    inside = policy("In", locations={"includeLocations": locations})
    outside = policy("Out", locations={"includeLocations": ["All"], "excludeLocations": locations})

    assert ann(inside, outside).enforcement is CONDITIONAL
