"""
Who calls, as far as the platform says, and whether that caller's token shows MFA.

App Service authentication (Entra) stands in front of the app and hands on whom it let in as
``X-MS-CLIENT-PRINCIPAL``: base64 of ``{"claims": [{"typ", "val"}, …]}``. Anybody can send a header
of that name, so it is believed only where the platform says that it is the one to set it
(``WEBSITE_AUTH_ENABLED``); it takes away what came from outside.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from shared.service.answers import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.settings import Settings

PRINCIPAL = "x-ms-client-principal"

#: The claim that lists how its holder signed in, short and as App Service may write it out.
_METHODS = frozenset({"amr", "http://schemas.microsoft.com/claims/authnmethodsreferences"})

#: What Partner Center answers to a token without MFA.
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="MFA required"'}


class _Claim(msgspec.Struct):
    typ: str = ""
    val: str = ""


class _Principal(msgspec.Struct):
    claims: list[_Claim] = []


_decoder = msgspec.json.Decoder(_Principal)


def admit(settings: Settings, headers: Mapping[str, str]) -> None:
    """
    Let a caller in, or raise `RefusedError` (401, *MFA required*) as Partner Center does.

    Where MFA is asked for and nothing that can be believed shows it, the answer is no.
    """
    if not settings.requires_mfa_to_view:
        return
    if settings.platform_authenticates and "mfa" in _methods(headers):
        return
    raise RefusedError(HTTPStatus.UNAUTHORIZED, "MFA required.", _CHALLENGE)


def _methods(headers: Mapping[str, str]) -> set[str]:
    """How the caller signed in: the values of the token's ``amr`` claim, in lower case."""
    try:
        principal = _decoder.decode(b64decode(headers.get(PRINCIPAL) or "", validate=True))
    except (Base64Error, ValueError, msgspec.DecodeError):
        return set()
    told = " ".join(claim.val for claim in principal.claims if claim.typ.lower() in _METHODS)
    return set(told.lower().replace(",", " ").split())
