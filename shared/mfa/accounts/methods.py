"""
What each registered authentication method proves, in the words of authentication strengths.

The registration report's words are those of Graph's ``usageAuthMethod`` (beta, 01/12/2026: 29 with
its sentinel); strengths list ``authenticationMethodModes``. Entra, "Authentication strengths": a
passkey is FIDO2 wherever it is kept, a QR code needs its PIN, and the platform credential of macOS
counts as Windows Hello for Business. An external method is in no strength: the modes have no word
for it (Graph v1.0 metadata, 08/2026).
"""

from __future__ import annotations

from shared.mfa.accounts.directory import AuthenticationMethod

_COMBINATIONS = {
    AuthenticationMethod.PUSH: "microsoftAuthenticatorPush",
    AuthenticationMethod.APP_NOTIFICATION: "microsoftAuthenticatorPush",
    AuthenticationMethod.PASSWORDLESS: "deviceBasedPush microsoftAuthenticatorPush",
    AuthenticationMethod.SOFTWARE_CODE: "softwareOath",
    AuthenticationMethod.APP_CODE: "softwareOath",
    AuthenticationMethod.HARDWARE_CODE: "hardwareOath",
    AuthenticationMethod.ONE_TIME_CODE: "softwareOath hardwareOath",  # it does not say which
    AuthenticationMethod.MOBILE: "sms voice",
    AuthenticationMethod.SMS: "sms",
    AuthenticationMethod.MOBILE_SMS: "sms",
    AuthenticationMethod.MOBILE_CALL: "voice",
    AuthenticationMethod.ALTERNATE_MOBILE: "voice",
    AuthenticationMethod.ALTERNATE_MOBILE_CALL: "voice",
    AuthenticationMethod.OFFICE_PHONE: "voice",
    AuthenticationMethod.FIDO: "fido2",
    AuthenticationMethod.FIDO2: "fido2",
    AuthenticationMethod.PASSKEY: "fido2",
    AuthenticationMethod.PASSKEY_SYNCED: "fido2",
    AuthenticationMethod.PASSKEY_AUTHENTICATOR: "fido2",
    AuthenticationMethod.PASSKEY_WINDOWS_HELLO: "fido2 windowsHelloForBusiness",
    AuthenticationMethod.WINDOWS_HELLO: "windowsHelloForBusiness",
    AuthenticationMethod.MAC_ENCLAVE: "windowsHelloForBusiness",
    AuthenticationMethod.QR_CODE: "qrCodePin",
    AuthenticationMethod.TEMPORARY_PASS: "temporaryAccessPassOneTime temporaryAccessPassMultiUse",
    AuthenticationMethod.EMAIL: "email",  # as a first factor only
    AuthenticationMethod.SECURITY_QUESTION: "",
    AuthenticationMethod.APP_PASSWORD: "",
    AuthenticationMethod.EXTERNAL: "",
    AuthenticationMethod.UNKNOWN: "",
}
_BY_METHOD = {
    method: frozenset(combinations.lower().split())
    for method, combinations in _COMBINATIONS.items()
}


def combinations_of(method: AuthenticationMethod) -> frozenset[str]:
    """The lower-case words that the method satisfies; none for a word new to this version."""
    return _BY_METHOD.get(method, frozenset())
