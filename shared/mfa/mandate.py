"""
How Partner Center answers, by who did the MFA, and how it would answer the holder of one token.

The rules are those of Partner Center's page "Mandating multifactor authentication (MFA) for your
partner tenant" in its current edition: what decides is whether a provider gives Entra its MFA
claim. Where the edition of May 2023 differs, the sentence names both. Enforcement by the API:
Partner Center's page on authentication. ``docs/mandate.md`` has the same tables.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from shared.mfa.access_token import MfaClaim, TokenKind
from shared.mfa.scope import PARTNER_CENTER_RESOURCE_IDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from shared.mfa.access_token import AccessToken

PARTNER_CENTER_AUDIENCE = "https://api.partnercenter.microsoft.com"

#: The pages of the portal that required MFA by the edition of May 2023; all since September 2025.
PROTECTED_IN_2023 = ("Customers", "Customer requests", "Billing")

_FEDERATED = frozenset({"fed", "wia"})  # ``amr`` of a sign-in that another provider vouched for

MANDATE_PAGE = (
    'Partner Center, "Mandating multifactor authentication (MFA) for your partner tenant", '
    "editions of May 2023 and since 2025"
)
API_PAGE = 'Partner Center, "Partner Center authentication"'
CLAIMS_PAGE = 'Microsoft Entra, "Access token claims reference"'


class MandateScenario(StrEnum):
    """The ways to Partner Center and to customers that the mandate covers."""

    PORTAL = "portal"
    API = "api"
    GDAP = "gdap"  #: a customer's tenant, by granular delegated admin privileges


class MfaBy(StrEnum):
    """Who did the MFA: the columns of the mandate's table."""

    ENTRA = "entra"
    THIRD_PARTY = "third_party"  #: another provider that gives Entra its MFA claim: compatible
    INCOMPATIBLE = "incompatible"  #: another provider, or a custom control, without the claim
    NOBODY = "nobody"


class MandateAnswer(StrEnum):
    """How Partner Center, or Entra in front of it, answers."""

    ALLOWED = "allowed"
    ASKED_FOR_MFA = "asked_for_mfa"  #: sent to Entra to do MFA, then admitted
    REFUSED = "refused"  #: HTTP 401
    BLOCKED = "blocked"
    CANNOT_TELL = "cannot_tell"
    NOT_APPLICABLE = "not_applicable"


class Ruling(msgspec.Struct, frozen=True):
    """An answer, the reason in a sentence, and its source."""

    answer: MandateAnswer
    sentence: str
    source: str


#: The mandate. Every scenario has a ruling for each `MfaBy`.
MANDATE = {
    (MandateScenario.PORTAL, MfaBy.ENTRA): Ruling(
        MandateAnswer.ALLOWED, "The page opens without another request for MFA.", MANDATE_PAGE
    ),
    (MandateScenario.PORTAL, MfaBy.THIRD_PARTY): Ruling(
        MandateAnswer.ALLOWED,
        "The page opens without another request for MFA, because the provider gives Entra its MFA "
        "claim. By the edition of May 2023, this took an exception.",
        MANDATE_PAGE,
    ),
    (MandateScenario.PORTAL, MfaBy.INCOMPATIBLE): Ruling(
        MandateAnswer.BLOCKED,
        "Every protected page is blocked until its user does MFA that Entra recognises. By the "
        "edition of May 2023, they opened under an exception.",
        MANDATE_PAGE,
    ),
    (MandateScenario.PORTAL, MfaBy.NOBODY): Ruling(
        MandateAnswer.ASKED_FOR_MFA,
        "Entra asks for MFA first; users who have not registered for it do so then. By the edition "
        f"of May 2023 this applied to {', '.join(PROTECTED_IN_2023)} and not to the overview; "
        "since September 2025 it applies to all pages.",
        MANDATE_PAGE,
    ),
    (MandateScenario.API, MfaBy.ENTRA): Ruling(
        MandateAnswer.ALLOWED, "The request is processed: the token's amr contains mfa.", API_PAGE
    ),
    (MandateScenario.API, MfaBy.THIRD_PARTY): Ruling(
        MandateAnswer.ALLOWED,
        "The request is processed: the provider gives Entra its MFA claim, so the token's amr "
        "contains mfa. By the edition of May 2023, this took an exception.",
        f"{API_PAGE}; {MANDATE_PAGE}",
    ),
    (MandateScenario.API, MfaBy.INCOMPATIBLE): Ruling(
        MandateAnswer.REFUSED,
        "401 Unauthorized - MFA required, error 900421: without the claim, as with a custom "
        "control of Conditional Access, the token's amr does not contain mfa. By the edition of "
        "May 2023, requests were processed under an exception.",
        f"{API_PAGE}; {MANDATE_PAGE}",
    ),
    (MandateScenario.API, MfaBy.NOBODY): Ruling(
        MandateAnswer.REFUSED,
        "401 Unauthorized - MFA required, error 900421: the token's amr does not contain mfa "
        "(announced for April 2026, in production in stages from June 2026).",
        API_PAGE,
    ),
    (MandateScenario.GDAP, MfaBy.ENTRA): Ruling(
        MandateAnswer.ALLOWED, "Entra issues a token for the customer's tenant.", MANDATE_PAGE
    ),
    (MandateScenario.GDAP, MfaBy.THIRD_PARTY): Ruling(
        MandateAnswer.ALLOWED,
        "Entra issues a token for the customer's tenant, because the provider gives it its MFA "
        "claim. By the edition of May 2023, only Entra's own MFA was accepted.",
        MANDATE_PAGE,
    ),
    (MandateScenario.GDAP, MfaBy.INCOMPATIBLE): Ruling(
        MandateAnswer.BLOCKED,
        "Entra issues no token for a customer's tenant: MFA without its claim does not count, and "
        "by no edition are there exceptions.",
        MANDATE_PAGE,
    ),
    (MandateScenario.GDAP, MfaBy.NOBODY): Ruling(
        MandateAnswer.BLOCKED,
        "Entra issues no token for a customer's tenant until the user has done MFA.",
        MANDATE_PAGE,
    ),
}

_APP_ONLY = {
    MandateScenario.PORTAL: Ruling(
        MandateAnswer.NOT_APPLICABLE,
        "An application without a user cannot use the portal.",
        MANDATE_PAGE,
    ),
    MandateScenario.API: Ruling(
        MandateAnswer.ALLOWED,
        "The request is processed by the APIs that support app-only; only users are asked for MFA.",
        API_PAGE,
    ),
    MandateScenario.GDAP: Ruling(
        MandateAnswer.NOT_APPLICABLE,
        "Delegated administration gives roles to users, not to applications.",
        MANDATE_PAGE,
    ),
}

_NO_KIND = Ruling(
    MandateAnswer.CANNOT_TELL,
    "This token does not say whether it is App+User or app-only, which have different rules.",
    CLAIMS_PAGE,
)
_NOT_FROM_ENTRA = Ruling(
    MandateAnswer.CANNOT_TELL,
    "Entra in this cloud (setting CLOUD) did not issue this token, so what it says about MFA means "
    "nothing here.",
    CLAIMS_PAGE,
)
_NO_METHODS = Ruling(
    MandateAnswer.CANNOT_TELL,
    "This token does not say how its user signed in; only version 1 access tokens have amr.",
    CLAIMS_PAGE,
)


def mandate_answers(
    token: AccessToken,
    now: datetime,
    issuers: tuple[str, ...],
    resource_ids: Collection[str] = PARTNER_CENTER_RESOURCE_IDS,
) -> dict[MandateScenario, Ruling]:
    """
    How the holder of this token would be answered in each scenario.

    The portal and customers' tenants are not opened with this token: their answers are for a user
    who signs in as the token says. The API receives the token itself, so at `now` it must not have
    expired, and must be for one of `resource_ids`, the application ids of Partner Center's API.
    `issuers`: how those of the cloud's tokens begin.
    """
    is_foreign = bool(token.issuer) and not token.issuer.lower().startswith(issuers)
    rulings = {
        scenario: _by_mfa(scenario, token, is_foreign=is_foreign) for scenario in MandateScenario
    }
    refusals = [
        *_refusals_by_time(token, now),
        *(["is not from Entra's issuers in this cloud (setting CLOUD)"] if is_foreign else []),
        *_refusals_by_audience(token, resource_ids),
    ]
    rulings[MandateScenario.API] = _as_presented(token, refusals, rulings[MandateScenario.API])
    return rulings


def possible_mfa_by(token: AccessToken) -> tuple[MfaBy, ...]:
    """Who may have done the MFA in a user's token; empty if the token does not say."""
    if token.kind is not TokenKind.APP_AND_USER or token.mfa is MfaClaim.UNKNOWN:
        return ()
    if token.mfa is MfaClaim.NO:
        return (MfaBy.INCOMPATIBLE, MfaBy.NOBODY)
    if _FEDERATED.isdisjoint(value.lower() for value in token.amr):
        return (MfaBy.ENTRA,)
    return (MfaBy.ENTRA, MfaBy.THIRD_PARTY)


def _by_mfa(scenario: MandateScenario, token: AccessToken, *, is_foreign: bool) -> Ruling:
    if is_foreign:
        return _NOT_FROM_ENTRA
    if token.kind is TokenKind.APP_ONLY:
        return _APP_ONLY[scenario]
    if token.kind is TokenKind.UNKNOWN:
        return _NO_KIND
    if not (possible := possible_mfa_by(token)):
        return _NO_METHODS
    # Of the two that may have done the MFA, the answers are the same; and who did none that counts
    # is asked for it.
    return MANDATE[scenario, MfaBy.NOBODY if MfaBy.NOBODY in possible else MfaBy.ENTRA]


def _as_presented(token: AccessToken, refusals: list[str], by_mfa: Ruling) -> Ruling:
    """The API's answer to the token itself; the sentence adds the answer by MFA alone."""
    gaps = list(_gaps(token))
    if not (refusals or gaps):
        return by_mfa
    alone = {
        MandateAnswer.ALLOWED: "By MFA alone, it would be processed",
        MandateAnswer.REFUSED: "By MFA, it would be refused, too",
    }.get(by_mfa.answer, "By MFA alone, the answer is unknown")
    if refusals:
        sentence = f"401 Unauthorized: this token {' and '.join(refusals)}. {alone}."
        return Ruling(MandateAnswer.REFUSED, sentence, CLAIMS_PAGE)
    sentence = f"This token does not say {' and '.join(gaps)}. {alone}."
    answer = (
        MandateAnswer.REFUSED
        if by_mfa.answer is MandateAnswer.REFUSED
        else MandateAnswer.CANNOT_TELL
    )
    return Ruling(answer, sentence, CLAIMS_PAGE)


def _refusals_by_time(token: AccessToken, now: datetime) -> Iterator[str]:
    if token.expires_at and token.expires_at <= now:
        yield "has expired"
    if token.valid_from and token.valid_from > now:
        yield "is not valid yet"


def _refusals_by_audience(token: AccessToken, resource_ids: Collection[str]) -> Iterator[str]:
    audience = token.audience.lower().rstrip("/")
    if audience and audience not in {PARTNER_CENTER_AUDIENCE, *resource_ids}:
        yield f"is for an audience other than {PARTNER_CENTER_AUDIENCE}"


def _gaps(token: AccessToken) -> Iterator[str]:
    if not token.expires_at:
        yield "when it expires"
    if not token.issuer:
        yield "who issued it"
    if not token.audience:
        yield "which audience it is for"
