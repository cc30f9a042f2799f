"""
Posts cards to a Microsoft Teams channel, through a workflow that waits at a web address.

The address is a secret: its ``sig`` is all that anyone needs in order to post there. So logs and
errors name its host only, and the HTTP library knows the rest of it only as a request's target,
which it does not log.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

import msgspec

from shared.decoding import decode_json
from shared.endpoints import parse_url
from shared.errors import BadSettingError, DeliveryError, DeliveryUncertainError

if TYPE_CHECKING:
    import httpcore
    import httpx

    from shared.endpoints import Url

TIMEOUT_SECONDS = 30.0  #: for the whole exchange; a workflow accepts a card before it posts it
ANSWER_LIMIT_BYTES = 8_192  #: read of a refusal, for its error code; nothing is read of a success

HTTPS_PORT = 443  #: older workflow addresses include it

# The hosts of workflows, by cloud. Source: Power Automate's "IP address configuration" page,
# trigger "When an HTTP request is received".
HOST_SUFFIXES = (
    *(".logic.azure.com", ".api.powerplatform.com"),
    *(".logic.azure.us", ".api.gov.powerplatform.microsoft.us"),  # GCC
    *(".api.high.powerplatform.microsoft.us", ".api.appsplatform.us"),  # GCC High, DoD
    *(".logic.azure.cn", ".api.powerplatform.partner.microsoftonline.cn"),
)
_CODE = re.compile(r"[A-Za-z]{1,60}")
_SECONDS = re.compile(r"[0-9]{1,6}")
_HEADERS = {"Content-Type": "application/json", "User-Agent": "partner-mfa-status"}


class _WorkflowAnswer(NamedTuple):
    status: int
    retry_after: str
    body: bytes  #: its first bytes; empty after a success


class TeamsChannel:
    """The channel that a workflow posts to; `BadSettingError` if `url` is not a workflow's."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        address = _workflow_address(url)
        self.host = address.host
        #: Identifies the workflow without its secret, and stays the same when `sig` is renewed.
        self.id = f"{self.host}{address.path}"
        self._address = address
        self._timeout_seconds = timeout_seconds

    def __repr__(self) -> str:
        return f"TeamsChannel({self.host!r})"

    def post(self, card: bytes) -> None:
        """
        Post a card once; returns when the workflow has accepted it, maybe before Teams shows it.

        Raises `DeliveryError` if the card was certainly not posted: after a redirect (which is not
        followed), a refusal (4xx), or a failure before the request was sent. Raises
        `DeliveryUncertainError` after any other answer but 2xx, and if there is none in time.
        """
        self._judge(asyncio.run(self._exchange(card)))

    async def _exchange(self, card: bytes) -> _WorkflowAnswer:
        """Send the card; the time limit covers everything, however slowly an answer trickles in."""
        import httpx

        progress = _PostProgress()
        target = f"{self._address.path}?{self._address.query}".encode()
        request = httpx.Request(
            "POST",
            self._address.root,
            headers=_HEADERS,
            content=card,
            extensions={"target": target, "trace": progress.trace},
        )
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        # The bare transport follows no redirect, uses no proxy and logs no address.
        async with httpx.AsyncHTTPTransport(verify=ssl.create_default_context()) as transport:
            try:
                async with asyncio.timeout_at(deadline):
                    response = await transport.handle_async_request(request)
            except (httpx.TransportError, TimeoutError) as error:
                await progress.close()
                is_sent = progress.is_sent
                raise (self._lost(error) if is_sent else self._unreachable(error)) from None
            body = b"" if response.is_success else await _first_bytes(response, deadline)
            await response.aclose()
        return _WorkflowAnswer(response.status_code, response.headers.get("Retry-After", ""), body)

    def _unreachable(self, error: Exception) -> DeliveryError:
        if reason := _certificate_problem(error):
            return DeliveryError(
                f"The Teams workflow at {self.host} has no valid certificate: {reason}; "
                "nothing was posted."
            )
        return DeliveryError(
            f"The Teams workflow at {self.host} could not be reached ({type(error).__name__}); "
            "nothing was posted."
        )

    def _lost(self, error: Exception) -> DeliveryUncertainError:
        return DeliveryUncertainError(
            f"The Teams workflow at {self.host} did not answer ({type(error).__name__}); "
            "the card may or may not have been posted."
        )

    def _judge(self, answer: _WorkflowAnswer) -> None:
        """Return if the card was accepted."""
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        refusal = f"{status} {_error_code(answer.body)}".rstrip()
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DeliveryError(
                f"The Teams workflow at {self.host} refused a card ({refusal}"
                f"{_retry_hint(answer.retry_after)}); see docs/teams.md."
            )
        raise DeliveryUncertainError(
            f"The Teams workflow at {self.host} failed ({refusal}); "
            "the card may or may not have been posted."
        )


def _workflow_address(url: str) -> Url:
    address = parse_url(url)
    if address is None or not (_is_trusted(address) and address.path and _is_signed(address)):
        raise BadSettingError(
            "Setting TEAMS_WEBHOOK_URL cannot be used; expected the whole https address of a Teams "
            f"workflow, on a host that ends in one of {', '.join(HOST_SUFFIXES)}, with its "
            "signature (sig=…)."
        )
    return address


def _is_trusted(address: Url) -> bool:
    is_workflow = address.scheme == "https" and address.port in (None, HTTPS_PORT)
    return address.is_loopback or (is_workflow and address.host.endswith(HOST_SUFFIXES))


def _is_signed(address: Url) -> bool:
    return bool(parse_qs(address.query).get("sig"))


class _PostProgress:
    """How far a request has come, by httpcore's trace events."""

    def __init__(self) -> None:
        self.is_sent = False  #: whether any of it may have left
        self._connection: httpcore.AsyncNetworkStream | None = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self._connection = info["return_value"]
        elif event == "http11.send_request_headers.started":
            self.is_sent = True

    async def close(self) -> None:
        """Close the connection, which httpcore leaves open if a handshake is cut short."""
        if self._connection:
            await self._connection.aclose()


async def _first_bytes(response: httpx.Response, deadline: float) -> bytes:
    """The start of a body; what has arrived when the time is over or the connection breaks."""
    import httpx

    body = b""
    try:
        async with asyncio.timeout_at(deadline):
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) >= ANSWER_LIMIT_BYTES:
                    break
    except (httpx.TransportError, TimeoutError):
        pass  # the status has said what matters
    return body[:ANSWER_LIMIT_BYTES]


def _certificate_problem(error: BaseException) -> str:
    """OpenSSL's words, if an invalid certificate is behind an error."""
    cause = error.__cause__ or error.__context__
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return _certificate_problem(cause) if cause else ""


class _WorkflowError(msgspec.Struct, frozen=True):
    code: str


class _WorkflowErrorBody(msgspec.Struct, frozen=True):
    error: _WorkflowError


def _error_code(body: bytes) -> str:
    """A refusal's error code; its message is left out, since it may repeat the address."""
    try:
        code = decode_json(body, _WorkflowErrorBody, DeliveryError).error.code
    except DeliveryError:
        return ""
    return code if _CODE.fullmatch(code) else ""


def _retry_hint(retry_after: str) -> str:
    return f", try again in {retry_after} s" if _SECONDS.fullmatch(retry_after) else ""
