"""What Graph's answers mean: use the body, send the request again, ask for less, or give up."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shared.decoding import decode_any_json
from shared.errors import SourceDeniedError, SourceIncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Statuses that a later try can get past. The SDK's own middleware knows 429, 503 and 504 only.
TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 509})

#: The reports' code for a tenant without Entra ID P1 or P2, also seen without its first word.
#: Tenants that have the licence get it now and then (microsoft-graph-docs 14118, 14120, 11986).
_NO_PREMIUM = "RequestFromNonPremiumTenantOrB2CTenant"
#: PIM's code for a tenant without P2 comes with status 400 as well as 403.
_NO_PIM = "AadPremiumLicenseRequired"

#: The codes of a missing permission: of the directory, reports, conditional access and PIM.
_NO_CONSENT = frozenset(
    {
        *("Authorization_RequestDenied", "Authentication_MSGraphPermissionMissing"),
        *("AccessDenied", "PermissionScopeNotGranted"),
    }
)
#: Refusals for other reasons, and what to do, by code. Both are of the partner security API
#: (msgraph-beta-sdk-dotnet 1083; LucFrijters/hso-mpc-integrations-multitenant).
_OTHER_DENIALS = {
    "Unauthorized_MissingMFA": (
        "Graph wants proof of MFA in the token ({refusal}), which the token of an app never has; "
        "consent is not what is missing: it takes the token of a user who signed in with MFA, or a "
        "directory file that has the customers."
    ),
    "PCFraudEvents": (
        "Graph's partner API does not know the app ({refusal}); consent in Entra is not what "
        "is missing: add the app to Partner Center's user management and give it a role there, or "
        "use the token of a user who has the role and signed in with MFA."
    ),
}


class ReceivedAnswer(Protocol):
    """An answer of Graph's, whatever its status: to a request, or to one request of a batch."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, names in lower case."""

    @property
    def body(self) -> bytes:
        """The whole body."""


class TransientError(Exception):
    """The same request may succeed later."""

    def __init__(
        self,
        reason: str,
        wait_seconds: float | None = None,
        *,
        is_timeout: bool = False,
        is_throttled: bool = False,
        denial: UnlicensedError | None = None,
    ) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds  #: as the service said; `None` if it did not
        self.is_timeout = is_timeout  #: the query took too long behind Graph's gateway
        self.is_throttled = is_throttled  #: the app asks too much, whichever of its requests
        self.denial = denial  #: what it means if it does not pass, of a tenant never answered


class RefusedTokenError(Exception):
    """Graph does not accept the bearer token; it has usually expired. The text is the refusal."""


class DeniedError(SourceDeniedError):
    """Graph refuses access."""

    def __init__(self, sentence: str, refusal: str) -> None:
        super().__init__(sentence)
        self.refusal = refusal  #: status and error code, ``403 Authorization_RequestDenied``


class UnlicensedError(DeniedError):
    """The tenant lacks the licence for what was requested."""


class RejectedError(SourceIncompleteError):
    """Graph does not know the address, or does not allow one of its options."""

    def __init__(self, refusal: str, status: int, graph_message: str) -> None:
        super().__init__(f"Graph does not accept the request ({refusal}).")
        self.refusal = refusal  #: status and error code
        self.status = status
        self.graph_message = graph_message  #: may name users, so it belongs in no log


class BrokenCrawlError(SourceIncompleteError):
    """The pages cannot be followed any further; a query over a shorter time range may succeed."""


def check(answer: ReceivedAnswer, permission: str, *, is_next_page: bool = False) -> None:
    """
    Return if the body is what was requested, else raise the error that the answer stands for.

    `permission` is what an administrator must have consented to. On a next page, 400 and 410 can
    only be about the skip token, because the query itself has been accepted before. The lifetime of
    these tokens is undocumented, and "Skip token is null" is a known, transient fault of long
    crawls (msgraph-sdk-powershell 1388).
    """
    status = answer.status
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return
    error = _decode_error(answer.body)
    refusal = f"{int(status)} {error.code}".rstrip()
    if error.code in _OTHER_DENIALS:  # seen with 403, but nobody documents the status
        raise _denied(error.code, refusal, permission)
    if status in TRANSIENT_STATUSES:
        is_timeout = status == HTTPStatus.GATEWAY_TIMEOUT
        raise TransientError(
            refusal,
            retry_after_seconds(answer.headers),
            is_timeout=is_timeout,
            is_throttled=status == HTTPStatus.TOO_MANY_REQUESTS,
        )
    if _NO_PREMIUM in error.code:
        raise TransientError(refusal, denial=_unlicensed(refusal))
    if _NO_PIM in error.code:
        raise _unlicensed(refusal)
    if status == HTTPStatus.FORBIDDEN:
        raise _denied(error.code, refusal, permission)
    if status == HTTPStatus.UNAUTHORIZED:
        raise RefusedTokenError(refusal)
    if is_next_page and status in (HTTPStatus.BAD_REQUEST, HTTPStatus.GONE):
        raise BrokenCrawlError(f"Graph no longer knows the link to the next page ({refusal}).")
    raise RejectedError(refusal, status, error.message)


def is_unknown_object(answer: ReceivedAnswer) -> bool:
    """Whether Graph says that the object does not exist, not that it lacks the whole API."""
    is_unknown = answer.status == HTTPStatus.NOT_FOUND
    return is_unknown and _decode_error(answer.body).code == "Request_ResourceNotFound"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """
    The wait that ``Retry-After`` asks for: seconds, or a date relative to the answer's ``Date``.

    `None` if the header is absent or unusable. Header names are in lower case.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,6}", value):
        return float(value) or None
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds()) or None


def unreadable_answer(reason: str) -> TransientError:
    """The error for bytes that are no answer, which a proxy or a broken connection may give."""
    del reason  # it may quote the answer
    return TransientError("a body that is cut short or not JSON")


class _GraphError(NamedTuple):
    code: str = ""  #: never the message's text, which may name users
    message: str = ""


def _decode_error(body: bytes) -> _GraphError:
    """Graph's error; some APIs write ``{"Error": {"Code": …}}`` or only ``{"error": "…"}``."""
    try:
        error = _folded(decode_any_json(body, unreadable_answer)).get("error")
    except TransientError:
        return _GraphError()
    fields = {"code": error} if isinstance(error, str) else _folded(error)
    code, message = str(fields.get("code") or ""), str(fields.get("message") or "")
    return _GraphError(code if re.fullmatch(r"[\w.]{1,80}", code) else "", message)


def _folded(value: object) -> dict[str, object]:
    """A JSON object with its names in lower case; empty if it is not an object."""
    if not isinstance(value, dict):
        return {}
    return {str(name).lower(): inner for name, inner in value.items()}


def _unlicensed(refusal: str) -> UnlicensedError:
    sentence = (
        f"Graph gives sign-ins only to tenants with an Entra ID P1 or P2 licence ({refusal}): "
        "assign one in the partner tenant, or analyze what the Entra admin center downloads."
    )
    return UnlicensedError(sentence, refusal)


def _denied(code: str, refusal: str, permission: str) -> DeniedError:
    if code in _OTHER_DENIALS:
        sentence = _OTHER_DENIALS[code].format(refusal=refusal)
    elif code in _NO_CONSENT:
        sentence = (
            f"Graph refuses for lack of consent ({refusal}): grant the app the application "
            f"permission {permission} and an administrator's consent to it."
        )
    else:
        sentence = (
            f"Graph refuses access ({refusal}) for a reason that this version does not know. If "
            f"the app has the application permission {permission} and an administrator's consent "
            "to it, more consent does not help."
        )
    return DeniedError(sentence, refusal)
