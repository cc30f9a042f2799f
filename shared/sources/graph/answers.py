"""What Graph's answers mean for the one who asked: take it, try again, ask otherwise, give up."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

from shared.errors import SourceDeniedError, SourceIncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OK = 200
_BAD_REQUEST = 400
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_GONE = 410
_GATEWAY_TIMEOUT = 504

#: What passes by itself. The SDK's own middleware knows 429, 503 and 504 only.
PASSING_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 509})

#: Graph's error codes for a tenant without the licence: of the reports for one without Entra ID P1
#: or P2, also seen without its first word; of PIM for one without P2, with 400 as well as with 403.
_NO_LICENCE = ("RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired")


class TransientError(Exception):
    """A later try of the same request may do."""

    def __init__(
        self, reason: str, wait_seconds: float | None = None, *, is_timeout: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds  #: where the service said how long
        self.is_timeout = is_timeout  #: somewhere behind the gateway the query took too long


class RefusedTokenError(Exception):
    """Graph does not take the bearer token: expired, or revoked."""


class UnlicensedError(SourceDeniedError):
    """The tenant lacks the licence for what was asked."""


class RejectedError(SourceIncompleteError):
    """Graph knows no such address, or does not allow one of its options."""


class BrokenCrawlError(SourceIncompleteError):
    """The crawl cannot go on from here; one over a shorter range of time may get through."""


def check(
    status: int, headers: Mapping[str, str], body: bytes, *, permission: str, is_next_page: bool
) -> None:
    """
    Return if the body is what was asked for, else raise what the answer means.

    `permission` is what must be consented to. On a next page a 400 or 410 can only be the skip
    token's: its query has been accepted before. The tokens' lifetime is documented nowhere, and
    "Skip token is null" is a known, passing fault of long crawls (msgraph-sdk-powershell 1388).
    """
    if status == _OK:
        return
    named = _name(status, body)
    if status in PASSING_STATUSES:
        wait_seconds = retry_after_seconds(headers)
        raise TransientError(named, wait_seconds, is_timeout=status == _GATEWAY_TIMEOUT)
    if status == _UNAUTHORIZED:
        raise RefusedTokenError
    if status == _FORBIDDEN or _lacks_licence(named):
        raise _denial(named, permission)
    if is_next_page and status in (_BAD_REQUEST, _GONE):
        raise BrokenCrawlError(f"Graph no longer knows the link to the next page ({named}).")
    raise RejectedError(f"Graph does not accept the request ({named}).")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """
    How long ``Retry-After`` says to wait: seconds, or a date measured by the answer's own ``Date``.

    `None` where it says nothing usable. Headers come with lower-case names.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,6}", value):
        return float(value) or None
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds()) or None


class _Error(msgspec.Struct, frozen=True):
    code: str = ""


class _Body(msgspec.Struct, frozen=True):
    error: _Error = _Error()


def _name(status: int, body: bytes) -> str:
    """The status and Graph's code for the error; never its message, which may name people."""
    try:
        code = msgspec.json.decode(body, type=_Body).error.code
    except msgspec.DecodeError:
        code = ""
    return f"{status} {code}" if re.fullmatch(r"[\w.]{1,80}", code) else str(status)


def _lacks_licence(named: str) -> bool:
    return any(code in named for code in _NO_LICENCE)


def _denial(named: str, permission: str) -> SourceDeniedError:
    if _lacks_licence(named):
        return UnlicensedError(
            f"Graph gives sign-ins only to tenants with an Entra ID P1 or P2 licence ({named}): "
            "assign one in the partner tenant, or analyze what the Entra admin center downloads."
        )
    return SourceDeniedError(
        f"Graph refuses for lack of consent ({named}): grant the app the application permission "
        f"{permission} and an administrator's consent to it."
    )
