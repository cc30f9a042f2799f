"""
Credentials for Microsoft's APIs, and Graph over the SDK's request adapter.

The only file that imports ``azure.identity``. It and the SDK are imported inside the functions that
need them: they take three times as long to load as the function app, and an HTTP request needs
neither.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import msgspec

from shared.endpoints import Cloud
from shared.errors import SourceDeniedError, SourceIncompleteError
from shared.http_client import HttpClient
from shared.mfa.access_token import application_roles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from azure.core.credentials import AccessToken, TokenCredential
    from kiota_abstractions.request_information import RequestInformation

    from shared.endpoints import Endpoint

REQUEST_SECONDS = 120.0  #: Graph's own gateway gives up long before
_BROWSER_SECONDS = 110  #: signing in is part of a request; after that the browser opens again
#: What DefaultAzureCredential says when no way of logging in worked.
_NO_LOGIN = "failed to retrieve a token from the included credentials"

_log = logging.getLogger(__name__)


class Login(msgspec.Struct, frozen=True):
    """Who to sign in as."""

    cloud: Cloud = Cloud.GLOBAL
    tenant_id: str = ""  #: the tenant to sign in to; a managed identity has its own
    is_managed: bool = False  #: as the app's managed identity, which exists in Azure only
    client_id: str = ""  #: of a user-assigned managed identity; empty: the system-assigned one
    uses_browser: bool = False  #: a person signs in with the browser


def open_credential(login: Login) -> TokenCredential:
    """The app's managed identity in Azure; elsewhere the login of the person who runs this."""
    from azure.identity import (
        DefaultAzureCredential,
        InteractiveBrowserCredential,
        ManagedIdentityCredential,
    )

    if login.is_managed:
        return ManagedIdentityCredential(client_id=login.client_id or None)
    if login.uses_browser:
        tenant = {"tenant_id": login.tenant_id} if login.tenant_id else {}
        return InteractiveBrowserCredential(
            authority=login.cloud.authority, timeout=_BROWSER_SECONDS, **tenant
        )
    return DefaultAzureCredential(
        authority=login.cloud.authority,
        exclude_managed_identity_credential=True,
        additionally_allowed_tenants=[login.tenant_id] if login.tenant_id else [],
    )


class GraphAnswer(msgspec.Struct, frozen=True):
    """An answer of Graph's, whatever its status."""

    status: int
    headers: dict[str, str]  #: names in lower case
    body: bytes


class GraphClient:
    """
    Graph over the SDK's request adapter: statuses and raw bytes, nothing retried or followed.

    For one thread at a time. Retries and paging are up to the caller, because every request must
    pass the caller's pacer. The middleware's own retries and redirects are therefore off.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        credential: _RenewableCredential,
        tenant_id: str,
        http: HttpClient | None = None,
    ) -> None:
        """`http` stays open for others; without one, the client has its own."""
        self._endpoint = endpoint
        self._credential = credential
        self._tenant = {"tenant_id": tenant_id} if tenant_id else {}
        self._http = http or HttpClient()
        self._close_http = self._http.close if http is None else lambda: None
        client = self._http.client(uses_proxies=endpoint.token is None)  # none to a loopback host
        self._adapter = _request_adapter(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The endpoint's root, without a version."""
        return self._endpoint.url

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = REQUEST_SECONDS,
    ) -> GraphAnswer:
        """
        The answer to a GET of an absolute address below the endpoint, which is sent unchanged.

        Raises `TimeoutError` if the whole answer has not arrived in time, `ConnectionError` if the
        connection was refused, reset or cut short, or the answer is longer than `LONGEST_ANSWER`,
        and `SourceDeniedError` if there is no token.
        """
        return self.send("GET", url, None, headers=headers, timeout_seconds=timeout_seconds)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = REQUEST_SECONDS,
    ) -> GraphAnswer:
        """The answer to a POST of JSON; after an error it may have taken effect all the same."""
        return self.send("POST", url, body, headers=headers, timeout_seconds=timeout_seconds)

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = REQUEST_SECONDS,
    ) -> GraphAnswer:
        """The answer to a request; only setting up sends what is neither a GET nor a POST."""
        if not self._endpoint.owns(url):
            raise SourceIncompleteError(
                f"A request to {urlsplit(url).netloc!r} was not sent: its token is for "
                f"{self._endpoint.host} only."
            )
        request = _request(method, url, body, headers)
        request.headers.add("Authorization", f"Bearer {self._token()}")
        response = self._http.run(_send_request(self._adapter, request, timeout_seconds))
        return GraphAnswer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
        )

    def granted_roles(self) -> tuple[str, ...] | None:
        """
        The application permissions that the app's token names; `None` if it names none.

        Entra writes them into the ``roles`` of an app-only token. The token's format is Graph's
        business, so only the permissions receipt depends on this, and no figure.
        """
        from azure.core.exceptions import AzureError

        try:
            token = self._credential.get_token(self._endpoint.scope, **self._tenant).token
        except AzureError as error:
            _log.warning("The granted permissions are unknown: %s", type(error).__name__)
            return None
        return application_roles(token)

    def _token(self) -> str:
        """The token for a request, in the caller's thread: signing in may take seconds."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            return self._credential.get_token(self._endpoint.scope, **self._tenant).token
        except ClientAuthenticationError as error:
            raise _no_token(error) from None  # its text may contain what does not belong in a log
        except AzureError as error:
            raise ConnectionError(f"{type(error).__name__} while signing in to Graph") from None

    def renew_token(self) -> None:
        """Discard the token, which Graph refused, and the credential that remembers it."""
        self._credential.renew()

    def close(self) -> None:
        """Close the connections, unless others use them too."""
        self._close_http()


def open_graph(
    endpoint: Endpoint,
    login: Login,
    credential: Callable[[], TokenCredential] | None = None,
    http: HttpClient | None = None,
) -> GraphClient:
    """
    A client of Graph at an endpoint; it signs in with the first request.

    `http` is the HTTP client that others use too. `credential` replaces `open_credential`. It is
    called again whenever Graph refuses a token, because credentials remember their tokens until
    these expire.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs every address in full
    logging.getLogger("azure").setLevel(logging.ERROR)  # we report failed logins ourselves
    if endpoint.token is not None:
        literal = _LiteralCredential(endpoint.token)
        return GraphClient(endpoint, _RenewableCredential(lambda: literal), "", http)
    make = credential or (lambda: open_credential(login))
    return GraphClient(endpoint, _RenewableCredential(make), login.tenant_id, http)


class _LiteralCredential:
    """The token that a loopback server expects; Azure is not involved."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_: str, **__: Any) -> AccessToken:  # noqa: ANN401 (azure.core's signature)
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, 2**31)


class _RenewableCredential:
    """A credential that can be replaced by a new one without remembered tokens."""

    def __init__(self, make: Callable[[], TokenCredential]) -> None:
        self._make = make
        self._credential: TokenCredential | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 (as above)
        if self._credential is None:
            self._credential = self._make()
        return self._credential.get_token(*scopes, **options)

    def renew(self) -> None:
        self._credential = None


def _request_adapter(client: httpx.AsyncClient) -> Any:  # noqa: ANN401 (mypy skips kiota's types)
    """The SDK's adapter; each request comes with its token."""
    from kiota_abstractions.authentication.anonymous_authentication_provider import (
        AnonymousAuthenticationProvider,
    )
    from msgraph.graph_request_adapter import GraphRequestAdapter

    return GraphRequestAdapter(AnonymousAuthenticationProvider(), client)


def _request(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None
) -> RequestInformation:
    from kiota_abstractions.method import Method
    from kiota_abstractions.native_response_handler import NativeResponseHandler
    from kiota_abstractions.request_information import RequestInformation
    from kiota_http.middleware.options import (
        ParametersNameDecodingHandlerOption,
        RedirectHandlerOption,
        ResponseHandlerOption,
        RetryHandlerOption,
        UrlReplaceHandlerOption,
    )

    request = RequestInformation(Method[method])
    request.url = url
    for name, value in (headers or {}).items():
        request.headers.add(name, value)
    if body is not None:
        request.set_stream_content(body, "application/json")
    request.add_request_options(
        [
            ResponseHandlerOption(NativeResponseHandler()),  # gives every status with its body
            RetryHandlerOption(should_retry=False),
            RedirectHandlerOption(should_redirect=False),
            ParametersNameDecodingHandlerOption(enable=False),  # next links must not change
            UrlReplaceHandlerOption(enabled=False),
        ]
    )
    return request


async def _send_request(adapter: Any, request: Any, timeout_seconds: float) -> Any:  # noqa: ANN401
    """Send a request; raise Python's own errors for what goes wrong on the way."""
    import httpx

    try:
        async with asyncio.timeout(timeout_seconds):
            return await adapter.send_primitive_async(request, "bytes", {})
    except (httpx.ConnectTimeout, httpx.ConnectError) as error:  # nothing was sent yet
        raise ConnectionRefusedError(f"{type(error).__name__} while connecting to Graph") from None
    except httpx.RequestError as error:
        raise ConnectionError(f"{type(error).__name__} while talking to Graph") from None


def _no_token(error: Exception) -> SourceDeniedError | ConnectionError:
    """An error code means that Entra refused for good; without one, Entra was not reached."""
    code = re.search(r"AADSTS\d+", str(error))
    no_login = type(error).__name__ == "CredentialUnavailableError" or _NO_LOGIN in str(error)
    if code is None and not no_login:
        return ConnectionRefusedError("no token, and no reason from Entra")
    reason = code.group() if code else "no login found"
    return SourceDeniedError(
        f"No token for Graph ({reason}): in Azure the app needs a managed identity, "
        "on a developer's machine `az login` for the partner tenant."
    )
