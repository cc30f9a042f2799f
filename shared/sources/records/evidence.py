"""What the fields about MFA say, read the same way from every shape of a record."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.mfa.sign_in import Evidence, Requirement, SignInEventType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.sources.records.shapes import AppliedPolicy

#: Entra "howto-mfa-reporting": completed in the cloud; satisfied by claim in the token, by claim
#: provided by external provider, by strong authentication; successfully completed. Records prefix
#: each with "MFA requirement" or "MFA"; only that prefix distinguishes them from "First factor
#: requirement satisfied by claim in the token". "Registration prompted" and "has expired due to the
#: policies configured on tenant", also on that page, prove neither MFA nor its absence.
_SATISFIED = re.compile(
    r"\bmfa\s+(requirement\s+)?(satisfied|successfully completed|completed in)\b"
)
#: The same page: skipped due to app password, location, registered device, remembered device; as
#: flow exercised was Windows broker logon flow.
_SKIPPED = re.compile(r"\bmfa\s+(requirement\s+)?skipped\b")

_LOGS = {
    "signinlogs": SignInEventType.INTERACTIVE,
    "adfssigninlogs": SignInEventType.INTERACTIVE,
    "noninteractiveusersigninlogs": SignInEventType.NON_INTERACTIVE,
    "serviceprincipalsigninlogs": SignInEventType.SERVICE_PRINCIPAL,
    "microsoftserviceprincipalsigninlogs": SignInEventType.SERVICE_PRINCIPAL,
    "managedidentitysigninlogs": SignInEventType.MANAGED_IDENTITY,
}
_REQUIREMENTS = {requirement.lower(): requirement for requirement in Requirement}


@lru_cache(maxsize=1024)
def text_evidence(text: str) -> Evidence:
    """The evidence in one result text: ``status.additionalDetails``, or a step's result detail."""
    plain = text.lower()
    if _SATISFIED.search(plain):
        return Evidence.SATISFIED
    if _SKIPPED.search(plain):
        return Evidence.SKIPPED
    return Evidence.SILENT if plain.strip() else Evidence.NOT_GIVEN


def steps_evidence(details: Iterable[str]) -> Evidence:
    """
    The evidence in the result details of all steps; no steps are no evidence, not even of "no MFA".

    Whether a step succeeded does not matter: a real sign-in that completed MFA has a step
    "Authentication in progress" with ``succeeded: false``.
    """
    found = {text_evidence(detail) for detail in details}
    for evidence in (Evidence.SATISFIED, Evidence.SKIPPED):
        if evidence in found:
            return evidence
    return Evidence.SILENT if found else Evidence.NOT_GIVEN


def policies_evidence(policies: Iterable[AppliedPolicy]) -> Evidence:
    """
    Whether an applied conditional access policy required MFA and was satisfied.

    Report-only results enforce nothing; they have words other than ``success``.
    """
    evidence = Evidence.NOT_GIVEN
    for policy in policies:
        if (policy.result or "").lower() == "success" and _requires_mfa(
            tuple(policy.enforced_grant_controls or ())
        ):
            return Evidence.SATISFIED
        evidence = Evidence.SILENT
    return evidence


@lru_cache(maxsize=1024)
def _requires_mfa(controls: tuple[str, ...]) -> bool:
    """Whether a control is ``Mfa`` or an authentication strength, whose name follows the word."""
    plain = ("".join(control.lower().split()) for control in controls)
    return any(control == "mfa" or "authenticationstrength" in control for control in plain)


def event_of_types(types: str) -> SignInEventType:
    """The event of Graph's ``signInEventTypes``, joined to one text; applications outrank users."""
    words = set(re.findall(r"[a-z]+", types.lower()))
    ranks = (
        SignInEventType.SERVICE_PRINCIPAL,
        SignInEventType.MANAGED_IDENTITY,
        SignInEventType.NON_INTERACTIVE,
        SignInEventType.INTERACTIVE,
    )
    return next((event for event in ranks if event.lower() in words), SignInEventType.NOT_GIVEN)


def event_of_log(name: str) -> SignInEventType:
    """The event of a diagnostic category, or of a Log Analytics table (with prefix ``AAD``)."""
    return _LOGS.get(name.lower().removeprefix("aad"), SignInEventType.NOT_GIVEN)


def requirement_of(text: str) -> Requirement:
    """Graph's ``authenticationRequirement``; an undocumented word is `Requirement.OTHER`."""
    return _REQUIREMENTS.get(text.strip().lower(), Requirement.OTHER)
