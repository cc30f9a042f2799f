"""What Graph's answers mean: use the body, send the request again, ask for less, or give up."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

import msgspec

from shared.errors import SourceDeniedError, SourceIncompleteError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Statuses that a later try can get past. The SDK's own middleware knows 429, 503 and 504 only.
TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 509})

#: Graph's error codes for a tenant without the licence. The reports' code for a tenant without
#: Entra ID P1 or P2 is also seen without its first word; PIM's code for a tenant without P2 comes
#: with status 400 as well as 403.
_NO_LICENCE = ("RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired")


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
        self, reason: str, wait_seconds: float | None = None, *, is_timeout: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds  #: as the service said; `None` if it did not
        self.is_timeout = is_timeout  #: the query took too long behind Graph's gateway


class RefusedTokenError(Exception):
    """Graph does not accept the bearer token, because it has expired or was revoked."""


class DeniedError(SourceDeniedError):
    """Graph refuses access."""

    def __init__(self, sentence: str, refusal: str) -> None:
        super().__init__(sentence)
        self.refusal = refusal  #: status and error code, ``403 Authorization_RequestDenied``


class UnlicensedError(DeniedError):
    """The tenant lacks the licence for what was requested."""


class RejectedError(SourceIncompleteError):
    """Graph does not know the address, or does not allow one of its options."""

    def __init__(self, sentence: str, status: int, graph_message: str) -> None:
        super().__init__(sentence)
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
    refusal = _refusal(status, error)
    if status in TRANSIENT_STATUSES:
        is_timeout = status == HTTPStatus.GATEWAY_TIMEOUT
        wait_seconds = retry_after_seconds(answer.headers)
        raise TransientError(refusal, wait_seconds, is_timeout=is_timeout)
    if status == HTTPStatus.UNAUTHORIZED:
        raise RefusedTokenError
    if status == HTTPStatus.FORBIDDEN or _lacks_licence(refusal):
        raise _denial(refusal, permission)
    if is_next_page and status in (HTTPStatus.BAD_REQUEST, HTTPStatus.GONE):
        raise BrokenCrawlError(f"Graph no longer knows the link to the next page ({refusal}).")
    sentence = f"Graph does not accept the request ({refusal})."
    raise RejectedError(sentence, status, error.message)


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


class _GraphError(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _GraphErrorBody(msgspec.Struct, frozen=True):
    error: _GraphError = _GraphError()


def _decode_error(body: bytes) -> _GraphError:
    try:
        return msgspec.json.decode(body, type=_GraphErrorBody).error
    except msgspec.DecodeError:
        return _GraphError()


def _refusal(status: int, error: _GraphError) -> str:
    """The status and Graph's error code; never its message, which may name users."""
    is_code = re.fullmatch(r"[\w.]{1,80}", error.code)
    return f"{int(status)} {error.code}" if is_code else str(int(status))


def _lacks_licence(refusal: str) -> bool:
    return any(code in refusal for code in _NO_LICENCE)


def _denial(refusal: str, permission: str) -> DeniedError:
    if _lacks_licence(refusal):
        sentence = (
            f"Graph gives sign-ins only to tenants with an Entra ID P1 or P2 licence ({refusal}): "
            "assign one in the partner tenant, or analyze what the Entra admin center downloads."
        )
        return UnlicensedError(sentence, refusal)
    sentence = (
        f"Graph refuses for lack of consent ({refusal}): grant the app the application permission "
        f"{permission} and an administrator's consent to it."
    )
    return DeniedError(sentence, refusal)
