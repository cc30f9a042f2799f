"""
Reading blobs with an identity, without the SDK for blobs.

Reading is all that an HTTP request does with blobs, and the SDK takes as long to load as all of the
rest: its models are of everything that a storage account can do, and it loads an asynchronous HTTP
client. Everything else goes through the SDK. Its imports are heavy.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    HeadersPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpResponse

    from shared.stores.azure.account import Options

_SCOPE = "https://storage.azure.com/.default"


class BlobReads:
    """The blobs of one account, to be read."""

    def __init__(self, url: str, credential: TokenCredential, options: Options) -> None:
        given = {**options}
        agent, version = given.pop("user_agent", None), given.pop("api_version")
        retries = given.pop("retry_total")
        policies = [
            HeadersPolicy({"x-ms-version": version}),
            UserAgentPolicy(base_user_agent=agent),
            RetryPolicy(retry_total=retries, retry_backoff_factor=0.5, retry_backoff_max=8),
            BearerTokenCredentialPolicy(credential, _SCOPE),
        ]
        self._url = url
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            url, policies=policies, **given
        )

    def read(self, container: str, name: str) -> bytes | None:
        """All of a blob, or `None`; raises an `AzureError`."""
        response = self._client.send_request(
            HttpRequest("GET", f"{self._url}/{container}/{quote(name, safe='/')}")
        )
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if response.status_code != HTTPStatus.OK:
            error = HttpResponseError(response=response)
            error.error_code = response.headers.get("x-ms-error-code")  # type: ignore[attr-defined]
            raise error
        return response.read()

    def close(self) -> None:
        """Close connections."""
        self._client.close()
