"""
Who calls, as far as the platform says: whether the token shows MFA, and which roles it brings.

App Service authentication (Entra) stands in front of the app and hands on whom it let in as
``X-MS-CLIENT-PRINCIPAL``: base64 of ``{"auth_typ": "aad", "claims": [{"typ", "val"}, …]}``. Anybody
can send a header of that name, so it is believed only where the platform says that it is the one
to set it (``WEBSITE_AUTH_ENABLED``); it takes away what came from outside. Source: Microsoft, "Work
with user identities in Azure App Service authentication".
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from shared.endpoints import LOOPBACK_NAMES
from shared.service.http.answers import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.settings import Settings

PRINCIPAL = "x-ms-client-principal"
LONGEST_PRINCIPAL = 64_000  #: characters; the platform's own headers end far below
LONGEST_BODY = 1_000  #: bytes

#: Claims by the short name that Entra's tokens have, and as App Service may write them out.
_METHODS = frozenset({"amr", "http://schemas.microsoft.com/claims/authnmethodsreferences"})
_ROLES = frozenset({"roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
_TENANT = frozenset({"tid", "http://schemas.microsoft.com/identity/claims/tenantid"})
_TOKEN_OF = frozenset({"idtyp"})  #: ``app`` for an application without a user, else ``user``
_PORT = re.compile(r":[0-9]{1,5}$")
_ENTRA = ("aad", "")  #: whose claims these are; another provider's might mean anything

#: What Partner Center answers to a token without MFA.
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="MFA required"'}


class Role(StrEnum):
    """What somebody may be assigned in the app registration (infra/app-roles.json)."""

    READ = "Report.Read"
    RUN = "Report.Run"
    CUSTOMERS = "Customers.Read"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in."""

    roles: frozenset[str] | None  #: `None` where nobody is asked who they are: on one's own machine

    def demand(self, role: Role) -> None:
        """`RefusedError` (403) unless this caller has the role."""
        if self.roles is None or role in self.roles:
            return
        raise RefusedError(
            HTTPStatus.FORBIDDEN,
            f"This takes the role {role} of the app registration; an administrator of the tenant "
            "assigns it (docs/deploy.md, Who may look).",
        )


OWN_MACHINE = Caller(None)
WITH_KEY = Caller(frozenset({Role.READ}))  #: a script whose key the Functions host has checked


class _Claim(msgspec.Struct):
    typ: str = ""
    val: str = ""


class _Principal(msgspec.Struct):
    auth_typ: str = ""
    claims: list[_Claim] = []

    def values(self, names: frozenset[str]) -> frozenset[str]:
        return frozenset(claim.val for claim in self.claims if claim.typ.lower() in names)

    @property
    def shows_mfa(self) -> bool:
        """Whether the token's ``amr`` has ``mfa``, however the platform joined its values."""
        told = " ".join(self.values(_METHODS))
        return "mfa" in told.lower().replace(",", " ").split()

    @property
    def is_application(self) -> bool:
        """Whether no user stands behind the token: such tokens know no MFA, and need none."""
        return self.values(_TOKEN_OF) == {"app"}


_decoder = msgspec.json.Decoder(_Principal)


def admit(settings: Settings, headers: Mapping[str, str]) -> Caller:
    """
    Let a caller in, or raise `RefusedError`.

    401, *MFA required*, as Partner Center says it, where MFA is asked for and nothing that can be
    believed shows it; 403 for another tenant's token, for everybody where the app is hosted without
    the platform's authentication in front, and on one's own machine for whoever comes by another
    name than its own.
    """
    if not settings.platform_authenticates:
        return _admit_unauthenticated(settings, headers)
    principal = _principal(headers)
    is_fit = principal.shows_mfa or principal.is_application
    if settings.callers_need_mfa and not is_fit:
        raise _mfa_required()
    tenants = {tenant.lower() for tenant in principal.values(_TENANT)}
    if settings.tenant_id and tenants - {settings.tenant_id}:
        raise RefusedError(HTTPStatus.FORBIDDEN, "This app takes its own tenant's tokens only.")
    return Caller(principal.values(_ROLES))


def admit_script(settings: Settings) -> Caller:
    """
    Let a script in whose key the Functions host has checked; 404 where keys are switched off.

    The platform's authentication leaves these addresses out, so no header that names somebody is
    believed here; but it must be there, as everywhere else.
    """
    if not settings.script_keys:
        raise RefusedError(HTTPStatus.NOT_FOUND, "Scripts get nothing by a key here.")
    if settings.is_hosted and not settings.platform_authenticates:
        raise _nobody()
    return WITH_KEY


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """
    403 for what another site's page sends in its visitor's name, cookies and all.

    Every browser says so of itself: by ``Sec-Fetch-Site``, and by ``Origin`` with whatever changes
    something (W3C Fetch Metadata; RFC 6454). A script sends neither.
    """
    site = headers.get("sec-fetch-site") or "none"
    origin, host = headers.get("origin"), headers.get("host") or ""
    scheme = "http" if is_own_name(host) else "https"
    is_own = origin is None or origin == f"{scheme}://{host}"
    if site not in ("same-origin", "none") or not is_own:
        raise RefusedError(HTTPStatus.FORBIDDEN, "Other sites may start nothing here.")


def refuse_long_bodies(headers: Mapping[str, str]) -> None:
    """413 for a body that is longer than anything that is of use here, or does not say how long."""
    length = "chunked" if headers.get("transfer-encoding") else headers.get("content-length") or "0"
    if len(length) > len(str(LONGEST_BODY)) or not length.isdecimal() or int(length) > LONGEST_BODY:
        sentence = f"A body of up to {LONGEST_BODY} bytes is taken, and not looked at."
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)


def is_own_name(host: str) -> bool:
    """Whether a ``Host`` is this machine's name for itself, with a port or without."""
    return _PORT.sub("", host.lower()) in LOOPBACK_NAMES


def _admit_unauthenticated(settings: Settings, headers: Mapping[str, str]) -> Caller:
    """
    On one's own machine the loopback address is the fence; hosted, there would be none.

    A page whose name was made to lead to this machine (DNS rebinding) comes by that name.
    """
    if settings.is_hosted:
        raise _nobody()
    if (host := headers.get("host")) and not is_own_name(host):
        raise RefusedError(
            HTTPStatus.FORBIDDEN, "Without sign-in this is for its own machine only."
        )
    if settings.callers_need_mfa:
        raise _mfa_required()
    return OWN_MACHINE


def _nobody() -> RefusedError:
    sentence = "Nobody is let in: authentication is not switched on in front of this app."
    return RefusedError(HTTPStatus.FORBIDDEN, sentence)


def _mfa_required() -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, "MFA required.", _CHALLENGE)


def _principal(headers: Mapping[str, str]) -> _Principal:
    """Whom the platform names; nobody, where that cannot be read or is not Entra's word."""
    header = headers.get(PRINCIPAL) or ""
    try:
        if len(header) > LONGEST_PRINCIPAL:
            return _Principal()
        principal = _decoder.decode(b64decode(header, validate=True))
    except (Base64Error, ValueError, RecursionError, msgspec.DecodeError):
        return _Principal()
    return principal if principal.auth_typ.lower() in _ENTRA else _Principal()
