"""
What each registered authentication method proves, in the words of authentication strengths.

The registration report's words are those of Graph's ``usageAuthMethod`` (beta, 01/12/2026: 29 with
its sentinel); strengths list ``authenticationMethodModes``. Entra, "Authentication strengths": a
passkey is FIDO2 wherever it is kept, a QR code needs its PIN, and the platform credential of macOS
counts as Windows Hello for Business. An external method is in no strength: the modes have no word
for it (Graph v1.0 metadata, 08/2026).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from shared.mfa.accounts.directory import AuthenticationMethod

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class MethodQuality(StrEnum):
    """What the best method that an account has registered can prove; best first."""

    PHISHING_RESISTANT = "phishing_resistant"
    MFA = "mfa"
    ONE_FACTOR = "one_factor"  #: for passwords and resets, or in place of a password, only
    NONE = "none"
    UNKNOWN = "unknown"


_PHISHING_RESISTANT = frozenset({"fido2", "windowshelloforbusiness"})
_ONE_FACTOR = frozenset(
    {
        AuthenticationMethod.EMAIL,
        AuthenticationMethod.SECURITY_QUESTION,
        AuthenticationMethod.APP_PASSWORD,
        AuthenticationMethod.QR_CODE,
    }
)
_KNOWN_METHODS = frozenset(_BY_METHOD) - {AuthenticationMethod.UNKNOWN}


def quality_of(methods: Iterable[AuthenticationMethod]) -> MethodQuality:
    """
    The quality of the best of these methods; a word new to this version is never the best.

    Of the built-in strengths, the phishing-resistant one accepts passkeys and Windows Hello, and
    the one for MFA accepts every other method with a password, a temporary access pass too. An
    external method satisfies a demand for MFA, though no strength. Certificates are not reported.
    """
    registered = frozenset(methods)
    known = registered & _KNOWN_METHODS
    if any(_PHISHING_RESISTANT & combinations_of(method) for method in known):
        return MethodQuality.PHISHING_RESISTANT
    if known - _ONE_FACTOR:
        return MethodQuality.MFA
    if registered - known:
        return MethodQuality.UNKNOWN
    return MethodQuality.ONE_FACTOR if known else MethodQuality.NONE
