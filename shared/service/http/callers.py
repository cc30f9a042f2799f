"""
Who calls, according to the platform: whether the token shows MFA, and which roles it has.

App Service authentication (Entra) is in front of the app and passes on the caller that it let in
as ``X-MS-CLIENT-PRINCIPAL``: base64 of ``{"auth_typ": "aad", "claims": [{"typ", "val"}, …]}``.
Anybody can send a header of that name, so it is believed only if the platform says that it sets the
header itself (``WEBSITE_AUTH_ENABLED``); it then removes any that comes from outside. Source:
Microsoft, "Work with user identities in Azure App Service authentication".
"""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from shared.decoding import UNREADABLE
from shared.endpoints import LOOPBACK_NAMES
from shared.service.http.answers import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.settings import Settings

PRINCIPAL = "x-ms-client-principal"
LONGEST_PRINCIPAL = 64_000  #: characters; the platform's own headers are much shorter
LONGEST_BODY = 1_000  #: bytes

#: Claims by their short name in Entra's tokens, and by the long one that App Service may use.
_METHODS = frozenset({"amr", "http://schemas.microsoft.com/claims/authnmethodsreferences"})
_ROLES = frozenset({"roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"})
_TENANT = frozenset({"tid", "http://schemas.microsoft.com/identity/claims/tenantid"})
_TOKEN_OF = frozenset({"idtyp"})  #: ``app`` for an application without a user, else ``user``
_PORT = re.compile(r":[0-9]{1,5}$")
_ENTRA = ("aad", "")  #: the provider; another one's claims might mean anything

#: What Partner Center answers to a token without MFA.
_CHALLENGE = {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="MFA required"'}


class Role(StrEnum):
    """A role of the app registration (infra/app-roles.json)."""

    READ = "Report.Read"
    RUN = "Report.Run"
    CUSTOMERS = "Customers.Read"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in."""

    roles: frozenset[str] | None  #: `None` on one's own machine, where callers are not identified

    def demand(self, role: Role) -> None:
        """Raise `RefusedError` (403) unless the caller has the role."""
        if self.roles is None or role in self.roles:
            return
        raise RefusedError(
            HTTPStatus.FORBIDDEN,
            f"This requires the role {role} of the app registration, which an administrator of the "
            "tenant assigns (docs/deploy.md, Who may look).",
        )


OWN_MACHINE = Caller(None)
WITH_KEY = Caller(frozenset({Role.READ}))  #: a script whose key the Functions host has checked
STRANGER = Caller(frozenset())  #: a probe, which has not signed in


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
        methods = " ".join(self.values(_METHODS))
        return "mfa" in methods.lower().replace(",", " ").split()

    @property
    def is_application(self) -> bool:
        """Whether the token has no user: such tokens never show MFA, and need none."""
        return self.values(_TOKEN_OF) == {"app"}


_decoder = msgspec.json.Decoder(_Principal)


def admit(settings: Settings, headers: Mapping[str, str]) -> Caller:
    """
    Let a caller in, or raise `RefusedError`.

    401, *MFA required*, in Partner Center's words, if MFA is required and nothing credible shows
    it. 403 for a token that names another tenant, or none; for everybody, if the app is hosted
    without the platform's authentication in front; and on one's own machine for a request to any
    other host name.
    """
    if not settings.platform.authenticates:
        return _admit_unauthenticated(settings, headers)
    principal = _principal(headers)
    is_fit = principal.shows_mfa or principal.is_application
    if settings.callers_need_mfa and not is_fit:
        raise _mfa_required()
    tenants = {tenant.lower() for tenant in principal.values(_TENANT)}
    is_ours = tenants == {settings.tenant_id} if settings.tenant_id else bool(tenants)
    if principal.claims and not is_ours:
        raise RefusedError(HTTPStatus.FORBIDDEN, "This app accepts its own tenant's tokens only.")
    return Caller(principal.values(_ROLES))


def admit_script(settings: Settings) -> Caller:
    """
    Let in a script whose key the Functions host has checked; 404 if keys are switched off.

    These addresses are exempt from the platform's authentication, so no identity header is believed
    here. Authentication must be switched on all the same.
    """
    if not settings.script_keys:
        raise RefusedError(HTTPStatus.NOT_FOUND, "Function keys are not enabled here.")
    if settings.platform.is_hosted and not settings.platform.authenticates:
        raise _nobody()
    return WITH_KEY


def admit_probe(settings: Settings) -> Caller:
    """
    Let in a probe, whose address is exempt from the platform's authentication.

    No identity header is believed here either, and a stranger has no role.
    """
    if settings.platform.is_hosted and not settings.platform.authenticates:
        raise _nobody()
    return STRANGER


def refuse_other_sites(headers: Mapping[str, str]) -> None:
    """
    Raise `RefusedError` (403) if another site's page sent this request in its visitor's name.

    Browsers say where a request comes from: in ``Sec-Fetch-Site``, and in ``Origin`` if it changes
    something (W3C Fetch Metadata; RFC 6454). Scripts send neither.
    """
    site = headers.get("sec-fetch-site") or "none"
    origin, host = headers.get("origin"), headers.get("host") or ""
    scheme = "http" if is_own_name(host) else "https"
    is_own = origin is None or origin == f"{scheme}://{host}"
    if site not in ("same-origin", "none") or not is_own:
        raise RefusedError(HTTPStatus.FORBIDDEN, "Other sites may not start anything here.")


def refuse_long_bodies(headers: Mapping[str, str]) -> None:
    """Raise `RefusedError` (413) for a body that is too long, or of unknown length."""
    length = "chunked" if headers.get("transfer-encoding") else headers.get("content-length") or "0"
    if len(length) > len(str(LONGEST_BODY)) or not length.isdecimal() or int(length) > LONGEST_BODY:
        sentence = f"Expected a body of known length, at most {LONGEST_BODY} bytes."
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)


def is_own_name(host: str) -> bool:
    """Whether a ``Host`` is this machine's name for itself, with or without a port."""
    return _PORT.sub("", host.lower()) in LOOPBACK_NAMES


def _admit_unauthenticated(settings: Settings, headers: Mapping[str, str]) -> Caller:
    """
    On one's own machine only loopback protects the app; if it is hosted, nothing would.

    A page whose name was made to resolve to this machine (DNS rebinding) sends that name.
    """
    if settings.platform.is_hosted:
        raise _nobody()
    if (host := headers.get("host")) and not is_own_name(host):
        raise RefusedError(
            HTTPStatus.FORBIDDEN, "Without sign-in, this is served on its own machine only."
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
    """Return the caller that the platform names; an empty one if unreadable or not Entra's."""
    header = headers.get(PRINCIPAL) or ""
    try:
        if len(header) > LONGEST_PRINCIPAL:
            return _Principal()
        principal = _decoder.decode(b64decode(header, validate=True))
    except UNREADABLE:
        return _Principal()
    return principal if principal.auth_typ.lower() in _ENTRA else _Principal()


#: How a caller comes, and what lets them in.
ADMITS: dict[str, Callable[[Settings, Mapping[str, str]], Caller]] = {
    "signed in": admit,
    "with a key": lambda settings, _: admit_script(settings),
    "to probe": lambda settings, _: admit_probe(settings),
}
