"""
The three REST resources of Partner Center that its report's downloads are made from.

The same names, nesting and formats as in Partner Center's own documentation (partner-center-sdk:
``get-portal-requests-without-mfa``, ``get-api-request-summary``, ``get-api-request-details``), so
that a client written for Partner Center works with only its base URL changed. The JSON names are
not the CSV's: ``lastNonMfaCompliantRequestDateTime`` and ``sourceIpAddress`` (the latter besides
``ipAddress``, which the documentation's table promises). Instants are UTC and carry no zone.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from shared.delivery.files.csv_files import request_rows, summary_rows, visitor_rows
from shared.mfa.requests import REQUESTS_CAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.delivery.files.csv_files import Cell, Row
    from shared.mfa.assessment import Assessment

PRINCIPALS = "nonMfaCompliantPartnerPrincipals"
ADOPTION = "applicationmfaadoptionstatus"
REQUESTS = "partnerRequests"

_FIELDS = {
    PRINCIPALS: ("objectId", "tenantId", "upn", "lastNonMfaCompliantRequestDateTime"),
    ADOPTION: (
        "loginDate", "mfaCompliantRequestCount", "totalRequestCount", "applicationId",
        "applicationName",
    ),
    REQUESTS: (
        "requestId", "correlationId", "operationName", "requestDateTime", "sourceIpAddress",
        "objectId", "tenantId", "upn", "applicationId", "mfaCompliant",
    ),
}  # fmt: skip


def partner_center_files(assessment: Assessment, tenant_id: str | None) -> dict[str, bytes]:
    """The JSON of each resource by file name: the resource's name and ``.json``."""
    principals = _items(PRINCIPALS, islice(visitor_rows(assessment, tenant_id), REQUESTS_CAP))
    adoption = _items(ADOPTION, summary_rows(assessment))
    requests = [
        {**item, "ipAddress": item["sourceIpAddress"]}
        for item in _items(REQUESTS, request_rows(assessment, tenant_id))
    ]
    return {
        f"{PRINCIPALS}.json": _encode(_collection(principals)),
        f"{ADOPTION}.json": _encode(adoption),
        f"{REQUESTS}.json": _encode(_collection(requests)),
    }


def _items(resource: str, rows: Iterable[Row]) -> list[dict[str, Cell]]:
    """Each row as an object; an unknown ``mfaCompliant`` is ``null``."""
    fields = _FIELDS[resource]
    return [
        {
            name: _without_zone(cell) if name.endswith("DateTime") else cell
            for name, cell in zip(fields, row, strict=True)
        }
        for row in rows
    ]


def _without_zone(cell: Cell) -> Cell:
    return cell.removesuffix("Z") if isinstance(cell, str) else cell


def _collection(items: list[dict[str, Cell]]) -> dict[str, object]:
    return {"totalCount": len(items), "items": items, "attributes": {"objectType": "Collection"}}


def _encode(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # half a surrogate pair is not text
