"""
Who we are towards Microsoft: credentials, and Graph over the SDK's request adapter.

The only file that imports ``azure.identity``. It and the SDK are imported inside the functions that
need them: they cost three times what the function app does, and an HTTP request needs neither.
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
from shared.mfa.access_token import application_roles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx
    from azure.core.credentials import AccessToken, TokenCredential
    from kiota_abstractions.request_information import RequestInformation

    from shared.endpoints import Endpoint

REQUEST_SECONDS = 120.0  #: Graph's own gateway gives up long before
_CONNECT_SECONDS = 30.0
#: How DefaultAzureCredential says that none of the ways to log in had anything to offer.
_NO_LOGIN = "failed to retrieve a token from the included credentials"

_log = logging.getLogger(__name__)


class Login(msgspec.Struct, frozen=True):
    """Whom to sign in as."""

    cloud: Cloud = Cloud.GLOBAL
    tenant_id: str = ""  #: that a developer's login asks tokens of; a managed identity has its own
    is_managed: bool = False  #: as the app's managed identity, which there is in Azure only
    client_id: str = ""  #: of a user-assigned managed identity; empty is the system-assigned one


def open_credential(login: Login) -> TokenCredential:
    """The app's managed identity in Azure, a developer's own login elsewhere."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if login.is_managed:
        return ManagedIdentityCredential(client_id=login.client_id or None)
    return DefaultAzureCredential(
        authority=login.cloud.authority,
        exclude_managed_identity_credential=True,
        additionally_allowed_tenants=[login.tenant_id] if login.tenant_id else [],
    )


class GraphAnswer(msgspec.Struct, frozen=True):
    """What Graph answered, whatever the status."""

    status: int
    headers: dict[str, str]  #: names in lower case
    body: bytes


class GraphClient:
    """
    Graph over the SDK's request adapter: statuses and raw bytes, nothing retried, nothing followed.

    For one thread at a time. Retries and paging are the caller's, because every request has to
    pass the caller's pacer; so the middleware's own retries and redirects are off.
    """

    def __init__(
        self, endpoint: Endpoint, credential: _RenewableCredential, tenant_id: str
    ) -> None:
        self._endpoint = endpoint
        self._credential = credential
        self._tenant = {"tenant_id": tenant_id} if tenant_id else {}
        self._runner = asyncio.Runner()
        self._client = _http_client(endpoint)
        self._adapter = _request_adapter(endpoint, credential, self._client, tenant_id)

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
        What Graph answers to a GET of an absolute address below the endpoint, taken as it is given.

        `TimeoutError` if the whole answer is not there in time, `ConnectionError` if the connection
        was refused, reset or cut short, `SourceDeniedError` if there is no token to be had.
        """
        return self._send("GET", url, None, headers, timeout_seconds)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = REQUEST_SECONDS,
    ) -> GraphAnswer:
        """What Graph answers to a POST of JSON; after an error it may have been done anyway."""
        return self._send("POST", url, body, headers, timeout_seconds)

    def granted_roles(self) -> tuple[str, ...] | None:
        """
        The application permissions that the own token names; `None` where it names none.

        Entra writes them into the ``roles`` of an app-only token. Such a token is Graph's to read:
        only the scope receipt hangs on this, and no figure.
        """
        from azure.core.exceptions import AzureError

        try:
            token = self._credential.get_token(self._endpoint.scope, **self._tenant).token
        except AzureError as error:
            _log.warning("What is granted cannot be told: %s", type(error).__name__)
            return None
        return application_roles(token)

    def renew_token(self) -> None:
        """Forget the token, and whatever would give the same one again: Graph refused it."""
        self._credential.renew()

    def close(self) -> None:
        """Close the connections and the event loop."""
        self._runner.run(_close(self._client))
        self._runner.close()

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str] | None,
        timeout_seconds: float,
    ) -> GraphAnswer:
        if not self._endpoint.owns(url):
            raise SourceIncompleteError(
                f"An address on {urlsplit(url).netloc!r} was to be asked with the token that is "
                f"for {self._endpoint.host} only."
            )
        request = _request(method, url, body, headers)
        response = self._runner.run(_translated(self._adapter, request, timeout_seconds))
        return GraphAnswer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
        )


def open_graph(
    endpoint: Endpoint,
    login: Login,
    credential: Callable[[], TokenCredential] | None = None,
) -> GraphClient:
    """
    Graph at an endpoint, signed in; nothing is sent yet.

    `credential` makes the credential in place of `open_credential`. It is called again for each
    token that Graph refuses, because credentials remember their tokens until these expire.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs every address in full
    logging.getLogger("azure").setLevel(logging.ERROR)  # a failed login is told in our own words
    if endpoint.token is not None:
        literal = _LiteralCredential(endpoint.token)
        return GraphClient(endpoint, _RenewableCredential(lambda: literal), tenant_id="")
    make = credential or (lambda: open_credential(login))
    return GraphClient(endpoint, _RenewableCredential(make), login.tenant_id)


class _LiteralCredential:
    """The token a loopback server wants; no Azure is asked."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_: str, **__: Any) -> AccessToken:  # noqa: ANN401 (azure.core's signature)
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, 2**31)


class _RenewableCredential:
    """A credential that can be made anew, without the tokens it remembered."""

    def __init__(self, make: Callable[[], TokenCredential]) -> None:
        self._make = make
        self._credential: TokenCredential | None = None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401 (as above)
        if self._credential is None:
            self._credential = self._make()
        return self._credential.get_token(*scopes, **options)

    def renew(self) -> None:
        self._credential = None


def _http_client(endpoint: Endpoint) -> httpx.AsyncClient:
    """The SDK's client with its middleware; time limits are set around each request as a whole."""
    import httpx
    from msgraph.graph_request_adapter import options
    from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

    client: httpx.AsyncClient = httpx.AsyncClient(
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
        http2=True,
        trust_env=endpoint.token is None,  # no proxy stands between us and a loopback host
    )
    GraphClientFactory.create_with_default_middleware(client=client, options=options)
    return client


async def _close(client: httpx.AsyncClient) -> None:
    """Close the client, and what msgraph_core's transport wraps and leaves open."""
    await client.aclose()
    for outer in (client._transport, *client._mounts.values()):  # noqa: SLF001 (nobody else does)
        if inner := getattr(outer, "transport", None):
            await inner.aclose()


def _request_adapter(
    endpoint: Endpoint,
    credential: _RenewableCredential,
    client: httpx.AsyncClient,
    tenant_id: str,
) -> Any:  # noqa: ANN401 (kiota's types are not followed)
    from kiota_authentication_azure.azure_identity_authentication_provider import (
        AzureIdentityAuthenticationProvider,
    )
    from msgraph.graph_request_adapter import GraphRequestAdapter

    provider = AzureIdentityAuthenticationProvider(
        credential,
        options={"tenant_id": tenant_id} if tenant_id else None,
        scopes=[endpoint.scope],
        allowed_hosts=[endpoint.host],
        is_cae_enabled=False,  # with it the adapter would send again by itself, past the pacer
    )
    return GraphRequestAdapter(provider, client)


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
            ResponseHandlerOption(
                NativeResponseHandler()
            ),  # every status comes back, with its body
            RetryHandlerOption(should_retry=False),
            RedirectHandlerOption(should_redirect=False),
            ParametersNameDecodingHandlerOption(enable=False),  # a next link is taken as given
            UrlReplaceHandlerOption(enabled=False),
        ]
    )
    return request


async def _translated(adapter: Any, request: Any, timeout_seconds: float) -> Any:  # noqa: ANN401
    """Send, and say in the language's own errors what went wrong on the way."""
    import httpx
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    try:
        async with asyncio.timeout(timeout_seconds):
            return await adapter.send_primitive_async(request, "bytes", {})
    except ClientAuthenticationError as error:
        raise _no_token(error) from None  # its text may hold more than a log should
    except (httpx.ConnectTimeout, httpx.ConnectError) as error:  # nothing has left yet
        raise ConnectionRefusedError(f"{type(error).__name__} on the way to Graph") from None
    except (httpx.RequestError, AzureError) as error:
        raise ConnectionError(f"{type(error).__name__} on the way to or from Graph") from None


def _no_token(error: Exception) -> SourceDeniedError | ConnectionError:
    """Entra's refusals carry a code and last; without one, Entra could not be reached."""
    code = re.search(r"AADSTS\d+", str(error))
    no_login = type(error).__name__ == "CredentialUnavailableError" or _NO_LOGIN in str(error)
    if code is None and not no_login:
        return ConnectionRefusedError("no token, and no reason given by Entra")
    reason = code.group() if code else "no login found"
    return SourceDeniedError(
        f"No token for Graph ({reason}): in Azure the app needs a managed identity, "
        "on a developer's machine `az login` for the partner tenant."
    )
