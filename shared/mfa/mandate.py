"""
What Partner Center answers, by who did the MFA, and so what it answers to one token's holder.

The rules are those of Partner Center's page "Mandating multifactor authentication (MFA) for your
partner tenant". Its editions differ on MFA of a third party. Where they do, the answer here is the
stricter one and the sentence names both. Enforcement by the API: Partner Center's page on
authentication. ``docs/mandate.md`` shows the table to people.
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

#: What asked for MFA in the portal by the edition of May 2023; since September 2025 all pages do.
PROTECTED_IN_2023 = ("Customers", "Customer requests", "Billing")

_ISSUERS = ("https://sts.windows.net/", "https://login.microsoftonline.com/")  # Entra, by version
_FEDERATED = frozenset({"fed", "wia"})  # ``amr`` of a sign-in that another provider vouched for

MANDATE_PAGE = (
    'Partner Center, "Mandating multifactor authentication (MFA) for your partner tenant", '
    "editions of May 2023 and since 2025"
)
API_PAGE = 'Partner Center, "Partner Center authentication"'
CLAIMS_PAGE = 'Microsoft Entra, "Access token claims reference"'


class MandateScenario(StrEnum):
    """The ways to Partner Center and to customers that the mandate is about."""

    PORTAL = "portal"
    API = "api"
    GDAP = "gdap"  #: a customer's tenant, by granular delegated administration


class MfaBy(StrEnum):
    """Who did the MFA: the columns of the mandate's table."""

    ENTRA = "entra"
    THIRD_PARTY = "third_party"
    NOBODY = "nobody"


class MandateAnswer(StrEnum):
    """What Partner Center, or Entra in front of it, answers."""

    ALLOWED = "allowed"
    ON_CONDITION = "on_condition"
    ASKED_FOR_MFA = "asked_for_mfa"  #: sent to Entra to do MFA, and let in after it
    REFUSED = "refused"  #: HTTP 401
    BLOCKED = "blocked"
    CANNOT_TELL = "cannot_tell"
    NOT_APPLICABLE = "not_applicable"


class Ruling(msgspec.Struct, frozen=True):
    """One answer, why in a sentence, and where that is written."""

    answer: MandateAnswer
    sentence: str
    source: str


#: The mandate. Every scenario has a ruling for everyone who may have done the MFA.
MANDATE = {
    (MandateScenario.PORTAL, MfaBy.ENTRA): Ruling(
        MandateAnswer.ALLOWED, "The page opens, and nobody asks for MFA again.", MANDATE_PAGE
    ),
    (MandateScenario.PORTAL, MfaBy.THIRD_PARTY): Ruling(
        MandateAnswer.ON_CONDITION,
        "The page opens without another question if the provider gives Entra its MFA claim or, by "
        "the edition of May 2023, under an exception; else Entra asks for MFA.",
        MANDATE_PAGE,
    ),
    (MandateScenario.PORTAL, MfaBy.NOBODY): Ruling(
        MandateAnswer.ASKED_FOR_MFA,
        "Entra asks for MFA first, and who has not registered for it registers then; by the "
        f"edition of May 2023 this was so for {', '.join(PROTECTED_IN_2023)} and not for the "
        "overview, since September 2025 it is so for all pages.",
        MANDATE_PAGE,
    ),
    (MandateScenario.API, MfaBy.ENTRA): Ruling(
        MandateAnswer.ALLOWED, "The request is processed: the token's amr holds mfa.", API_PAGE
    ),
    (MandateScenario.API, MfaBy.THIRD_PARTY): Ruling(
        MandateAnswer.ON_CONDITION,
        "The request is processed if the provider gives Entra its MFA claim, so that the token's "
        "amr holds mfa, else refused with 401; a custom control of Conditional Access does not "
        "give it. By the edition of May 2023 an exception could be had.",
        f"{API_PAGE}; {MANDATE_PAGE}",
    ),
    (MandateScenario.API, MfaBy.NOBODY): Ruling(
        MandateAnswer.REFUSED,
        "401 Unauthorized - MFA required, error 900421: the token's amr does not hold mfa "
        "(announced for April 2026, in production step by step from June 2026).",
        API_PAGE,
    ),
    (MandateScenario.GDAP, MfaBy.ENTRA): Ruling(
        MandateAnswer.ALLOWED, "Entra gives out a token for the customer's tenant.", MANDATE_PAGE
    ),
    (MandateScenario.GDAP, MfaBy.THIRD_PARTY): Ruling(
        MandateAnswer.BLOCKED,
        "By the edition of May 2023 no other MFA than Entra's will do, and there are no "
        "exceptions; by the editions since 2025 a provider will that gives Entra its MFA claim.",
        MANDATE_PAGE,
    ),
    (MandateScenario.GDAP, MfaBy.NOBODY): Ruling(
        MandateAnswer.BLOCKED,
        "Entra gives out no token for a customer's tenant before its user has done MFA.",
        MANDATE_PAGE,
    ),
}

#: A token with mfa whose sign-in another provider vouched for: either may have done the MFA.
_VOUCHED_FOR = {
    MandateScenario.PORTAL: Ruling(
        MandateAnswer.ALLOWED,
        "The page opens, and nobody asks for MFA again: Entra has it, from wherever.",
        MANDATE_PAGE,
    ),
    MandateScenario.API: MANDATE[MandateScenario.API, MfaBy.ENTRA],
    MandateScenario.GDAP: Ruling(
        MandateAnswer.CANNOT_TELL,
        "The token does not say whether Entra did the MFA or another provider. If Entra did: "
        "allowed. If not: blocked by the edition of May 2023, allowed by those since 2025.",
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
        "The request is processed by the APIs that support app-only; MFA is asked of users alone.",
        API_PAGE,
    ),
    MandateScenario.GDAP: Ruling(
        MandateAnswer.NOT_APPLICABLE,
        "Delegated administration gives its roles to users, not to applications.",
        MANDATE_PAGE,
    ),
}

_NO_KIND = Ruling(
    MandateAnswer.CANNOT_TELL,
    "This token does not say whether it is App+User or app-only, which are held to other rules.",
    CLAIMS_PAGE,
)
_NOT_ENTRAS = Ruling(
    MandateAnswer.CANNOT_TELL,
    "Somebody else than Entra issued this token, so what it says of MFA means nothing here.",
    CLAIMS_PAGE,
)
_NO_METHODS = Ruling(
    MandateAnswer.CANNOT_TELL,
    "This token does not say how its user signed in; only access tokens of version 1 have amr.",
    CLAIMS_PAGE,
)


def answers(
    token: AccessToken,
    now: datetime,
    resource_ids: Collection[str] = PARTNER_CENTER_RESOURCE_IDS,
) -> dict[MandateScenario, Ruling]:
    """
    What the holder of this token would be answered, scenario by scenario.

    The portal and customers' tenants are not opened with it: they get the answer that somebody
    would who signed in as it says. The API gets the token itself, so at `now` it must not have
    expired and must be for one of `resource_ids`, the application ids of Partner Center's API.
    """
    rulings = {scenario: _by_mfa(scenario, token) for scenario in MandateScenario}
    rulings[MandateScenario.API] = _as_presented(
        token, now, resource_ids, rulings[MandateScenario.API]
    )
    return rulings


def columns(token: AccessToken) -> tuple[MfaBy, ...]:
    """Who may have done the MFA that a user's token tells of; none where it does not say."""
    if token.kind is not TokenKind.APP_AND_USER or token.mfa is MfaClaim.UNKNOWN:
        return ()
    if token.mfa is MfaClaim.NO:
        return (MfaBy.NOBODY,)
    if _FEDERATED.isdisjoint(value.lower() for value in token.amr):
        return (MfaBy.ENTRA,)
    return (MfaBy.ENTRA, MfaBy.THIRD_PARTY)


def _by_mfa(scenario: MandateScenario, token: AccessToken) -> Ruling:
    if _is_foreign(token):
        return _NOT_ENTRAS
    if token.kind is TokenKind.APP_ONLY:
        return _APP_ONLY[scenario]
    if token.kind is TokenKind.UNKNOWN:
        return _NO_KIND
    match columns(token):
        case ():
            return _NO_METHODS
        case (one,):
            return MANDATE[scenario, one]
        case _:
            return _VOUCHED_FOR[scenario]


def _as_presented(
    token: AccessToken, now: datetime, resource_ids: Collection[str], by_mfa: Ruling
) -> Ruling:
    """The API's answer to the token as it is; what MFA alone would give is said beside it."""
    refusals, gaps = list(_refusals(token, now, resource_ids)), list(_gaps(token))
    if not (refusals or gaps):
        return by_mfa
    alone = {
        MandateAnswer.ALLOWED: "As to MFA alone it would be processed",
        MandateAnswer.REFUSED: "As to MFA it would be refused, too",
    }.get(by_mfa.answer, "As to MFA alone the answer cannot be told")
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


def _refusals(token: AccessToken, now: datetime, resource_ids: Collection[str]) -> Iterator[str]:
    if token.expires_at and token.expires_at <= now:
        yield "has expired"
    if token.valid_from and token.valid_from > now:
        yield "is not valid yet"
    if _is_foreign(token):
        yield "is not from Entra"
    audience = token.audience.lower().rstrip("/")
    if audience and audience not in {PARTNER_CENTER_AUDIENCE, *resource_ids}:
        yield f"is for another audience than {PARTNER_CENTER_AUDIENCE}"


def _is_foreign(token: AccessToken) -> bool:
    return bool(token.issuer) and not token.issuer.lower().startswith(_ISSUERS)


def _gaps(token: AccessToken) -> Iterator[str]:
    if not token.expires_at:
        yield "until when it is good"
    if not token.issuer:
        yield "who issued it"
    if not token.audience:
        yield "whom it is for"
