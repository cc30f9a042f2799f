"""
What an access token says: its audience, who signed in, and whether with MFA.

The signature is not checked: this is what a token contains, not proof that Entra issued it.
Claims: Entra's "Access token claims reference" and "Optional claims reference".
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from shared.decoding import decode_any_json
from shared.errors import BadInputError
from shared.mfa.guid import is_guid

LONGEST = 65_536  #: characters; Entra's own tokens have two or three thousand, rarely over 4,095

# What is often copied along with a token: white space, quotes, list commas, byte order marks.
_AROUND = " \t\r\n\ufeff\u200b\"'`\u201c\u201d\u2018\u2019,;"
_PREFIX = re.compile(r"^(?:authorization\s*:\s*)?bearer\b\s*", re.IGNORECASE)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_OPAQUE = ("0.", "1.")  # how Entra's refresh tokens and authorization codes begin
_JWT_PARTS, _JWE_PARTS = 3, 5
_LONGEST_NUMBER = 15  # digits of a time written as text; seconds since 1970 have ten
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Entra's access tokens name the application that requested them, ID tokens never do ...
_OF_ACCESS_TOKENS = frozenset({"appid", "azp", "scp", "idtyp"})
#: ... but contain these, with which the application signs its user in.
_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "preferred_username", "name"})


class TokenKind(StrEnum):
    """Who uses a token; Partner Center's documentation calls these App+User and app-only."""

    APP_AND_USER = "app_and_user"
    APP_ONLY = "app_only"
    UNKNOWN = "unknown"


class MfaClaim(StrEnum):
    """Whether the token says that its user did MFA."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class AccessToken(msgspec.Struct, frozen=True):
    """
    The claims that matter here; nothing that names a person. Empty or `None`: not given.

    Ids are lower-case GUIDs; anything else in their place counts as not given. The other texts are
    copied from the token, which anybody may have made: show them only through `harmless`.
    """

    kind: TokenKind
    mfa: MfaClaim
    amr: tuple[str, ...]  #: authentication methods: ``pwd``, ``mfa``, ``fed`` and others
    audience: str  #: ``aud``, the resource: an application id or its URI
    issuer: str
    tenant_id: str  #: ``tid``, where the user signed in: for delegated access, the customer's
    app_id: str  #: ``appid`` (version 1) or ``azp`` (version 2)
    issued_at: datetime | None
    valid_from: datetime | None
    expires_at: datetime | None
    version: str  #: ``1.0`` or ``2.0``; only version 1 has ``amr``


def decode_token(text: str) -> AccessToken:
    """
    Read a pasted token; ``Bearer``, quotes and line ends around or in it are ignored.

    Raises `BadInputError` with a sentence that repeats nothing of what was pasted.
    """
    parts = _parts(_bare(text))
    _object(parts[0], "first")  # the header only shows that it is a JWT
    claims = _object(parts[1], "second")
    if claims.keys().isdisjoint(_OF_ACCESS_TOKENS) and not claims.keys().isdisjoint(_OF_ID_TOKENS):
        raise BadInputError(
            "This is an ID token, which tells an application who its user is and opens no API; "
            "expected an access token."
        )
    return _token(claims)


def application_roles(text: str) -> tuple[str, ...] | None:
    """
    The application permissions that an app-only token names in ``roles``.

    `None` if the token does not say: it has no roles, is a user's, or cannot be read.
    """
    try:
        claims = _object(_parts(_bare(text))[1], "second")
    except BadInputError:
        return None
    has_roles = "roles" in claims and _kind(claims) is TokenKind.APP_ONLY
    return _texts(claims["roles"]) if has_roles else None


def _bare(text: str) -> str:
    if len(text) > LONGEST:
        raise BadInputError(
            f"This is longer than {LONGEST:,} characters, too long for an access token."
        )
    stripped = text.strip(_AROUND)
    if stripped.startswith("{"):
        stripped = _token_in_answer(stripped)
    without_prefix = _PREFIX.sub("", stripped, count=1)
    bare = "".join(without_prefix.split()).strip(_AROUND)
    if not bare:
        raise BadInputError(
            "There is no token; expected an access token: three parts separated by dots."
        )
    return bare


def _token_in_answer(answer: str) -> str:
    """The token in a token endpoint's JSON answer, or in what ``az`` and PowerShell print."""
    values = _json(answer, "This begins like JSON but is not; was it cut short?")
    named = {name.replace("_", "").lower(): value for name, value in values.items()}
    token = named.get("accesstoken") or named.get("token")
    if not isinstance(token, str):
        raise BadInputError("This is JSON without an access token (access_token, accessToken).")
    return token.strip(_AROUND)


def _parts(bare: str) -> list[str]:
    if bare.startswith(_OPAQUE):
        raise BadInputError(
            "This is a refresh token or an authorization code, which only Entra can read; "
            "expected an access token."
        )
    parts = bare.split(".")
    if len(parts) == _JWE_PARTS:
        raise BadInputError(
            "This token is encrypted (five parts), so only the API it is for can read it; "
            "expected an access token with three parts."
        )
    if len(parts) != _JWT_PARTS:
        raise BadInputError(
            f"This has {len(parts):,} part{'s' * (len(parts) != 1)}, but an access token has "
            "three, separated by dots; was it cut short?"
        )
    if not _BASE64URL.fullmatch(parts[2]):  # may be empty: the signature can be left out
        raise _not_base64url("third")
    return parts


def _object(part: str, which: str) -> dict[str, Any]:
    """The JSON object in a part. The original errors are dropped, because they quote the token."""
    if not (part and _BASE64URL.fullmatch(part)):
        raise _not_base64url(which)
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise _not_base64url(which) from None
    value = _json(content, f"The token's {which} part is not JSON; was the token cut short?")
    if not isinstance(value, dict):
        raise BadInputError(f"The token's {which} part is JSON, but not an object with claims.")
    return value


def _json(text: bytes | str, sentence: str) -> Any:  # noqa: ANN401  # whatever the JSON holds
    """A JSON value; if it is none, raises `BadInputError` without the error, which quotes it."""
    try:
        return decode_any_json(text, lambda _: BadInputError(sentence))
    except BadInputError:
        raise BadInputError(sentence) from None


def _not_base64url(which: str) -> BadInputError:
    return BadInputError(
        f"The token's {which} part is not base64url (A-Z, a-z, 0-9, - and _); "
        "was it cut short, or changed when it was copied?"
    )


def _token(claims: dict[str, Any]) -> AccessToken:
    kind = _kind(claims)
    amr = _texts(claims.get("amr"))
    version = _text(claims, "ver")
    return AccessToken(
        kind=kind,
        mfa=_mfa(claims, amr, kind, version),
        amr=amr,
        audience=_text(claims, "aud"),
        issuer=_text(claims, "iss"),
        tenant_id=_guid(claims, "tid"),
        app_id=_guid(claims, "appid") or _guid(claims, "azp"),
        issued_at=_instant(claims.get("iat")),
        valid_from=_instant(claims.get("nbf")),
        expires_at=_instant(claims.get("exp")),
        version=version,
    )


def _kind(claims: dict[str, Any]) -> TokenKind:
    """
    App+User or app-only; unknown if no claim says so, or if two claims contradict each other.

    ``idtyp`` is an optional claim. Without it, there is a ``scp`` (what the user lets the
    application do) only with a user, and only an application is its own subject.
    """
    id_type, has_scope = _text(claims, "idtyp").lower(), bool(_text(claims, "scp"))
    is_own_subject = _text(claims, "oid") == _text(claims, "sub") != ""
    has_user = id_type == "user" or has_scope
    has_no_user = id_type == "app" or (is_own_subject and not has_scope)
    if has_user == has_no_user:
        return TokenKind.UNKNOWN
    return TokenKind.APP_AND_USER if has_user else TokenKind.APP_ONLY


def _mfa(claims: dict[str, Any], amr: tuple[str, ...], kind: TokenKind, version: str) -> MfaClaim:
    """
    What ``amr`` says; if it is absent, that means "no" only in a user's version 1 token.

    Version 2 has no such claim, and an application signs in without a user who could do MFA.
    """
    if "mfa" in (value.lower() for value in amr):
        return MfaClaim.YES
    if amr or claims.get("amr") == []:
        return MfaClaim.NO
    is_silent = "amr" not in claims and kind is TokenKind.APP_AND_USER and version == "1.0"
    return MfaClaim.NO if is_silent else MfaClaim.UNKNOWN


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def _guid(claims: dict[str, Any], name: str) -> str:
    value = _text(claims, name).lower()
    return value if is_guid(value) else ""


def _texts(value: object) -> tuple[str, ...]:
    """The texts of a claim that is a list of them or, from some issuers, a single one."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, list):
        return ()
    return tuple(text for each in value if isinstance(each, str) and (text := each.strip()))


def _instant(value: object) -> datetime | None:
    """The instant from seconds since 1970, a number or digits; `None` if invalid."""
    if isinstance(value, str) and value.isdecimal() and len(value) <= _LONGEST_NUMBER:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _EPOCH + timedelta(seconds=value)
    except OverflowError:
        return None
