"""
Cards into a Microsoft Teams channel, through a workflow that waits for them at a web address.

The address is a secret: its ``sig`` is all that whoever posts there has to know. So nothing here
says more of it than the host, which is why this is ``http.client``: the larger libraries log it.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from shared.endpoints import parse_url
from shared.errors import BadSettingError, DeliveryError, DeliveryUncertainError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.endpoints import Url

TIMEOUT_SECONDS = 30.0  #: from connection to answer; a workflow accepts a card before it posts it
ANSWER_LIMIT_BYTES = 8_192  #: of a refusal, to find its code in; of success nothing is read

HTTPS_PORT = 443  #: older addresses of workflows name it

# Where workflows wait, by cloud. Source: Power Automate's "IP address configuration" page, trigger
# "When an HTTP request is received".
HOST_SUFFIXES = (
    *(".logic.azure.com", ".api.powerplatform.com"),
    *(".logic.azure.us", ".api.gov.powerplatform.microsoft.us"),  # GCC
    *(".api.high.powerplatform.microsoft.us", ".api.appsplatform.us"),  # GCC High, DoD
    *(".logic.azure.cn", ".api.powerplatform.partner.microsoftonline.cn"),
)
_CODE = re.compile(r"[A-Za-z]{1,60}")
_SECONDS = re.compile(r"[0-9]{1,6}")
_HEADERS = {"Content-Type": "application/json", "User-Agent": "partner-mfa-status"}


class TeamsChannel:
    """The channel that a workflow posts to; `BadSettingError` if the address can be none."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        address = _workflow_address(url)
        self.host = address.host
        #: Names the workflow without its secret, and is the same after its signature was renewed.
        self.id = f"{self.host}{address.path}"
        self._address = address
        self._timeout_seconds = timeout_seconds

    def __repr__(self) -> str:
        return f"TeamsChannel({self.host!r})"

    def post(self, card: bytes) -> None:
        """
        Let the workflow accept a card, which is not yet to have posted it. Nothing is followed.

        A refusal (3xx, 4xx) is certain, and so is what went wrong before the card's first byte
        left. After any other answer but 2xx, and after none in time, it may have been posted.
        """
        with closing(self._connected()) as connection, self._in_time(connection):
            try:
                answer = self._answer(connection, card)
            except (OSError, HTTPException) as error:
                raise DeliveryUncertainError(
                    f"The Teams workflow at {self.host} was lost while it took a card "
                    f"({type(error).__name__}); the card may or may not have been posted."
                ) from None
            with closing(answer):
                self._judge(answer)

    def _connected(self) -> HTTPConnection:
        """A connection that is encrypted, unless to this machine."""
        kind = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = kind(self.host, self._address.port, timeout=self._timeout_seconds)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            raise DeliveryError(
                f"The Teams workflow at {self.host} cannot prove that it is that host: "
                f"{error.verify_message}."
            ) from None
        except OSError as error:
            raise DeliveryError(
                f"The Teams workflow at {self.host} could not be talked to "
                f"({type(error).__name__}); nothing was posted."
            ) from None
        return connection

    @contextmanager
    def _in_time(self, connection: HTTPConnection) -> Iterator[None]:
        """Cut the connection when the time is over: one that trickles never times out by itself."""
        watch = threading.Timer(self._timeout_seconds, _cut, (connection.sock,))
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _answer(self, connection: HTTPConnection, card: bytes) -> HTTPResponse:
        target = f"{self._address.path}?{self._address.query}"
        connection.request("POST", target, card, _HEADERS)
        return connection.getresponse()

    def _judge(self, answer: HTTPResponse) -> None:
        """Return if the card was taken."""
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        told = " ".join(filter(None, [str(answer.status), _code(answer)]))
        if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise DeliveryError(
                f"The Teams workflow at {self.host} refused a card ({told}{_rest(answer)}); "
                "docs/teams.md says what to look at."
            )
        raise DeliveryUncertainError(
            f"The Teams workflow at {self.host} failed while it took a card ({told}); "
            "the card may or may not have been posted."
        )


def _workflow_address(url: str) -> Url:
    address = parse_url(url)
    if address is None or not (_is_trusted(address) and address.path and _is_signed(address)):
        raise BadSettingError(
            "Setting TEAMS_WEBHOOK_URL cannot be used; expected is the whole https address of a "
            f"Teams workflow, on a host that ends in one of {', '.join(HOST_SUFFIXES)}, with its "
            "signature (sig=…)."
        )
    return address


def _is_trusted(address: Url) -> bool:
    is_workflow = address.scheme == "https" and address.port in (None, HTTPS_PORT)
    return address.is_loopback or (is_workflow and address.host.endswith(HOST_SUFFIXES))


def _is_signed(address: Url) -> bool:
    return bool(parse_qs(address.query).get("sig"))


def _code(answer: HTTPResponse) -> str:
    """The code of a refusal; its message is left out, since nobody knows what it repeats."""
    try:
        code = json.loads(answer.read(ANSWER_LIMIT_BYTES))["error"]["code"]
    except (OSError, HTTPException, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _rest(answer: HTTPResponse) -> str:
    """After how long it may be asked again, where it says so."""
    seconds = answer.getheader("Retry-After", "")
    return f", to be asked again in {seconds} s" if _SECONDS.fullmatch(seconds) else ""


def _cut(connected: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        connected.shutdown(socket.SHUT_RDWR)
