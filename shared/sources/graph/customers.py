"""The partner's customers from Graph: their MFA figures and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from shared.decoding import decode_json
from shared.sources.graph.answers import unreadable_answer
from shared.sources.graph.pages import read_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.sources.graph.session import GraphSession

INSIGHTS_PERMISSION = "PartnerSecurity.Read.All"
NAMES_PERMISSION = "DelegatedAdminRelationship.Read.All"


class Insight(msgspec.Struct, frozen=True, rename="camel"):
    """A ``customerInsight`` of the partner security score."""

    tenant_id: str
    mfa: dict[str, Any] | None = None


class NamedCustomer(msgspec.Struct, frozen=True, rename="camel"):
    """A ``delegatedAdminCustomer``."""

    tenant_id: str
    display_name: str | None = None


def read_insights(session: GraphSession) -> list[Insight]:
    """MFA figures by customer: a beta API, in the global cloud only."""
    url = session.url("/security/partner/securityScore/customerInsights", "beta")
    return read_list(session.reader(INSIGHTS_PERMISSION), url, Insight)


def read_score(session: GraphSession) -> dict[str, Any]:
    """When Microsoft last refreshed these figures: a beta API, in the global cloud only."""
    url = session.url("/security/partner/securityScore?$select=lastRefreshDateTime", "beta")

    def decode(body: bytes) -> dict[str, Any]:
        return decode_json(body, dict[str, Any], unreadable_answer)

    found = session.reader(INSIGHTS_PERMISSION).read(url, decode)
    return {"lastRefreshDateTime": found.get("lastRefreshDateTime")}


def read_names(session: GraphSession) -> list[NamedCustomer]:
    """The customers that have a delegated admin relationship with the partner."""
    url = session.url("/tenantRelationships/delegatedAdminCustomers")
    return read_list(session.reader(NAMES_PERMISSION), url, NamedCustomer)


def join_customers(
    insights: Sequence[Insight] | None, names: Sequence[NamedCustomer] | None
) -> list[dict[str, Any]] | None:
    """
    Every customer of either list; `None` if neither was read.

    A customer without figures has no ``mfa`` key, which means that they were not read; a customer
    without a relationship has no ``displayName``.
    """
    if insights is None and names is None:
        return None
    # By id in lower case, since the two lists may differ in case.
    customers: dict[str, dict[str, Any]] = {}
    for named in names or ():
        customer: dict[str, Any] = {"tenantId": named.tenant_id, "displayName": named.display_name}
        customers[named.tenant_id.lower()] = customer
    for insight in insights or ():
        customer = customers.setdefault(insight.tenant_id.lower(), {"tenantId": insight.tenant_id})
        if insight.mfa is not None:
            customer["mfa"] = insight.mfa
    return list(customers.values())
