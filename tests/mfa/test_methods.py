"""What registered methods can prove, and how many accounts have which."""

from __future__ import annotations

import pytest

from shared.mfa.accounts.account_shares import method_counts
from shared.mfa.accounts.directory import AuthenticationMethod
from shared.mfa.accounts.methods import MethodQuality, quality_of
from shared.mfa.metrics import MethodCounts
from tests.directories import assess, policy, user

BEST = {
    "phishing_resistant": (
        "fido fido2SecurityKey passKeyDeviceBound passKeySynced passKeyDeviceBoundAuthenticator "
        "passKeyDeviceBoundWindowsHello windowsHelloForBusiness macOsSecureEnclaveKey"
    ),
    "mfa": (
        "microsoftAuthenticatorPush microsoftAuthenticatorPasswordless softwareOneTimePasscode "
        "hardwareOneTimePasscode oneTimePasscode mobilePhone alternateMobilePhone officePhone sms "
        "mobileSMS mobileCall alternateMobileCall appNotification appCode temporaryAccessPass "
        "externalAuthMethod"
    ),
    "one_factor": "email securityQuestion appPassword qrCode",
}


def registered(user_id, *methods, **more):
    return {"id": user_id, "methodsRegistered": list(methods), **more}


def counts(users, details):
    return method_counts(assess(policy(), users=users, userRegistrationDetails=details))


@pytest.mark.parametrize("quality", BEST)
def test_each_method_has_its_quality(quality) -> None:
    for word in BEST[quality].split():
        assert quality_of([AuthenticationMethod(word)]) == quality, word


def test_no_method_is_left_out() -> None:
    named = {word for words in BEST.values() for word in words.split()}

    assert named == {method.value for method in AuthenticationMethod} - {"unknownFutureValue"}


def test_the_best_method_counts() -> None:
    methods = map(AuthenticationMethod, ("email", "mobilePhone", "fido2SecurityKey"))

    assert quality_of(methods) is MethodQuality.PHISHING_RESISTANT


def test_a_word_that_is_new_to_this_version_proves_nothing() -> None:
    new = AuthenticationMethod("retinaScan")

    assert quality_of([new]) is MethodQuality.UNKNOWN
    assert quality_of([new, AuthenticationMethod.EMAIL]) is MethodQuality.UNKNOWN
    assert quality_of([new, AuthenticationMethod.PUSH]) is MethodQuality.MFA
    assert quality_of([]) is MethodQuality.NONE


def test_every_enabled_account_is_counted_once() -> None:
    users = [user(name) for name in "abcdefg"] + [user("off", accountEnabled=False)]
    details = [
        registered("a", "fido2SecurityKey"),
        registered("b", "mobilePhone", "email"),
        registered("c", "email"),
        registered("d"),
        registered("e", isMfaRegistered=True),  # the report contradicts itself
        registered("off", "mobilePhone"),
        {"id": "f", "methodsRegistered": None},
    ]

    assert counts(users, details) == MethodCounts(1, 1, 1, 1, 3)


def test_a_guest_without_a_method_may_have_one_at_home() -> None:
    guest = user("gil", userType="Guest", userPrincipalName="gil#EXT#@contoso.example")

    assert counts([guest], [registered("gil")]) == MethodCounts(0, 0, 0, 0, 1)
    assert counts([guest], [registered("gil", "mobilePhone")]) == MethodCounts(0, 1, 0, 0, 0)


def test_an_agents_account_can_hold_no_method() -> None:
    agent = user("bot", **{"@odata.type": "#microsoft.graph.agentUser"})

    assert counts([agent], []) == MethodCounts(0, 0, 0, 1, 0)


def test_without_the_registration_report_nothing_is_known() -> None:
    assert counts([user("ann")], None) == MethodCounts()
