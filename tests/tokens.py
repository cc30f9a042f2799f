"""Made-up access tokens: what Entra puts into them, and a signature that nobody checks."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
ISSUED_AT = int(datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp())
TENANT = "f0000000-aaaa-4bbb-8ccc-00000000000d"
APPLICATION = "a0000000-1111-4222-8333-000000000004"
RESOURCE = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
OBJECT = "b0000000-5555-4666-8777-000000000008"
PERSON = {
    "oid": OBJECT,
    "name": "Consuela Contosa",
    "unique_name": "consuela@contoso.example",
    "upn": "consuela@contoso.example",
    "ipaddr": "203.0.113.77",
}
HEADER = {"typ": "JWT", "alg": "RS256", "kid": "made-up-key-of-a-test"}
SIGNATURE = "c2lnbmF0dXJlLW9mLWEtdGVzdA"

#: Shaped like the example on Partner Center's page about its API and MFA.
USER_CLAIMS = {
    "aud": "https://api.partnercenter.microsoft.com",
    "iss": f"https://sts.windows.net/{TENANT}/",
    "iat": ISSUED_AT,
    "nbf": ISSUED_AT,
    "exp": ISSUED_AT + 3600,
    "acr": "1",
    "amr": ["pwd", "mfa"],
    "appid": APPLICATION,
    "appidacr": "0",
    "scp": "user_impersonation",
    "sub": "pairwise-for-this-application",
    "tid": TENANT,
    "ver": "1.0",
    **PERSON,
}

APP_ONLY_CLAIMS = {
    name: USER_CLAIMS[name] for name in ("aud", "iss", "iat", "nbf", "exp", "appid", "tid", "ver")
} | {"appidacr": "1", "oid": OBJECT, "sub": OBJECT}


def encoded(value) -> str:
    """A part of a token: any JSON, or bytes as they are."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token_of(claims) -> str:
    """A whole token with these claims."""
    return f"{encoded(HEADER)}.{encoded(claims)}.{SIGNATURE}"


def user_token(without=(), **changes) -> str:
    """A user's token for Partner Center's API; `changes` are claims, `without` their names."""
    claims = USER_CLAIMS | changes
    return token_of({name: value for name, value in claims.items() if name not in without})
