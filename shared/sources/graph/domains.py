"""A tenant's domains from Graph, and how those that are federated sign in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.sources.graph.pages import finish_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.sources.graph.batch import BatchItem
    from shared.sources.graph.collected_directory import DirectoryBuilder
    from shared.sources.graph.session import GraphSession

DOMAINS_PERMISSION = "Domain.Read.All"
FEDERATION_PERMISSION = "Domain-InternalFederation.Read.All"

_FEDERATED = "federated"


def read_domains(session: GraphSession) -> list[dict[str, Any]]:
    """Every domain, with how its users sign in."""
    return session.objects("/domains?$select=id,authenticationType", DOMAINS_PERMISSION)


def is_federated(domain: dict[str, Any]) -> bool:
    """Whether another identity provider signs in the domain's users."""
    return str(domain.get("authenticationType")).lower() == _FEDERATED


def add_federation(
    session: GraphSession, domains: Sequence[dict[str, Any]], builder: DirectoryBuilder
) -> None:
    """Add its federation settings to each domain, except where they could not be read."""
    paths = {_federation_path(domain): domain for domain in domains}
    for items in session.batch(FEDERATION_PERMISSION).read(paths):
        for path, item in items.items():
            read = partial(_federation_settings, session, item)
            settings = builder.attempt("federationConfiguration", read)
            if settings is not None:
                paths[path]["federationConfiguration"] = settings


def _federation_path(domain: dict[str, Any]) -> str:
    return f"/domains/{quote(str(domain.get('id')), safe='')}/federationConfiguration"


def _federation_settings(session: GraphSession, item: BatchItem) -> list[dict[str, Any]]:
    if item.error:
        raise item.error
    if item.body is None:
        return []
    return finish_list(session.reader(FEDERATION_PERMISSION), item.body, dict[str, Any])
