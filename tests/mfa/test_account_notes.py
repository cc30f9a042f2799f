"""Causes that differ between accounts of one class."""

from __future__ import annotations

from datetime import date

import pytest

from tests.directories import assess, policy, user

SINCE = date(2026, 11, 22)
BEFORE, DURING = "2026-11-01T08:00:00Z", "2026-11-24T08:15:30Z"
STRONG = {
    "operator": "OR",
    "builtInControls": [],
    "authenticationStrength": {
        "id": "00000000-0000-0000-0000-000000000004",
        "displayName": "Phishing-resistant",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": ["fido2"],
    },
}
DEFAULTS = {"securityDefaults": {"isEnabled": True}}


def row(*policies, since=SINCE, **changes):
    """The only account's row."""
    (found,) = assess(*policies, **changes).rows(since)
    return found


def dated(name="MFA", created=BEFORE, changed=None, **changes):
    dates = {"createdDateTime": created, "modifiedDateTime": changed}
    return {**policy(name, **changes), **dates}


def registered(*methods, **changes):
    return {"userRegistrationDetails": [{"id": "ann", "methodsRegistered": methods, **changes}]}


def federated(behavior="acceptIfMfaDoneByFederatedIdp", name="contoso.example"):
    settings = [] if behavior is None else [{"federatedIdpMfaBehavior": behavior}]
    domain = {
        "id": name,
        "authenticationType": "Federated",
        "federationConfiguration": settings,
    }
    return {"domains": [domain]}


# Security defaults.


def test_security_defaults_ask_nobody_who_has_not_registered_for_up_to_14_days() -> None:
    general = row(**DEFAULTS)
    unregistered = row(**DEFAULTS, **registered(isMfaRegistered=False))

    assert "for up to 14 days nobody who has not registered" in general.cause
    assert "The account has not registered for MFA" not in general.cause
    assert "The account has not registered for MFA" in unregistered.cause
    assert "for up to 14 days" in unregistered.cause
    assert unregistered.remedy == "Ask its user to register for MFA now."


def test_who_has_registered_is_asked() -> None:
    assert "has not registered for MFA" not in row(
        **DEFAULTS, **registered("mobilePhone", isMfaRegistered=True)
    ).cause.replace("nobody who has not registered", "")


def test_where_a_policy_enforces_mfa_too_nobody_gets_a_delay() -> None:
    assert "14 days" not in row(policy(), **DEFAULTS, **registered(isMfaRegistered=False)).cause


# Federation.


def test_a_federated_account_shows_mfa_only_with_the_claim() -> None:
    found = row(policy(), **federated())

    assert "The domain contoso.example is federated" in found.cause
    assert "a request shows MFA only if the provider's token has the MFA claim" in found.cause
    assert "multipleauthn" in found.remedy


def test_what_a_provider_requires_is_unknown_where_entra_requires_nothing() -> None:
    found = row(**federated())

    assert found.enforcement == "unprotected"
    assert found.cause.endswith(
        "The domain contoso.example is federated; what its provider requires is unknown."
    )
    assert "Require MFA in Entra as well" in found.remedy


@pytest.mark.parametrize("other", [federated("rejectMfaByFederatedIdp"), federated(name="b.test")])
def test_accounts_of_other_domains_or_whose_mfa_entra_does_have_no_such_cause(other) -> None:
    assert row(policy(), **other).cause == ""


# External MFA.


def test_an_external_method_never_satisfies_a_strength() -> None:
    found = row(policy("Strong", grant=STRONG), **registered("externalAuthMethod", "email"))

    assert "only MFA method is external" in found.cause
    assert "never an authentication strength, as policy “Strong” demands" in found.cause
    assert "Let policy “Strong” require MFA in place of a strength" in found.remedy


def test_an_external_method_satisfies_a_demand_for_mfa() -> None:
    assert row(policy(), **registered("externalAuthMethod")).cause == ""


def test_with_another_method_the_external_one_does_not_matter() -> None:
    strong = policy("Strong", grant=STRONG)

    assert row(strong, **registered("externalAuthMethod", "fido2SecurityKey")).cause == ""


# Recently implemented.


def test_a_policy_younger_than_the_window_did_not_apply_before() -> None:
    found = row(dated(created=DURING))

    assert found.cause == (
        "Policy “MFA” was created on 24 November 2026, within the window: it did not apply to "
        "requests before."
    )
    assert found.remedy == (
        "Wait until 1 December 2026: by then, requests from before have left the window."
    )


def test_a_policy_changed_within_the_window_may_not_have_applied_before() -> None:
    assert row(dated(changed=DURING)).cause == (
        "Policy “MFA” was changed on 24 November 2026, within the window: it may not have applied "
        "to requests before."
    )


@pytest.mark.parametrize(
    "older",
    [
        {"conditionalAccessPolicies": [dated(created=DURING), dated("Old")]},
        {
            "conditionalAccessPolicies": [dated(created=DURING)],
            "users": [user("ann", perUserMfaState="enforced")],
        },
        {"conditionalAccessPolicies": [dated(created=DURING)], **DEFAULTS},
        {"conditionalAccessPolicies": [dated()]},
        {"conditionalAccessPolicies": [policy()]},
    ],
    ids=["an older policy", "per-user MFA", "security defaults", "an old policy", "no date"],
)
def test_if_anything_older_enforces_mfa_it_is_not_new(older) -> None:
    assert "within the window" not in row(**older).cause


def test_without_a_window_nothing_is_young() -> None:
    assert row(dated(created=DURING), since=None).cause == ""


# Custom controls.


def test_a_custom_control_is_a_cause_where_something_else_asks_for_mfa_sometimes_too() -> None:
    control = {"builtInControls": [], "customAuthenticationFactors": ["TrustKey"]}

    found = row(
        policy("Sometimes", platforms={"includePlatforms": ["windows"]}),
        policy("TrustKey", grant=control),
    )

    assert found.enforcement == "conditional"
    assert "Policy “TrustKey” requires a custom control, which never yields" in found.cause
    assert "since September 2026, and they are retired early in 2027" in found.remedy


def test_a_disabled_account_has_no_cause() -> None:
    found = row(users=[user("ann", accountEnabled=False)], **federated())

    assert (found.cause, found.remedy) == ("", "")
