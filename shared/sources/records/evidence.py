"""What the fields about MFA say, read the same way from every shape of a record."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.mfa.accounts.grant import BUILT_IN_STRENGTHS
from shared.mfa.circumstances import Circumstance
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
_WAYS_TO_SKIP = {
    "remembered device": Circumstance.REMEMBERED_DEVICE,
    "registered device": Circumstance.REGISTERED_DEVICE,
    "app password": Circumstance.LEGACY_APP,
    "location": Circumstance.LOCATION,
    "broker": Circumstance.BROKER,
}

_LOGS = {
    "signinlogs": SignInEventType.INTERACTIVE,
    "adfssigninlogs": SignInEventType.INTERACTIVE,
    "noninteractiveusersigninlogs": SignInEventType.NON_INTERACTIVE,
    "serviceprincipalsigninlogs": SignInEventType.SERVICE_PRINCIPAL,
    "microsoftserviceprincipalsigninlogs": SignInEventType.SERVICE_PRINCIPAL,
    "managedidentitysigninlogs": SignInEventType.MANAGED_IDENTITY,
}
#: By ``isInteractive``.
EVENT_OF_FLAG: dict[object, SignInEventType] = {
    True: SignInEventType.INTERACTIVE,
    False: SignInEventType.NON_INTERACTIVE,
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
    if "registration prompted" in plain:
        return Evidence.PROMPTED
    return Evidence.SILENT if plain.strip() else Evidence.NOT_GIVEN


@lru_cache(maxsize=1024)
def circumstance_of(text: str) -> Circumstance:
    """What one result text says about how the user came in."""
    plain = text.lower()
    if _SKIPPED.search(plain):
        ways = (way for words, way in _WAYS_TO_SKIP.items() if words in plain)
        return next(ways, Circumstance.NOT_GIVEN)
    if "registration prompted" in plain:
        return Circumstance.PROMPTED
    is_federated = "claim provided by external provider" in plain
    return Circumstance.FEDERATED if is_federated else Circumstance.NOT_GIVEN


def steps_evidence(details: Iterable[str]) -> Evidence:
    """
    The evidence in the result details of all steps; no steps are no evidence, not even of "no MFA".

    Whether a step succeeded does not matter: a real sign-in that completed MFA has a step
    "Authentication in progress" with ``succeeded: false``.
    """
    found = {text_evidence(detail) for detail in details}
    for evidence in (Evidence.SATISFIED, Evidence.SKIPPED, Evidence.PROMPTED):
        if evidence in found:
            return evidence
    return Evidence.SILENT if found else Evidence.NOT_GIVEN


def policies_evidence(policies: Iterable[AppliedPolicy]) -> Evidence:
    """
    Whether an applied conditional access policy accepts MFA only, and was satisfied.

    Report-only results enforce nothing; they have words other than ``success``.
    """
    evidence = Evidence.NOT_GIVEN
    for policy in policies:
        if (policy.result or "").lower() == "success" and _is_mfa_alone(
            tuple(policy.enforced_grant_controls or ()), *_strength(policy)
        ):
            return Evidence.SATISFIED
        evidence = Evidence.SILENT
    return evidence


def _strength(policy: AppliedPolicy) -> tuple[str, str]:
    """The id and result of the strength that the policy requires; empty if it requires none."""
    strength = policy.authentication_strength
    strength_id = ((strength and strength.authentication_strength_id) or "").lower()
    result = ((strength and strength.authentication_strength_result) or "").lower()
    is_set = strength_id.strip("0-") and result != "notset"  # not a GUID of zeros only
    return (strength_id, result) if is_set else ("", "")


@lru_cache(maxsize=1024)
def _is_mfa_alone(controls: tuple[str, ...], strength_id: str, strength_result: str) -> bool:
    """
    Whether MFA is all that a satisfied policy accepts.

    A record does not say whether the policy requires all of its controls or one of them, so a
    second control proves nothing: a device satisfies "MFA or a compliant device". A strength is a
    control, or stands next to them with its id (as in Entra's sample of this log, 12/03/2024). Only
    Microsoft's own strengths are known to be MFA.
    """
    plain = {"".join(control.lower().split()) for control in controls}
    others = {control for control in plain if "authenticationstrength" not in control}
    if not strength_id:
        return plain == {"mfa"}
    is_mfa = strength_id in BUILT_IN_STRENGTHS and strength_result in ("", "satisfied")
    return is_mfa and others <= {"mfa"}


@lru_cache(maxsize=256)
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


@lru_cache(maxsize=256)
def event_of_log(name: str) -> SignInEventType:
    """The event of a diagnostic category or of a table (``AAD…``; a custom one, ``…_CL``)."""
    plain = name.lower().removeprefix("aad").removesuffix("_cl")
    return _LOGS.get(plain, SignInEventType.NOT_GIVEN)


@lru_cache(maxsize=256)
def requirement_of(text: str) -> Requirement:
    """Graph's ``authenticationRequirement``; an undocumented word is `Requirement.OTHER`."""
    return _REQUIREMENTS.get(text.strip().lower(), Requirement.OTHER)
