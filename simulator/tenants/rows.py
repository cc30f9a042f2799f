"""Sign-ins as Graph beta writes them: the properties that matter, in the words of real records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any

from simulator.tenants.applied import applied_policy, left_out, rehearsal
from simulator.tenants.people import PersonKind, make_guid

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from datetime import datetime

    from simulator.tenants.applications import SignInTarget
    from simulator.tenants.people import Person

Row = dict[str, Any]  #: one ``signIn`` of Graph beta

INTERACTIVE = "interactiveUser"
NON_INTERACTIVE = "nonInteractiveUser"
SERVICE_PRINCIPAL = "servicePrincipal"
MANAGED_IDENTITY = "managedIdentity"

_SINGLE = "singleFactorAuthentication"
_MULTI = "multiFactorAuthentication"
_BY_CLAIM = "MFA requirement satisfied by claim in the token"
_BY_PROVIDER = "MFA requirement satisfied by claim provided by external provider"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the record of a sign-in says about how the user was authenticated."""

    requirement: str  #: ``authenticationRequirement``
    details: str | None = None  #: ``status.additionalDetails``
    steps: tuple[tuple[str, str | None], ...] = ()  #: method and result of each authentication step
    is_by_policy: bool = False  #: whether the policy that requires MFA was satisfied


class Proofs(Enum):
    """The proofs that occur. Texts: Entra's "howto-mfa-reporting" and public captures."""

    MFA_COMPLETED = Proof(
        _MULTI,
        "MFA completed in Azure AD",
        (("Password", None), ("Mobile app notification", "MFA successfully completed")),
        is_by_policy=True,
    )
    MFA_BY_STRONG_METHOD = Proof(
        _MULTI,
        "MFA requirement satisfied by strong authentication",
        (("Windows Hello for Business", "MFA requirement satisfied by strong authentication"),),
        is_by_policy=True,
    )
    MFA_BY_CLAIM = Proof(
        _SINGLE, _BY_CLAIM, (("Previously satisfied", _BY_CLAIM),), is_by_policy=True
    )
    MFA_BY_CLAIM_SILENTLY = Proof(_SINGLE, _BY_CLAIM, is_by_policy=True)
    MFA_BY_PROVIDER = Proof(_MULTI, _BY_PROVIDER, (("Federated", _BY_PROVIDER),))
    MFA_BY_POLICY = Proof(_SINGLE, None, (("Password", None),), is_by_policy=True)
    PASSWORD = Proof(_SINGLE, None, (("Password", None),))
    FEDERATED = Proof(
        _SINGLE,
        None,
        (
            (
                "Federated",
                "First factor requirement satisfied by claim provided by external provider",
            ),
        ),
    )
    REMEMBERED = Proof(
        _MULTI,
        "MFA requirement skipped due to remembered device",
        (("Password", None), ("Previously satisfied", None)),
        is_by_policy=True,
    )
    NOTHING = Proof(_SINGLE)
    INCOMPLETE = Proof("")  #: the log's first copy of a record, without its details


_AGENTIC: Row = {
    "agentType": "agenticAppInstance",
    "agentSubjectType": "agentIDuser",
    "agentSubjectParentId": "a9e17000-0000-4000-a000-000000000001",
    "parentAppId": "a9e17000-0000-4000-a000-000000000002",
}
_NOT_AGENTIC: Row = {
    "agentType": "notAgentic",
    "agentSubjectType": "notAgentic",
    "agentSubjectParentId": None,
    "parentAppId": None,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in of a user, to be written as a row."""

    at: datetime
    person: Person
    target: SignInTarget
    event: str
    proof: Proofs
    session_id: str | None
    correlation_id: str
    error_code: int = 0
    policies: tuple[Row, ...] | None = None  #: what the record says of them; `None`: by the rules
    is_agents: bool = False  #: whether the user is an agent's


_REASONS = {
    0: "Other.",
    50074: "Strong Authentication is required.",
    50076: "Due to a configuration change made by your administrator, or because you moved to a "
    "new location, you must use multi-factor authentication to access the resource.",
    50126: "Error validating credentials due to invalid username or password.",
    53003: "Access has been blocked by Conditional Access policies.",
    65001: "The user or administrator has not consented to use the application.",
}


_INTERRUPTS = (50074, 50076)  #: what asks for the second factor


class RowWriter:
    """Writes one tenant's rows."""

    def __init__(
        self,
        rng: random.Random,
        tenant_id: str,
        tenant_name: str,
        people: Sequence[Person],
        policy_id: str = "",
    ) -> None:
        """`policy_id` is of the policy for everybody; by default, one that is made up."""
        self._rng = rng
        self._left_out = left_out(people)
        self._tenant_id = tenant_id
        self._tenant_name = tenant_name
        self.policy_id = policy_id or make_guid(rng)
        self._user_properties: dict[str, Row] = {}  #: by user id

    def write(self, attempt: Attempt) -> Row:
        """The row of a user's sign-in."""
        person, proof = attempt.person, attempt.proof.value
        policies = self._policies(attempt) if attempt.policies is None else list(attempt.policies)
        is_interactive = attempt.event == INTERACTIVE
        return {
            **self._common(attempt.at, attempt.event, attempt.target),
            **self._user(person),
            "agent": _AGENTIC if attempt.is_agents else _NOT_AGENTIC,
            "correlationId": attempt.correlation_id,
            "sessionId": attempt.session_id,
            "isInteractive": is_interactive,
            "authenticationRequirement": proof.requirement,
            "authenticationDetails": _steps(proof, attempt.at) if is_interactive else [],
            "authenticationProtocol": "ropc" if person.kind is PersonKind.SERVICE else "oAuth2",
            "incomingTokenType": "none" if is_interactive else "refreshToken",
            "conditionalAccessStatus": policies[0]["result"] if policies else "notApplied",
            "appliedConditionalAccessPolicies": policies,
            "status": _status(attempt.error_code, proof.details),
        }

    def write_app_only(
        self, at: datetime, target: SignInTarget, event: str, error_code: int
    ) -> Row:
        """The row of an application that signs in as itself."""
        is_managed = event == MANAGED_IDENTITY
        application = target.application
        return {
            **self._common(at, event, target),
            "userDisplayName": "",
            "userPrincipalName": "",
            "userId": "",
            "userType": "member",
            "ipAddress": "" if is_managed else "198.51.100.20",
            "correlationId": make_guid(self._rng),
            "sessionId": None,
            "isInteractive": False,
            "servicePrincipalName": application.name,
            "servicePrincipalId": application.id[::-1].replace("-", "")[:8] + application.id[8:],
            "clientCredentialType": "managedIdentity" if is_managed else "certificate",
            "authenticationRequirement": "",
            "authenticationDetails": [],
            "incomingTokenType": "none",
            "conditionalAccessStatus": "notApplied",
            "appliedConditionalAccessPolicies": [],
            "status": _status(error_code, None),
        }

    def _common(self, at: datetime, event: str, target: SignInTarget) -> Row:
        application, resource = target.application, target.resource
        id_ = make_guid(self._rng)
        return {
            "id": id_,
            "createdDateTime": stamp(at, self._rng.randrange(10) if at.microsecond else 0),
            "originalRequestId": id_,
            "signInEventTypes": [event],
            "appId": application.id,
            "appDisplayName": application.name,
            "appOwnerTenantId": application.owner_tenant_id or self._tenant_id,
            "resourceId": resource.id,
            "resourceDisplayName": resource.name,
            "resourceTenantId": self._tenant_id,
            "tokenIssuerType": "AzureAD",
            "tokenIssuerName": "",
            "uniqueTokenIdentifier": f"{self._rng.getrandbits(128):022x}",
            "processingTimeInMilliseconds": self._rng.randint(60, 900),
            "riskDetail": "none",
            "riskLevelAggregated": "none",
            "riskLevelDuringSignIn": "none",
            "riskState": "none",
            "riskEventTypes_v2": [],
            "servicePrincipalName": None,
            "servicePrincipalId": "",
            "agent": _NOT_AGENTIC,
        }

    def _user(self, person: Person) -> Row:
        if person.id not in self._user_properties:
            self._user_properties[person.id] = self._describe(person)
        return self._user_properties[person.id]

    def _describe(self, person: Person) -> Row:
        city, state, country, latitude, longitude = person.location
        system, browser = person.device
        is_guest = person.kind is PersonKind.GUEST
        return {
            "userDisplayName": person.name,
            "userPrincipalName": person.upn,
            "userId": person.id,
            "userType": "guest" if is_guest else "member",
            "homeTenantId": person.home_tenant_id,
            "homeTenantName": "Fabrikam Consulting" if is_guest else self._tenant_name,
            "crossTenantAccessType": "b2bCollaboration" if is_guest else "none",
            "ipAddress": person.ip_address,
            "clientAppUsed": "Browser",
            "userAgent": f"Mozilla/5.0 ({system}) {browser.replace(' ', '/')}",
            "deviceDetail": {
                "deviceId": "",
                "displayName": "",
                "operatingSystem": system,
                "browser": browser,
                "isCompliant": False,
                "isManaged": False,
                "trustType": "",
            },
            "location": {
                "city": city,
                "state": state,
                "countryOrRegion": country,
                "geoCoordinates": {"altitude": None, "latitude": latitude, "longitude": longitude},
            },
        }

    def _policies(self, attempt: Attempt) -> list[Row]:
        """
        What the policies did; silent sign-ins without evidence, and refused ones, do not say.

        People who sign in with a password alone although nothing leaves them out were in the
        exceptions until then.
        """
        proof = attempt.proof.value
        is_interrupted = attempt.error_code in _INTERRUPTS
        if attempt.proof is Proofs.NOTHING or (attempt.error_code and not is_interrupted):
            return []
        is_asked = proof.is_by_policy or is_interrupted
        rule = self._left_out.get(attempt.person.id, "" if is_asked else "groupId")
        result = "failure" if is_interrupted else "success"
        everybody = applied_policy(self.policy_id, "Require MFA for all users", rule, result)
        if attempt.person.kind is PersonKind.GUEST:
            return [everybody, rehearsal(is_met=proof.requirement == _MULTI)]
        return [everybody]


def stamp(at: datetime, last_digit: int = 0) -> str:
    """An instant as Graph writes it: seven fractional digits, or none if they are all zero."""
    if not at.microsecond:
        return f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}{last_digit}Z"


def to_instant(text: str) -> str:
    """A time as Graph writes it, with all seven fractional digits: text order is time order."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    if "T" not in whole:
        whole += "T00:00:00"
    return f"{whole}.{fraction:0<7}Z"


def _steps(proof: Proof, at: datetime) -> list[Row]:
    return [
        {
            "authenticationStepDateTime": stamp(at + timedelta(seconds=7 * number)),
            "authenticationMethod": method,
            "authenticationMethodDetail": "Password in the cloud" if method == "Password" else None,
            "succeeded": True,
            "authenticationStepResultDetail": result,
            "authenticationStepRequirement": "Primary authentication" if not number else "MFA",
        }
        for number, (method, result) in enumerate(proof.steps)
    ]


def _status(error_code: int, details: str | None) -> Row:
    return {
        "errorCode": error_code,
        "failureReason": _REASONS.get(error_code, "Other."),
        "additionalDetails": details,
    }
