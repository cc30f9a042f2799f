"""
The three REST resources of Partner Center that its report's downloads are made from.

The same names, nesting and formats as in Partner Center's own documentation (partner-center-sdk:
``get-portal-requests-without-mfa``, ``get-api-request-summary``, ``get-api-request-details``), so
that a client written for Partner Center works with only its base URL changed. Two JSON names differ
from the CSV's: ``lastNonMfaCompliantRequestDateTime``, and ``sourceIpAddress``, which stands next
to the ``ipAddress`` that the documentation's table promises. Times are UTC and carry no zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.mfa.requests import REQUESTS_CAP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.delivery.files.csv_files import ReportTables
    from shared.delivery.files.request_rows import ApplicationDayRow, PortalUserRow, RequestRow


def partner_center_files(tables: ReportTables) -> dict[str, bytes]:
    """The JSON of each resource by file name: the resource's name and ``.json``."""
    principals = map(_principal, tables.portal_users[:REQUESTS_CAP])
    adoption = list(map(_adoption, tables.application_days))
    requests = map(_request, tables.api_requests)
    return {
        "nonMfaCompliantPartnerPrincipals.json": msgspec.json.encode(_collection(principals)),
        "applicationmfaadoptionstatus.json": msgspec.json.encode(adoption),
        "partnerRequests.json": msgspec.json.encode(_collection(requests)),
    }


def _principal(row: PortalUserRow) -> dict[str, object]:
    return {
        "objectId": row.object_id,
        "tenantId": row.tenant_id,
        "upn": row.upn,
        "lastNonMfaCompliantRequestDateTime": _without_zone(
            row.last_non_mfa_compliant_login_date_time
        ),
    }


def _adoption(row: ApplicationDayRow) -> dict[str, object]:
    return {
        "loginDate": row.login_date,
        "mfaCompliantRequestCount": row.mfa_compliant_request_count,
        "totalRequestCount": row.total_request_count,
        "applicationId": row.application_id,
        "applicationName": row.application_name,
    }


def _request(row: RequestRow) -> dict[str, object]:
    return {
        "requestId": row.request_id,
        "correlationId": row.correlation_id,
        "operationName": row.operation_name,
        "requestDateTime": _without_zone(row.request_date_time),
        "sourceIpAddress": row.ip_address,
        "objectId": row.object_id,
        "tenantId": row.tenant_id,
        "upn": row.upn,
        "applicationId": row.application_id,
        "mfaCompliant": row.mfa_compliant,  # null where it is unknown
        "ipAddress": row.ip_address,
    }


def _without_zone(utc: str) -> str:
    """UTC without a zone, and with a fraction of a second only where it is not zero."""
    return utc.removesuffix("Z").rstrip("0").rstrip(".")


def _collection(items: Iterable[dict[str, object]]) -> dict[str, object]:
    listed = list(items)
    return {"totalCount": len(listed), "items": listed, "attributes": {"objectType": "Collection"}}
