"""What the fields that may speak of MFA say, read the same way from every shape of a record."""

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
#: each with "MFA requirement" or "MFA", which is all that "First factor requirement satisfied by
#: claim in the token" lacks. "Registration prompted" and "has expired due to the policies
#: configured on tenant", which that page lists too, prove neither MFA nor its absence.
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
    """What one result text says: ``status.additionalDetails``, or a step's result detail."""
    plain = text.lower()
    if _SATISFIED.search(plain):
        return Evidence.SATISFIED
    if _SKIPPED.search(plain):
        return Evidence.SKIPPED
    return Evidence.SILENT if plain.strip() else Evidence.NOT_GIVEN


def steps_evidence(details: Iterable[str]) -> Evidence:
    """
    What the result details of all steps say together; no steps say nothing, not even "no MFA".

    Whether a step succeeded is of no account: a step "Authentication in progress" with
    ``succeeded: false`` is on record for a sign-in that completed MFA.
    """
    said = {text_evidence(detail) for detail in details}
    for evidence in (Evidence.SATISFIED, Evidence.SKIPPED):
        if evidence in said:
            return evidence
    return Evidence.SILENT if said else Evidence.NOT_GIVEN


def policies_evidence(policies: Iterable[AppliedPolicy]) -> Evidence:
    """
    Whether an applied conditional access policy demanded MFA and was met.

    Report-only results enforce nothing, and are other words than ``success``.
    """
    evidence = Evidence.NOT_GIVEN
    for policy in policies:
        if (policy.result or "").lower() == "success" and _demands_mfa(
            tuple(policy.enforced_grant_controls or ())
        ):
            return Evidence.SATISFIED
        evidence = Evidence.SILENT
    return evidence


@lru_cache(maxsize=1024)
def _demands_mfa(controls: tuple[str, ...]) -> bool:
    """``Mfa``, or an authentication strength, whose name follows it in words of its own."""
    plain = ("".join(control.lower().split()) for control in controls)
    return any(control == "mfa" or "authenticationstrength" in control for control in plain)


def event_of_types(types: str) -> SignInEventType:
    """The event of Graph's ``signInEventTypes``, all in one text; applications outrank users."""
    told = set(re.findall(r"[a-z]+", types.lower()))
    ranks = (
        SignInEventType.SERVICE_PRINCIPAL,
        SignInEventType.MANAGED_IDENTITY,
        SignInEventType.NON_INTERACTIVE,
        SignInEventType.INTERACTIVE,
    )
    return next((event for event in ranks if event.lower() in told), SignInEventType.NOT_GIVEN)


def event_of_log(name: str) -> SignInEventType:
    """The event of a diagnostic category, or of a Log Analytics table (``AAD`` before it)."""
    return _LOGS.get(name.lower().removeprefix("aad"), SignInEventType.NOT_GIVEN)


def requirement_of(text: str) -> Requirement:
    """Graph's ``authenticationRequirement``; a word it does not document is `Requirement.OTHER`."""
    return _REQUIREMENTS.get(text.strip().lower(), Requirement.OTHER)
