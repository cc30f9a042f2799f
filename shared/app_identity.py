"""
Tokens of the app's managed identity, as App Service gives them: one request on loopback.

For the app's own storage. An HTTP request needs such a token, and would pay three times as much
for loading ``azure.identity``, which can sign in in a dozen other ways. The protocol is Microsoft's
"REST endpoint reference" in "How to use managed identities for App Service and Azure Functions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from shared.decoding import decode_json

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import ClientAuthenticationError
    from azure.core.rest import HttpRequest, HttpResponse

_API_VERSION = "2019-08-01"
#: Three more attempts within four seconds. 404 and 410: the endpoint is being set up.
_RETRIES = {"retry_total": 3, "retry_backoff_factor": 0.5}
_RETRIED = [404, 410, 429, 500, 502, 503, 504]


class _Answer(msgspec.Struct):
    access_token: str
    expires_on: int | Annotated[str, msgspec.Meta(pattern="^[0-9]{1,12}$")]  #: seconds since 1970


class AppIdentity:
    """A credential of the SDK's. Its clients keep a token until shortly before it expires."""

    def __init__(self, endpoint: str, secret: str, client_id: str = "") -> None:
        """`client_id` is that of a user-assigned identity; empty: the system-assigned one."""
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import RetryPolicy

        retries = RetryPolicy(retry_on_status_codes=_RETRIED, **_RETRIES)
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            endpoint, policies=[retries]
        )
        self._endpoint = endpoint
        self._headers = {"X-IDENTITY-HEADER": secret}
        self._query = {"api-version": _API_VERSION}
        if client_id:
            self._query["client_id"] = client_id

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # noqa: ANN401  # the SDK's own
        """
        A token for one scope, ``https://RESOURCE/.default``.

        Raises `ClientAuthenticationError`, or another `AzureError` without an answer.
        """
        from azure.core.credentials import AccessToken
        from azure.core.rest import HttpRequest

        (scope,) = scopes
        query = {**self._query, "resource": scope.removesuffix("/.default")}
        request = HttpRequest("GET", self._endpoint, params=query, headers=self._headers)
        response = self._client.send_request(request)
        if response.status_code != 200:  # noqa: PLR2004  # HTTP's OK
            raise _refused(f"it answered {response.status_code}")
        answer = decode_json(response.read(), _Answer, _refused)
        return AccessToken(answer.access_token, int(answer.expires_on))


def _refused(reason: str) -> ClientAuthenticationError:
    """The error for an identity that the platform does not give; no answer is repeated."""
    from azure.core.exceptions import ClientAuthenticationError

    return ClientAuthenticationError(f"No token of the app's managed identity: {reason}.")
