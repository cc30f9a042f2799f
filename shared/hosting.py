"""What the platform that runs this process says of itself, in variables that it sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST_STORAGE = "AzureWebJobsStorage"
_SIGNS_OF_A_PLATFORM = (
    *("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "WEBSITE_SKU"),
    *("CONTAINER_APP_NAME", "KUBERNETES_SERVICE_HOST"),
)


@dataclass(frozen=True, slots=True)
class Platform:
    """App Service with its Functions host, a container, or a machine of one's own."""

    environment: Mapping[str, str]

    @property
    def is_hosted(self) -> bool:
        """
        Whether a platform runs this, so that others than its owner could reach it.

        Any sign is enough: of App Service, of containers, or of a Functions host that is not the
        one for developers (Functions Core Tools say ``Development``).
        """
        kind = self.environment.get("AZURE_FUNCTIONS_ENVIRONMENT", "")
        is_production = kind.lower() not in ("", "development")
        return is_production or any(map(self.environment.get, _SIGNS_OF_A_PLATFORM))

    @property
    def authenticates(self) -> bool:
        """Whether App Service authentication is in front, and so sets the identity headers."""
        return self.environment.get("WEBSITE_AUTH_ENABLED", "").lower() == "true"

    @property
    def identity_endpoint(self) -> str:
        """Where it gives tokens of the app's managed identity; empty without one."""
        return self.environment.get("IDENTITY_ENDPOINT", "")

    @property
    def identity_secret(self) -> str:
        """What shows it that a request for a token is the app's own."""
        return self.environment.get("IDENTITY_HEADER", "")

    @property
    def has_functions_host(self) -> bool:
        """Whether a Functions host fires timers and hands out messages."""
        return bool(self.host_storage or self.host_queues_url)

    @property
    def host_storage(self) -> str:
        """The connection string of the Functions host's own storage; empty if by identity."""
        return self.environment.get(_HOST_STORAGE, "").strip()

    @property
    def host_queues_url(self) -> str:
        """Where the Functions host's queues are, if it reaches them with an identity."""
        return self.environment.get(f"{_HOST_STORAGE}__queueServiceUri", "").strip()
