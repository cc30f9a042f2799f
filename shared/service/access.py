"""How one tenant is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.identity import open_credential, open_graph
from shared.sources.graph.reader import PremiumLicence
from shared.sources.graph.session import ThrottleLimits

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from shared.endpoints import Endpoint
    from shared.http_client import HttpClient
    from shared.identity import GraphClient, Login
    from shared.sources.graph.clock import GraphClock


@dataclass(frozen=True, slots=True)
class TenantAccess:
    """What is needed to reach one tenant."""

    tenant_id: str
    endpoint: Endpoint  #: its Graph
    login: Login
    #: One per app and tenant, as Graph counts.
    limits: ThrottleLimits = field(default_factory=ThrottleLimits)
    licence: PremiumLicence = field(default_factory=PremiumLicence)
    clock: GraphClock | None = None  #: compares this machine's clock with Graph's
    has_customers: bool = False  #: whether Graph lists customers of this tenant
    name: str | None = None  #: `None`: the name that the directory gives
    source_name: str = "graph"  #: what reports call sign-ins from this Graph
    http: HttpClient | None = None  #: the process's; `None`: one for each time Graph is opened

    def open_graph(self) -> GraphClient:
        """Open Graph, signed in; the client is for one thread."""
        return open_graph(self.endpoint, self.login, http=self.http)

    def credential(self) -> TokenCredential:
        """Return the credential of the same login, for Azure."""
        return open_credential(self.login)
